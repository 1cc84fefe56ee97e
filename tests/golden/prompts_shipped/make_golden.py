"""Writes prompts.json: hashes of what lm-evaluation-harness asks for every shipped task.

usage: make_golden.py DATA_FOLDER [--show TASK ROW [SHOTS]] [--made]
Run with a Python that has lm_eval 0.4.13. --show prints one item's fields instead."""
import argparse
import json
import os

import harness
import hub_rows

HERE = os.path.dirname(os.path.abspath(__file__))
N_ITEMS = 50  # of each task whose hashes are kept one by one; `all` covers every row
GROUPS = ["mmlu", "mmlu_pro", "hendrycks_math", "minerva_math"]
TASKS = ["minerva_math500", "gsm8k", "gsm8k_cot", "gsm8k_cot_self_consistency", "humaneval",
         "humaneval_64", "hellaswag", "arc_easy", "arc_challenge", "winogrande", "piqa",
         "truthfulqa_mc1", "truthfulqa_mc2", "boolq", "wikitext"]
# Over the task's own number of examples, on local data: the source of examples must be there.
LOCAL_SHOTS = {"mmlu": [0, 5], "mmlu_pro": [0]}
# On the rows made for this: every data set in the hub's form, examples included.
MADE_SHOTS = {"mmlu_pro_biology": [5], "mmlu_pro_computer_science": [3], "mbpp": [3, 0],
              "lambada_openai": [0, 2], "hellaswag": [0, 3], "winogrande": [0, 4],
              "arc_easy": [0, 3], "piqa": [2], "boolq": [2], "truthfulqa_mc1": [0],
              "truthfulqa_mc2": [0], "hendrycks_math_algebra": [0, 2], "wikitext": [0]}
FOLDERS = ["mmlu/default", "mmlu_pro", "gsm8k", "hendrycks_math", "minerva_math", "benchmarks",
           "humaneval", "mbpp", "hellaswag", "arc", "winogrande", "piqa", "truthfulqa",
           "super_glue/boolq", "wikitext", "lambada"]  # of the harness: the rest takes a minute
NOTES = [
    "arc_easy: its test split is not in the local data; the validation split stands for it",
    "mmlu_pro: without examples on the local data (its validation split is not there); with "
    "examples on made rows",
    "truthfulqa: the local rows have the hub's questions, and lists of answers in place of its "
    "choices",
    "hellaswag: the local rows are preprocessed; the harness got rows that it makes the same of",
    "mbpp, lambada_openai: made rows only",
]


def open_manager():
    folder = os.path.dirname(harness.lm_eval.tasks.__file__)
    return harness.lm_eval.tasks.TaskManager(
        include_defaults=False, include_path=[os.path.join(folder, f) for f in FOLDERS])


def config_of(manager, name):
    entry = manager.task_index[name]
    config = manager._factory._load_full_config(entry, None)
    return {k: v for k, v in config.items() if k not in ("tag", "group", "task_list")}


def members(manager, name):
    entry = manager.task_index[name]
    if not str(entry.kind).endswith(("GROUP", "TAG")):
        return [name]
    inner = sorted(entry.tags) if str(entry.kind).endswith("TAG") else entry.cfg["task"]
    return [t for m in inner for t in members(manager, m)]


def record(manager, load, name, shots, rows):
    task = harness.build(config_of(manager, name), load, shots)
    hashes = [harness.item_hash(f) for f in harness.items(task)]
    print(name, rows, task.config.num_fewshot, len(hashes), flush=True)
    return {"task": name, "rows": rows, "num_fewshot": task.config.num_fewshot or 0,
            "n": len(hashes), "all": harness.whole_hash(hashes),
            "items": "".join(h[:16] for h in hashes[:N_ITEMS])}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("data")
    parser.add_argument("--show", nargs="+")
    parser.add_argument("--made", action="store_true")
    options = parser.parse_args()
    manager = open_manager()
    local = hub_rows.local(options.data)
    made = hub_rows.made(os.path.join(HERE, "rows"))
    if options.show:
        name, row, *shots = options.show
        task = harness.build(config_of(manager, name), made if options.made else local,
                             int(shots[0]) if shots else None)
        for field in harness.items(task)[int(row)]:
            print("%d:%s" % (len(field.encode()), field))
        return
    records = []
    for top in GROUPS + TASKS:
        for shots in LOCAL_SHOTS.get(top, [None]):
            records += [record(manager, local, name, shots, "local")
                        for name in members(manager, top)]
    for name, all_shots in MADE_SHOTS.items():
        records += [record(manager, made, name, shots, "made") for shots in all_shots]
    with open(os.path.join(HERE, "prompts.json"), "w", encoding="utf-8") as f:
        head = {"lm_eval": harness.VERSION, "made_by": "make_golden.py", "notes": NOTES}
        f.write(json.dumps(head)[:-1] + ', "records": [\n')
        f.write(",\n".join(json.dumps(r) for r in records) + "\n]}\n")


if __name__ == "__main__":
    main()
