#!/usr/bin/env python3
"""Times Assay against llama-perplexity of the same llama.cpp source: perplexity, and divergence of several variants.

The two run alternately, each in a process of its own, with equal threads. ggml's threads spin, so a run beside other load
can take several times as long: the load of other processes is recorded for each run, and a pair with a disturbed half is
thrown away and repeated. Every sample is written to the JSON file.

usage: llama_perplexity.py --assay build/release/assay --llama-bin DIR --model base.gguf --text wiki.test.raw
                           [--variants Q8_0 ...] [--chunks 40] [--threads 2] [--pairs 5] [--out result.json]
"""
import argparse
import json
import os
import pathlib
import platform
import re
import tempfile

from pairs import alternate, run, spread, total


def compare(name, ours, theirs, n_pairs):
    pairs, n_discarded = alternate(name, lambda _: ours(), lambda _: theirs(), n_pairs)
    ratios = spread([p["assay"]["seconds"] / p["peer"]["seconds"] for p in pairs])
    summary = {
        "ratio_median": ratios["median"], "ratio_min": ratios["min"], "ratio_max": ratios["max"],
        "n_pairs": len(pairs), "n_discarded": n_discarded,
    }
    for key, who in (("assay", "assay"), ("llama", "peer")):
        summary[key] = {
            "seconds": [p[who]["seconds"] for p in pairs],
            "peak_mib": max(p[who]["peak_mib"] for p in pairs),
        }
    print(f"{name}: time ratio {ratios['median']:.3f} (median of {len(pairs)}; {ratios['min']:.3f} to {ratios['max']:.3f}), "
          f"peak memory {summary['assay']['peak_mib']:.0f} against {summary['llama']['peak_mib']:.0f} MiB")
    return summary, pairs


def perplexity_of(output):
    return float(re.search(r"Final estimate: PPL = ([0-9.]+)", output).group(1))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--assay", default="build/release/assay")
    parser.add_argument("--llama-bin", required=True, help="folder with llama-perplexity and llama-quantize")
    parser.add_argument("--model", required=True)
    parser.add_argument("--text", required=True)
    parser.add_argument("--variants", nargs="*", default=["Q8_0", "Q6_K", "Q5_K_M", "Q4_K_M", "Q3_K_M", "Q2_K", "Q4_0"])
    parser.add_argument("--chunks", type=int, default=40)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--out")
    args = parser.parse_args()
    llama = str(pathlib.Path(args.llama_bin) / "llama-perplexity")
    common = ["-f", args.text, "-c", "512", "--chunks", str(args.chunks), "-t", str(args.threads)]
    assay_common = ["--text", args.text, "--ctx", "512", "--chunks", str(args.chunks), "--threads", str(args.threads),
                    "--no-cache", "--json"]

    ppl, pairs = compare(
        "perplexity", lambda: run([args.assay, "perplexity", args.model, *assay_common]),
        lambda: run([llama, "-m", args.model, *common], merge=True), args.pairs)
    ours = json.loads(pairs[0]["assay"]["output"])["baseline"]["perplexity"]["value"]
    theirs = perplexity_of(pairs[0]["peer"]["output"])
    print(f"perplexity: value {ours:.4f} against {theirs:.4f}")
    assert abs(ours / theirs - 1) < 1e-4, "the two do not agree: the times mean nothing"
    result = {"machine": platform.processor() or platform.machine(), "cores": os.cpu_count(), "arguments": vars(args),
              "perplexity": ppl}

    with tempfile.TemporaryDirectory() as folder:
        files = []
        for variant in args.variants:
            path = f"{folder}/{variant}.gguf"
            run([str(pathlib.Path(args.llama_bin) / "llama-quantize"), args.model, path, variant, str(args.threads)])
            files.append(path)
        base = f"{folder}/base.kld"

        def theirs_divergence():
            runs = [run([llama, "-m", args.model, *common, "--kl-divergence-base", base], merge=True)]
            for path in files:
                runs.append(run([llama, "-m", path, *common, "--kl-divergence", "--kl-divergence-base", base],
                                merge=True))
            result["base_file_gib"] = os.path.getsize(base) / 2**30
            os.unlink(base)
            return total(runs)

        result["divergence"], pairs = compare(
            f"divergence of {len(files)} variants",
            lambda: run([args.assay, "diverge", args.model, *files, *assay_common]), theirs_divergence, args.pairs)
        ours = json.loads(pairs[0]["assay"]["output"])["variants"]
        theirs = re.findall(r"Mean +KLD: +([0-9.]+)", pairs[0]["peer"]["output"])
        result["kld"] = [[v["name"], v["kld"]["mean"], float(t)] for v, t in zip(ours, theirs)]
        for name, here, there in result["kld"]:
            print(f"mean KLD of {name}: {here:.6f} exact, {there:.6f} through the 16-bit base file")
        print(f"base file not written: {result['base_file_gib']:.2f} GiB")
    if args.out:
        for key in ("perplexity", "divergence"):
            result[key].pop("output", None)
        pathlib.Path(args.out).write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
