#!/usr/bin/env python3
"""Writes NAME.json: per conversation of conversations.jsonl the assistant's tokens and their summed log-likelihood, by
transformers in fp32.

usage: make_golden.py NAME HF_FOLDER TURN_START TURN_END     (marks of an assistant turn in the model's template)
       make_golden.py smollm2 FOLDER $'<|im_start|>assistant\\n' '<|im_end|>'

Found otherwise than by Assay: the conversation is rendered whole by apply_chat_template; the turns are cut out of that text by
their marks; a token is the assistant's when its characters lie behind the start mark and not behind the end mark, which is
scored too because the model must say it.
"""
import hashlib
import json
import pathlib
import re
import sys

import torch
import transformers
from transformers import AutoModelForCausalLM, AutoTokenizer


def assistant_tokens(tokenizer, messages, start, end):
    text = tokenizer.apply_chat_template(messages, tokenize=False)
    said = [match.span(1) for match in re.finditer(re.escape(start) + "(.*?" + re.escape(end) + ")", text, re.S)]
    encoded = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
    inside = [any(begin <= first and last <= stop for begin, stop in said) for first, last in encoded.offset_mapping]
    return text, encoded.input_ids, inside


def score(model, ids, inside):
    with torch.no_grad():
        log_probs = torch.log_softmax(model(torch.tensor([ids])).logits[0, :-1].double(), -1)
    chosen = log_probs.gather(1, torch.tensor(ids[1:])[:, None])[:, 0]
    return chosen[torch.tensor(inside[1:])].sum().item()


def main():
    name, folder, start, end = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3], sys.argv[4]
    torch.set_num_threads(2)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    here = pathlib.Path(__file__).parent
    conversations = []
    for line in (here / "conversations.jsonl").read_text(encoding="utf-8").splitlines():
        conversation = json.loads(line)
        text, ids, inside = assistant_tokens(tokenizer, conversation["messages"], start, end)
        conversations.append({"id": conversation["id"], "n_tokens": len(ids), "n_scored_tokens": sum(inside),
                              "loglikelihood": score(model, ids, inside), "text": text, "tokens": ids,
                              "assistant": [i for i, value in enumerate(inside) if value]})
    golden = {
        "transformers": transformers.__version__, "torch": torch.__version__,
        "safetensors_sha256": hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest(),
        "conversations": conversations,
    }
    (here / f"{name}.json").write_text(json.dumps(golden, separators=(",", ":")) + "\n", encoding="utf-8")


main()
