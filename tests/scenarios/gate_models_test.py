"""assay gate on models: it runs what it has to and says what a gate on the finished runs and reports says; a run that breaks is
no regression; --dry-run finds what is wrong before a model is loaded; calibration text that is evaluated is named."""
import json
import unittest

import program
from program import MODEL, SMALL, TEXT, TINY_TASK, ScenarioCase

STORY = "Lily had {} red balls and one green ball. She went to the"
TASKS = ["--tasks", "tiny", "-t", "1"]


class GateModels(ScenarioCase):
    def setUp(self):
        super().setUp()
        rows = [{"story": STORY.format(i), "ends": ["park", "zoo", "sky blue"], "right": i % 2} for i in range(40)]
        self.write("rows.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
        self.write("tiny.yaml", TINY_TASK)
        self.tasks = [*TASKS, "--include-path", self.folder]

    def gate(self, code, *arguments):
        done = self.run_program("gate", *arguments)
        self.assertEqual(done.returncode, code, (arguments, done.stdout, done.stderr))
        return done.stdout.decode()

    def test_says_what_a_gate_on_the_report_says(self):
        report = self.write("report.json", self.succeed("diverge", MODEL, "Q8_0", "Q4_0", *SMALL, "--json").stdout)
        for code, limits in [(1, ["--max-ppl-increase", "1%"]), (0, ["--max-ppl-increase", "50%", "--max-kld", "2"])]:
            self.assertEqual(self.gate(code, MODEL, "Q8_0", "Q4_0", *SMALL, *limits), self.gate(code, report, *limits))

    def test_says_what_a_gate_on_the_runs_says(self):
        runs = self.write("runs.json", self.succeed("eval", MODEL, "Q8_0", "Q4_0", *self.tasks, "--json").stdout)
        for margin in ["1pp", "40pp"]:
            by_runs = self.run_program("gate", runs, f"--margin={margin}")
            by_models = self.run_program("gate", MODEL, "Q8_0", "Q4_0", *self.tasks, f"--margin={margin}")
            self.assertEqual(by_models.stdout, by_runs.stdout)
            self.assertEqual(by_models.returncode, by_runs.returncode)
            self.assertIn(b"tiny", by_models.stdout)

    def test_both_at_once(self):
        text = self.gate(1, MODEL, "Q4_0", *self.tasks, *SMALL[:-2], "--max-ppl-increase", "1%", "--junit", "junit.xml")
        self.assertIn("perplexity increase", text)
        self.assertIn("tiny", text)
        junit = (self.folder / "junit.xml").read_text()
        self.assertIn('name="perplexity increase"', junit)
        self.assertIn('name="tiny"', junit)

    def test_a_broken_run_is_no_regression(self):
        torn = self.write("torn.gguf", b"GGUF\x03\x00")
        self.refuse(3, "gate", MODEL, torn, *SMALL, "--junit", "junit.xml", "--github-output", "out", says="torn.gguf")
        self.assertIn("<error", (self.folder / "junit.xml").read_text())
        self.assertIn("verdict=error", (self.folder / "out").read_text())
        self.refuse(3, "gate", self.folder / "none.gguf", "Q8_0", *SMALL, says="none.gguf")

    def test_dry_run_checks_all_but_the_models(self):
        text = self.gate(0, MODEL, "Q8_0", *self.tasks, *SMALL[:-2], "--dry-run")
        for words in ["no model was loaded", "Q8_0, made from the baseline", "tiny: 40 items", "tinystories_excerpt.txt"]:
            self.assertIn(words, text)
        self.refuse(3, "gate", MODEL, self.write("torn.gguf", b"GGUF\x03\x00"), *SMALL, "--dry-run", says="torn.gguf")
        self.refuse(2, "gate", MODEL, "Q9_9", *SMALL, "--dry-run", says="Q9_9")
        self.refuse(2, "gate", MODEL, "Q8_0", "--tasks", "no_such_task", "--dry-run", says="no_such_task")
        (self.folder / "rows.jsonl").unlink()
        self.refuse(3, "gate", MODEL, "Q8_0", *self.tasks, "--dry-run", says="rows.jsonl")

    def test_what_cannot_be(self):
        self.refuse(2, "gate", MODEL, *SMALL, says="one model only")
        self.refuse(2, "gate", MODEL, "Q8_0", says=["nothing to judge them by", "--tasks", "--text"])
        self.refuse(2, "gate", MODEL, "Q8_0", *self.tasks, "--max-kld", "0.1", says="--text FILE")
        self.refuse(2, "gate", MODEL, "Q8_0", *self.tasks, "--repeats", says="finished runs")

    def test_calibration_text_that_is_evaluated(self):
        calibration = self.write("calib.txt", STORY.format(7) + " and " + STORY.format(9))
        runs = self.write("runs.json", self.succeed("eval", MODEL, "Q8_0", *self.tasks, "--json").stdout)
        comparison = self.json_of("compare", runs, "--calibration-text", calibration)["comparisons"][0]
        self.assertEqual([w for w in comparison["warnings"] if "calib.txt" in w],
                         ["2 of 40 items of tiny share 13 words in a row with the calibration text " + calibration +
                          " (7, 9): what was calibrated on them looks better there than it is"])
        self.assertEqual(self.json_of("compare", runs)["comparisons"][0]["warnings"], [])
        report = self.json_of("diverge", MODEL, "Q8_0", *SMALL, "--calibration-text", TEXT)
        self.assertTrue(any("calibration text" in w for w in report["warnings"]), report["warnings"])
        self.refuse(5, "compare", runs, "--calibration-text", "none.txt", says="none.txt")


if __name__ == "__main__":
    program.main()
