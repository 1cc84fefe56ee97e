"""assay demo as a new user runs it, on fewer items: a study of both models inside the program, its page, nothing fetched."""
import json
import shutil
import unittest

import program
from program import SOURCE, ScenarioCase

ENGINE_LOG = ["llama_", "ggml_", "load_tensors", "print_info", "sched_reserve", "llama_quantize"]
QUICK = ["--limit", 8, "--chunks", 4, "--no-speed", "-t", 1]
VARIANTS = {"Q8_0", "Q6_K", "Q5_K_M", "Q4_K_M", "Q3_K_M", "Q2_K", "kv=q8_0", "kv=q4_0"}


class Demo(ScenarioCase):
    def test_both_sizes_all_classes_and_a_page(self):
        done = self.succeed("demo", *QUICK, "-o", "page")
        text, said = done.stdout.decode(), done.stderr.decode()
        for stream in (text, said):
            for word in ENGINE_LOG:
                self.assertNotIn(word, stream)
        self.assertIn("Q8_0", text)
        self.assertNotRegex(text, r"(?m)^The largest loss")  # it says whose
        for words in ["demo_maths: 8 items", "study.yaml", "assay study MODEL.gguf"]:
            self.assertIn(words, said)
        study = json.loads((self.folder / "page/study.json").read_text())
        if "built without it" not in said:
            self.assertIn("<html", (self.folder / "page/report.html").read_text()[:2000])
            self.assertIn("page/report.html", said)
        self.assertEqual([f["name"] for f in study["families"]], ["demo-base-f16.gguf", "demo-small-f16.gguf"])
        classes = {"knowledge", "maths", "code", "language"} - ({"code"} if "demo_code is left out" in said else set())
        for family in study["families"]:
            self.check(family, classes)
        self.assertIn("demo-base-f16/runs.json", study["commands"][0]["command"])
        again = json.loads(self.succeed("demo", *QUICK, "-o", "page", "--json").stdout)
        self.assertEqual(again["families"], study["families"])

    def check(self, family, classes):
        self.assertEqual({c["variant"]["name"] for c in family["comparisons"]}, VARIANTS)
        self.assertEqual({v["name"] for v in family["divergences"][0]["variants"]}, VARIANTS)
        for comparison in family["comparisons"]:
            self.assertEqual({c["task_class"] for c in comparison["classes"]}, classes)
        loss = {v["name"]: v["kld"]["mean"] for v in family["divergences"][0]["variants"]}
        for less, more in (("Q8_0", "Q4_K_M"), ("Q4_K_M", "Q2_K"), ("kv=q8_0", "kv=q4_0")):
            self.assertLess(loss[less], loss[more])
        self.assertIsNotNone(family["decision"])

    def test_without_a_sandbox_code_is_left_out(self):
        self.environment["PATH"] = str(self.folder)  # no bwrap, no Python
        done = self.succeed("demo", "--limit", 2, "-t", 1, "--dry-run")
        self.assertIn("demo_code is left out", done.stderr.decode())
        self.assertNotIn("demo_code:", done.stdout.decode())
        self.assertIn("demo_maths: 2 items", done.stdout.decode())

    def test_the_plan_alone(self):
        plan = self.succeed("demo", "--dry-run", *QUICK).stdout.decode()
        for words in ["demo_language", "8 variants", "in all"]:
            self.assertIn(words, plan)
        self.assertFalse((self.folder / "assay-demo").exists())

    def test_files_that_were_cut_are_written_again(self):
        self.assertIn(b"ok    known answer", self.succeed("doctor").stdout)
        model = next((self.folder / "cache/demo").glob("*/demo-small-f16.gguf"))
        whole = model.read_bytes()
        self.assertEqual(whole, (SOURCE / "data/demo/demo-small-f16.gguf").read_bytes())
        model.write_bytes(whole[:1000])
        self.assertIn(b"ok    known answer", self.succeed("doctor").stdout)
        self.assertEqual(model.read_bytes(), whole)
        shutil.rmtree(model.parent)
        model.parent.write_text("in the way")
        self.refuse(5, "demo", "--dry-run", says=["Cannot write the file", "--cache-dir"])


if __name__ == "__main__":
    program.main()
