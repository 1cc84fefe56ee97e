"""Rolling perplexity against what lm-eval 0.4.13 wrote for the same weights (fp32, transformers): SmolLM2-135M-Instruct,
dequantised, the first five pages of WikiText-2. Needs ASSAY_DATA and the model that `make demo-real` leaves in the cache."""
import json
import math
import os
import pathlib
import unittest

import program
from program import ScenarioCase, data_file

CACHE = pathlib.Path(os.environ.get("ASSAY_CACHE") or
                     pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "assay")
MODEL = CACHE / "demo-real" / "smollm2-135m-f16.gguf"


class LmEval(ScenarioCase):
    @unittest.skipUnless(MODEL.exists(), "no SmolLM2 in the cache (make demo-real fetches it)")
    def test_sums_of_five_pages_agree_within_1e_4(self):
        golden = pathlib.Path(data_file("golden/lm_eval_smollm2/samples_wikitext_5pages_maxlen512.jsonl"))
        document = json.loads(self.succeed(
            "perplexity", f"{MODEL}+as=f32+kv=f32", "--flash-attn", "off", "--convention", "lm-eval",
            "--ctx", 512, "--chunks", 5, "--text", data_file("datasets/wikitext2/wiki.test.raw"), "--json").stdout)
        rows = [json.loads(line) for line in golden.read_text().splitlines()]
        log_likelihood = sum(row["word_perplexity"][0] for row in rows)
        n_words = sum(row["word_perplexity"][1] for row in rows)
        n_bytes = sum(row["byte_perplexity"][1] for row in rows)
        perplexity = document["baseline"]["perplexity"]
        self.assertEqual(document["baseline"]["kv_types"], {"k": "f32", "v": "f32"})
        for name, expected in [("word_perplexity", math.exp(-log_likelihood / n_words)),
                               ("byte_perplexity", math.exp(-log_likelihood / n_bytes)),
                               ("bits_per_byte", -log_likelihood / n_bytes / math.log(2))]:
            self.assertLess(abs(perplexity[name]["value"] / expected - 1), 1e-4, name)


if __name__ == "__main__":
    program.main()
