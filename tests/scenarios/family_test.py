"""data/demo's demo-small against what transformers, lm-evaluation-harness and llama-perplexity said of the same weights
(tests/golden/demo_family), and what a base model that was never quantised allows: K-quants without fallbacks, quantised KV."""
import json
import math

import program
from program import DEMO_SMALL, SOURCE, ScenarioCase

GOLDEN = json.loads((SOURCE / "tests/golden/demo_family/golden.json").read_text())
STORIES = SOURCE / "data/demo/world_stories.txt"
EXACT = [f"{DEMO_SMALL}+as=f32+kv=f32", "--flash-attn", "off"]
TEXTS = {"demo_maths", "demo_code"}
N = 80  # items of each task
NATS = 1e-4  # per token, F32 against F32; a continuation here is one token, rarely two or three
MOST_TOKENS = 4


class AgainstPeers(ScenarioCase):
    def samples(self, task, *model):
        """What was written for lm-eval's readers: a line per item."""
        self.succeed("eval", *model, "--tasks", task, "--include-path", SOURCE / "data/demo/tasks", "--limit", N, "--offline",
                     "--no-probe", "--output", "out", "--log-samples")
        lines = next((self.folder / "out").glob(f"*/samples_{task}_2*.jsonl")).read_text().splitlines()
        return [json.loads(line) for line in lines]

    def check(self, task, *model, nats):
        golden, flips, largest = GOLDEN["tasks"][task], 0, 0.0
        metric = golden["metric"].split(",")[0]
        for ours, prompt, right, answers in zip(self.samples(task, *model), golden["prompts"], golden["right"], golden["answers"]):
            self.assertEqual(ours["prompt_hash"][:16], prompt)
            flips += ours[metric] != right
            if task in TEXTS:
                continue
            for (value, _), (their_value, _) in zip(ours["filtered_resps"], answers, strict=True):
                largest = max(largest, abs(float(value) - their_value))
        print(f"{task}: {flips} of {N} scores differ, likelihoods by at most {largest:.1e} nats")
        self.assertLess(largest, MOST_TOKENS * nats)
        return flips

    def test_likelihoods(self):
        for task in ("demo_knowledge", "demo_knowledge_5shot", "demo_language"):
            self.assertEqual(self.check(task, *EXACT, nats=NATS), 0, task)

    def test_texts(self):
        for task in ("demo_maths", "demo_code"):
            if task == "demo_code" and b"ok    sandbox" not in self.run_program("doctor").stdout:
                self.skipTest("no sandbox here: programs are not run")
            golden = GOLDEN["tasks"][task]
            for ours, prompt, text, right in zip(self.samples(task, *EXACT), golden["prompts"], golden["answers"], golden["right"]):
                self.assertEqual(ours["prompt_hash"][:16], prompt)
                self.assertEqual(ours["resps"], [[text]])
                self.assertEqual(ours[golden["metric"].split(",")[0]], right)

    def test_perplexity_of_llama_perplexity(self):
        golden = GOLDEN["llama_perplexity"]
        report = self.json_of("perplexity", DEMO_SMALL, "--text", STORIES, "-c", golden["n_ctx"], "--chunks", golden["n_chunks"])
        ours = report["baseline"]["perplexity"]
        self.assertLess(abs(ours["value"] / golden["ppl"] - 1), 1e-3)  # kernels differ between processors
        self.assertLess(abs(ours["std_error_iid"] / golden["std_error"] - 1), 0.01)

    def test_log_probabilities_of_transformers(self):
        """The mean of the first window, of all its tokens but the first."""
        theirs = sum(GOLDEN["log_probs"])
        report = self.json_of("perplexity", *EXACT, "--text", STORIES, "--convention", "gptq", "-c", len(GOLDEN["log_probs"]) + 1,
                              "--chunks", 1)
        perplexity = report["baseline"]["perplexity"]
        self.assertEqual(perplexity["n_scored_tokens"], len(GOLDEN["log_probs"]))
        self.assertAlmostEqual(math.log(perplexity["value"]), -theirs / len(GOLDEN["log_probs"]), delta=NATS)


class WhatItAllows(ScenarioCase):
    def test_every_k_quant_applies_in_full(self):
        for name, kind in [("Q2_K", "Q2_K"), ("Q3_K_M", "Q3_K"), ("Q4_K_M", "Q4_K"), ("Q6_K", "Q6_K")]:
            made = self.folder / f"{name}.gguf"
            self.succeed("quantize", DEMO_SMALL, made, name)
            said = self.json_of("inspect", made)
            types = {t["type"] for t in said["tensor_types"]}
            self.assertIn(kind, types)
            self.assertFalse(types - {"Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K", "F32"}, types)

    def test_a_quantised_cache_and_more_loss_with_fewer_bits(self):
        report = self.json_of("diverge", DEMO_SMALL, "Q8_0", "Q4_K_M", "Q2_K", "kv=q8_0", "kv=q4_0", "--text", STORIES, "-c", 128,
                              "--chunks", 8)
        loss = {v["name"]: v["kld"]["mean"] for v in report["variants"]}
        self.assertLess(loss["Q8_0"], loss["Q4_K_M"])
        self.assertLess(loss["Q4_K_M"], loss["Q2_K"])
        self.assertLess(loss["kv=q8_0"], loss["kv=q4_0"])
        kv = {v["name"]: v["kv_types"]["k"] for v in report["variants"]}
        self.assertEqual((kv["kv=q8_0"], kv["Q2_K"]), ("q8_0", "f16"))


if __name__ == "__main__":
    program.main()
