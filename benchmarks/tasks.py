#!/usr/bin/env python3
"""Times `assay eval` against the programs that people use for it: lm-evaluation-harness (hf), llama-perplexity's own tasks and
llama-server; and its own drafts, start and memory. The two run alternately on the same items with equal threads, and must
agree on what they find. A peer that is not there is skipped with a reason. Results go to the JSON file, which keeps those of
parts that are not run; docs/benchmarks.md says what the parts are.

usage: tasks.py --model smollm2-135m-f16.gguf --data DATA [--assay build/release/assay] [--llama-bin DIR]
                [--lm-eval-python PYTHON --lm-eval-model DIR] [--only PART ...] [--pairs 3] [--out result.json]
"""
import argparse
import json
import os
import pathlib
import shutil
import signal
import sys
import tempfile

import task_cost
from pairs import alternate, spread
from task_peers import (Assay, LlamaPerplexity, LlamaServer, LmEval, prompts_of, score_of, write_hellaswag,
                        write_multiple_choice)

SUBJECTS = ["abstract_algebra", "anatomy", "astronomy"]  # a pair each: all of its items


class Benchmark:
    def __init__(self, args):
        self.args = args
        self.data, self.n_pairs = args.data, args.pairs
        self.assay = Assay(args.assay, args.model, args.threads)
        self.folder = tempfile.mkdtemp(prefix="assay-benchmark-")
        self.harness = None

    def close(self):
        if self.harness:
            self.harness.close()
        shutil.rmtree(self.folder)

    def lm_eval(self):
        if not self.harness:
            self.harness = LmEval(self.args.lm_eval_python, self.args.lm_eval_model, self.data, self.args.threads)
        return self.harness

    def llama_perplexity(self):
        return LlamaPerplexity(self.args.llama_bin, self.args.model, self.args.threads)

    def ours(self, task, *flags):
        return self.assay.eval(task, "--no-cache", *flags)

    def loaded(self, task, *flags):
        """Without loading the model, as for a peer that stays."""
        done = self.ours(task, *flags)
        return done | {"seconds": done["evaluated"]}

    # ---- The parts ----

    def mmlu_lm_eval(self):
        peer, limit = self.lm_eval(), self.args.limit
        name = lambda i: f"mmlu_{SUBJECTS[i % 3]}"  # noqa: E731
        flags = ["--num-fewshot", "5", *limit_flags(limit)]
        return self.pairs("MMLU 5-shot", peer.name, lambda i: self.loaded(name(i), *flags),
                          lambda i: peer.eval(name(i), 5, limit), same_answers("acc"), "model loaded")

    def mmlu_llama_perplexity(self):
        peer, limit = self.llama_perplexity(), self.args.limit
        for subject in SUBJECTS:
            write_multiple_choice(f"{self.folder}/{subject}.bin", self.data, subject, limit)
        flags = ["--num-fewshot", "5", *limit_flags(limit)]
        return self.pairs("MMLU 5-shot", "llama-perplexity", lambda i: self.ours(f"mmlu_{SUBJECTS[i % 3]}", *flags),
                          lambda i: peer.multiple_choice(f"{self.folder}/{SUBJECTS[i % 3]}.bin"), same_number("acc"),
                          "whole processes")

    def hellaswag_lm_eval(self):
        peer, limit = self.lm_eval(), self.args.limit or 100
        return self.pairs("HellaSwag 0-shot", peer.name, lambda i: self.loaded("hellaswag", *limit_flags(limit)),
                          lambda i: peer.eval("hellaswag", 0, limit), same_answers("acc_norm"), "model loaded")

    def hellaswag_llama_perplexity(self):
        peer, limit = self.llama_perplexity(), self.args.limit or 100
        path = f"{self.folder}/hellaswag.txt"
        write_hellaswag(path, self.data, limit)
        return self.pairs("HellaSwag 0-shot", "llama-perplexity", lambda i: self.ours("hellaswag", *limit_flags(limit)),
                          lambda i: peer.hellaswag(path, limit), same_number("mean"), "whole processes")

    def gsm8k_lm_eval(self):
        peer, limit = self.lm_eval(), self.args.limit or 20
        return self.pairs("GSM8K 5-shot", peer.name, lambda i: self.loaded("gsm8k", *limit_flags(limit)),
                          lambda i: peer.eval("gsm8k", 5, limit), same_harness_texts, "model loaded")

    def gsm8k_llama_server(self):
        limit = self.args.limit or 20
        prompts = prompts_of(self.assay, "gsm8k", limit)

        def theirs(_):
            # A new server each time: what an earlier pair left in its cache would be no work.
            server = LlamaServer(self.args.llama_bin, self.args.model, self.args.threads, slots=4)
            try:
                return server.all(prompts)
            finally:
                server.close()
        return self.pairs("GSM8K 5-shot", "llama-server, 4 slots", lambda i: self.loaded("gsm8k", *limit_flags(limit)), theirs,
                          lambda a, p: same_texts(a, p["texts"]), "model loaded")

    def drafts(self):
        return task_cost.drafts(self.assay, self.folder, self.n_pairs, self.args.limit)

    def start(self):
        return task_cost.start(self.assay, self.n_pairs)

    def memory(self):
        return task_cost.memory(self.args.assay, self.folder)

    def pairs(self, what, peer, ours, theirs, agreement, timed):
        pairs, n_discarded = alternate(f"{what}, {peer}", ours, theirs, self.n_pairs, peer)
        result = {"what": what, "peer": peer, "timed": timed, "n_discarded": n_discarded,
                  "ratio": spread([p["peer"]["seconds"] / p["assay"]["seconds"] for p in pairs]),
                  "n_items": [len(p["assay"]["samples"]) for p in pairs],
                  "token_ratio": max(p["assay"]["token_ratio"] for p in pairs),
                  "agreement": [agreement(p["assay"]["samples"], p["peer"]) for p in pairs]}
        for who in ("assay", "peer"):
            result[who] = {"seconds": [p[who]["seconds"] for p in pairs], "peak_mib": max(p[who]["peak_mib"] for p in pairs)}
        print(f"{what}: {result['ratio']['median']:.2f} times as fast as {peer} ({result['ratio']['min']:.2f} to "
              f"{result['ratio']['max']:.2f}); {'; '.join(result['agreement'])}", flush=True)
        return result


# ---- Whether both found the same ----

def same_answers(metric):
    def agreement(ours, peer):
        theirs = {str(s["doc_id"]): s for s in peer["samples"]}
        assert set(theirs) == {s["id"] for s in ours}, "not the same items"
        n_same = sum(score_of(s, metric) == theirs[s["id"]][metric] for s in ours)
        worst = max(abs(r["loglikelihood"] - float(t[0])) / len(r["token_logprobs"]) for s in ours
                    for r, t in zip(s["responses"], theirs[s["id"]]["resps"]))
        assert n_same >= 0.97 * len(ours), f"only {n_same} of {len(ours)} items agree: the times mean nothing"
        return f"{metric} the same on {n_same} of {len(ours)} items, loglikelihoods within {worst:.3f} nats a token"
    return agreement


def same_number(metric):
    def agreement(ours, peer):
        n = sum(by_mean(s) if metric == "mean" else score_of(s, metric) for s in ours)
        assert abs(n - peer["n_right"]) <= max(1, 0.03 * len(ours)), f"{n} right against {peer['n_right']}"
        return f"{n:.0f} right against {peer['n_right']}"
    return agreement


def by_mean(sample):
    """llama-perplexity's rule: the best mean log-probability of the tokens in which the endings differ."""
    rows = [r["token_logprobs"] for r in sample["responses"]]
    n_common = 0
    while all(len(r) > n_common + 1 and r[n_common] == rows[0][n_common] for r in rows):
        n_common += 1
    means = [sum(r[n_common:]) / len(r[n_common:]) for r in rows]
    return means.index(max(means)) in sample["gold"]


def same_texts(ours, texts):
    assert len(ours) == len(texts), "not the same items"
    same = [s["responses"][0]["text"] == t for s, t in zip(ours, texts)]
    tie = [s["responses"][0]["n_near_ties"] > 0 for s in ours]
    n_unexplained = sum(not a and not b for a, b in zip(same, tie))
    assert n_unexplained <= 0.1 * len(ours), f"{n_unexplained} texts differ without a near tie"
    return f"{sum(same)} of {len(ours)} texts the same, {n_unexplained} differ without a near tie"


def same_harness_texts(ours, peer):
    texts = {s["doc_id"]: s["resps"][0] for s in peer["samples"]}
    return same_texts(ours, [texts[key] for key in sorted(texts)])


def limit_flags(limit):
    return ["--limit", str(limit)] if limit else []


# ---- Which parts can be run ----

PARTS = ["mmlu_lm_eval", "mmlu_llama_perplexity", "hellaswag_lm_eval", "hellaswag_llama_perplexity", "gsm8k_lm_eval",
         "gsm8k_llama_server", "drafts", "start", "memory"]


def why_not(part, args):
    if not args.data or not os.path.isdir(args.data):
        return "" if part == "memory" else "there is no data folder (ASSAY_DATA)"
    if part.endswith("lm_eval") and not (args.lm_eval_python and args.lm_eval_model):
        return "lm-evaluation-harness is not there (--lm-eval-python, --lm-eval-model)"
    tool = "llama-server" if part.endswith("server") else "llama-perplexity" if part.endswith("perplexity") else None
    if tool and not (args.llama_bin and os.path.exists(f"{args.llama_bin}/{tool}")):
        return f"{tool} is not there (build with -DASSAY_PEERS=ON)"
    return ""


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--assay", default="build/release/assay")
    parser.add_argument("--model", required=True)
    parser.add_argument("--data", default=os.environ.get("ASSAY_DATA"))
    parser.add_argument("--llama-bin")
    parser.add_argument("--lm-eval-python", default=os.environ.get("ASSAY_LM_EVAL_PYTHON"))
    parser.add_argument("--lm-eval-model", default=os.environ.get("ASSAY_LM_EVAL_MODEL"), help="the same weights, for transformers")
    parser.add_argument("--only", nargs="*", choices=PARTS, default=PARTS)
    parser.add_argument("--limit", type=int, help="items of each task (default: what the part says)")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--out")
    args = parser.parse_args()
    out = pathlib.Path(args.out) if args.out else None
    results = json.loads(out.read_text()) if out and out.exists() else {}
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # a server must not outlive this
    benchmark = Benchmark(args)
    try:
        for part in args.only:
            if reason := why_not(part, args):
                print(f"{part}: skipped: {reason}")
                continue
            results[part] = getattr(benchmark, part)()
            if out:
                out.write_text(json.dumps(results, indent=1) + "\n")
    finally:
        benchmark.close()


if __name__ == "__main__":
    main()
