#!/usr/bin/env python3
"""A model measured against itself, again and again: how often `assay bench` says that they differ, which must be at most 1 in 20.

usage: against_itself.py --model base.gguf [--assay build/release/assay] [--runs 20] [--budget 40s] [--threads 2] [--out FILE]
"""
import argparse
import json
import os
import pathlib
import sys
import tempfile

from pairs import run


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--assay", default="build/release/assay")
    parser.add_argument("--model", required=True)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--budget", default="40s")
    parser.add_argument("--threads", default="2")
    parser.add_argument("--out")
    args = parser.parse_args()
    results = []
    with tempfile.TemporaryDirectory() as folder:
        twin = os.path.join(folder, "twin.gguf")
        os.symlink(os.path.abspath(args.model), twin)
        for i in range(args.runs):
            done = run([args.assay, "bench", args.model, twin, "-p", "256", "-n", "16", "--request", "0,0", "-t", args.threads,
                        "--budget", args.budget, "--seed", str(i), "--json"])
            document = json.loads(done["output"])
            for series in document["series"]:
                ratio = series["measures"][0]["ratio"]
                if ratio is None:
                    continue
                low, high = ratio["ci95"] or (0, float("inf"))
                results.append({"run": i, "test": document["tests"][series["test"]]["name"], "ratio": ratio["value"],
                                "ci95": ratio["ci95"], "rounds": series["n_rounds"], "differs": not low <= 1 <= high,
                                "other_load": done["other_load"]})
                r = results[-1]
                print(f"{r['run']} {r['test']}: {r['ratio']:.3f} [{low:.3f}, {high:.3f}], {r['rounds']} rounds, "
                      f"{'DIFFERS' if r['differs'] else 'no difference'}; other load {r['other_load']:.2f}", flush=True)
    n_different = sum(r["differs"] for r in results)
    print(f"{n_different} of {len(results)} comparisons called different")
    if args.out:
        pathlib.Path(args.out).write_text(json.dumps(results, indent=1) + "\n")
    sys.exit(0 if n_different <= len(results) / 20 else 1)


if __name__ == "__main__":
    main()
