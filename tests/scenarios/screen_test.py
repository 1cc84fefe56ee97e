"""assay screen as a user runs it: hopeless variants go early, good ones pass, the store is shared with assay diverge."""
import program
from program import MODEL, TEXT, ScenarioCase


class Screen(ScenarioCase):
    def setUp(self):
        super().setUp()
        self.base = ["screen", MODEL, "Q8_0", "IQ4_NL", "--text", TEXT, "-c", "64", "-t", "1"]

    def test_verdicts_agree_with_the_whole_text(self):
        report = self.json_of(*self.base, "--max-ppl-increase", "2%")
        whole = self.json_of("diverge", MODEL, "Q8_0", "IQ4_NL", "--text", TEXT, "-c", "64", "-t", "1")
        self.assertEqual(report["schema"], "assay-screen/1")
        for variant, full in zip(report["variants"], whole["variants"]):
            self.assertEqual(variant["verdict"], "passed" if full["ppl_ratio"]["value"] < 1.02 else "dropped")
            self.assertGreaterEqual(variant["n_windows"], 8)
            self.assertLess(variant["n_windows"], report["n_windows"])
        self.assertLess(report["n_window_runs"], 3 * report["n_windows"])

    def test_a_second_run_computes_nothing_and_says_the_same(self):
        first = self.json_of(*self.base, "--max-ppl-increase", "2%", "--max-kld", "0.1")
        self.assertEqual(first, self.json_of(*self.base, "--max-ppl-increase", "2%", "--max-kld", "0.1"))

    def test_messages(self):
        for arguments, words in [
            ([], "No limit"),
            (["--max-ppl-increase", "5"], "cannot be told from 5 points"),
            (["--max-ppl-increase", "-5%"], "not above 0"),
            (["--max-ppl-increase", "nan"], "not finite"),
            (["--max-kld", "-1"], "must be above 0"),
            (["--max-ppl-increase", "5%", "--confidence", "30%"], "between 50 % and 100 %"),
        ]:
            self.refuse(2, *self.base, *arguments, says=words)


if __name__ == "__main__":
    program.main()
