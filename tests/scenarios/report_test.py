"""assay report as a user runs it: which documents it takes, what it makes of them, what it refuses. The page itself is tried
in tests/browser."""
import base64
import json
import pathlib
import xml.etree.ElementTree
import zlib

import program
from program import MODEL, SMALL, ScenarioCase

TASK = """task: {name}
dataset_path: json
dataset_kwargs: {{data_files: {{test: rows.jsonl}}}}
test_split: test
output_type: multiple_choice
doc_to_text: "{{{{story}}}}"
doc_to_choice: ends
doc_to_target: right
metric_list: [{{metric: acc}}]
metadata: {{version: 1, task_class: {kind}}}
"""


class Report(ScenarioCase):
    def setUp(self):
        super().setUp()
        rows = [{"story": f"Lily had {i} red balls. She went to the", "ends": ["park", "zoo", "<script>"], "right": i % 3} for i in range(40)]
        self.write("rows.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
        for name, kind in (("tiny", "language"), ("small", "knowledge")):
            self.write(f"{name}.yaml", TASK.format(name=name, kind=kind))

    def runs(self, task, *variants):
        done = self.succeed("eval", MODEL, *variants, "--include-path", self.folder, "-t", "1", "--tasks", task, "--json")
        return self.write(f"{task}-{len(variants)}.json", done.stdout)

    def study(self, *inputs):
        return self.json_of("report", *inputs)

    def test_runs_are_compared_as_compare_does(self):
        tiny = self.runs("tiny", "Q4_0", "Q8_0")
        study = self.study(tiny)
        self.assertEqual(study["schema"], "assay-study/1")
        family, = study["families"]
        self.assertEqual(family["comparisons"], self.json_of("compare", tiny)["comparisons"])
        self.assertEqual([m["name"] for m in family["variants"]], ["Q4_0", "Q8_0"])
        self.assertLess(family["variants"][0]["size_bytes"], family["baseline"]["size_bytes"])
        self.assertEqual(family["variants"][0]["parts"][0]["part"], "weights")
        items, = family["items"]
        index = json.loads(zlib.decompress(base64.b64decode(items["index"])))
        right = sum(outcome == "1" for outcome in index["outcomes"][0])
        self.assertAlmostEqual(right / 40, family["comparisons"][0]["metrics"][0]["baseline"]["value"])
        self.assertEqual(sum(a == "1" != b for a, b in zip(*index["outcomes"][:2])), family["comparisons"][0]["metrics"][0]["flips"]["lost"])
        self.assertTrue(any(f["field"] == "prompts digest" for f in study["method"]))

    def test_tasks_of_several_files_are_judged_together(self):
        family, = self.study(self.runs("tiny", "Q4_0"), self.runs("small", "Q4_0"))["families"]
        comparison, = family["comparisons"]
        self.assertEqual([row["task"] for row in comparison["metrics"]], ["tiny", "small"])
        self.assertEqual(len(family["items"]), 2)

    def test_one_family_of_runs_and_divergence(self):
        divergence = self.write("d.json", self.succeed("diverge", MODEL, "Q4_0", "Q8_0", *SMALL, "--json").stdout)
        family, = self.study(self.runs("tiny", "Q4_0"), divergence)["families"]
        self.assertEqual(len(family["divergences"]), 1)
        self.assertEqual({m["name"] for m in family["variants"]}, {"Q4_0", "Q8_0"})
        self.assertEqual(family["decision"]["evidence"], "tasks")
        alone, = self.study(divergence)["families"]
        self.assertEqual(alone["decision"]["evidence"], "perplexity")
        self.assertIn("perplexity only", alone["decision"]["sentence"])

    def test_a_study_comes_back_as_it_was(self):
        study = self.study(self.runs("tiny", "Q4_0"))
        again = self.study(self.write("study.json", json.dumps(study)))
        study.pop("created"), again.pop("created")
        self.assertEqual(again, study)

    def test_a_variant_identical_to_the_baseline_finds_nothing(self):
        run = json.loads(pathlib.Path(self.runs("tiny")).read_text(encoding="utf-8"))["runs"][0]
        copy = json.loads(json.dumps(run))
        copy["header"]["model_name"] = "copy"
        study = self.study(self.write("same.json", json.dumps({"schema": "assay-runs/1", "runs": [run, copy]})))
        self.assertEqual([f for f in study["findings"] if f["state"] == "shown"], [])
        self.assertEqual(study["families"][0]["decision"]["recommended"], "")

    def test_constraints_are_kept_with_the_decision(self):
        decision = self.json_of("report", self.runs("tiny", "Q4_0"), "--max-size", "0.001")["families"][0]["decision"]
        self.assertEqual(decision["rules"]["max_size_bytes"], 1048)
        self.assertEqual(decision["variants"][0]["standing"], "ruled_out")

    def test_the_page_is_written(self):
        done = self.run_program("report", self.runs("tiny", "Q4_0"), "-o", "page.html")
        if b"built without the report's page" in done.stderr:
            self.assertEqual(done.returncode, 2)
            self.assertIn(b"npm", done.stderr)
            self.skipTest("this program was built without the page")
        self.assertEqual(done.returncode, 0, done.stderr)
        page = (self.folder / "page.html").read_text(encoding="utf-8")
        self.assertIn('"schema": "assay-study/1"', page)
        self.assertNotIn("<script>\"", page)

    def test_a_models_page_on_the_hub(self):
        runs = self.runs("tiny", "Q4_0", "Q8_0")
        study = self.json_of("report", runs, "--model-index", "card.yaml", "--badge", "badge.svg")
        index = (self.folder / "card.yaml").read_text(encoding="utf-8")
        self.assertEqual([line for line in index.splitlines() if line.startswith("- name")], ['- name: "Q4_0"', '- name: "Q8_0"'])
        row = study["families"][0]["comparisons"][0]["metrics"][0]
        self.assertIn(f"      value: {row['variant']['value']:.6g}\n", index)
        self.assertIn('type: "json"\n      name: "tiny"', index)
        badge = xml.etree.ElementTree.parse(self.folder / "badge.svg").getroot()
        texts = [t.text for t in badge.iter("{http://www.w3.org/2000/svg}text")]
        self.assertEqual(texts[1], "tiny")
        self.assertIn(texts[2], ("undecided at 1 pp", "loses more than 1 pp", "loses at most 1 pp"))
        # A group that decides stands for its tasks.
        self.write("both.yaml", "group: both\ntask: [tiny, small]\naggregate_metric_list: [{metric: acc, aggregation: mean, weight_by_size: true}]\n")
        self.json_of("report", self.runs("both", "Q4_0"), "--model-index", "card.yaml", "--badge", "badge.svg")
        index = (self.folder / "card.yaml").read_text(encoding="utf-8")
        self.assertIn('name: "both"', index)
        self.assertNotIn('name: "tiny"', index)
        self.assertIn(">both</text>", (self.folder / "badge.svg").read_text(encoding="utf-8"))
        divergence = self.write("d.json", self.succeed("diverge", MODEL, "Q4_0", *SMALL, "--json").stdout)
        self.refuse(2, "report", divergence, "--json", "--model-index", "none.yaml", says="compared on tasks")
        self.json_of("report", divergence, "--badge", "badge.svg")
        self.assertIn(", llama.cpp</text>", (self.folder / "badge.svg").read_text(encoding="utf-8"))

    def test_speed_of_another_program(self):
        def row(file, n_prompt, n_gen, ns):
            return {"build_commit": "abc", "cpu_info": "A processor", "gpu_info": "", "model_filename": f"/m/{file}.gguf", "model_type": "llama",
                    "model_size": 5, "model_n_params": 9, "n_batch": 64, "n_ubatch": 64, "n_threads": 1, "type_k": "f16", "type_v": "f16",
                    "n_gpu_layers": -1, "flash_attn": -1, "n_prompt": n_prompt, "n_gen": n_gen, "test_time": "T", "avg_ns": ns, "samples_ns": [ns]}
        base = pathlib.Path(MODEL).stem
        bench = self.write("bench.json", json.dumps([row(base, 0, 10, 2000000000), row("tiny-Q4_0", 0, 10, 1000000000)]))
        runs = self.runs("tiny", "Q4_0")
        family, = self.study(runs, bench)["families"]
        speed, = family["speeds"]
        self.assertEqual([s["name"] for s in speed["setups"]], [family["baseline"]["name"], "Q4_0"])
        measure = speed["series"][1]["measures"][0]
        self.assertEqual((measure["median"], measure["ratio"]["value"], measure["ratio"]["ci95"]), (10, 2, None))
        decision = self.json_of("report", runs, bench, "--min-speed", "11")["families"][0]["decision"]
        self.assertIn("speed", [reason["rule"] for reason in decision["variants"][0]["reasons"]])
        other = self.write("other.json", json.dumps([row("unknown", 0, 10, 5)]))
        self.assertTrue(any("unknown" in w for w in self.study(runs, other)["warnings"]))
        # The same to the commands that take speed.
        self.assertEqual(self.json_of("import", bench)["imported_from"], "llama-bench abc")
        self.assertIn("one model after the other", self.succeed("import", bench).stdout.decode())
        comparison = self.write("c.json", self.succeed("compare", runs, "--json").stdout)
        rows = self.json_of("tradeoff", bench, comparison)["rows"]
        self.assertEqual({r["name"]: r["decode_tps"] for r in rows}["Q4_0"], 10)

    def test_what_is_none_is_refused(self):
        self.refuse(3, "report", self.write("none.json", "{\"schema\": \"something/1\"}"), "--json", says="something/1")
        self.refuse(3, "report", self.write("study.json", "{\"schema\": \"assay-study/1\"}"), "--json", says="study.json")
        self.refuse(2, "report", self.runs("tiny"), "--json", says="Nothing is compared")
        self.refuse(5, "report", "absent.json", "--json", says="absent.json")


if __name__ == "__main__":
    program.main()
