#!/usr/bin/env python3
"""Writes golden.json: log-probabilities of one prompt by transformers in fp32, the most likely tokens and random ones.

usage: make_golden.py HF_FOLDER     (HF_FOLDER: fp32 safetensors with the weights of the F16 GGUF)

Per position of the prompt the three most likely tokens, and three drawn from the vocabulary.
"""
import hashlib
import json
import pathlib
import random
import sys

import torch
import transformers
from transformers import AutoModelForCausalLM, AutoTokenizer

PROMPT = ("The following are multiple choice questions (with answers) about anatomy.\n\n"
          "Question: In 2004, 1,250 people took part in a race of 42.195 km. How many finished?\n"
          "Robert Boulter is an English film, television and theatre actor. He had a guest-starring "
          "role on the television series The Bill in 2000.")


def main():
    folder = pathlib.Path(sys.argv[1])
    torch.set_num_threads(2)
    ids = AutoTokenizer.from_pretrained(folder)(PROMPT, add_special_tokens=False).input_ids
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    with torch.no_grad():
        log_probs = torch.log_softmax(model(torch.tensor([ids])).logits[0].double(), -1)
    draw = random.Random(20261125)
    rows = []
    for position, row in enumerate(log_probs):
        tokens = row.topk(3).indices.tolist() + draw.sample(range(len(row)), 3)
        rows.append([[token, round(row[token].item(), 8)] for token in tokens])
    golden = {
        "transformers": transformers.__version__, "torch": torch.__version__,
        "safetensors_sha256": hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest(),
        "prompt": PROMPT, "tokens": ids, "log_probs": rows,
    }
    out = pathlib.Path(__file__).with_name("golden.json")
    out.write_text(json.dumps(golden, ensure_ascii=True, separators=(",", ":")) + "\n", encoding="utf-8")


main()
