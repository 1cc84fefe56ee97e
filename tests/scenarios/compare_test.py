"""assay compare, gate and plan as a user runs them: verdicts, exit codes from a shell, files for CI, refusals. The runs are
those of `assay eval` on the demo model, their answers then set by hand so that the verdict is known."""
import copy
import json
import subprocess
import unittest
import xml.etree.ElementTree

import program
from program import MODEL, SMALL, TINY_TASK, ScenarioCase

N = 2000


class Compare(ScenarioCase):
    def setUp(self):
        super().setUp()
        rows = [{"story": "Lily had a red ball. She went to the", "ends": ["park", "zoo"], "right": 0}] * 2
        self.write("rows.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
        self.write("tiny.yaml", TINY_TASK)
        self.real = self.json_of("eval", MODEL, "Q4_0", "--include-path", self.folder, "-t", "1", "--tasks", "tiny")

    def made_up(self, name, wrong, change=None):
        """A run of N items that are right but for those in `wrong`."""
        run = copy.deepcopy(self.real["runs"][name == "variant"])
        task = run["tasks"][0]
        first = task["samples"][0]
        task["samples"] = []
        for i in range(N):
            sample = copy.deepcopy(first)
            sample["id"] = str(i)
            sample["scores"] = [{"metric": "acc", "filter": "none", "value": 0.0 if i in wrong else 1.0}]
            task["samples"].append(sample)
        task["n_samples"] = task["n_original"] = N
        task["metrics"][0].update(n_scored=N, n_unscored=0)
        task["metrics"][0]["estimate"]["value"] = 1 - len(wrong) / N
        if change:
            change(run)
        return self.write(f"{name}-{len(wrong)}-{change is not None}.json", json.dumps(run))

    def gate(self, code, *arguments):
        done = self.run_program("gate", *arguments)
        self.assertEqual(done.returncode, code, (arguments, done.stdout, done.stderr))
        return done.stdout.decode()

    def test_exit_codes(self):
        always = set(range(1500, 1800))
        base = self.made_up("base", always)
        within = self.made_up("variant", always ^ {1500, 1501, 1, 2})
        worse = self.made_up("variant", always | set(range(200)))
        undecided = self.made_up("variant", always | set(range(15)))
        self.assertIn("gate: within margin", self.gate(0, base, within))
        self.assertIn("gate: within margin", self.gate(0, base, base))
        self.assertIn("gate: WORSE", self.gate(1, base, worse))
        self.assertIn("more items would decide", self.gate(10, base, undecided))
        self.assertIn("gate: WORSE", self.gate(1, base, within, worse, undecided))
        self.gate(0, base, undecided, "--margin", "2pp")
        self.gate(0, base, undecided, "--class-margin", "language=2pp")
        self.gate(10, base, within, "--floor", "90%")
        self.gate(0, base, worse, "--dry-run")
        # From a shell, as a CI script would.
        script = 'assay gate "$1" "$2" > /dev/null; case $? in 0) echo good;; 1) echo bad;; 10) echo more;; *) echo broken;; esac'
        for run, says in [(within, "good"), (worse, "bad"), (undecided, "more"), (self.folder / "none.json", "broken")]:
            done = subprocess.run(["sh", "-c", script.replace("assay", f'"{program._program}"', 1), "sh", base, str(run)],
                                  capture_output=True, text=True, check=True)
            self.assertEqual(done.stdout.strip(), says)
        compare = self.run_program("compare", base, worse, "--gate")
        self.assertEqual(compare.returncode, 1)
        self.assertEqual(self.run_program("compare", base, worse).returncode, 0)

    def test_a_broken_run_is_no_regression(self):
        base = self.made_up("base", set(range(300)))
        torn = self.write("torn.json", (self.folder / base).read_bytes()[:5000])
        report = self.folder / "junit.xml"
        self.refuse(3, "gate", base, torn, "--junit", report, "--github-output", self.folder / "out", says=["torn.json", "Not a run"])
        suite = xml.etree.ElementTree.parse(report).getroot()
        self.assertEqual((suite.get("failures"), suite.get("errors")), ("0", "1"))
        self.assertIn("verdict=error\nexit_code=3\n", (self.folder / "out").read_text())
        self.refuse(5, "gate", base, self.folder / "none.json", says="Cannot read")
        self.refuse(3, "gate", base, self.write("empty.json", '{"schema": "assay-runs/1", "runs": []}'), says="no run")
        self.refuse(3, "gate", base, self.write("list.json", "[]"), says="list.json")

    def test_files_for_ci(self):
        base = self.made_up("base", set(range(1500, 1800)))
        worse = self.made_up("variant", set(range(1500, 1800)) | set(range(200)))
        self.write("out", "earlier=1\n")
        self.gate(1, base, worse, "--junit", "junit.xml", "--markdown", "summary.md", "--github-output", "out")
        suites = xml.etree.ElementTree.parse(self.folder / "junit.xml").getroot()
        case = suites.find("testsuite/testcase")
        self.assertEqual((case.get("classname"), case.get("name")), ("Q4_0", "tiny"))
        self.assertIn("WORSE", case.find("failure").get("message"))
        self.assertIn("tiny/199", case.find("failure").text)
        self.assertNotIn("tiny/1500", case.find("failure").text)
        summary = (self.folder / "summary.md").read_text()
        self.assertTrue(summary.startswith("### assay gate: WORSE"))
        self.assertIn("200 newly wrong", summary)
        self.assertIn("| Q4_0 | tiny | WORSE |", summary)
        output = (self.folder / "out").read_text()
        self.assertTrue(output.startswith("earlier=1\nverdict=worse\nexit_code=1\n"))
        self.assertIn("worse=Q4_0:tiny\n", output)
        self.assertIn("newly_wrong=Q4_0:tiny/0,Q4_0:tiny/1,", output)

    def test_forms_of_compare(self):
        base = self.made_up("base", set(range(1500, 1800)))
        variant = self.made_up("variant", set(range(1504, 1800)) | set(range(3)))
        text = self.succeed("compare", base, variant, "--show-flips", "2").stdout.decode()
        self.assertTrue(text.splitlines()[0].startswith("Q4_0 against "))
        self.assertIn("newly wrong: 0, 1 ... (3 in all)", text)
        self.assertIn("not the same as equal", text)
        self.assertTrue(self.succeed("compare", base, variant, "--markdown").stdout.startswith(b"### Q4_0 against"))
        self.assertTrue(self.succeed("compare", base, variant, "--csv").stdout.startswith(b"baseline_model,variant_model,task"))
        row = self.json_of("compare", base, variant)["comparisons"][0]["metrics"][0]
        self.assertEqual((row["flips"]["lost"], row["flips"]["gained"], row["n"]), (3, 4, N))
        self.assertEqual(row["lost_ids"], ["0", "1", "2"])
        both = self.write("both.json", json.dumps({"schema": "assay-runs/1", "runs": [
            json.loads((self.folder / base).read_text()), json.loads((self.folder / variant).read_text())]}))
        self.assertEqual(self.json_of("compare", both)["comparisons"][0]["metrics"][0]["lost_ids"], ["0", "1", "2"])
        self.refuse(2, "compare", base, says="one run only")

    def test_unlike_runs_are_refused(self):
        base = self.made_up("base", set())
        shots = self.made_up("variant", {1}, lambda run: run["tasks"][0].update(num_fewshot=5))
        self.refuse(3, "gate", base, shots, says=["tiny, few-shot examples: 0 in the baseline, 5 in the variant", "--allow-mismatch"])
        self.gate(10, base, shots, "--allow-mismatch")
        self.assertIn("NOT COMPARABLE", self.succeed("compare", base, shots, "--allow-mismatch").stdout.decode())

        def other_prompt(run):
            run["tasks"][0]["samples"][17]["request_digests"][1] = "0" * 31 + "1"

        prompts = self.made_up("variant", {1, 2}, other_prompt)
        self.refuse(3, "gate", base, prompts, says=["prompts", "1 of 2000 items: 17; first in item 17, request 1"])

    def test_settings_that_cannot_be(self):
        base = self.made_up("base", set())
        for margin, says in [("nan", "not finite"), ("-1pp", "not above 0"), ("1", "cannot be told"), ("5", "Write 5pp"), ("x", "no margin")]:
            self.refuse(2, "gate", base, base, f"--margin={margin}", says=["--margin", says])
        self.refuse(2, "gate", base, base, "--metric", "f1", says=["no metric 'f1'", "acc,none"])
        self.refuse(2, "gate", base, base, "--class-margin", "mathematics=1pp", says="mathematics")
        self.refuse(2, "gate", base, base, "--max-kld", "0.1", says="hold no divergence")
        self.refuse(2, "gate", base, base, "--floor", "30", says="--floor")

    def test_divergence_reports(self):
        report = self.write("report.json", self.succeed("diverge", MODEL, "Q8_0", "Q4_0", *SMALL, "--json").stdout)
        text = self.gate(1, report, "--max-ppl-increase", "1%")
        self.assertIn("Q8_0: perplexity increase", text)
        self.assertIn("ABOVE the limit of 1 %", text)
        self.gate(0, report, "--max-ppl-increase", "50%", "--max-kld", "2")
        self.assertIn("p99.9 KLD", self.gate(10, report, "--max-ppl-increase", "50%", "--max-kld-p999", "1"))
        self.refuse(2, "gate", report, "--max-kld", "-3", says="not above 0")

    def test_eval_says_how_variants_compare(self):
        text = self.succeed("eval", MODEL, "Q4_0", "--include-path", self.folder, "-t", "1", "--tasks", "tiny").stdout.decode()
        self.assertIn("Q4_0 against stories260K-f32.gguf: undecided", text)
        self.refuse(2, "eval", MODEL, "--tasks", "tiny", "--margin", "1", says="cannot be told")

    def test_plan(self):
        text = self.succeed("plan", "--margin", "1pp", "--power", "0.9").stdout.decode()
        self.assertIn("2570", text)  # (1.6449 + 1.2816)^2 * 0.03 / 0.01^2, upwards
        plan = self.json_of("plan", "--accuracy", "50%")["plans"][0]
        self.assertGreater(plan["n_unpaired"], plan["n_paired"])
        base = self.made_up("base", set(range(1500, 1800)))
        variant = self.made_up("variant", set(range(1504, 1800)) | set(range(3)))
        plan = self.json_of("plan", "--baseline", base, "--variant", variant)["plans"][0]
        self.assertEqual((plan["task"], plan["n_available"]), ("tiny", N))
        self.assertGreater(plan["discordance"], 7 / N)
        has = self.succeed("plan", "--task", "tiny", "--include-path", self.folder).stdout.decode()
        self.assertIn("NO", has)
        # A group is planned as one question, its tasks' items together; equal weights of unequal tasks cost items.
        self.write("more.jsonl", (self.folder / "rows.jsonl").read_text() * 3)
        self.write("more.yaml", TINY_TASK.replace("tiny", "more").replace("rows.jsonl", "more.jsonl"))
        for name, by_size in [("sized", "true"), ("equal", "false")]:
            self.write(f"{name}.yaml", f"group: {name}\ntask: [tiny, more]\n"
                                       f"aggregate_metric_list: [{{metric: acc, weight_by_size: {by_size}}}]\n")
        plans = self.json_of("plan", "--task", "sized,equal", "--include-path", self.folder)["plans"]
        self.assertEqual([(p["task"], p["n_available"], p["design_effect"], p["n_paired"]) for p in plans],
                         [("sized", 8, 1, 1855), ("equal", 8, 8 / 4 * (1 / 2 + 1 / 6), 2474),  # 1854.8 * 4 / 3, from 1855
                          ("tiny", 2, 1, 1855), ("more", 6, 1, 1855)])
        text = self.succeed("plan", "--task", "sized,equal", "--include-path", self.folder).stdout.decode()
        self.assertIn("equal weighs its tasks equally, whatever their size: that takes 1.33 times the items.", text)
        self.assertNotIn("sized weighs", text)
        # Without the data all is said but how many items there are.
        self.write("far.yaml", TINY_TASK.replace("tiny", "far").replace("dataset_path: json", "dataset_path: nobody/has-it")
                   .replace("dataset_kwargs: {data_files: {test: rows.jsonl}}\n", ""))
        done = self.succeed("plan", "--task", "far,tiny", "--include-path", self.folder, "--offline", "--json")
        self.assertEqual([p["n_available"] for p in json.loads(done.stdout)["plans"]], [None, 2])
        self.assertIn("not known for all tasks: far: The split 'test'", done.stderr.decode())
        self.refuse(2, "plan", "--margin", "1", says="cannot be told")
        self.refuse(2, "plan", "--discordance", "0", says="--discordance")


if __name__ == "__main__":
    unittest.TestCase.maxDiff = None
    program.main()
