#!/usr/bin/env python3
"""Screening against the whole text: `assay screen`, then llama-perplexity of the baseline and of every variant over all of it,
then `assay screen` again. Do both decide the same, and in which share of the time? Took 100 minutes with SmolLM2-135M and
WikiText-2 on two cores; started again with the same --out, it goes on where it ended.

usage: screening.py --assay build/release/assay --llama-bin DIR --model base.gguf --text wiki.test.raw --out result.json
                    [--variants Q8_0 ... kv=q8_0] [--limit-percent 5] [--threads 2]
"""
import argparse
import json
import pathlib
import re
import tempfile

from pairs import DISTURBED, run


def times(done):
    return {key: done[key] for key in ("seconds", "other_load")}


def screen(args):
    done = run([args.assay, "screen", args.model, *args.variants, "--text", args.text, "--max-ppl-increase",
                f"{args.limit_percent}%", "--threads", str(args.threads), "--no-cache", "--json"])
    return times(done) | {"document": json.loads(done["output"])}


def whole_text(args, variant, path):
    """Perplexity by llama-perplexity, and the time. A cache's type needs flash attention, as in `assay`."""
    flags = []
    if variant.startswith("kv="):
        cache = variant.removeprefix("kv=")
        flags = ["-ctk", cache, "-ctv", cache, "-fa", "on"]
    done = run([str(pathlib.Path(args.llama_bin) / "llama-perplexity"), "-m", str(path), "-f", args.text, "-c", "512", "-t",
                str(args.threads), *flags], merge=True)
    found = re.search(r"Final estimate: PPL = ([0-9.]+) \+/- ([0-9.]+)", done["output"])
    return times(done) | {"ppl": float(found.group(1)), "ppl_error": float(found.group(2))}


def report(result, limit):
    whole = result["whole"]
    screened = result["screens"]
    whole_s = sum(r["seconds"] for r in whole.values())
    base = whole["base"]["ppl"]
    for variant in screened[0]["document"]["variants"]:
        increase = whole[variant["name"]]["ppl"] / base - 1
        decision = "dropped" if increase > limit else "passed"
        verdicts = [next(v for v in s["document"]["variants"] if v["name"] == variant["name"]) for s in screened]
        same = all(v["verdict"] == decision for v in verdicts)
        estimate = verdicts[0]["criteria"][0]["estimate"]
        low, high = estimate["ci95"]
        print(f"{variant['name']}: {variant['verdict']} after {verdicts[0]['n_windows']} windows, {100 * estimate['value']:+.2f} % "
              f"[{100 * low:+.2f}, {100 * high:+.2f}]; whole text {100 * increase:+.2f} %: {'the same' if same else 'NOT THE SAME'}")
    worst = max(r["other_load"] for r in [*screened, *whole.values()])
    print(f"other programs used at most {worst:.2f} cores during any of these" + (": the times mean little" if worst > DISTURBED else ""))
    for s in screened:
        print(f"screened in {s['seconds']:.1f} s; whole texts {whole_s:.0f} s: {s['seconds'] / whole_s:.3f} of the time")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--assay", default="build/release/assay")
    parser.add_argument("--llama-bin", required=True, help="folder with llama-perplexity")
    parser.add_argument("--model", required=True)
    parser.add_argument("--text", required=True)
    parser.add_argument("--variants", nargs="*", default=["Q8_0", "Q6_K", "Q5_K_M", "Q4_K_M", "Q3_K_M", "Q2_K", "kv=q8_0"])
    parser.add_argument("--limit-percent", type=float, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    args = parser.parse_args()
    result = json.loads(args.out.read_text()) if args.out.exists() else {"screens": [], "whole": {}}

    def keep():
        args.out.write_text(json.dumps(result, indent=1) + "\n")

    with tempfile.TemporaryDirectory() as folder:
        if not result["screens"]:
            result["screens"].append(screen(args))
            keep()
        for variant in ["base", *args.variants]:
            if variant in result["whole"]:
                continue
            path = args.model
            if variant != "base" and not variant.startswith("kv="):
                path = f"{folder}/{variant}.gguf"
                run([args.assay, "quantize", args.model, path, variant])
            result["whole"][variant] = whole_text(args, variant, path)
            keep()
            print(f"{variant}: {result['whole'][variant]}", flush=True)
        if len(result["screens"]) < 2:
            result["screens"].append(screen(args))
            keep()
    report(result, args.limit_percent / 100)


if __name__ == "__main__":
    main()
