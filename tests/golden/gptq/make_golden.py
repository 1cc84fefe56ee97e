#!/usr/bin/env python3
"""Writes golden.json: the GPTQ convention's negative log-likelihoods of WikiText-2 by transformers, window by window.

usage: make_golden.py HF_FOLDER WIKI_TEST_RAW     (HF_FOLDER: fp32 safetensors with the weights of the F16 GGUF)

The text as GPTQ's data loader makes it: the rows of Hugging Face's wikitext-2-raw-v1 (a line with its newline, a blank
one empty) joined by two newlines, tokenised once, cut into windows that do not overlap. Each window is a forward pass of
its own, and all its tokens but the first are scored. Sums in float64 of float32 logits.
"""
import hashlib
import json
import pathlib
import sys

import torch
import transformers
from transformers import AutoModelForCausalLM, AutoTokenizer

WINDOWS = {2048: 3, 4096: 1}  # size, how many


def joined_rows(path):
    with open(path, newline="", encoding="utf-8") as file:
        lines = file.read().splitlines(keepends=True)
    return "\n\n".join(line if line.strip() else "" for line in lines)


def mean_nll(model, ids):
    with torch.no_grad():
        logits = model(ids[None]).logits[0, :-1].double()
    chosen = logits.gather(1, ids[1:, None])[:, 0]
    return (torch.logsumexp(logits, -1) - chosen).mean().item()


def main():
    folder, text = pathlib.Path(sys.argv[1]), sys.argv[2]
    torch.set_num_threads(2)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    ids = torch.tensor(tokenizer(joined_rows(text), add_special_tokens=False).input_ids)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    windows = {size: [mean_nll(model, ids[i * size:(i + 1) * size]) for i in range(n)] for size, n in WINDOWS.items()}
    golden = {
        "transformers": transformers.__version__, "torch": torch.__version__,
        "safetensors_sha256": hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest(),
        "n_tokens": len(ids), "mean_nll": windows,
    }
    out = pathlib.Path(__file__).with_name("golden.json")
    out.write_text(json.dumps(golden, indent=1) + "\n", encoding="utf-8")


main()
