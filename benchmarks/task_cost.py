"""What Assay's own parts cost: drafts against plain decoding, the start, and memory by the number of items."""
import json
import pathlib
import shutil

from pairs import alternate, run, spread

DRAFTED_TASKS = ["gsm8k_cot", "humaneval"]
MEMORY_ITEMS = [100, 1000, 10000]
DEMO_MODEL = pathlib.Path(__file__).resolve().parents[1] / "tests" / "data" / "stories260K-f32.gguf"
# Texts of HellaSwag's form and length.
MEMORY_TASK = """task: memory
dataset_path: json
dataset_kwargs: {data_files: {test: rows.jsonl}}
test_split: test
output_type: multiple_choice
doc_to_text: "{{query}}"
doc_to_choice: choices
doc_to_target: gold
metric_list: [{metric: acc}, {metric: acc_norm}]
"""
WORDS = "the girl saw a big red ball in the park and ran to her mother who sat under an old tree".split()


def drafts(assay, folder, n_pairs, limit):
    """Q8_0 with drafts from the baseline (the pair's `assay`) and without (`peer`); the baseline's answers are there."""
    results = {}
    for task in DRAFTED_TASKS:
        flags = ["--limit", str(limit or 12)]
        base = f"{folder}/{task}.db"
        assay.eval(task, *flags, "--store", base)

        def decode(plain, _):
            store = f"{folder}/copy.db"
            for end in ("", "-wal", "-shm"):
                pathlib.Path(store + end).unlink(missing_ok=True)
            shutil.copy(base, store)
            done = assay.eval(task, *flags, *plain, "--store", store, variants=["Q8_0"])
            return done | {"seconds": done["decode_s"]}
        pairs, n_discarded = alternate(f"{task}, decoding of Q8_0", lambda i: decode([], i), lambda i: decode(["--no-draft"], i),
                                       n_pairs, "without drafts")
        texts = [[s["responses"][0] for s in pairs[0][who]["samples"]] for who in ("assay", "peer")]
        n_same = sum(a["text"] == b["text"] for a, b in zip(*texts))
        results[task] = {
            "n_items": len(texts[0]), "n_same": n_same, "n_discarded": n_discarded,
            "n_tokens": sum(len(r["tokens"]) for r in texts[1]),
            "n_drafted": sum(r["n_drafted"] for r in texts[0]), "n_accepted": sum(r["n_accepted"] for r in texts[0]),
            "share": spread([p["assay"]["seconds"] / p["peer"]["seconds"] for p in pairs]),
            "share_of_all": spread([p["assay"]["evaluated"] / p["peer"]["evaluated"] for p in pairs]),
            "drafted_s": [p["assay"]["seconds"] for p in pairs], "plain_s": [p["peer"]["seconds"] for p in pairs]}
        r = results[task]
        print(f"{task}: decoding with drafts takes {r['share']['median']:.3f} of plain decoding ({r['share']['min']:.3f} to "
              f"{r['share']['max']:.3f}); {n_same} of {len(texts[0])} texts the same", flush=True)
    return results


def start(assay, n_times):
    """A whole run over 57 subjects with one item each, less loading the model and computing: more than the start alone."""
    seconds = []
    for _ in range(n_times):
        done = assay.eval("mmlu", "--limit", "1", "--no-cache")
        seconds.append(done["seconds"] - done["load_s"] - done["prompts_s"] - done["decode_s"])
    print(f"start: {spread(seconds)['median']:.2f} s beside loading and computing, 57 tasks")
    return {"seconds": seconds}


def memory(program, folder):
    """Peak memory on the embedded demonstration's model, whose own memory is small beside that of the items."""
    pathlib.Path(folder, "memory.yaml").write_text(MEMORY_TASK)
    results = {}
    for n in MEMORY_ITEMS:
        with open(f"{folder}/rows.jsonl", "w", encoding="utf-8") as rows:
            for i in range(n):
                text = " ".join(WORDS[(i * 7 + j * j) % len(WORDS)] for j in range(12))
                choices = [" ".join(WORDS[(i + j * k + c) % len(WORDS)] for j in range(4)) for c, k in enumerate((3, 5, 7, 11))]
                rows.write(json.dumps({"query": f"Item {i}: {text}", "choices": choices, "gold": i % 4}) + "\n")
        for form in ([], ["--json"]):
            done = run([program, "eval", str(DEMO_MODEL), "--tasks", "memory", "--include-path", folder, "--offline",
                        "--no-cache", "--threads", "2", *form])
            results[f"{n}{' --json' if form else ''}"] = done["peak_mib"]
            print(f"memory: {n} items{' --json' if form else ''}: {done['peak_mib']:.0f} MiB, {done['seconds']:.1f} s", flush=True)
    return results
