"""assay tasks: what is listed, and what is said of a folder of task files."""
import json
import os
import pathlib
import unittest

import program
from program import ScenarioCase

GOOD = "task: mine\ndataset_path: d\ntest_split: test\ndoc_to_text: '{{q}}'\ndoc_to_target: a\ntag: ours\n"


class TasksCommands(ScenarioCase):
    def test_list(self):
        names = {entry["name"]: entry for entry in self.json_of("tasks", "ls")}
        self.assertEqual(names["arc_easy"]["kind"], "task")
        self.assertEqual(names["arc_easy"]["output_type"], "multiple_choice")
        table = self.succeed("tasks", "ls").stdout.decode()
        self.assertIn("arc_challenge", table)

    def test_list_with_a_folder(self):
        self.write("mine.yaml", GOOD)
        entries = self.json_of("tasks", "ls", "--include-path", self.folder, "--no-shipped")
        self.assertEqual([(entry["name"], entry["kind"]) for entry in entries], [("mine", "task"), ("ours", "tag")])
        self.refuse(5, "tasks", "ls", "--include-path", self.folder / "gone", says="no such folder")

    def test_show(self):
        self.write("rows.jsonl", '{"q": "one?", "a": "1"}\n{"q": "two?", "a": "2"}\n')
        self.write("mine.yaml", GOOD.replace("dataset_path: d", "dataset_path: json\ndataset_kwargs: {data_files: {test: rows.jsonl}}"))
        ours = ("--include-path", self.folder, "--no-shipped")
        shown = self.json_of("tasks", "show", "mine", "--item", "1", *ours)
        self.assertEqual((shown["row"], shown["target"]), ("1", "2"))
        self.assertEqual([request["context"] for request in shown["requests"]], ["two?"])
        self.assertEqual(shown["requests"][0]["until"], ["\n\n"])
        with_example = self.json_of("tasks", "show", "mine", "--item", "1", "--num-fewshot", "1", *ours)
        self.assertEqual(with_example["requests"][0]["context"], "one? 1\n\ntwo?")
        self.assertIn("two?", self.succeed("tasks", "show", "mine", "--item", "1", *ours).stdout.decode())
        self.refuse(2, "tasks", "show", "mine", "--item", "2", *ours, says="There is no item 2")

    def test_validate(self):
        self.write("mine.yaml", GOOD)
        self.assertIn(b"1 of 1 files", self.succeed("tasks", "validate", self.folder).stdout)
        self.write("typo.yaml", GOOD.replace("mine", "typo") + "num_fewshoot: 3\n")
        done = self.run_program("tasks", "validate", self.folder, "--json")
        self.assertEqual(done.returncode, 3)
        result = json.loads(done.stdout)
        self.assertEqual((result["n_files"], result["n_loaded"]), (2, 1))
        self.assertEqual(result["problems"][0]["line"], 7)
        self.assertIn("num_fewshoot", result["problems"][0]["message"])
        text = self.run_program("tasks", "validate", self.folder).stdout.decode()
        self.assertIn("typo.yaml:7  error: unknown field", text)

    def test_validate_the_harness(self):
        folder = os.environ.get("ASSAY_LM_EVAL_TASKS")
        if not folder or not pathlib.Path(folder).is_dir():
            raise unittest.SkipTest("ASSAY_LM_EVAL_TASKS is not set")
        result = json.loads(self.run_program("tasks", "validate", folder, "--json").stdout)
        self.assertGreaterEqual(result["n_loaded"], 0.95 * result["n_files"])


if __name__ == "__main__":
    program.main()
