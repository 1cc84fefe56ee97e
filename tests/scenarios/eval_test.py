"""assay eval as a user runs it: forms of output, lm-eval's files, variants with drafts, kill -9; and MMLU samples on SmolLM2
against what lm-eval 0.4.13 wrote for the same weights (needs ASSAY_DATA and the model that `make demo-real` leaves)."""
import json
import pathlib
import random
import signal
import time
import unittest

import program
from program import MODEL, SMOLLM2, ScenarioCase, data_file

N_ROWS = 24
CHOICES = """task: tiny_choices
dataset_path: json
dataset_kwargs: {data_files: {test: rows.jsonl}}
test_split: test
output_type: multiple_choice
doc_to_text: "{{story}}"
doc_to_choice: ends
doc_to_target: right
num_fewshot: 2
metric_list: [{metric: acc}, {metric: acc_norm}]
metadata: {version: 3}
"""
TEXTS = """task: tiny_texts
dataset_path: json
dataset_kwargs: {data_files: {test: rows.jsonl}}
test_split: test
doc_to_text: "{{story}}"
doc_to_target: "{{ends[right]}}"
generation_kwargs: {until: ["."], max_gen_toks: 16}
metric_list: [{metric: exact_match}]
"""
GROUP = """group: tiny
task: [tiny_choices, tiny_texts]
aggregate_metric_list: [{metric: acc, weight_by_size: true}]
"""


class Eval(ScenarioCase):
    def setUp(self):
        super().setUp()
        rows = [{"story": f"Lily had {i} red balls. She went to the", "ends": ["park", "sky blue", "zoo"], "right": i % 3}
                for i in range(N_ROWS)]
        self.write("rows.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
        for name, text in [("choices", CHOICES), ("texts", TEXTS), ("group", GROUP)]:
            self.write(f"{name}.yaml", text)
        self.base = ["eval", MODEL, "--include-path", self.folder, "-t", "1", "--tasks"]

    def scores(self, run):
        return [[(s["id"], s["scores"]) for s in task["samples"]] for task in run["tasks"]]

    def test_forms(self):
        run = self.json_of(*self.base, "tiny", "--limit", "6")["runs"][0]
        self.assertEqual([task["n_samples"] for task in run["tasks"]], [6, 6])
        self.assertEqual(run["tasks"][0]["num_fewshot"], 2)
        self.assertEqual(run["groups"][0]["metrics"][0]["metric"], "acc")
        table = self.succeed(*self.base, "tiny", "--limit", "6").stdout.decode()
        self.assertIn("tiny_choices", table)
        markdown = self.succeed(*self.base, "tiny", "--limit", "6", "--markdown").stdout.decode()
        self.assertTrue(markdown.startswith("| task"))
        csv = self.succeed(*self.base, "tiny", "--limit", "6", "--csv").stdout.decode()
        self.assertTrue(csv.startswith("model,task,"))

    def test_files_of_lm_eval(self):
        self.succeed(*self.base, "tiny_choices,tiny_texts", "--limit", "0.25", "--output", "out", "--log-samples")
        folder = next((self.folder / "out").iterdir())
        results = json.loads(next(folder.glob("results_*.json")).read_text())
        self.assertIn("acc,none", results["results"]["tiny_choices"])
        self.assertIn("exact_match_stderr,none", results["results"]["tiny_texts"])
        self.assertEqual(results["n-samples"]["tiny_texts"], {"original": N_ROWS, "effective": 6})
        lines = [json.loads(line) for line in next(folder.glob("samples_tiny_choices_*.jsonl")).read_text().splitlines()]
        self.assertEqual([line["doc_id"] for line in lines], list(range(6)))
        self.assertEqual(len(lines[0]["resps"]), 3)
        mean = sum(line["acc"] for line in lines) / len(lines)
        self.assertAlmostEqual(results["results"]["tiny_choices"]["acc,none"], mean)

    def test_a_task_ends_early_when_the_verdict_is_sure(self):
        rows = [{"story": f"Lily had {i} red balls. She went to the", "ends": ["park", "sky blue", "zoo"], "right": i % 3}
                for i in range(600)]
        self.write("rows.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
        early = self.json_of(*self.base, "tiny_choices", "Q8_0", "--margin", "20pp", "--stop-early")["runs"]
        whole, stopped = early[0]["tasks"][0], early[1]["tasks"][0]
        self.assertEqual((whole["n_samples"], whole["early_stop"]), (600, None))
        self.assertEqual(stopped["early_stop"]["verdict"], "within margin")
        self.assertLess(stopped["n_samples"], 600)
        ids = [int(s["id"]) for s in stopped["samples"]]
        self.assertEqual(ids, sorted(ids))
        self.write("base.json", json.dumps({"schema": "assay-runs/1", "runs": early[:1]}))
        against = self.json_of("eval", MODEL, "--include-path", self.folder, "-t", "1", "--tasks", "tiny_choices",
                               "--against", "base.json", "--margin", "20pp")["runs"][0]["tasks"][0]
        self.assertEqual(against["early_stop"]["n_discordant"], 0)
        guided = self.json_of(*self.base, "tiny_choices", "Q8_0", "--guided", "20%")["runs"][1]["tasks"][0]
        self.assertTrue(guided["early_stop"]["guided"])
        self.assertEqual(guided["early_stop"]["n_compared"], -(-guided["early_stop"]["n_total"] // 5))  # no sample more
        self.assertEqual(guided["metrics"], [])  # the chosen samples' mean is not the task's
        self.refuse(2, *self.base, "tiny_choices", "--stop-early", says="nothing to compare with")
        self.refuse(2, *self.base, "tiny_choices", "Q8_0", "--precision", "2", says="--precision")
        self.refuse(2, *self.base, "tiny_texts", "Q8_0", "--guided", "20%", says="tiny_texts cannot be guided")
        self.write("rolling.yaml", CHOICES.replace("tiny_choices", "tiny_rolling").replace("multiple_choice", "loglikelihood_rolling")
                   .replace("{metric: acc}, {metric: acc_norm}", "{metric: word_perplexity}"))
        self.refuse(2, *self.base, "tiny_rolling", "Q8_0", "--stop-early", says=["tiny_rolling cannot end early", "assay screen"])

    def test_a_variant_is_asked_the_same_with_and_without_drafts(self):
        drafted = self.json_of(*self.base, "tiny_texts", "Q8_0")["runs"]
        plain = self.json_of(*self.base, "tiny_texts", "Q8_0", "--no-draft", "--store", self.folder / "other.db")["runs"]
        self.assertEqual(drafted[0]["tasks"][0]["prompts"], drafted[1]["tasks"][0]["prompts"])
        responses = [[s["responses"][0] for s in runs[1]["tasks"][0]["samples"]] for runs in (drafted, plain)]
        self.assertGreater(sum(r["n_drafted"] for r in responses[0]), 0)
        for with_draft, without in zip(*responses):
            if with_draft["n_near_ties"] + without["n_near_ties"] == 0:
                self.assertEqual(with_draft["text"], without["text"])

    def test_killed_at_random_moments(self):
        command = [*self.base, "tiny_choices,tiny_texts", "--json"]
        expected = self.scores(json.loads(self.succeed(*command, "--store", self.folder / "whole.db").stdout)["runs"][0])
        dice, n_killed = random.Random(11), 0
        for _ in range(12):
            process = self.start(*command)
            time.sleep(dice.uniform(0.05, 0.6))
            n_killed += process.poll() is None
            process.send_signal(signal.SIGKILL)
            process.communicate(timeout=60)
        self.assertGreater(n_killed, 0)
        self.assertEqual(self.scores(json.loads(self.succeed(*command).stdout)["runs"][0]), expected)
        self.assertIn(b" 0 damaged", self.succeed("store", "verify").stdout)

    def test_code_tasks_killed_at_random_moments(self):
        rows = [{"task_id": f"made/{i}", "prompt": f"def plus_{i}(x):\n    return", "test": f"def check(f):\n    assert f(1) == {i}",
                 "entry_point": f"plus_{i}", "canonical_solution": ""} for i in range(N_ROWS)]
        self.write("code.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
        self.write("data.yaml", "version: 1\ndatasets:\n  - path: openai/openai_humaneval\n    splits: {test: code.jsonl}\n")
        command = ["eval", MODEL, "-t", "1", "--tasks", "humaneval", "--data", "data.yaml", "--gen-kwargs", "max_gen_toks=24",
                   "--json"]
        whole = self.run_program(*command, "--store", self.folder / "whole.db")
        if whole.returncode == 4 and b"isolation" in whole.stderr:
            self.skipTest("no sandbox here: " + whole.stderr.decode().strip())
        self.assertEqual(whole.returncode, 0, whole.stderr)
        dice, n_killed = random.Random(12), 0
        for _ in range(6):
            process = self.start(*command)
            time.sleep(dice.uniform(0.05, 1.0))
            n_killed += process.poll() is None
            process.send_signal(signal.SIGKILL)
            process.communicate(timeout=60)
        self.assertGreater(n_killed, 0)
        again = self.scores(json.loads(self.succeed(*command).stdout)["runs"][0])
        self.assertEqual(again, self.scores(json.loads(whole.stdout)["runs"][0]))

    def test_messages(self):
        self.refuse(2, *self.base, "tiny_choice", says=["tiny_choice", "tiny_choices"])
        self.refuse(2, *self.base, "tiny", "--limit", "none", says="neither a count nor a fraction")
        self.refuse(3, *self.base, "tiny", "--samples", "{", says="--samples")
        self.write("rows.jsonl", '{"story": "a"\n')
        self.refuse(3, *self.base, "tiny_choices", says=["rows.jsonl", "line 1"])

    def test_the_tasks_own_code_runs_when_it_is_trusted(self):
        self.write("own.py", "def results(doc, results):\n    return {'acc': float(len(results) == len(doc['ends']))}\n")
        self.write("choices.yaml", CHOICES.replace("metric_list: [{metric: acc}, {metric: acc_norm}]",
                                                   "process_results: !function own.results\nmetric_list: [{metric: acc}]"))
        command = [*self.base, "tiny_choices", "--limit", "3"]
        self.refuse(2, *command, says=["own.results", "--trust-task-code"])
        metric = self.json_of(*command, "--trust-task-code")["runs"][0]["tasks"][0]["metrics"][0]
        self.assertEqual((metric["estimate"]["value"], metric["n_scored"]), (1.0, 3))

    def test_a_label_out_of_range_is_unscored(self):
        self.write("rows.jsonl", '{"story": "a", "ends": ["b", "c"], "right": 7}\n'
                                 '{"story": "a", "ends": ["b", "c"], "right": 1}\n')
        task = self.json_of(*self.base, "tiny_choices", "--num-fewshot", "0")["runs"][0]["tasks"][0]
        self.assertEqual((task["metrics"][0]["n_scored"], task["metrics"][0]["n_unscored"]), (1, 1))


@unittest.skipUnless(SMOLLM2.exists(), "no SmolLM2 in the cache (make demo-real fetches it)")
class AgainstLmEval(ScenarioCase):
    N = 20

    def test_mmlu_samples(self):
        golden = pathlib.Path(data_file("golden/lm_eval_smollm2/samples_mmlu_anatomy_5shot.jsonl"))
        expected = sorted(map(json.loads, golden.read_text().splitlines()), key=lambda line: line["doc_id"])[:self.N]
        self.succeed("eval", SMOLLM2, "--tasks", "mmlu_anatomy", "--num-fewshot", 5, "--limit", self.N,
                     "--output", "out", "--log-samples")
        lines = next((self.folder / "out").glob("*/samples_mmlu_anatomy_*.jsonl")).read_text().splitlines()
        self.assertEqual(len(lines), self.N)
        for ours, theirs in zip(map(json.loads, lines), expected):
            for key in ["doc_id", "doc", "target", "arguments", "filter", "metrics", "acc",
                        "doc_hash", "prompt_hash", "target_hash"]:
                self.assertEqual(ours[key], theirs[key], key)
            for (value, greedy), (their_value, their_greedy) in zip(ours["filtered_resps"], theirs["filtered_resps"]):
                self.assertLess(abs(float(value) - float(their_value)), 0.06)  # F16 kernels against fp32
                self.assertEqual(greedy, their_greedy)


program.main()
