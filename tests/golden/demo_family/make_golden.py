#!/usr/bin/env python3
"""Writes golden.json: what transformers, lm-evaluation-harness and llama-perplexity say of data/demo's demo-small.

usage: make_golden.py LLAMA_PERPLEXITY     (needs transformers, torch, gguf and lm_eval 0.4.13)

transformers reads the GGUF file itself, in fp32: no weight comes by way of Assay. The answers' code runs as you.
"""
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

os.environ["HF_ALLOW_CODE_EVAL"] = "1"
import lm_eval
import torch
import transformers
from lm_eval.models.huggingface import HFLM
from lm_eval.tasks import TaskManager

SOURCE = pathlib.Path(__file__).resolve().parents[3]
DATA = SOURCE / "data/demo"
MODEL = DATA / "demo-small-f16.gguf"
TEXT = DATA / "world_stories.txt"
N_CTX, N_CHUNKS = 256, 16
TASKS = ["demo_knowledge", "demo_knowledge_5shot", "demo_maths", "demo_code", "demo_language"]
sys.path.insert(0, str(SOURCE / "tools/demo_family"))
import bpe
import tokenizer_files


def tokenizer():
    with tempfile.TemporaryDirectory() as folder:
        merges = tokenizer_files.world_merges()
        path = pathlib.Path(folder) / "tokenizer.json"
        path.write_text(json.dumps(tokenizer_files.tokenizer_json(merges)))
        return transformers.PreTrainedTokenizerFast(tokenizer_file=str(path), eos_token=bpe.END, bos_token=bpe.END)


def log_probs(model, ids):
    """Of each token of the first window after its first."""
    window = torch.tensor([ids[:N_CTX]])
    with torch.no_grad():
        scores = torch.log_softmax(model(window).logits[0, :-1].double(), -1)
    return [round(value, 7) for value in scores.gather(1, window[0, 1:, None])[:, 0].tolist()]


def tasks_of(model, words):
    os.chdir(DATA / "tasks")  # lm-eval looks for the rows' files where it was started
    said = lm_eval.simple_evaluate(
        model=HFLM(pretrained=model, tokenizer=words, batch_size=16, max_length=1024), tasks=TASKS,
        task_manager=TaskManager(include_path=str(DATA / "tasks"), include_defaults=False), log_samples=True,
        bootstrap_iters=0, confirm_run_unsafe_code=True)
    return {task: told(said["results"][task], said["samples"][task]) for task in TASKS}


def told(results, samples):
    samples = sorted(samples, key=lambda sample: sample["doc_id"])
    metric = next(key for key in results if key.split(",")[0] in ("acc", "exact_match", "pass@1"))
    if "until" in str(samples[0]["arguments"]):
        answers = [sample["resps"][0][0] for sample in samples]
    else:
        answers = [[[round(float(r[0][0]), 6), str(r[0][1]) == "True"] for r in sample["resps"]] for sample in samples]
    return {"metric": metric, "value": results[metric], "prompts": [s["prompt_hash"][:16] for s in samples],
            "right": [sample[metric.split(",")[0]] for sample in samples], "answers": answers}


def llama_perplexity(program):
    for _ in range(4):  # v0.5.0 now and then loses lines of its report, with exit code 0
        done = subprocess.run([program, "-m", MODEL, "-f", TEXT, "-c", str(N_CTX), "--chunks", str(N_CHUNKS)],
                              capture_output=True, text=True, check=True)
        found = re.search(r"PPL = ([0-9.]+) \+/- ([0-9.]+)", done.stdout + done.stderr)
        if found:
            return {"ppl": float(found[1]), "std_error": float(found[2])}
    sys.exit(f"{program} gave no perplexity")


def main():
    model = transformers.AutoModelForCausalLM.from_pretrained(MODEL.parent, gguf_file=MODEL.name, dtype=torch.float32).eval()
    words = tokenizer()
    golden = {
        "lm_eval": lm_eval.__version__, "transformers": transformers.__version__, "torch": torch.__version__,
        "weights_sha256": hashlib.sha256(MODEL.read_bytes()).hexdigest(),
        "llama_perplexity": {"n_ctx": N_CTX, "n_chunks": N_CHUNKS, **llama_perplexity(sys.argv[1])},
        "log_probs": log_probs(model, words(TEXT.read_text())["input_ids"]),
        "tasks": tasks_of(model, words)}
    out = SOURCE / "tests/golden/demo_family/golden.json"
    out.write_text(json.dumps(golden, separators=(",", ":")) + "\n")


main()
