"""Study documents (docs/formats/study.md) of made-up results, for trying the report in a browser: not measured, only
consistent. The numbers that a page shows are compared with the document's, wherever those come from."""
import base64
import json
import math
import random
import zlib

HOSTILE = [
    "</script><script>window.hacked = 1</script>",
    "<img src=x onerror='window.hacked = 1'> <!-- <b>bold</b> ]]>",
    "left \u202e\u2066 right-to-left \u2069\u202c \u2028 line \u200f \u0000 end",
    "&lt;b&gt; &amp;amp; \" ' ` ${window.hacked = 1}",
]
TASKS = [("mmlu", "knowledge"), ("gsm8k", "maths"), ("hellaswag", "language"), ("humaneval", "code"), ("arc_challenge", "knowledge"),
         ("winogrande", "language"), ("piqa", "language"), ("truthfulqa", "knowledge"), ("math", "maths"), ("mbpp", "code")]
VARIANTS = [("Q8_0", 8.5, 0.001), ("Q6_K", 6.56, 0.003), ("Q5_K_M", 5.67, 0.012), ("Q4_K_M", 4.84, 0.03), ("Q4_0", 4.54, 0.07),
            ("Q3_K_M", 3.9, 0.13), ("Q2_K", 2.96, 0.4)]
MORE = [(f"mix-{i:02d}", 8 - 0.35 * i, 0.002 * 1.6 ** i) for i in range(13)]
PERCENTILES = ["min", "p001", "p1", "p5", "p10", "p25", "median", "p75", "p90", "p95", "p99", "p999", "max"]


def estimate(value, error):
    return {"value": value, "std_error": error, "ci95": [value - 1.96 * error, value + 1.96 * error], "reason": None}


def packed(value):
    return base64.b64encode(zlib.compress(json.dumps(value, ensure_ascii=False).encode())).decode()


def model(name, bits, n_weights):
    return {"name": name, "description": f"llama {name}", "weights": "", "engine": "llama.cpp", "origin": "",
            "size_bytes": int(n_weights * bits / 8), "bits_per_weight": bits, "n_weights": n_weights, "kv_k": "f16", "kv_v": "f16",
            "tensor_types": [{"type": name.split("_")[0], "n_tensors": 200, "n_weights": int(n_weights * 0.9), "size_bytes": int(n_weights * bits * 0.1)},
                             {"type": "F32", "n_tensors": 61, "n_weights": int(n_weights * 0.1), "size_bytes": int(n_weights * 0.4)}],
            "parts": [{"part": "weights", "field": "content", "baseline": "00", "variant": "11"}], "notes": []}


def metric_row(task, task_class, n, base, drop, verdict_margin=0.01):
    discordant = min(0.5, 0.01 + 2.5 * abs(drop))
    error = math.sqrt(max(discordant - drop * drop, 1e-6) / n)
    change = estimate(-drop, error)
    low, high = change["ci95"]
    verdict = "within_margin" if low > -verdict_margin else "worse" if high < -verdict_margin else "undecided"
    lost, gained = round(n * (discordant + drop) / 2), round(n * (discordant - drop) / 2)
    return {
        "task": task, "task_class": task_class, "metric": "acc", "filter": "none", "higher_is_better": True, "decides": True, "n": n,
        "n_unscored_baseline": 0, "n_unscored_variant": 0, "n_missing_baseline": 0, "n_missing_variant": 0, "n_clusters": n,
        "baseline": estimate(base, math.sqrt(base * (1 - base) / n)), "variant": estimate(base - drop, math.sqrt(base * (1 - base) / n)),
        "kind": "points", "change": change, "method": "made up", "flips": {"both_right": 0, "lost": lost, "gained": gained, "both_wrong": 0, "churn": 3},
        "bootstrap_ci95": None, "p_worse": 0.2, "p_two_sided": 0.4, "p_worse_adjusted": 0.001 if verdict == "worse" else 0.4, "p_within": 0.1, "p_beyond": 0.9,
        "p_beyond_adjusted": 0.9, "recovery_percent": estimate(100 * (base - drop) / base, 100 * error / base), "minimum_detectable_effect": 2.5 * error,
        "chance": 0.25, "noise": None, "baseline_repeats": None, "variant_repeats": None, "margin": verdict_margin, "verdict": verdict,
        "reason": "made up", "n_further": 4000 if verdict == "undecided" else None, "lost_ids": [], "gained_ids": [], "sentence": "Made up."}


def comparison(baseline, variant, damage, tasks, n):
    rng = random.Random(variant["name"] + baseline["name"])
    rows = [metric_row(task, kind, n, 0.35 + 0.4 * rng.random(), damage * (1.0 if kind == "maths" else 0.35) * (0.6 + 0.4 * rng.random())) for task, kind in tasks]
    verdicts = [row["verdict"] for row in rows]
    verdict = "worse" if "worse" in verdicts else "within_margin" if set(verdicts) == {"within_margin"} else "undecided"
    side = lambda m: {"name": m["name"], "description": m["description"], "weights": "", "size_bytes": m["size_bytes"], "bits_per_weight": m["bits_per_weight"], "imported_from": ""}
    kinds = sorted({kind for _, kind in tasks})
    classes = []
    for kind in kinds:
        of = [row for row in rows if row["task_class"] == kind]
        value = sum(row["change"]["value"] for row in of) / len(of)
        error = math.sqrt(sum(row["change"]["std_error"] ** 2 for row in of)) / len(of)
        classes.append({"task_class": kind, "tasks": [row["task"] for row in of], "n": n * len(of), "change": estimate(value, error), "method": "made up"})
    differences = []
    for i, a in enumerate(classes):
        for b in classes[i + 1:]:
            error = math.hypot(a["change"]["std_error"], b["change"]["std_error"])
            value = a["change"]["value"] - b["change"]["value"]
            p = math.erfc(abs(value) / error / math.sqrt(2))
            differences.append({"first": a["task_class"], "second": b["task_class"], "difference": estimate(value, error), "p": p, "p_adjusted": min(1, 6 * p)})
    return {"baseline": side(baseline), "variant": side(variant), "settings": {"margin": 0.01, "max_ppl_increase": 0.05, "alpha": 0.05, "power": 0.8, "adjustment": "holm"},
            "verdict": verdict, "reason": "made up", "comparable": True, "mismatches": [], "unchecked": [], "same_model": False, "same_answers": False,
            "parts": [{"part": "weights", "field": "content", "baseline": "00", "variant": "11"}], "metrics": rows, "groups": [], "classes": classes,
            "class_differences": differences, "texts": [], "warnings": []}


def items(task, kind, models, n, hostile):
    rng = random.Random(task)
    outcomes, chunks, margins, chunk = ["" for _ in models], [], [], []
    text = " ".join(rng.choice(["river", "number", "answer", "left", "seven", "because", "model", "train", "light"]) for _ in range(60))
    for i in range(n):
        base = [round(-10 - 8 * rng.random(), 4) for _ in range(4)]
        best = sorted(base)
        margins.append(round(best[3] - best[2], 4))
        gold = base.index(best[3]) if rng.random() < 0.6 else rng.randrange(4)
        answers, first = [], None
        for m, _ in enumerate(models):
            scores = base if m == 0 or rng.random() < 0.5 else [round(v + 0.02 * m * rng.gauss(0, 1), 4) for v in base]
            choice = scores.index(max(scores))
            right = choice == gold
            mark = "1" if right else "0" if m == 0 or first == gold or choice == first else "c"
            if m == 0:
                first = choice
            outcomes[m] += mark
            answers.append("same" if m > 0 and scores == base else {"likelihoods": scores})
        bad = HOSTILE[i % len(HOSTILE)] if hostile and i < 8 else ""
        chunk.append({"prompt": f"{bad}Item {i}: {text}", "target": str(gold), "choices": [bad + "first", "second", "third", "fourth"], "gold": [gold], "answers": answers})
        if len(chunk) == 200 or i == n - 1:
            chunks.append({"first": i + 1 - len(chunk), "n": len(chunk), "data": packed(chunk)})
            chunk = []
    return {"task": task, "task_class": kind, "metric": "acc", "filter": "none", "n_items": n, "models": models,
            "index": packed({"ids": [str(i) for i in range(n)], "outcomes": outcomes, "margins": margins}), "chunks": chunks}


def generated_items(models):
    """A task of texts: one of a megabyte, the others hostile."""
    texts = ["The answer is 18 because 9 + 9 = 18."] + HOSTILE + ["long " * 210_000]
    rows = []
    for i, text in enumerate(texts):
        rows.append({"prompt": f"Question {i} {text[:80]}", "target": "18", "choices": [], "gold": [],
                     "answers": [{"texts": [text], "filtered": ["18"]}] + [{"texts": [text.replace("18", "19") + " changed"], "filtered": ["19"]} for _ in models[1:]]})
    n = len(rows)
    return {"task": "gsm8k_texts", "task_class": "maths", "metric": "exact_match", "filter": "strict-match", "n_items": n, "models": models,
            "index": packed({"ids": [str(i) for i in range(n)], "outcomes": ["1" * n] + ["0" * n for _ in models[1:]], "margins": [None] * n}),
            "chunks": [{"first": 0, "n": n, "data": packed(rows)}]}


def measure(name, median, ratio):
    return {"name": name, "median": median, "mean": median, "sd": median / 50, "min": median * 0.95, "max": median * 1.04, "ratio": ratio and estimate(ratio, 0.02)}


def speed(names):
    """A document of `assay bench --json`: smaller files decode faster."""
    tests = [{"name": "pp512", "n_prompt": 512, "n_gen": 0, "n_depth": 0, "n_parallel": 1, "request": False},
             {"name": "tg128", "n_prompt": 0, "n_gen": 128, "n_depth": 0, "n_parallel": 1, "request": False},
             {"name": "request 128+64", "n_prompt": 128, "n_gen": 64, "n_depth": 0, "n_parallel": 1, "request": True}]
    series = []
    for i, _ in enumerate(names):
        ratio = 1 + 0.2 * i
        between = {"n": 640, "mean_ms": 20 / ratio, "median_ms": 19 / ratio, "p90_ms": 24 / ratio, "p95_ms": 27 / ratio, "p99_ms": 40 / ratio, "max_ms": 60 / ratio}
        for test, measures in enumerate(([measure("tokens_per_s", 900 + 10 * i, i and 1.01)], [measure("tokens_per_s", 50 * ratio, i and ratio)],
                                         [measure("tokens_per_s", 45 * ratio, i and ratio), measure("first_token_ms", 140 - 2 * i, i and 1.02)])):
            series.append({"setup": i, "test": test, "n_rounds": 10, "measures": measures, "between_tokens": between if test else None, "cpu_load": 2,
                           "joules_per_token": None, "bandwidth_share": None, "compute_share": None, "n_outliers": 0, "flags": [], "samples": []})
    setups = [{"name": name, "baseline": 0, "model": {}, "n_batch": 512, "flash_attention": "auto", "kv_bytes_per_token": 1, "load_ns": [], "peak_bytes": 600_000_000 - 40_000_000 * i,
               "steady_bytes": None, "mapped_bytes": None, "failure": None, "notes": []} for i, name in enumerate(names)]
    return {"schema": "assay-speed/1", "started": "2026-01-01T00:00:00Z", "ended": "precise", "partial": False, "setups": setups, "tests": tests, "series": series,
            "machine": {"cpu": "made up", "n_cores": 2, "n_hardware_threads": 4, "memory_bytes": 8 << 30, "system": "Linux"}, "warnings": ["a made-up machine"]}


def write(path, study):
    with open(path, "w", encoding="utf-8") as file:
        json.dump(study, file)
    return str(path)
