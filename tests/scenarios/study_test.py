"""assay study as a user runs it: from a file and by flags, phases whose documents stay, kill -9 in each of them, a second run that
only renders, a variant that is added, and what a wrong file says."""
import contextlib
import json
import shutil
import signal
import sqlite3
import subprocess
import time
import unittest

import program
from program import MODEL, TEXT, TINY_TASK, ScenarioCase

STUDY = """title: Stories
baseline: base.gguf
variants: [Q8_0, Q5_1, Q4_0]
text: text.txt
ctx: 128
chunks: 4
max_ppl_increase: 5%
margin: 10pp
tasks: tiny
include_path: .
no_probe: true
threads: 1
"""
N_ROWS = 60


class Study(ScenarioCase):
    def setUp(self):
        super().setUp()
        shutil.copy(MODEL, self.folder / "base.gguf")
        shutil.copy(TEXT, self.folder / "text.txt")
        rows = [{"story": f"Lily had {i} red balls. She went to the", "ends": ["park", "sky blue", "zoo"], "right": 0 if i % 3 else 2}
                for i in range(N_ROWS)]
        self.write("rows.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
        self.write("tiny.yaml", TINY_TASK)
        self.file = self.write("study.yaml", STUDY)
        self.store = ["--store", self.folder / "store.db", "-o", self.folder / "out"]

    def study(self, *flags):
        return self.json_of("study", self.file, *self.store, "--no-speed", *flags)

    @staticmethod
    def numbers(study):
        """Without what names the moment."""
        return {key: value for key, value in study.items() if key not in ("created", "commands", "method")}

    def test_from_file_to_decision(self):
        study = self.study()
        family = study["families"][0]
        standing = {v["variant"]: v["standing"] for v in family["decision"]["variants"]}
        self.assertEqual(study["title"], "Stories")
        self.assertEqual(family["decision"]["recommended"], "Q5_1")
        self.assertEqual(standing, {"Q8_0": "runner_up", "Q5_1": "recommended", "Q4_0": "ruled_out"})
        self.assertEqual({c["variant"]["name"] for c in family["comparisons"]}, {"Q8_0", "Q5_1"})  # Q4_0 was not asked
        self.assertEqual(json.loads((self.folder / "out/study.json").read_text())["families"], study["families"])
        for name in ["screen.json", "divergence.json", "runs.json", "layers.json", "model-index.yaml", "badge.svg"]:
            self.assertTrue((self.folder / "out" / name).exists(), name)
        tensors = {m["name"]: m["tensors"] for m in family["variants"]}
        moved = {name: max(t["relative_rms"] for t in tensors[name]) for name in ("Q8_0", "Q5_1")}
        self.assertTrue(0 < moved["Q8_0"] < 0.02 < moved["Q5_1"] < 0.1, moved)
        self.assertEqual(tensors["Q4_0"], [])  # dropped before that
        text = self.succeed("study", self.file, *self.store, "--no-speed").stdout.decode()
        self.assertTrue(text.startswith("Use Q5_1"), text)
        self.assertIn("dropped by screening", text)
        for command in ["assay quantize base.gguf Q5_1.gguf Q5_1", "llama-server -m Q5_1.gguf", "ollama create Q5_1 -f Modelfile"]:
            self.assertIn(command, text)
        card = self.succeed("study", self.file, *self.store, "--no-speed", "--markdown").stdout.decode()
        self.assertEqual(card.count("| RECOMMENDED |"), 1)

    def test_flags_are_the_file_and_count_more(self):
        by_file = self.study("--chunks", "3")
        by_flags = self.json_of("study", self.folder / "base.gguf", "Q8_0", "Q5_1", "Q4_0", "--text", "text.txt", "-c", "128", "--chunks", "3",
                                "--max-ppl-increase", "5%", "--margin", "10pp", "--tasks", "tiny", "--include-path", ".", "--no-probe",
                                "-t", "1", "--no-speed", "--title", "Stories", *self.store)
        self.assertEqual(self.numbers(by_file)["families"], self.numbers(by_flags)["families"])
        report = json.loads((self.folder / "out/divergence.json").read_text())
        self.assertEqual(report["baseline"]["perplexity"]["n_chunks"], 3)

    def test_rows_and_written_paths_stand_in_the_file(self):
        (self.folder / "sub").mkdir()
        moved = STUDY.replace("base.gguf", "../base.gguf").replace("text.txt", "../text.txt").replace("include_path: .", "include_path: ..")
        self.write("sub/study.yaml", moved + "samples: {tiny: [0, 5, 9]}\noutput: result\nstore: kept.db\n")
        study = self.json_of("study", "sub/study.yaml", "--no-speed")
        self.assertEqual({m["n"] for c in study["families"][0]["comparisons"] for m in c["metrics"]}, {3})
        self.assertTrue((self.folder / "sub/result/report.html").exists())
        self.assertTrue((self.folder / "sub/kept.db").exists())
        self.write("sub/study.yaml", moved + "samples: {tiny: [0, five]}\n")
        self.refuse(3, "study", "sub/study.yaml", says=["sub/study.yaml:13", "A row is a number"])

    def test_one_more_variant_costs_itself_only(self):
        self.study()
        before = self.records()
        self.assertEqual(self.numbers(self.study()), self.numbers(self.study()))
        self.assertEqual(self.records(), before)  # nothing was computed
        self.write("study.yaml", STUDY.replace("Q5_1,", "Q5_1, Q5_0,"))
        self.study()
        self.assertEqual(self.records()["response/1"] - before["response/1"], N_ROWS * 3)  # Q5_0 alone: the smallest that passes

    def records(self):
        with contextlib.closing(sqlite3.connect(self.folder / "store.db")) as store:
            return dict(store.execute("SELECT kind, count(*) FROM record GROUP BY kind"))

    def test_killed_in_each_phase(self):
        whole = self.numbers(self.study())
        for document in ["screen.json", "divergence.json", "runs.json"]:
            shutil.rmtree(self.folder / "out")
            (self.folder / "store.db").unlink()
            command = [program._program, "study", self.file, *map(str, self.store), "--no-speed", "--json"]
            process = subprocess.Popen(command, cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            deadline = time.monotonic() + 120
            while not (self.folder / "out" / document).exists() and process.poll() is None and time.monotonic() < deadline:
                time.sleep(0.01)
            process.send_signal(signal.SIGKILL)
            process.wait()
            self.assertEqual(self.numbers(self.study()), whole, document)

    def test_repeats_compare_means(self):
        self.write("texts.yaml", TINY_TASK.replace("task: tiny", "task: tiny_texts").replace("output_type: multiple_choice", "output_type: generate_until")
                   .replace("doc_to_choice: ends\n", "").replace("doc_to_target: right", 'doc_to_target: "{{ends[right]}}"')
                   .replace("{metric: acc}", "{metric: exact_match}") +
                   'generation_kwargs: {until: ["."], max_gen_toks: 4, do_sample: true, temperature: 1.0}\n')
        study = self.study("--tasks", "tiny_texts", "--repeats", "3", "--limit", "20")
        rows = [c["metrics"][0] for c in study["families"][0]["comparisons"]]
        self.assertEqual([row["variant_repeats"]["n_runs"] for row in rows], [3, 3])
        self.assertTrue((self.folder / "out/runs-3.json").exists())
        self.assertTrue(any("means over 3 runs" in warning for warning in study["warnings"]), study["warnings"])

    def test_speed_is_measured_once(self):
        first = self.json_of("study", self.file, *self.store, "--speed-budget", "4s")
        second = self.json_of("study", self.file, *self.store, "--speed-budget", "4s")
        self.assertEqual(first["families"][0]["speeds"], second["families"][0]["speeds"])
        self.assertEqual(len(first["families"][0]["speeds"]), 1)

    def test_the_same_weights_find_nothing(self):
        shutil.copy(MODEL, self.folder / "twin.gguf")
        self.write("study.yaml", STUDY.replace("[Q8_0, Q5_1, Q4_0]", "[twin.gguf]"))
        study = self.study()
        self.assertEqual([f for f in study["findings"] if f["state"] == "shown"], [])
        self.assertNotEqual(study["families"][0]["decision"]["variants"][0]["standing"], "ruled_out")

    def test_dry_run_prints_the_plan_only(self):
        text = self.succeed("study", self.file, *self.store, "--dry-run").stdout.decode()
        for words in ["screen", "3 variants on 8 to ", "as it takes to decide", f"tiny: {N_ROWS} items", "in all "]:
            self.assertIn(words, text)
        self.assertFalse((self.folder / "out").exists())

    def test_what_a_wrong_file_says(self):
        cases = [("margn: 1pp\n" + STUDY, ["study.yaml:1", "no setting 'margn'"]),
                 (STUDY + "keep: [a, {b: c}]\n", ["study.yaml:", "'keep'"]),
                 (STUDY + "repeats: many\n", ["study.yaml:", "repeats"]),
                 ("baseline: [base.gguf\n", ["study.yaml:", "Broken YAML"]),
                 ("title: none\n", ["names no baseline"]),
                 ("- a\n", ["a map of settings"]),
                 ("families: [{baseline: base.gguf, weights: 3}]\n", ["study.yaml:1", "no 'weights'"]),
                 ("a: &a [x, x]\nb: &b [*a, *a]\nbaseline: [*b, *b]\n", ["study.yaml:1", "no setting 'a'"])]
        for content, says in cases:
            self.write("study.yaml", content)
            self.refuse(3, "study", self.file, *self.store, says=says)
        self.refuse(5, "study", "none.yaml", *self.store, says="none.yaml")
        self.refuse(2, "study", "base.gguf", "--tasks", "tiny", says="no variants")
        self.refuse(2, "study", "base.gguf", "Q8_0", says="neither a text nor tasks")
        self.refuse(2, "study", "base.gguf", "Q8_0", "--tasks", "tiny", "--keep", "none", says="--keep")


if __name__ == "__main__":
    program.main()
