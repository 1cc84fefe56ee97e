"""Perplexities against transformers in fp32 on the same weights (tests/golden/gptq, tests/golden/chat): F32 weights, an F32 KV
cache, flash attention off. Needs the model that `make demo-real` leaves in the cache; the GPTQ windows need ASSAY_DATA too."""
import json
import math
import unittest

import program
from program import SMOLLM2, SOURCE, ScenarioCase, data_file

TOLERANCE = 1e-4  # relative
GOLDEN = SOURCE / "tests/golden"


@unittest.skipUnless(SMOLLM2.exists(), "no SmolLM2 in the cache (make demo-real fetches it)")
class Transformers(ScenarioCase):
    def perplexity(self, *arguments):
        model = self.json_of("perplexity", f"{SMOLLM2}+as=f32+kv=f32", "--flash-attn", "off", *arguments)["baseline"]
        self.assertEqual(model["kv_types"], {"k": "f32", "v": "f32"})
        self.assertIs(model["runtime"]["flash_attention"], False)
        return model["perplexity"]

    def assert_close(self, ours, theirs, what):
        difference = ours / theirs - 1
        print(f"{what}: {ours:.7f}, transformers {theirs:.7f}, relative {difference:.1e}")
        self.assertLess(abs(difference), TOLERANCE, what)

    def compare_gptq(self, n_ctx):
        """The mean of the first n windows, for each n: the program tells no single window, and keeps those it has done."""
        golden = json.loads((GOLDEN / "gptq/golden.json").read_text())["mean_nll"][str(n_ctx)]
        text = data_file("datasets/wikitext2/wiki.test.raw")
        sum_before = 0
        for n, theirs in enumerate(golden, start=1):
            ours = self.perplexity("--convention", "gptq", "--ctx", n_ctx, "--chunks", n, "--text", text)
            self.assertEqual(ours["n_scored_tokens"], n * (n_ctx - 1))
            total = n * math.log(ours["value"])
            self.assert_close(total - sum_before, theirs, f"gptq {n_ctx}, mean NLL of window {n}")
            sum_before = total

    def test_gptq_2048(self):
        self.compare_gptq(2048)

    def test_gptq_4096(self):
        self.compare_gptq(4096)

    def test_chat(self):
        conversations = GOLDEN / "chat/conversations.jsonl"
        golden = json.loads((GOLDEN / "chat/smollm2.json").read_text())["conversations"]
        documents = self.perplexity("--convention", "chat", "--text", conversations)["documents"]
        self.assertEqual([d["name"] for d in documents], [g["id"] for g in golden])
        for ours, theirs in zip(documents, golden):
            self.assertEqual(ours["n_scored_tokens"], theirs["n_scored_tokens"])
            self.assert_close(ours["loglikelihood"], theirs["loglikelihood"], f"chat {theirs['id']}")


if __name__ == "__main__":
    program.main()
