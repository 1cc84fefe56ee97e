"""Scores a model of the family and its variants with Assay: skills on the test items, perplexity on
the test's stories, all with intervals.

  python3 score.py ASSAY MODEL.gguf [--variants "Q8_0 Q2_K ..."] [--threads N]

writes MODEL.scores.json beside the model (what `assay eval` and `assay diverge` say) and prints a table.
"""

import argparse
import json
import pathlib
import subprocess
import sys

_DATA = pathlib.Path(__file__).resolve().parents[2] / "data/demo"
VARIANTS = "Q8_0 Q6_K Q5_K_M Q4_K_M Q3_K_M Q2_K kv=q8_0 kv=q4_0"


def _said(command):
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        sys.exit(f"score.py: {' '.join(command)} ended with {done.returncode}")
    return json.loads(done.stdout)


def _without_samples(runs):
    for run in runs["runs"]:
        for task in run["tasks"]:
            task.pop("samples", None)
    return runs


def rows(scores):
    """[{'name', 'size_bytes', task: (value, low, high), 'ppl': ...}]: the model first, then its variants."""
    models = [scores["diverge"]["baseline"], *scores["diverge"]["variants"]]
    made = []
    for run, model in zip(scores["eval"]["runs"], models, strict=True):
        row = {"name": "F16" if not made else run["header"]["model_name"], "size_bytes": model["size_bytes"],
               "ppl": _interval(model["perplexity"])}
        for task in run["tasks"]:
            row[task["task"]] = _interval(task["metrics"][0]["estimate"])
        made.append(row)
    return made


def _interval(estimate):
    low, high = estimate["ci95"] or (None, None)
    return estimate["value"], low, high


def _cell(interval, percent):
    value, low, high = interval
    scale, digits = (100, 1) if percent else (1, 3)
    if low is None:
        return f"{scale * value:.{digits}f}"
    return f"{scale * value:.{digits}f} ± {scale * (high - low) / 2:.{digits}f}"


def table(scores):
    """A table for GitHub: accuracies in percent with half the width of their 95 % intervals."""
    made = rows(scores)
    tasks = [key for key in made[0] if key.startswith("demo_")]
    lines = ["| variant | KiB | " + " | ".join(t.removeprefix("demo_") for t in tasks) + " | perplexity |",
             "|---" * (len(tasks) + 3) + "|"]
    for row in made:
        cells = [_cell(row[task], percent=True) for task in tasks] + [_cell(row["ppl"], percent=False)]
        lines.append(f"| {row['name']} | {row['size_bytes'] / 1024:,.0f} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("assay")
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("--variants", default=VARIANTS)
    parser.add_argument("--threads", default="0")
    asked = parser.parse_args()
    variants = [str(asked.model), *asked.variants.split(), "--threads", asked.threads, "--json"]
    scores = {
        "eval": _without_samples(_said([asked.assay, "eval", *variants, "--tasks", "demo_family", "--include-path",
                                        str(_DATA / "tasks"), "--no-probe", "--offline"])),
        "diverge": _said([asked.assay, "diverge", *variants, "--text", str(_DATA / "world_stories.txt")])}
    asked.model.with_suffix(".scores.json").write_text(json.dumps(scores, indent=1) + "\n")
    print(table(scores))


if __name__ == "__main__":
    main()
