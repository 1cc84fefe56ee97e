"""Rolling log-likelihoods against what lm-eval 0.4.13 wrote for the same weights (fp32, transformers): SmolLM2-135M-Instruct,
dequantised, the first five pages of WikiText-2. Needs ASSAY_DATA and the model that `make demo-real` leaves in the cache.
With ASSAY_LONG_TESTS set, all five pages at 2048 too (a minute and a half on two cores), else the first three."""
import json
import math
import os
import pathlib
import unittest

import program
from program import SMOLLM2, ScenarioCase, data_file

TOLERANCE = 1e-4  # relative


@unittest.skipUnless(SMOLLM2.exists(), "no SmolLM2 in the cache (make demo-real fetches it)")
class LmEval(ScenarioCase):
    def compare(self, max_length, n_pages):
        golden = pathlib.Path(data_file(f"golden/lm_eval_smollm2/samples_wikitext_5pages_maxlen{max_length}.jsonl"))
        rows = [json.loads(line) for line in golden.read_text().splitlines()[:n_pages]]
        model = self.json_of(
            "perplexity", f"{SMOLLM2}+as=f32+kv=f32", "--flash-attn", "off", "--convention", "lm-eval",
            "--ctx", max_length, "--chunks", len(rows), "--text", data_file("datasets/wikitext2/wiki.test.raw"))["baseline"]
        self.assertEqual(model["kv_types"], {"k": "f32", "v": "f32"})
        perplexity = model["perplexity"]
        self.compare_documents(perplexity["documents"], rows)
        log_likelihood = sum(row["word_perplexity"][0] for row in rows)
        n_words = sum(row["word_perplexity"][1] for row in rows)
        n_bytes = sum(row["byte_perplexity"][1] for row in rows)
        for name, expected in [("word_perplexity", math.exp(-log_likelihood / n_words)),
                               ("byte_perplexity", math.exp(-log_likelihood / n_bytes)),
                               ("bits_per_byte", -log_likelihood / n_bytes / math.log(2))]:
            self.assertLess(abs(perplexity[name]["value"] / expected - 1), TOLERANCE, name)

    def compare_documents(self, documents, rows):
        self.assertEqual(len(documents), len(rows))
        for document, row in zip(documents, rows):
            expected, n_words = row["word_perplexity"]
            difference = document["loglikelihood"] / expected - 1
            print(f"{document['name']}: {document['loglikelihood']:.4f}, lm-eval {expected:.4f}, relative {difference:.1e}")
            self.assertLess(abs(difference), TOLERANCE, document)
            self.assertEqual(document["n_words"], n_words)
            self.assertEqual(document["n_bytes"], row["byte_perplexity"][1])

    def test_each_page_at_512(self):
        self.compare(512, 5)

    def test_each_page_at_2048(self):
        self.compare(2048, 5 if os.environ.get("ASSAY_LONG_TESTS") else 3)


if __name__ == "__main__":
    program.main()
