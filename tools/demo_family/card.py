"""Writes the model card: the recipe, the curves and the scores, each from the files that hold them.

  python3 card.py [--folder ~/.cache/assay/demo_family] [--to FILE]

What has no file yet is said to be missing, never made up.
"""

import argparse
import json
import pathlib

import bpe
import build_data
import score
from facts import make_world
from splits import SEED
from tokenizer_files import world_merges

_MODELS = ("demo-small", "demo-base")
_BARS = "▁▂▃▄▅▆▇█"
_SKILLS = ("knowledge", "maths", "code")


def logged(path):
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def curve(values):
    """One bar a value, 0 to 1."""
    return "".join(_BARS[min(len(_BARS) - 1, int(value * len(_BARS)))] for value in values)


def every(rows, count):
    """At most about count of the rows, evenly, the last one among them."""
    step = max(1, -(-len(rows) // count))
    return rows[::-step][::-1]


def recipe():
    world, files = make_world(), build_data.files()
    counts = {name: content.count("\n") for name, content in files.items() if name.endswith(".jsonl")}
    return [
        "## Data", "",
        f"Everything is generated from the seed `{SEED}`: {len(world.people)} people, {len(world.towns)} towns, "
        f"{len(world.facts):,} facts; sums, programs and stories without end. The vocabulary has "
        f"{len(bpe.vocabulary(world_merges())):,} tokens, every digit one of its own. Items of the tests are told "
        "apart from training by a digest of what would be memorised (`tools/demo_family/splits.py`).", "",
        "| file | items |", "|---|---|", *[f"| `data/demo/{name}` | {n:,} |" for name, n in counts.items()]]


def training(name, folder):
    rows = logged(folder / f"{name}.jsonl")
    exams = every([row for row in rows if "skills" in row], 40)
    lines = ["", f"## Training of {name}", ""]
    if not exams:
        return lines + ["No curve yet."]
    lines += [f"{exams[-1]['tokens'] / 1e6:.1f} million tokens in {exams[-1]['seconds'] / 3600:.1f} hours, partly beside other work. Share of the "
              "validation items right, from first to last:", "", "| skill | curve | last |", "|---|---|---|"]
    for skill in _SKILLS:
        values = [row["skills"][skill] for row in exams]
        lines.append(f"| {skill} | `{curve(values)}` | {100 * values[-1]:.1f} % |")
    losses = [row for row in rows if "loss" in row]
    if losses:
        last = ", ".join(f"{kind} {value:.3f}" for kind, value in losses[-1]["loss"].items())
        lines += ["", f"Last losses in nats a token: {last}."]
    return lines


def scored(name, folder):
    path = folder / f"{name}-f16.scores.json"
    lines = ["", f"## Scores of {name}", ""]
    if not path.exists():
        return lines + ["Not scored yet."]
    return lines + ["Percent right on the test's items, and perplexity of its stories; ± is half of a 95 % interval.", "",
                    score.table(json.loads(path.read_text()))]


def findings(folder):
    """What the page of the whole study says is shown: its sentences."""
    path = folder / "study/study.json"
    if not path.exists():
        return []
    study = json.loads(path.read_text())
    told = [(f["name"], f["decision"]["sentence"]) for f in study["families"]]
    told += [(f["family"], f["sentence"]) for f in study["findings"] if f["state"] == "shown"]
    return ["", "## What the study of both found", "",
            "On all items, at a margin of 4 points (`assay study data/demo/study.yaml --limit 400 --chunks 0`); the "
            "program's own sentences:", "", *[f"* {sentence if name in sentence else f'{name}: {sentence}'}" for name, sentence in told]]


def card(folder):
    lines = ["# The demonstration's models", "",
             "Made by `tools/demo_family` for Assay's demonstration and tests: small models that know a small made world. "
             "They know nothing of the real one. Licence: Apache 2.0, weights and data.", "", *recipe()]
    for name in _MODELS:
        lines += training(name, folder) + scored(name, folder)
    lines += findings(folder)
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=pathlib.Path, default=pathlib.Path("~/.cache/assay/demo_family").expanduser())
    parser.add_argument("--to", type=pathlib.Path)
    asked = parser.parse_args()
    (asked.to or asked.folder / "MODEL_CARD.md").write_text(card(asked.folder))


if __name__ == "__main__":
    main()
