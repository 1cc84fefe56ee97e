#!/usr/bin/env python3
"""lm-evaluation-harness's hf model, loaded once, doing jobs for tasks.py: one line of JSON each on standard input,
{"task": ..., "shots": ..., "limit": ...}, and one line back: seconds from the rows to the scores, and the samples.

usage: lm_eval_peer.py MODEL_FOLDER DATA_FOLDER N_THREADS     (with a Python that has lm_eval 0.4.13)
The tasks are the harness's own; the rows come from the local data folder, in the hub's form."""
import json
import os
import pathlib
import sys
import time

os.environ.update(HF_HUB_OFFLINE="1", HF_DATASETS_OFFLINE="1", OMP_NUM_THREADS=sys.argv[3])
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests" / "golden" / "prompts_shipped"))
import harness  # noqa: E402
import hub_rows  # noqa: E402
import torch  # noqa: E402
from lm_eval.evaluator import evaluate  # noqa: E402
from lm_eval.models.huggingface import HFLM  # noqa: E402

FOLDERS = ["mmlu/default", "gsm8k", "hellaswag"]
BATCH = 8


def configs():
    folder = os.path.dirname(harness.lm_eval.tasks.__file__)
    manager = harness.lm_eval.tasks.TaskManager(
        include_defaults=False, include_path=[os.path.join(folder, f) for f in FOLDERS])

    def config(name):
        whole = manager._factory._load_full_config(manager.task_index[name], None)
        return {k: v for k, v in whole.items() if k not in ("tag", "group", "task_list")}
    return config


def sample(logged):
    kept = {"doc_id": logged["doc_id"], "resps": [r[0] for r in logged["resps"]], "filter": logged["filter"]}
    return kept | {metric: float(logged[metric]) for metric in ("acc", "acc_norm", "exact_match") if metric in logged}


def main():
    out = os.fdopen(os.dup(1), "w")  # what the harness prints goes to standard error
    os.dup2(2, 1)
    torch.set_num_threads(int(sys.argv[3]))
    config, load = configs(), hub_rows.local(sys.argv[2])
    model = HFLM(pretrained=sys.argv[1], dtype="float32", device="cpu", batch_size=BATCH)
    print(json.dumps({"ready": f"lm-eval {harness.VERSION}, torch {torch.__version__}, float32, batch {BATCH}"}),
          file=out, flush=True)
    for line in sys.stdin:
        job = json.loads(line)
        started = time.monotonic()
        task = harness.build(config(job["task"]), load, job["shots"])
        results = evaluate(model, {"tasks": {job["task"]: task}, "groups": {}, "group_map": {}}, limit=job["limit"],
                           bootstrap_iters=0)
        seconds = time.monotonic() - started
        samples = [sample(s) for s in results["samples"][job["task"]]]
        print(json.dumps({"seconds": seconds, "samples": samples}), file=out, flush=True)


if __name__ == "__main__":
    main()
