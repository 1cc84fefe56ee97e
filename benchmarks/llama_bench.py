#!/usr/bin/env python3
"""Runs `assay bench` and llama-bench of the same llama.cpp source alternately and compares their medians, and the memory
that Assay reports with what the kernel told about the process.

usage: llama_bench.py --assay build/release/assay --llama-bin DIR --model base.gguf [MORE.gguf ...]
                      [--prompt 512] [--generate 128] [--pairs 5] [--repetitions 3] [--threads 2] [--side-by-side PAIRS] [--out result.json]
"""
import argparse
import concurrent.futures
import json
import math
import os
import pathlib
import re
import statistics
import subprocess
import sys

from pairs import alternate, run


def ours(assay, model, arguments, prefix=()):
    # Requests are not llama-bench's; with -r the rounds are as many as its repetitions.
    done = run([*prefix, assay, "bench", model, *arguments, "--request", "0,0", "--json"])
    document = json.loads(done["output"])
    done["samples"] = {}
    for series in document["series"]:
        name = document["tests"][series["test"]]["name"]
        done["samples"][name] = [
            (s["n_prompt"] + s["n_gen"]) * 1e9 / s["duration_ns"] for s in series["samples"] if s["round"] >= 0]
    return done


def theirs(llama_bench, model, arguments, prefix=()):
    done = run([*prefix, llama_bench, "-m", model, *arguments, "-o", "json"])
    done["samples"] = {}
    for row in json.loads(done["output"]):
        parts = [f"{kind}{row[key]}" for kind, key in (("pp", "n_prompt"), ("tg", "n_gen")) if row[key]]
        depth = f" @ d{row['n_depth']}" if row["n_depth"] else ""
        done["samples"]["+".join(parts) + depth] = row["samples_ts"]
    return done


def batched(llama_batched, model, arguments):
    """llama-batched-bench: one line per number of sequences; a row of it is our test at a depth and in parallel."""
    done = run([llama_batched, "-m", model, *arguments, "--output-format", "jsonl"], merge=True)
    done["samples"] = {}
    for line in re.findall(r"^\{.*\}$", done["output"], re.M):
        row = json.loads(line)
        done["samples"][f"pp{row['pp']} x {row['pl']}"] = [row["speed_pp"]]
        done["samples"][f"tg{row['tg']} @ d{row['pp']} x {row['pl']}"] = [row["speed_tg"]]
    return done


def mean_and_error(logs):
    """The geometric mean of ratios, and the standard error of its logarithm."""
    return math.exp(statistics.mean(logs)), statistics.stdev(logs) / math.sqrt(len(logs)) if len(logs) > 1 else math.inf


def compare(label, here, there, n_pairs):
    pairs, n_discarded = alternate(label, lambda _: here(), lambda _: there(), n_pairs, "llama.cpp")
    rows = []
    for name in pairs[0]["assay"]["samples"]:
        if name not in pairs[0]["peer"]["samples"]:
            continue
        of = {who: [s for p in pairs for s in p[who]["samples"][name]] for who in ("assay", "peer")}
        medians = {who: statistics.median(samples) for who, samples in of.items()}
        ratio = medians["assay"] / medians["peer"]
        # Each program's speed wanders from process to process: the error of the pairs' mean ratio says how much the ratio means.
        mean, error = mean_and_error([math.log(statistics.median(p["assay"]["samples"][name]) / statistics.median(p["peer"]["samples"][name]))
                                      for p in pairs])
        rows.append({"model": label, "test": name, "ratio": ratio, "mean_ratio": mean, "standard_error": error,
                     "n_pairs": len(pairs), "n_discarded": n_discarded, "assay": of["assay"], "peer": of["peer"]})
        print(f"{label}, {name}: {medians['assay']:.2f} against {medians['peer']:.2f} tokens/s, ratio {ratio:.4f}; "
              f"mean of {len(pairs)} pairs {mean:.4f} (standard error {100 * error:.1f} %)", flush=True)
    return rows


def memory(assay, model, threads):
    """What the measured process reports as its peak, over what the kernel says at its end (as /usr/bin/time prints it)."""
    child = subprocess.Popen([assay, "bench-child"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(**message):
        child.stdin.write(json.dumps(message) + "\n")
        child.stdin.flush()
        return json.loads(child.stdout.readline())
    ask(do="open", path=list(os.fsencode(model)), kv_k="f16", kv_v="f16", flash_attention="auto", n_threads=int(threads), n_ubatch=512,
        n_gpu_layers=-1, n_ctx=512, n_seq_max=1, n_rows_max=1)
    ask(do="run", n_prompt=512, n_gen=0, n_depth=0, n_parallel=1, request=False, n_batch=2048, seed=1, prompt=[], stop_at_end=False,
        warm_up=False, fill_ns=0)
    reported = ask(do="memory")["peak_bytes"]
    child.stdin.close()
    usage = os.wait4(child.pid, 0)[2]
    child.returncode = 0
    kernel = 1024 * usage.ru_maxrss
    print(f"{pathlib.Path(model).name}: peak memory {reported / 2**20:.1f} MiB, the kernel says {kernel / 2**20:.1f}, ratio "
          f"{reported / kernel:.4f}", flush=True)
    return {"model": model, "reported_bytes": reported, "kernel_bytes": kernel}


def side_by_side(assay, llama_bench, model, prompt, n_pairs):
    """A prompt's speed in both programs at the same time, each with one thread on a core of its own, which they swap: what disturbs
    the machine disturbs both, so that few pairs tell what many alternating ones do not. Repetitions so that both take as long."""
    name = f"pp{prompt}"
    arguments = ["-p", prompt, "-n", "0", "-t", "1"]
    jobs = {"assay": lambda core: ours(assay, model, [*arguments, "-r", "5"], ["taskset", "-c", core]),
            "peer": lambda core: theirs(llama_bench, model, [*arguments, "-r", "9"], ["taskset", "-c", core])}
    logs = []
    for i in range(n_pairs):
        with concurrent.futures.ThreadPoolExecutor() as pool:
            running = {who: pool.submit(job, str((i + place) % 2)) for place, (who, job) in enumerate(jobs.items())}
            speed = {who: statistics.mean(done.result()["samples"][name]) for who, done in running.items()}
        logs.append(math.log(speed["assay"] / speed["peer"]))
    ratio, error = mean_and_error(logs)
    print(f"{pathlib.Path(model).name}, {name} side by side: {n_pairs} pairs, ratio {ratio:.4f} (standard error {100 * error:.1f} %)",
          flush=True)
    return {"model": model, "test": f"{name} side by side, one thread each", "ratio": ratio, "standard_error": error, "logs": logs}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--assay", default="build/release/assay")
    parser.add_argument("--llama-bin", required=True, help="folder with llama-bench (and llama-batched-bench, else skipped)")
    parser.add_argument("--model", required=True, nargs="+")
    parser.add_argument("--prompt", default="512")
    parser.add_argument("--generate", default="128")
    parser.add_argument("--threads", default="2")
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--repetitions", default="3")
    parser.add_argument("--extra", default="", help="further flags for both, such as '-d 512'")
    parser.add_argument("--parallel", type=int, default=0, help="also against llama-batched-bench, so many sequences")
    parser.add_argument("--side-by-side", type=int, default=0, metavar="PAIRS", help="only this: prompts of both at the same time")
    parser.add_argument("--out")
    args = parser.parse_args()
    llama = pathlib.Path(args.llama_bin)
    common = ["-t", args.threads, *args.extra.split()]
    arguments = ["-p", args.prompt, "-n", args.generate, "-r", args.repetitions, *common]
    rows, peaks = [], []
    for model in args.model:
        label = pathlib.Path(model).name
        if args.side_by_side:
            rows.append(side_by_side(args.assay, str(llama / "llama-bench"), model, args.prompt, args.side_by_side))
            continue
        rows += compare(label, lambda: ours(args.assay, model, arguments),
                        lambda: theirs(str(llama / "llama-bench"), model, arguments), args.pairs)
        peaks.append(memory(args.assay, model, args.threads))
        peer = llama / "llama-batched-bench"
        if args.parallel and not peer.exists():
            print(f"SKIP: {peer} is not there")
        elif args.parallel:
            n = str(args.parallel)
            n_ctx = str(args.parallel * 512)
            flags = ["-p", "128", "-n", "0", "-r", args.repetitions, "-t", args.threads, "--parallel", n]
            deep = ["-p", "0", "-n", "32", "-d", "128", "-r", args.repetitions, "-t", args.threads, "--parallel", n]

            def both():
                done, second = ours(args.assay, model, flags), ours(args.assay, model, deep)
                done["samples"].update(second["samples"])
                done["other_load"] = max(done["other_load"], second["other_load"])
                return done

            rows += compare(label, both, lambda: batched(str(peer), model, [
                "-npp", "128", "-ntg", "32", "-npl", n, "-c", n_ctx, "-t", args.threads]), args.pairs)
    if args.out:
        pathlib.Path(args.out).write_text(json.dumps({"arguments": vars(args), "rows": rows, "memory": peaks}, indent=1) + "\n")
    worst = max([abs(row["ratio"] - 1) for row in rows] + [abs(p["reported_bytes"] / p["kernel_bytes"] - 1) for p in peaks])
    print(f"largest difference of medians and of peak memory: {100 * worst:.2f} %")
    sys.exit(0 if worst <= 0.03 else 1)


if __name__ == "__main__":
    main()
