import csv
import io
import json

import program
from program import ScenarioCase

ENGINE_LOG = ["llama_", "ggml_", "load_tensors", "print_info", "sched_reserve", "llama_quantize"]


class Demo(ScenarioCase):
    def has_fields(self, document, *names):
        for name in names:
            self.assertIn(name, document)

    def check_model(self, model):
        self.has_fields(model, "name", "path", "size_bytes", "bits_per_weight", "tensor_types",
                        "kv_types", "perplexity")
        self.has_fields(model["perplexity"], "value", "std_error", "std_error_iid", "convention",
                        "n_scored_tokens", "n_chunks")
        self.assertIn("tinystories", model["perplexity"]["convention"]["corpus"])
        self.assertGreater(model["perplexity"]["value"], 1)

    def test_every_form_of_the_report(self):
        table = self.succeed("demo", "-t", 1)
        text = table.stdout.decode()
        for name in ["Q8_0", "Q4_0", "Q4_0+as=f32", "KLD", "PPL", "Convention:"]:
            self.assertIn(name, text)
        for stream in [text, table.stderr.decode()]:
            for word in ENGINE_LOG:
                self.assertNotIn(word, stream)
        self.check_json(json.loads(self.succeed("demo", "-t", 1, "--json").stdout))
        self.check_csv(self.succeed("demo", "-t", 1, "--csv").stdout.decode())
        markdown = self.succeed("demo", "-t", 1, "--markdown").stdout.decode().splitlines()
        self.assertTrue(markdown[0].startswith("| name |"))
        self.assertRegex(markdown[1], r"^\|[-:|]+\|$")
        n_columns = markdown[0].count("|")
        self.assertEqual({row.count("|") for row in markdown if row.startswith("|")}, {n_columns})
        self.assertEqual(self.succeed("demo", "-t", 1).stdout, table.stdout)

    def test_a_page_of_it(self):
        done = self.succeed("demo", "-t", 1, "-o", self.folder / "page")
        study = json.loads((self.folder / "page/study.json").read_text())
        self.assertEqual(len(study["families"][0]["divergences"][0]["variants"]), 8)
        if "built without its page" not in done.stderr.decode():
            self.assertIn("<html", (self.folder / "page/report.html").read_text()[:2000])
            self.assertIn("page/report.html", done.stderr.decode())

    def check_json(self, report):
        self.has_fields(report, "baseline", "variants", "warnings")
        self.check_model(report["baseline"])
        self.assertEqual(len(report["variants"]), 8)
        for variant in report["variants"]:
            self.check_model(variant)
            self.has_fields(variant, "ppl_ratio", "kld", "same_top_p", "delta_p", "sentence")
            self.has_fields(variant["ppl_ratio"], "value", "ci95")
            self.has_fields(variant["kld"], "mean", "std_error", "median", "p90", "p99", "p999", "max")
            self.has_fields(variant["same_top_p"], "value", "std_error")
            self.has_fields(variant["delta_p"], "mean", "rms")
            low, high = variant["ppl_ratio"]["ci95"]
            ratio = variant["perplexity"]["value"] / report["baseline"]["perplexity"]["value"]
            self.assertAlmostEqual(variant["ppl_ratio"]["value"], ratio, places=9)
            self.assertTrue(low <= variant["ppl_ratio"]["value"] <= high)
            kld = variant["kld"]
            self.assertTrue(0 <= kld["median"] <= kld["p90"] <= kld["p99"] <= kld["p999"] <= kld["max"])
        loss = {v["name"]: v["kld"]["mean"] for v in report["variants"]}
        self.assertLess(loss["F16"], loss["Q8_0"])
        self.assertLess(loss["Q8_0"], loss["Q5_1"])
        self.assertLess(loss["Q5_1"], loss["Q4_1"])

    def check_csv(self, text):
        rows = list(csv.DictReader(io.StringIO(text)))
        self.assertEqual(len(rows), 9)
        self.assertEqual(rows[0]["kld_mean"], "")
        self.assertGreater(float(rows[-1]["kld_mean"]), 0)


if __name__ == "__main__":
    program.main()
