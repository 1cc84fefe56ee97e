"""Rows with the hub's columns and types, out of the local data folder or the small files in rows/.

local(folder) and made(folder) return load_dataset(path, name=None, **ignored), which gives a
datasets.DatasetDict as the hub would. A training split that is not at hand is empty: the tasks that
name it as a source of examples are asked without examples then."""
import csv
import functools
import gzip
import json
import os

import datasets

LETTERS = "ABCD"


def _lines(*path):
    name = os.path.join(*path)
    with gzip.open(name, "rt", encoding="utf-8") if name.endswith(".gz") else open(
            name, encoding="utf-8") as f:
        return [json.loads(line) for line in f if line.strip()]


def _mmlu(data, name):
    def split(s):
        with open(os.path.join(data, "mmlu", s, "%s_%s.csv" % (name, s)), newline="",
                  encoding="utf-8") as f:
            return [{"question": r[0], "subject": name, "choices": r[1:5],
                     "answer": LETTERS.index(r[5])} for r in csv.reader(f)]
    return {"test": split("test"), "validation": split("val"), "dev": split("dev")}


def _math(data, name):
    rows = _lines(data, "math", "MATH_test_5000.jsonl")
    return {"train": [], "test": [{"problem": r["context"], "solution": r["chain_of_thought"]}
                                  for r in rows if r["category"] == name]}


def _arc(data, name):
    held = {"train": [], "validation": _lines(data, "hf_validation_jsonl", "ai2_arc", name,
                                              "validation.jsonl")}
    if name == "ARC-Challenge":
        held["test"] = [{"id": r["id"], "question": r["question"]["stem"],
                         "choices": {k: [c[k] for c in r["question"]["choices"]]
                                     for k in ("text", "label")}, "answerKey": r["answerKey"]}
                        for r in _lines(data, "arc", "ARC-Challenge-Test.jsonl")]
    else:
        held["test"] = held["validation"]  # the test split is not at hand
    return held


def _hellaswag(data, name):
    """The local file holds what process_docs makes of a row; this is a row it makes that of. It
    strips a text before it removes what stands in brackets, so a blank after them stays."""
    rows = []
    for r in _lines(data, "hellaswag", "hellaswag_val_1000.jsonl"):
        label, context = r["query"].split(": ", 1)
        endings = ["[header]" + c if c.startswith(" ") else c for c in r["choices"]]
        rows.append({"ind": r["ind"], "activity_label": label, "ctx_a": context, "ctx_b": "",
                     "endings": endings, "label": str(r["gold"])})
    return {"train": [], "validation": rows}


def _truthfulqa(data, name):
    """The table has other choices than the hub's mc1 and mc2, and questions that are the same: its
    false answers stand for mc1's choices, its true ones for mc2's."""
    rows = []
    with open(os.path.join(data, "truthfulqa", "TruthfulQA.csv"), newline="",
              encoding="utf-8") as f:
        for r in csv.DictReader(f):
            true, false = ([a.strip() for a in r[c].split(";") if a.strip()]
                           for c in ("Correct Answers", "Incorrect Answers"))
            rows.append({"question": r["Question"],
                         "mc1_targets": {"choices": false, "labels": [1]},
                         "mc2_targets": {"choices": true, "labels": [1]}})
    return {"validation": rows}


def wikitext_pages(text):
    """Pages start at headings of level one, as in the document-level data set."""
    pages, page = [], []
    for line in text.split("\n"):
        flat = line.replace("= = =", "===").replace("= =", "==").strip()
        if flat.startswith("= ") and flat.endswith(" =") and "\n".join(page).strip():
            pages.append("\n".join(page))
            page = []
        elif flat.startswith("= ") and flat.endswith(" ="):
            page = []
        page.append(line)
    return pages + ["\n".join(page)]


def _wikitext(data, name):
    with open(os.path.join(data, "wikitext2", "wiki.test.raw"), newline="",
              encoding="utf-8") as f:
        pages = wikitext_pages(f.read())
    return {"train": [], "validation": [], "test": [{"page": p} for p in pages]}


def _boolq(data, name):
    rows = _lines(data, "hf_validation_jsonl", "boolq", "none", "validation.jsonl")
    return {"train": [], "validation": [
        {"question": r["question"], "passage": r["passage"], "idx": i, "label": int(r["answer"])}
        for i, r in enumerate(rows)]}


def _validation(*path):
    return lambda data, name: {"train": [], "validation": _lines(data, "hf_validation_jsonl",
                                                                 *path, "validation.jsonl")}


LOCAL = {
    "cais/mmlu": _mmlu,
    "TIGER-Lab/MMLU-Pro": lambda data, name: {"test": _lines(data, "mmlu_pro", "test.jsonl"),
                                              "validation": []},
    "openai/gsm8k": lambda data, name: {s: _lines(data, "gsm8k", s + ".jsonl")
                                        for s in ("train", "test")},
    "EleutherAI/hendrycks_math": _math,
    "HuggingFaceH4/MATH-500": lambda data, name: {"test": _lines(data, "math", "MATH-500.jsonl")},
    "openai/openai_humaneval": lambda data, name: {"test": _lines(data, "humaneval",
                                                                  "HumanEval.jsonl.gz")},
    "Rowan/hellaswag": _hellaswag,
    "allenai/ai2_arc": _arc,
    "allenai/winogrande": _validation("winogrande", "winogrande_xl"),
    "baber/piqa": _validation("piqa", "plain_text"),
    "truthfulqa/truthful_qa": _truthfulqa,
    "aps/super_glue": _boolq,
    "EleutherAI/wikitext_document_level": _wikitext,
}


def _as_hub(splits):
    columns = next(list(rows[0]) for rows in splits.values() if rows)
    return datasets.DatasetDict({
        name: datasets.Dataset.from_list(rows) if rows else
        datasets.Dataset.from_dict({c: [] for c in columns}) for name, rows in splits.items()})


def local(folder):
    @functools.lru_cache(maxsize=None)
    def load(path, name):
        return _as_hub(LOCAL[path](os.path.join(folder, "datasets"), name))
    return lambda path, name=None, **ignored: load(path, name)


def made(folder):
    """rows/<data set>.<split>.jsonl, the data set's slash as two underscores."""
    def load(path, name=None, **ignored):
        stem = path.replace("/", "__") + "."
        files = [f for f in sorted(os.listdir(folder)) if f.startswith(stem)]
        return _as_hub({f[len(stem):-len(".jsonl")]: _lines(folder, f) for f in files})
    return load
