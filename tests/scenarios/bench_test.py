"""assay bench and assay tradeoff as a user runs them, on a model so small that all of it takes seconds."""
import csv
import io
import json
import os
import pathlib
import shutil
import signal
import sqlite3
import subprocess
import time
import unittest
import xml.etree.ElementTree

import program
from program import MODEL, TINY_TASK, ScenarioCase

QUICK = ["-p", "32", "-n", "8", "-t", "1", "-r", "3", "--request", "16,4"]


class KnownMachine(ScenarioCase):
    def setUp(self):
        super().setUp()
        # The probes take a second or two: they are tested once, elsewhere they are known already.
        self.cache = self.folder / "cache"
        self.cache.mkdir()
        lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
        cpu = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "unknown processor")
        (self.cache / "machine-probe.json").write_text(json.dumps({f"{cpu} x{n}": [1e10, 1e11] for n in (1, 2)}))


class Bench(KnownMachine):
    def test_every_sample_and_every_figure_of_two_models(self):
        document = self.json_of("bench", MODEL, "Q8_0", *QUICK)
        self.assertEqual(document["schema"], "assay-speed/1")
        self.assertEqual(document["ended"], "repetitions")
        self.assertEqual([s["baseline"] for s in document["setups"]], [0, 0])
        self.assertEqual([t["name"] for t in document["tests"]], ["pp32", "tg8", "request 16+4"])
        self.assertEqual(len(document["series"]), 6)
        for series in document["series"]:
            test = document["tests"][series["test"]]
            rounds = {s["round"] for s in series["samples"]}
            self.assertEqual(rounds, {-1, 0, 1, 2})
            self.assertEqual(series["n_rounds"], 3)
            for sample in series["samples"]:
                self.assertGreater(sample["duration_ns"], 0)
                self.assertGreaterEqual(sample["duration_ns"], sample["prompt_ns"] + sum(sample["token_ns"]))
                if sample["round"] >= 0:
                    self.assertEqual(sample["n_prompt"], test["n_prompt"])
                    self.assertEqual(sample["n_gen"], test["n_gen"])
            speed = series["measures"][0]
            self.assertEqual(speed["ratio"] is None, series["setup"] == 0)
        for setup in document["setups"]:
            self.assertGreater(setup["peak_bytes"], 2**20)
            self.assertGreaterEqual(setup["peak_bytes"], setup["steady_bytes"])
            self.assertGreater(setup["load_ns"][0], 0)
        # 5 layers, 4 KV heads of 8 values, K and V in 2 bytes.
        self.assertEqual(document["setups"][0]["kv_bytes_per_token"], 5 * 4 * 8 * 2 * 2)

    def test_the_table_says_what_was_measured(self):
        text = self.succeed("bench", MODEL, "Q8_0", *QUICK).stdout.decode()
        for words in ["tokens/s", "times as fast", "Q8_0", "pp32", "tg8", "request 16+4", "peak MiB", "3 rounds"]:
            self.assertIn(words, text)
        summary = self.succeed("bench", MODEL, *QUICK, "--summary").stdout.decode()
        for words in ["Count:", "Duration:", "Median:", "Average:", "Throughput:"]:
            self.assertIn(words, summary)

    def test_precision_and_budget_end_it(self):
        document = self.json_of("bench", MODEL, "-p", "0", "-n", "4", "-t", "1", "--request", "0,0", "--budget", "1s",
                                "--precision", "0.01%")
        self.assertEqual(document["ended"], "budget")
        document = self.json_of("bench", MODEL, "-p", "0", "-n", "4", "-t", "1", "--request", "0,0", "--precision", "90%")
        self.assertEqual(document["ended"], "precise")

    def test_sweeps_compare_each_variant_at_its_own_settings(self):
        document = self.json_of("bench", MODEL, "Q8_0", "-p", "16-32*2", "-n", "0", "-ub", "16,32", "-t", "1", "-r", "2",
                                "--request", "0,0")
        self.assertEqual([t["name"] for t in document["tests"]], ["pp16", "pp32"])
        self.assertEqual([s["baseline"] for s in document["setups"]], [0, 0, 2, 2])
        self.assertTrue(document["setups"][3]["name"].endswith("Q8_0 [ub=32]"))
        self.assertEqual(document["setups"][3]["model"]["runtime"]["n_ubatch"], 32)
        alone = self.json_of("bench", MODEL, "-p", "16", "-n", "0", "-ub", "16,32", "-t", "1", "-r", "2", "--request", "0,0")
        self.assertEqual([s["baseline"] for s in alone["setups"]], [0, 0])

    def test_depth_pairs_and_parallel_sequences(self):
        document = self.json_of("bench", MODEL, "-p", "0", "-n", "4", "-pg", "8,4", "-d", "0,16", "--parallel", "1,3",
                                "-t", "1", "-r", "2", "--request", "0,0")
        names = [t["name"] for t in document["tests"]]
        self.assertEqual(names, ["tg4", "pp8+tg4", "tg4 x 3", "pp8+tg4 x 3", "tg4 @ d16", "pp8+tg4 @ d16",
                                 "tg4 @ d16 x 3", "pp8+tg4 @ d16 x 3"])
        by_name = {names[s["test"]]: s for s in document["series"]}
        sample = by_name["pp8+tg4 @ d16 x 3"]["samples"][-1]
        self.assertEqual((sample["n_prompt"], sample["n_gen"]), (24, 12))

    def test_turns_when_memory_does_not_hold_all(self):
        document = self.json_of("bench", MODEL, "Q8_0", "-p", "16", "-n", "0", "-t", "1", "-r", "2", "--request", "0,0",
                                "--max-memory", "0.000001")
        self.assertGreater(len(document["setups"][1]["load_ns"]), 1)
        self.assertEqual([s["n_rounds"] for s in document["series"]], [2, 2])

    def test_every_round_has_new_processes(self):
        quick = ["bench", MODEL, "Q8_0", "-p", "16", "-n", "4", "-t", "1", "-r", "3", "--request", "0,0"]
        renewed = self.json_of(*quick)
        self.assertEqual([len(s["load_ns"]) for s in renewed["setups"]], [3, 3])
        self.assertEqual([s["n_rounds"] for s in renewed["series"]], [3, 3, 3, 3])
        kept = self.json_of(*quick, "--keep-processes")
        self.assertEqual([len(s["load_ns"]) for s in kept["setups"]], [1, 1])
        short = self.json_of(*quick[:-4], "--request", "0,0", "--budget", "0.01s")
        self.assertTrue(any("kept one process" in warning for warning in short["warnings"]), short["warnings"])

    def test_peak_memory_is_what_the_kernel_says_at_the_end(self):
        """The measured process's own figure against ru_maxrss, which /usr/bin/time prints."""
        child = subprocess.Popen([program.path(), "bench-child"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.addCleanup(child.stdin.close), self.addCleanup(child.stdout.close)

        def ask(**message):
            child.stdin.write(json.dumps(message).encode() + b"\n")
            child.stdin.flush()
            answer = json.loads(child.stdout.readline())
            self.assertTrue(answer["ok"], answer)
            return answer
        ask(do="open", path=list(str(MODEL).encode()), kv_k="f16", kv_v="f16", flash_attention="auto", n_threads=1, n_ubatch=512,
            n_gpu_layers=-1, n_ctx=512, n_seq_max=1, n_rows_max=1)
        ask(do="run", n_prompt=500, n_gen=0, n_depth=0, n_parallel=1, request=False, n_batch=2048, seed=1, prompt=[],
            stop_at_end=False, warm_up=False, fill_ns=0)
        memory = ask(do="memory")
        self.assertIsNone(memory["gpu_bytes"])  # of a machine without one, or a build that does not see it
        child.stdin.close()
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        self.assertEqual(child.returncode, 0)
        self.assertAlmostEqual(memory["peak_bytes"] / (1024 * usage.ru_maxrss), 1, delta=0.03)

    def test_prompts_of_a_task(self):
        flags = ["bench", MODEL, "-p", "0", "-n", "0", "--request", "1,3", "-t", "1", "-r", "2"]
        self.write("rows.jsonl", "".join(json.dumps({"q": f"One {w} ran", "a": "to the park"}) + "\n" for w in ("dog", "big red cat")))
        self.write("animals.yaml", "task: animals\ndataset_path: json\ndataset_kwargs: {data_files: {test: rows.jsonl}}\n"
                   "test_split: test\noutput_type: generate_until\ndoc_to_text: q\ndoc_to_target: a\n"
                   "generation_kwargs: {until: ['.']}\nmetric_list: [{metric: exact_match}]\n")
        document = self.json_of(*flags, "--include-path", self.folder, "--prompts-task", "animals")
        counts = {s["n_prompt"] for s in document["series"][0]["samples"] if s["round"] >= 0}
        self.assertEqual(len(counts), 2)
        self.refuse(2, *flags, "--prompts-task", "no_such_task", says="no_such_task")
        self.refuse(2, *flags, "--prompts-task", "mmlu", says="57 tasks")

    def test_prompts_of_a_file(self):
        prompts = self.write("prompts.jsonl", '{"prompt": "Once upon a time"}\n\n{"text": "The little dog ran to the"}\n')
        document = self.json_of("bench", MODEL, "-p", "0", "-n", "0", "--request", "1,5", "--prompts", prompts, "-t", "1",
                                "-r", "4")
        samples = [s for s in document["series"][0]["samples"] if s["round"] >= 0]
        self.assertEqual(len({s["n_prompt"] for s in samples}), 2)
        self.assertEqual({s["n_gen"] for s in samples}, {5})
        long = self.write("long.txt", "word " * 3000)
        self.refuse(3, "bench", MODEL, "--prompts", long, says=["Prompt 1 has", "exceeds the model's context of 128"])
        self.refuse(3, "bench", MODEL, "--prompts", self.write("none.txt", "\n"), says="no prompt")
        self.refuse(3, "bench", MODEL, "--prompts", self.write("bad.jsonl", '{"x": 1}\n'), says="line 1")

    def test_a_variant_that_fails_is_a_row_and_the_others_go_on(self):
        damaged = self.write("damaged.gguf", pathlib.Path(MODEL).read_bytes()[:400000])
        document = self.json_of("bench", MODEL, damaged, "Q8_0", "kv=q8_0", "-p", "16", "-n", "0", "-t", "1", "-r", "2",
                                "--request", "0,0")
        failures = [s["failure"] for s in document["setups"]]
        self.assertEqual([f is None for f in failures], [True, False, True, False])
        self.assertIn("head dimension", failures[3])
        self.assertEqual([s["n_rounds"] for s in document["series"]], [2, 0, 2, 0])
        self.refuse(3, "bench", damaged, "Q8_0", *QUICK)

    def test_longer_than_the_trained_context_is_said(self):
        document = self.json_of("bench", MODEL, "-p", "600", "-n", "0", "-t", "1", "-r", "1", "--request", "0,0")
        self.assertTrue(any("trained for 128" in w for w in document["warnings"]), document["warnings"])

    def test_messages(self):
        for arguments, words in [
            (["-p", "0", "-n", "0", "--request", "0,0"], "nothing to measure"),
            (["-p", "-5"], "negative"),
            (["-p", "abc"], "'abc' is not understood"),
            (["-p", "8-4"], "not understood"),
            (["-pg", "8"], "not understood"),
            (["--request", "8,0"], "at least one token"),
            (["-t", "x"], "not understood"),
            (["-fa", "maybe"], "not understood"),
            (["--precision", "200%"], "not understood"),
            (["--budget", "5 weeks"], "not understood"),
            (["-ub", "0"], "not understood"),
        ]:
            self.refuse(2, "bench", MODEL, *arguments, says=words)
        self.refuse(3, "bench", "nowhere.gguf", says="nowhere.gguf")

    def stop_with_children(self, process):
        """Its measured processes, while it stands still: every round has others, and between two there is none."""
        deadline = time.time() + 10
        while True:
            process.send_signal(signal.SIGSTOP)
            children = subprocess.run(["pgrep", "-P", str(process.pid)], capture_output=True, text=True).stdout.split()
            if children:
                return children
            process.send_signal(signal.SIGCONT)
            self.assertLess(time.time(), deadline, "nothing is measured")
            time.sleep(0.01)

    def test_an_interrupted_run_keeps_what_it_has_and_leaves_no_process(self):
        process = self.start("bench", MODEL, "-p", "0", "-n", "16", "-t", "1", "--request", "0,0", "--precision", "0.0001%",
                             "--budget", "0", "--json")
        time.sleep(3)
        children = self.stop_with_children(process)
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGCONT)
        out, errors = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 130, errors)
        document = json.loads(out)
        self.assertTrue(document["partial"])
        self.assertEqual(document["ended"], "interrupted")
        self.assertGreater(document["series"][0]["n_rounds"], 1)
        for child in children:
            self.assertFalse(os.path.exists(f"/proc/{child}"), child)

    def test_a_killed_run_leaves_no_process(self):
        process = self.start("bench", MODEL, "-p", "0", "-n", "16", "-t", "1", "--request", "0,0", "--precision", "0.0001%",
                             "--budget", "0", "--json")
        time.sleep(3)
        children = self.stop_with_children(process)
        self.assertTrue(children)
        process.kill()
        process.communicate()
        deadline = time.time() + 10
        while any(os.path.exists(f"/proc/{c}/exe") and os.path.exists(f"/proc/{c}") for c in children):
            self.assertLess(time.time(), deadline, "the measured process outlived its parent")
            time.sleep(0.1)

    def test_llama_benchs_layouts(self):
        arguments = ["bench", MODEL, "Q8_0", "-p", "16", "-n", "4", "-t", "1", "-r", "2", "-o"]
        rows = json.loads(self.succeed(*arguments, "json").stdout)
        self.assertEqual([(r["n_prompt"], r["n_gen"]) for r in rows], [(16, 0), (16, 0), (0, 4), (0, 4)])
        for row in rows:
            speeds = [1e9 * (row["n_prompt"] + row["n_gen"]) / ns for ns in row["samples_ns"]]
            self.assertAlmostEqual(row["avg_ts"], sum(speeds) / len(speeds), delta=0.01 * row["avg_ts"])
        lines = [json.loads(line) for line in self.succeed(*arguments, "jsonl").stdout.splitlines()]
        table = list(csv.DictReader(io.StringIO(self.succeed(*arguments, "csv").stdout.decode())))
        self.assertEqual([list(lines[0])[:-2], list(rows[0])[:-2]], [list(table[0])] * 2)
        database = sqlite3.connect(":memory:")
        database.executescript(self.succeed(*arguments, "sql").stdout.decode())
        self.assertEqual(database.execute("select count(*) from llama_bench where n_gen = 4").fetchone(), (2,))
        markdown = self.succeed(*arguments, "md").stdout.decode()
        self.assertIn("| model ", markdown)
        self.assertIn("pp16", markdown)
        self.assertIn("build: ", markdown)

    def test_fields_are_those_of_llama_bench(self):
        tool = shutil.which("llama-bench") or os.environ.get("ASSAY_LLAMA_BENCH")
        if not tool:
            raise unittest.SkipTest("no llama-bench on PATH or in ASSAY_LLAMA_BENCH")
        theirs = json.loads(subprocess.run([tool, "-m", MODEL, "-p", "16", "-n", "4", "-t", "1", "-r", "2", "-o", "json"],
                                           capture_output=True, check=True).stdout)
        ours = json.loads(self.succeed("bench", MODEL, "-p", "16", "-n", "4", "-t", "1", "-r", "2", "-o", "json").stdout)
        same = [k for k in theirs[0] if not k.startswith(("avg", "stddev", "samples", "test_time", "cpu_info"))]
        for mine, their in zip(ours, theirs):
            self.assertEqual(list(mine), list(their))
            self.assertEqual([type(v) for v in mine.values()], [type(v) for v in their.values()])
            self.assertEqual({k: mine[k] for k in same}, {k: their[k] for k in same})


class Tradeoff(KnownMachine):
    def setUp(self):
        super().setUp()
        rows = [{"story": f"Lily had {i} red balls. She went to the", "ends": ["park", "zoo"], "right": i % 2}
                for i in range(40)]
        self.write("rows.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
        self.write("tiny.yaml", TINY_TASK)
        speed = self.json_of("bench", MODEL, "Q8_0", "Q4_0", *QUICK)
        # Speeds set by hand, so that the outcome is known: Q8_0 twice as fast, Q4_0 in between.
        for series in speed["series"]:
            for measure in series["measures"]:
                factor = [1, 2, 1.5][series["setup"]]
                measure["median"] = 100 * factor if measure["name"] == "tokens_per_s" else 10 / factor
                if measure["ratio"]:
                    measure["ratio"].update(value=factor, ci95=[factor - 0.1, factor + 0.1])
        for setup, mib in zip(speed["setups"], (30, 20, 25)):
            setup["peak_bytes"] = mib * 2**20
        self.speed = self.write("speed.json", json.dumps(speed))
        runs = self.json_of("eval", MODEL, "Q8_0", "Q4_0", "--include-path", self.folder, "-t", "1", "--tasks", "tiny")
        comparison = self.json_of("compare", self.write("runs.json", json.dumps(runs)))
        for one, change in zip(comparison["comparisons"], (-0.01, -0.02)):
            one["metrics"][0]["change"].update(value=change, std_error=0.001, ci95=[change - 0.002, change + 0.002])
        self.comparison = self.write("comparison.json", json.dumps(comparison))

    def test_joins_and_names_who_dominates(self):
        report = self.json_of("tradeoff", self.speed, self.comparison)
        self.assertEqual(report["schema"], "assay-tradeoff/1")
        self.assertEqual(report["accuracy_of"], "tiny acc")
        base, better, worse = report["rows"]
        self.assertEqual([r["accuracy"]["value"] for r in report["rows"]], [0, -0.01, -0.02])
        self.assertTrue(base["on_front"] and better["on_front"])
        self.assertEqual(worse["dominated_by"], ["Q8_0"])
        self.assertEqual(better["decode_ratio"]["value"], 2)
        text = self.succeed("tradeoff", self.speed, self.comparison).stdout.decode()
        for words in ["dominated by Q8_0", "on the front", "accuracy change, points", "times as fast (tg8)", "-1.00 [-1.20, -0.80]"]:
            self.assertIn(words, text)

    def test_limits_put_rows_out_of_the_race(self):
        report = self.json_of("tradeoff", self.speed, self.comparison, "--min-decode-tps", "120", "--max-memory", "22M")
        self.assertEqual([r["on_front"] for r in report["rows"]], [False, True, False])
        self.assertIn("decode 100.0 < 120.0 tokens/s", report["rows"][0]["broken_limits"])
        self.assertIn("memory 30.0 > 22.0 MiB", report["rows"][0]["broken_limits"])
        self.assertEqual(self.run_program("tradeoff", self.speed, self.comparison, "--max-ttft", "1").returncode, 1)
        report = self.json_of("tradeoff", self.speed, self.comparison, "-c", "1024")
        document = json.loads(pathlib.Path(self.speed).read_text())
        more = 1024 - document["setups"][0]["model"]["runtime"]["n_ctx"]
        self.assertEqual(report["rows"][0]["memory_bytes"], 30 * 2**20 + more * 640)

    def test_what_is_missing_is_said_and_dominates_nothing(self):
        report = self.json_of("tradeoff", self.speed)
        self.assertEqual([r["accuracy"] is None for r in report["rows"]], [False, True, True])
        self.assertTrue(any("no comparison says what Q8_0 costs" in w for w in report["warnings"]))
        self.assertTrue(report["rows"][0]["on_front"])

    def test_pictures(self):
        picture = self.folder / "plot.svg"
        self.succeed("tradeoff", self.speed, self.comparison, "--svg", picture)
        root = xml.etree.ElementTree.parse(picture).getroot()
        self.assertTrue(root.tag.endswith("svg"))
        self.assertIn("Q8_0", [text.text for text in root.iter() if text.tag.endswith("text")])
        self.refuse(5, "tradeoff", self.speed, self.comparison, "--svg", f"{self.speed}/plot.svg", says="plot.svg")

    def test_messages(self):
        self.refuse(3, "tradeoff", self.write("x.json", "{}"), says="x.json")
        self.refuse(3, "tradeoff", self.comparison, says="comparison.json")
        self.refuse(3, "tradeoff", self.speed, self.speed, says="speed.json")
        self.refuse(2, "tradeoff", self.speed, "--max-memory", "much", says="no amount of memory")
        other = json.loads(pathlib.Path(self.comparison).read_text())
        for one in other["comparisons"]:
            one["variant"].update(name="another", weights="")
        self.refuse(2, "tradeoff", self.speed, self.write("other.json", json.dumps(other)), says="No comparison belongs")


if __name__ == "__main__":
    program.main()
