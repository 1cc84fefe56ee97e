"""Values printed by llama-perplexity v0.5.0 on the same files, and values that algebra gives."""
import math
import shutil

import program
from program import MODEL, SMALL, TEXT, ScenarioCase, data_file


class KnownAnswers(ScenarioCase):
    def check_against_llama_perplexity(self, n_chunks, value, error):
        chunks = ["--chunks", n_chunks] if n_chunks else []
        report = self.json_of("perplexity", MODEL, "--text", TEXT, "-c", 256, "-t", 1, *chunks)
        perplexity = report["baseline"]["perplexity"]
        # Printed with four decimals: half a unit of the last one, and 1e-5 for the kernels.
        self.assertTrue(math.isclose(perplexity["value"], value, rel_tol=1e-5, abs_tol=5.1e-5),
                        perplexity["value"])
        self.assertLess(abs(perplexity["std_error_iid"] / error - 1), 0.01)
        return report["baseline"]

    def test_forty_windows(self):
        model = self.check_against_llama_perplexity(40, 3.7011, 0.08653)
        self.assertEqual(model["perplexity"]["n_chunks"], 40)
        self.assertEqual(model["perplexity"]["n_scored_tokens"], 40 * 127)

    def test_whole_text(self):
        model = self.check_against_llama_perplexity(0, 4.5542, 0.04823)
        self.assertEqual(model["perplexity"]["n_chunks"], 235)

    def test_a_copy_loses_nothing(self):
        copy = self.folder / "copy.gguf"
        shutil.copy(MODEL, copy)
        variant = self.json_of("diverge", MODEL, copy, *SMALL)["variants"][0]
        self.assertEqual(variant["kld"]["mean"], 0)
        self.assertEqual(variant["kld"]["max"], 0)
        self.assertEqual(variant["same_top_p"]["value"], 1)
        self.assertEqual(variant["ppl_ratio"]["value"], 1)
        self.assertIs(variant["identical"], True)
        self.assertIn("identical", variant["sentence"])

    def test_noise_of_a_deterministic_engine_is_zero_or_tiny(self):
        report = self.json_of("noise", MODEL, *SMALL, "--batches", "64,32")
        self.assertEqual(len(report["variants"]), 2)
        for variant in report["variants"]:
            self.assertLess(variant["kld"]["mean"], 1e-5)

    def test_the_noise_floor_stands_beside_a_difference(self):
        before = self.json_of("diverge", MODEL, "Q8_0", *SMALL)
        self.assertIsNone(before["noise_floor"])
        noise = self.json_of("noise", MODEL, *SMALL)
        self.assertIsNone(noise["noise_floor"])
        floor = self.json_of("diverge", MODEL, "Q8_0", *SMALL)["noise_floor"]
        worst = max(noise["variants"], key=lambda variant: variant["kld"]["mean"])
        self.assertEqual(floor["kld_mean"], worst["kld"]["mean"])
        self.assertEqual(floor["n_chunks"], 4)
        other_windows = ["--text", TEXT, "-c", 64, "--chunks", 4, "-t", 1]
        self.assertIsNone(self.json_of("diverge", MODEL, "Q8_0", *other_windows)["noise_floor"])

    def test_threads_change_nothing(self):
        one = self.json_of("perplexity", MODEL, *SMALL, "--no-cache")
        two = self.json_of("perplexity", MODEL, "--text", TEXT, "-c", 128, "--chunks", 4, "-t", 2,
                           "--no-cache")
        self.assertEqual(one["baseline"]["perplexity"], two["baseline"]["perplexity"])

    def test_q8_0_of_a_larger_model_is_close(self):
        model = data_file("models/stories15M/stories15M-f16.gguf")
        report = self.json_of("diverge", model, "Q8_0", *SMALL)
        kld = report["variants"][0]["kld"]["mean"]
        self.assertTrue(0 < kld < 0.01, kld)


if __name__ == "__main__":
    program.main()
