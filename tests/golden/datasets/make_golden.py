#!/usr/bin/env python3
"""Small files of rows in every format, and their rows as Python's `datasets` and pyarrow read them.

usage: make_golden.py [DATASETS_DIR]

Writes the files beside this script and expected.json, {file: {builder, kwargs, rows}}. With the folder of real data
sets (ASSAY_DATA/datasets) it also writes local.json: for each data set that tasks/datasets.yaml maps the number of rows,
the columns and a digest of the rows in the hub's form, made here from the files by Python's csv and json alone.
Needs: pip install datasets pyarrow xxhash
"""
import csv
import datetime
import decimal
import gzip
import json
import pathlib
import sys

import datasets
import pyarrow as pa
import pyarrow.parquet as pq
import xxhash

HERE = pathlib.Path(__file__).parent


def write(name, content):
    data = content if isinstance(content, bytes) else content.encode("utf-8")
    if name.endswith(".gz"):
        data = gzip.compress(data, mtime=0)
    (HERE / name).write_bytes(data)


JSONL = [
    {"question": "Wie groß ist 2 + 2?", "choices": ["3", "4"], "answer": 1, "score": 0.5, "ok": True},
    {"question": "多少？\n\"quoted\" \\ tab\t", "choices": [], "answer": -7, "score": 1e-9, "ok": False},
    {"question": "", "choices": ["only"], "answer": 9007199254740993, "score": 3.0, "ok": None},
]
NESTED = [
    {"id": "a", "choices": {"text": ["x", "y"], "label": ["A", "B"]}, "tests": [{"in": [1, 2], "out": "3"}]},
    {"id": "b", "choices": {"text": [], "label": []}, "tests": []},
]
TABLE = ('id,name,score,flag,note\r\n1,"Smith, J.",1.5,True,plain\r\n2,"said ""hi""",2,False,"two\nlines"\r\n'
         "3,NA,-0.25,True,\r\n")
MISSING = "a,b,c\n1,x,\n,y,2\n3,,5\n"
LETTERS = '"What, exactly?",yes,no,A\n"Second ""one""",1,2,B\n'


def make_text_files():
    write("plain.jsonl", "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in JSONL))
    write("escaped.jsonl.gz", "".join(json.dumps(r) + "\r\n" for r in JSONL))
    write("list.json", json.dumps(NESTED, indent=1))
    write("field.json", json.dumps({"version": 2, "data": NESTED}, indent=2))
    write("gaps.jsonl", '{"a": 1, "b": "x"}\n{"b": "y", "c": [1]}\n{"a": 3}\n')
    write("table.csv", "\ufeff" + TABLE)
    write("missing.csv", MISSING)
    write("letters.csv", LETTERS)
    write("table.tsv", "q\ta\nwhere?\there, there\nwhy?\t\"because\"\n")
    write("lines.txt", "first\n\n  third \nlast without end")


def make_parquet_files():
    table = pa.table({
        "text": pa.array(["a", None, "ß"]),
        "large": pa.array(["x" * 300, "", "y"], pa.large_string()),
        "int64": pa.array([1, -2, None], pa.int64()),
        "uint8": pa.array([0, 255, 7], pa.uint8()),
        "float32": pa.array([0.5, None, -2.25], pa.float32()),
        "float64": pa.array([0.1, 1e300, 3.0], pa.float64()),
        "flag": pa.array([True, False, None]),
        "list": pa.array([["a", "b"], [], None], pa.list_(pa.string())),
        "choices": pa.array([{"text": ["p", "q"], "label": [0, 1]}, {"text": [], "label": []}, None],
                            pa.struct([("text", pa.list_(pa.string())), ("label", pa.list_(pa.int64()))])),
        "deep": pa.array([[{"k": [1.5]}], [], [{"k": None}, {"k": []}]],
                         pa.list_(pa.struct([("k", pa.list_(pa.float64()))]))),
        "bytes": pa.array([b"raw", b"", None], pa.binary()),
        "category": pa.array(["red", "blue", "red"]).dictionary_encode(),
        "nothing": pa.array([None, None, None], pa.null()),
    })
    pq.write_table(table, HERE / "types.parquet", compression="snappy", row_group_size=2)
    when = datetime.datetime(2024, 2, 29, 12, 30, 15)
    other = pa.table({
        "when": pa.array([when, None], pa.timestamp("s")),
        "day": pa.array([when.date(), None], pa.date32()),
        "price": pa.array([decimal.Decimal("12.50"), None], pa.decimal128(6, 2)),
        "fixed": pa.array([[1, 2], [3, 4]], pa.list_(pa.int32(), 2)),
    })
    pq.write_table(other, HERE / "text_types.parquet", compression="zstd")
    choices = pa.table({"question": [r["question"] for r in JSONL], "choices": [r["choices"] for r in JSONL],
                        "answer": [r["answer"] for r in JSONL], "score": [r["score"] for r in JSONL],
                        "ok": [r["ok"] for r in JSONL]})
    pq.write_table(choices, HERE / "plain.parquet", compression="gzip")


CASES = [
    ("plain.jsonl", "json", {}), ("escaped.jsonl.gz", "json", {}), ("list.json", "json", {}),
    ("field.json", "json", {"field": "data"}), ("gaps.jsonl", "json", {}), ("table.csv", "csv", {}),
    ("missing.csv", "csv", {}), ("letters.csv", "csv", {"header": None, "column_names": ["question", "a", "b", "answer"]}),
    ("table.tsv", "csv", {"sep": "\t"}), ("lines.txt", "text", {}), ("types.parquet", "parquet", {}),
    ("plain.parquet", "parquet", {}), ("text_types.parquet", "parquet", {}),
]


def plain(value):
    """Values that JSON has; dates as `str` writes them."""
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, list):
        return [plain(v) for v in value]
    if isinstance(value, bytes):
        return value.decode("utf-8")
    return value if value is None or isinstance(value, (bool, int, float, str)) else str(value)


def expected_rows(name, builder, kwargs):
    if name == "types.parquet":  # datasets turns a dictionary's values into numbers on some versions
        return plain(pq.read_table(HERE / name).to_pylist())
    loaded = datasets.load_dataset(builder, data_files=str(HERE / name), split="train", **kwargs)
    return [plain(row) for row in loaded]


def canonical(value):
    if isinstance(value, dict):
        return {k: canonical(v) for k, v in value.items() if v is not None}
    return [canonical(v) for v in value] if isinstance(value, list) else value


def digest(rows):
    state = xxhash.xxh3_128()
    for row in rows:
        text = json.dumps(canonical(row), sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
        state.update(len(text).to_bytes(8, "little"))
        state.update(text)
    return state.hexdigest()


def local_data_sets(root):
    """(path, name, split, rows) of the mapped data sets, in the hub's form."""
    def jsonl(name):
        opener = gzip.open if name.endswith(".gz") else open
        with opener(root / name, "rt", encoding="utf-8") as f:
            return [json.loads(line) for line in f]

    def table(name):
        with open(root / name, newline="", encoding="utf-8") as f:
            return list(csv.reader(f))

    for file in sorted((root / "mmlu/test").iterdir()):
        subject = file.name.removesuffix("_test.csv")
        for split, folder in (("test", "test"), ("validation", "val"), ("dev", "dev")):
            rows = [{"question": r[0], "subject": subject, "choices": r[1:5], "answer": "ABCD".index(r[5])}
                    for r in table(f"mmlu/{folder}/{subject}_{folder}.csv")]
            yield "cais/mmlu", subject, split, rows
    yield "TIGER-Lab/MMLU-Pro", "", "test", jsonl("mmlu_pro/test.jsonl")
    for split in ("train", "test"):
        yield "openai/gsm8k", "main", split, jsonl(f"gsm8k/{split}.jsonl")
    problems = jsonl("math/MATH_test_5000.jsonl")
    for subject in sorted({p["category"] for p in problems}):
        yield "EleutherAI/hendrycks_math", subject, "test", [
            {"problem": p["context"], "type": p["category"], "solution": p["chain_of_thought"]}
            for p in problems if p["category"] == subject]
    yield "HuggingFaceH4/MATH-500", "", "test", jsonl("math/MATH-500.jsonl")
    yield "openai/openai_humaneval", "", "test", jsonl("humaneval/HumanEval.jsonl.gz")
    rows = []
    for r in jsonl("hellaswag/hellaswag_val_1000.jsonl"):
        label, ctx = r["query"].split(": ", 1)
        endings = ["[header]" + c if c.startswith(" ") else c for c in r["choices"]]
        rows.append({**r, "activity_label": label, "ctx_a": ctx, "ctx_b": "", "ctx": ctx, "endings": endings,
                     "label": str(r["gold"])})
    yield "Rowan/hellaswag", "", "validation", rows
    yield "allenai/ai2_arc", "ARC-Challenge", "test", [
        {"id": r["id"], "question": r["question"]["stem"], "answerKey": r["answerKey"],
         "choices": {k: [c[k] for c in r["question"]["choices"]] for k in ("text", "label")}}
        for r in jsonl("arc/ARC-Challenge-Test.jsonl")]
    yield "aps/super_glue", "boolq", "validation", [
        {"question": r["question"], "passage": r["passage"], "label": int(r["answer"])}
        for r in jsonl("hf_validation_jsonl/boolq/none/validation.jsonl")]
    for path, name, folder in (
            ("allenai/ai2_arc", "ARC-Challenge", "ai2_arc/ARC-Challenge"), ("allenai/ai2_arc", "ARC-Easy", "ai2_arc/ARC-Easy"),
            ("aps/super_glue", "copa", "super_glue/copa"), ("baber/piqa", "", "piqa/plain_text"),
            ("allenai/winogrande", "winogrande_xl", "winogrande/winogrande_xl"),
            ("allenai/openbookqa", "main", "openbookqa/main"), ("allenai/sciq", "", "sciq/none"),
            ("lighteval/siqa", "", "social_i_qa/none"), ("tau/commonsense_qa", "", "tau/commonsense_qa/none"),
            ("google-research-datasets/nq_open", "", "nq_open/none"),
            ("allenai/basic_arithmetic", "", "allenai/basic_arithmetic/none")):
        yield path, name, "validation", jsonl(f"hf_validation_jsonl/{folder}/validation.jsonl")
    with open(root / "truthfulqa/TruthfulQA.csv", newline="", encoding="utf-8") as f:
        yield "truthfulqa/truthful_qa", "generation", "validation", [
            {"type": r["Type"], "category": r["Category"], "question": r["Question"], "best_answer": r["Best Answer"],
             "correct_answers": [a.strip() for a in r["Correct Answers"].split(";") if a.strip()],
             "incorrect_answers": [a.strip() for a in r["Incorrect Answers"].split(";") if a.strip()],
             "source": r["Source"]} for r in csv.DictReader(f)]
    with open(root / "wikitext2/wiki.test.raw", newline="", encoding="utf-8") as f:
        lines = f.read().split("\n")
    pages, current = [], []
    for line in lines:
        flat = line.replace("= = =", "===").replace("= =", "==").strip()
        if flat.startswith("= ") and flat.endswith(" ="):
            if "\n".join(current).strip():
                pages.append("\n".join(current))
            current = []
        current.append(line)
    pages.append("\n".join(current))
    yield "EleutherAI/wikitext_document_level", "wikitext-2-raw-v1", "test", [{"page": p} for p in pages]


def main():
    make_text_files()
    make_parquet_files()
    expected = {name: {"builder": builder, "kwargs": kwargs, "rows": expected_rows(name, builder, kwargs)}
                for name, builder, kwargs in CASES}
    write("expected.json", json.dumps(expected, ensure_ascii=False, indent=1) + "\n")
    if len(sys.argv) > 1:
        local = [{"path": path, "name": name, "split": split, "n_rows": len(rows), "columns": sorted(rows[0]),
                  "content": digest(rows)} for path, name, split, rows in local_data_sets(pathlib.Path(sys.argv[1]))]
        write("local.json", "[\n" + ",\n".join(json.dumps(entry) for entry in local) + "\n]\n")


main()
