"""assay import and assay rescore as a user runs them: files that other programs wrote, export and import, rescoring of choices, texts and
code, what is refused, a million lines."""
import json
import pathlib
import resource
import shutil
import unittest

import program
from program import MODEL, SOURCE, ScenarioCase, data_file

FILES = SOURCE / "tests/golden/lm_eval_files"
LOGS = SOURCE / "tests/golden/inspect_logs"
N_ROWS = 12
CHOICES = """task: tiny_choices
dataset_path: json
dataset_kwargs: {data_files: {test: rows.jsonl}}
test_split: test
output_type: multiple_choice
doc_to_text: "{{story}}"
doc_to_choice: ends
doc_to_target: right
metric_list: [{metric: acc}, {metric: acc_norm}, {metric: brier_score}, {metric: acc_norm_tokens, aggregation: mean}]
metadata: {version: 3}
"""
TEXTS = """task: tiny_texts
dataset_path: json
dataset_kwargs: {data_files: {test: rows.jsonl}}
test_split: test
doc_to_text: "{{story}}"
doc_to_target: "{{ends[right]}}"
repeats: 2
generation_kwargs: {until: ["."], max_gen_toks: 12, do_sample: true, temperature: 0.7}
metric_list: [{metric: exact_match}]
filter_list:
  - {name: first, filter: [{function: take_first}]}
  - {name: word, filter: [{function: regex, regex_pattern: "([a-z]+)"}, {function: majority_vote}, {function: take_first}]}
"""
ROLLING = """task: tiny_rolling
dataset_path: json
dataset_kwargs: {data_files: {test: rows.jsonl}}
test_split: test
output_type: loglikelihood_rolling
doc_to_text: ""
doc_to_target: "{{story}}"
"""
GROUP = """group: tiny
task: [tiny_choices, tiny_texts, tiny_rolling]
aggregate_metric_list: [{metric: acc, weight_by_size: true}]
"""


class Import(ScenarioCase):
    def setUp(self):
        super().setUp()
        rows = [{"story": f"Lily had {i} red balls. She went to the", "ends": ["park", "sky blue", "zoo"], "right": i % 3}
                for i in range(N_ROWS)]
        self.write("rows.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
        for name, text in [("choices", CHOICES), ("texts", TEXTS), ("rolling", ROLLING), ("group", GROUP)]:
            self.write(f"{name}.yaml", text)

    def eval(self, *more):
        return self.succeed("eval", MODEL, "--include-path", self.folder, "-t", "1", "--tasks", "tiny", *more)

    def test_files_of_the_harness(self):
        done = self.succeed("import", FILES / "v0.4.13", FILES / "v0.4.2", "-o", "runs.json")
        text = done.stdout.decode()
        for words in ["toy/dice: 8 tasks, 40 samples, from lm-evaluation-harness 0.4.13", "does not contain", "t_texts"]:
            self.assertIn(words, text)
        written = json.loads((self.folder / "runs.json").read_text())
        self.assertEqual([run["header"]["model_name"] for run in written["runs"]], ["toy/dice", "dummy"])
        self.assertEqual(written, self.json_of("import", FILES / "v0.4.13", FILES / "v0.4.2"))
        self.assertEqual(self.json_of("import", "runs.json"), written)

    def test_export_and_import_give_the_same_run(self):
        ours = json.loads(self.eval("--json", "--output", "out", "--log-samples").stdout)
        self.assertEqual(self.json_of("import", "out"), ours)

    def test_prompt_hashes_are_the_harness_s(self):
        run = json.loads(self.eval("--json", "--output", "out", "--log-samples").stdout)["runs"][0]
        lines = next((self.folder / "out").glob("*/samples_tiny_choices_*.jsonl")).read_text().splitlines()
        for line, sample in zip(map(json.loads, lines), run["tasks"][0]["samples"]):
            self.assertEqual(sample["source_hashes"]["prompt"], line["prompt_hash"])

    def test_rescoring_by_the_same_definitions_changes_nothing(self):
        self.write("run.json", self.eval("--json", "--output", "out", "--log-samples").stdout)
        for source in ["run.json", "out"]:
            done = self.succeed("rescore", source, "--include-path", self.folder, "--json")
            before, after = (json.loads(text)["runs"][0] for text in [(self.folder / "run.json").read_text(), done.stdout])
            self.assertEqual(before["tasks"], after["tasks"])
            self.assertEqual(before["groups"], after["groups"])
            self.assertEqual(done.stderr.count(b": 0 of 12 samples"), 3)

    def test_rescoring_with_another_filter(self):
        self.write("run.json", self.eval("--json").stdout)
        self.write("loose.yaml", TEXTS.replace("tiny_texts", "loose").replace("([a-z]+)", "(nothing)"))
        task = self.json_of("rescore", "run.json", "--tasks", "tiny_texts", "--filter-from", "loose.yaml")["runs"][0]["tasks"][0]
        self.assertEqual([s["filtered"][1]["answers"] for s in task["samples"]], [["[invalid]"]] * N_ROWS)
        self.refuse(2, "rescore", "run.json", says=["tiny_choices", "--include-path"])
        self.refuse(3, "rescore", "run.json", "--filter-from", "loose.yaml", says=["output type"])

    def test_inspect(self):
        runs = self.json_of("import", LOGS)["runs"]
        letters, sums = (run["tasks"][0] for run in runs)
        self.assertEqual(runs[1]["header"]["imported_from"], "Inspect 0.3.285")
        self.assertEqual([s["gold"] for s in letters["samples"]], [[0], [1], [2]])
        self.assertEqual([s["scores"][0]["value"] for s in sums["samples"]], [1.0, 0.5, 1.0, 0.5])
        for log, task in [("letters.json", letters), ("sums.json", sums)]:
            for score, metric in zip(json.loads((LOGS / log).read_text())["results"]["scores"], task["metrics"]):
                stated = {name: value["value"] for name, value in score["metrics"].items()}
                self.assertAlmostEqual(metric["estimate"]["value"], stated.get("accuracy", stated.get("mean")), 12)
                self.assertAlmostEqual(metric["estimate"]["std_error"], stated["stderr"], 12)
        self.assertFalse(any("the source states" in warning for run in runs for warning in run["header"]["warnings"]))
        self.refuse(3, "import", self.write("x.eval", b"PK"), says="inspect log convert")

    def test_tables(self):
        self.write("a.jsonl", '{"instance_id": "id7", "stats": {"em": 1}, "scenario": "s", "out": "x"}\n'
                              '{"instance_id": "id8", "stats": {"em": 0}, "scenario": "s", "out": "y"}\n')
        columns = "id=instance_id,score.em=stats.em,task=scenario,answer=out"
        task = self.json_of("import", "a.jsonl", "--columns", columns)["runs"][0]["tasks"][0]
        self.assertEqual((task["task"], task["metrics"][0]["estimate"]["value"]), ("s", 0.5))
        self.assertEqual(task["samples"][1]["responses"][0]["text"], "y")
        # HELM's per_instance_stats.json: an array, statistics in lists.
        stat = lambda name, mean, **more: {"name": {"name": name, "split": "test", **more}, "count": 1, "sum": mean, "mean": mean}
        self.write("per_instance_stats.json", json.dumps([
            {"instance_id": f"id{i}", "train_trial_index": 0,
             "stats": [stat("exact_match", 0.0, perturbation={"name": "robustness"}), stat("exact_match", float(i % 2)), stat("num_output_tokens", 3.0)]}
            for i in range(4)]))
        task = self.json_of("import", "per_instance_stats.json", "--columns", "id=instance_id,score.exact_match=stats.exact_match")["runs"][0]["tasks"][0]
        self.assertEqual([s["scores"][0]["value"] for s in task["samples"]], [0, 1, 0, 1])
        self.refuse(3, "import", "per_instance_stats.json", "--columns", "id=instance_id,score=stats.f1", says="stats.f1")
        self.write("b.csv", 'item,model,right,text\n1,m,true,"a ""b"",\nc"\n2,m,false,d\n1,n,,e\n')
        runs = self.json_of("import", "b.csv", "--columns", "id=item,score=right,model=model,answer=text")["runs"]
        self.assertEqual([run["header"]["model_name"] for run in runs], ["m", "n"])
        self.assertEqual(runs[0]["tasks"][0]["samples"][0]["responses"][0]["text"], 'a "b",\nc')
        self.assertEqual(runs[1]["tasks"][0]["metrics"][0]["n_unscored"], 1)
        self.refuse(3, "import", "b.csv", says=["b.csv", "--columns"])
        self.refuse(2, "import", "b.csv", "--columns", "score=right", says="id=COLUMN")
        self.refuse(2, "import", "b.csv", "--columns", "id=item,score=right,colour=model", says="colour")
        self.refuse(3, "import", "b.csv", "--columns", "id=number,score=right", says=["b.csv:2", "number", "item, model"])
        self.refuse(3, "import", "b.csv", "--columns", "id=model,score=right", says=["b.csv:4", "Two different"])
        self.refuse(3, "import", "b.csv", "--columns", "id=item,score=text", says="not a number")
        self.refuse(3, "import", self.write("c.csv", "a,b\n1\n"), "--columns", "id=a,score=b", says=["c.csv:2", "1 cells"])

    def test_broken_files(self):
        self.refuse(5, "import", "nowhere.json", says="nowhere.json")
        self.refuse(3, "import", self.write("a.json", '{"results": {"x":'), says=["a.json:1", "ends in the middle"])
        self.refuse(3, "import", self.write("b.json", "{}"), says=["b.json", "no known kind"])
        shutil.copytree(FILES / "v0.4.13", self.folder / "cut")
        samples = next((self.folder / "cut").glob("samples_t_texts*"))
        samples.write_bytes(samples.read_bytes()[:-100])
        self.refuse(3, "import", "cut", says=["samples_t_texts", ":10", "ends in the middle"])

    def test_many_lines(self):
        line = ('{"doc_id": %d, "doc": {"q": "question"}, "target": "1", "arguments": {"gen_args_0": {"arg_0": "Q", "arg_1": {}}}, '
                '"resps": [["1"]], "filtered_resps": ["1"], "filter": "none", "metrics": ["exact_match"], "doc_hash": "d", '
                '"prompt_hash": "p", "target_hash": "t", "exact_match": %d}\n')
        n = 100000
        with open(self.folder / "samples_big.jsonl", "w", encoding="utf-8") as file:
            file.writelines(line % (i, i % 2) for i in range(n))
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        text = self.succeed("import", "samples_big.jsonl", "-o", "big.json").stdout.decode()
        self.assertIn(f"{n} samples", text)
        self.assertIn("0.5000", text)
        used = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        self.assertLess(used, max(before, 600 * 1024), "KiB for 100,000 lines")


class Code(ScenarioCase):
    def test_code_is_run_again_with_the_same_result(self):
        data_file("datasets/humaneval/HumanEval.jsonl.gz")
        done = self.run_program("eval", MODEL, "--tasks", "humaneval", "--limit", "3", "-t", "1", "--json",
                                "--gen-kwargs", "max_gen_toks=16")
        if done.returncode == 4 and b"isolat" in done.stderr:
            self.skipTest("no sandbox here: " + done.stderr.decode().strip())
        self.assertEqual(done.returncode, 0, done.stderr)
        run = json.loads(done.stdout)
        # One answer is made right by hand, so that both outcomes are there.
        sample = run["runs"][0]["tasks"][0]["samples"][0]
        sample["responses"][0]["text"] = json.loads(sample["doc"])["canonical_solution"]
        self.write("run.json", json.dumps(run))
        again = self.json_of("rescore", "run.json")["runs"][0]["tasks"][0]
        self.assertEqual([s["scores"][0]["value"] for s in again["samples"]], [1.0, 0.0, 0.0])
        self.assertEqual([s["scores"] for s in again["samples"]][1:],
                         [s["scores"] for s in run["runs"][0]["tasks"][0]["samples"]][1:])


program.main()
