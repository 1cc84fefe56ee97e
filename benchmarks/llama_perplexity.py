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
import statistics
import subprocess
import sys
import tempfile
import time

DISTURBED = 0.25  # cores that other processes may use during a run


def busy_jiffies():
    """CPU time of the whole machine and of this process's finished children, in seconds."""
    fields = list(map(int, open("/proc/stat").readline().split()[1:9]))
    tick = os.sysconf("SC_CLK_TCK")
    return (sum(fields) - fields[3] - fields[4]) / tick


def run(command):
    """Wall seconds, peak MiB, other processes' load in cores, and the output of one command."""
    machine_before = busy_jiffies()
    started = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.monotonic() - started
    if status != 0:
        sys.exit(f"failed: {' '.join(command)}\n{output[-2000:]}")
    own = usage.ru_utime + usage.ru_stime
    other_load = max(0.0, busy_jiffies() - machine_before - own) / seconds
    return {"seconds": seconds, "peak_mib": usage.ru_maxrss / 1024, "other_load": other_load, "output": output}


def total(runs):
    """Several commands that together do one job."""
    seconds = sum(r["seconds"] for r in runs)
    return {
        "seconds": seconds,
        "peak_mib": max(r["peak_mib"] for r in runs),
        "other_load": sum(r["other_load"] * r["seconds"] for r in runs) / seconds,
        "output": "\n".join(r["output"] for r in runs),
    }


def alternate(name, ours, theirs, n_pairs):
    pairs, n_discarded = [], 0
    while len(pairs) < n_pairs and n_discarded < 3 * n_pairs:
        halves = {}
        order = [("assay", ours), ("llama", theirs)]
        if (len(pairs) + n_discarded) % 2:
            order.reverse()
        for who, job in order:
            halves[who] = job()
        worst = max(h["other_load"] for h in halves.values())
        line = f"{name}: assay {halves['assay']['seconds']:.2f} s, llama-perplexity {halves['llama']['seconds']:.2f} s"
        if worst > DISTURBED:
            n_discarded += 1
            print(f"{line}  discarded: other load of {worst:.2f} cores", flush=True)
            continue
        print(line, flush=True)
        pairs.append(halves)
    if not pairs:
        sys.exit(f"{name}: the machine was never quiet")
    ratios = sorted(p["assay"]["seconds"] / p["llama"]["seconds"] for p in pairs)
    summary = {
        "ratio_median": statistics.median(ratios), "ratio_min": ratios[0], "ratio_max": ratios[-1],
        "n_pairs": len(pairs), "n_discarded": n_discarded,
    }
    for who in ("assay", "llama"):
        summary[who] = {
            "seconds": [p[who]["seconds"] for p in pairs],
            "peak_mib": max(p[who]["peak_mib"] for p in pairs),
        }
    print(f"{name}: time ratio {summary['ratio_median']:.3f} (median of {len(pairs)}; {ratios[0]:.3f} to {ratios[-1]:.3f}), "
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

    ppl, pairs = alternate(
        "perplexity", lambda: run([args.assay, "perplexity", args.model, *assay_common]),
        lambda: run([llama, "-m", args.model, *common]), args.pairs)
    ours = json.loads(pairs[0]["assay"]["output"])["baseline"]["perplexity"]["value"]
    theirs = perplexity_of(pairs[0]["llama"]["output"])
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
            runs = [run([llama, "-m", args.model, *common, "--kl-divergence-base", base])]
            for path in files:
                runs.append(run([llama, "-m", path, *common, "--kl-divergence", "--kl-divergence-base", base]))
            result["base_file_gib"] = os.path.getsize(base) / 2**30
            os.unlink(base)
            return total(runs)

        result["divergence"], pairs = alternate(
            f"divergence of {len(files)} variants",
            lambda: run([args.assay, "diverge", args.model, *files, *assay_common]), theirs_divergence, args.pairs)
        ours = json.loads(pairs[0]["assay"]["output"])["variants"]
        theirs = re.findall(r"Mean +KLD: +([0-9.]+)", pairs[0]["llama"]["output"])
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
