"""Who does what in tasks.py: Assay, lm-evaluation-harness, llama-perplexity, llama-server; and their files.

What each job returns: seconds, peak_mib, other_load (pairs.py), and what it found."""
import concurrent.futures
import csv
import http.client
import json
import os
import pathlib
import re
import socket
import struct
import subprocess
import tempfile
import time

from pairs import ask, run

LETTERS = "ABCD"
MAX_GEN_TOKS = 256  # of gsm8k: the harness's default
SUMMARY = re.compile(r"^(.*?): \d+ requests in .*; ([0-9.]+) s to load the model"
                     r"(?:, ([0-9.]+) s in prompts, ([0-9.]+) s in decoding)?", re.M)


class Assay:
    def __init__(self, program, model, threads):
        self.program, self.model, self.threads = program, model, threads

    def eval(self, tasks, *flags, variants=()):
        """One process. Its `seconds` are the whole process's; `evaluated` those after the model was loaded, of the last run."""
        done = run([self.program, "eval", self.model, *variants, "--tasks", tasks, "--threads", str(self.threads), "--offline",
                    "--json", *flags])
        done["runs"] = json.loads(done.pop("output"))["runs"]
        _, load, prompts, decoding = SUMMARY.findall(done["errors"])[-1]
        done["load_s"], done["prompts_s"], done["decode_s"] = (float(x or 0) for x in (load, prompts, decoding))
        done["evaluated"] = done["runs"][-1]["header"]["duration_s"] - done["load_s"]
        ratio = re.findall(r"([0-9.]+) of the prefix tree's minimum", done["errors"])
        done["token_ratio"] = float(ratio[-1]) if ratio else None
        done["samples"] = [s for task in done["runs"][-1]["tasks"] for s in task["samples"]]
        return done


def score_of(sample, metric):
    return next(s["value"] for s in sample["scores"] if s["metric"] == metric)


class LmEval:
    """The harness's hf model in a process that stays."""
    def __init__(self, python, weights, data, threads):
        script = pathlib.Path(__file__).with_name("lm_eval_peer.py")
        self.process = subprocess.Popen([python, str(script), weights, data, str(threads)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.name = json.loads(self.process.stdout.readline())["ready"]

    def eval(self, task, shots, limit):
        def job():
            print(json.dumps({"task": task, "shots": shots, "limit": limit}), file=self.process.stdin, flush=True)
            return json.loads(self.process.stdout.readline())
        return ask(self.process.pid, job)

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class LlamaPerplexity:
    def __init__(self, folder, model, threads):
        self.command = [f"{folder}/llama-perplexity", "-m", model, "-t", str(threads)]

    def multiple_choice(self, path):
        done = run([*self.command, "--multiple-choice", "-bf", path, "-c", "2048"], merge=True)
        done["n_right"] = right_of(done["output"])
        return done

    def hellaswag(self, path, n_items):
        done = run([*self.command, "--hellaswag", "--hellaswag-tasks", str(n_items), "-f", path], merge=True)
        done["n_right"] = right_of(done["output"])
        return done


def right_of(output):
    """From the last line of its table: item, percent right."""
    n, percent = re.findall(r"^(\d+)\s+([0-9.]+)%?(?:\s|$)", output, re.M)[-1]
    return round(int(n) * float(percent) / 100)


class LlamaServer:
    def __init__(self, folder, model, threads, slots):
        self.slots = slots
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.process = subprocess.Popen(
            [f"{folder}/llama-server", "-m", model, "-t", str(threads), "-c", str(2048 * slots), "-np", str(slots), "--host",
             "127.0.0.1", "--port", str(self.port), "--no-webui"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while not self.is_ready():
            if self.process.poll() is not None:
                raise RuntimeError("llama-server ended at once")
            time.sleep(0.1)

    def is_ready(self):
        try:
            return self.request("GET", "/health", None)[0] == 200
        except OSError:
            return False

    def request(self, method, path, body):
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        connection.request(method, path, None if body is None else json.dumps(body), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())

    def complete(self, prompt):
        body = {"prompt": prompt["arg_0"], "n_predict": MAX_GEN_TOKS, "stop": prompt["arg_1"]["until"],
                "temperature": 0, "samplers": ["temperature"], "cache_prompt": True}
        status, answer = self.request("POST", "/completion", body)
        assert status == 200, answer
        return answer["content"]

    def all(self, prompts):
        def job():
            with concurrent.futures.ThreadPoolExecutor(self.slots) as pool:
                return {"texts": list(pool.map(self.complete, prompts))}
        return ask(self.process.pid, job)

    def close(self):
        self.process.terminate()
        self.process.wait()


# ---- Files for llama-perplexity ----

def mmlu_rows(data, subject, split):
    with open(os.path.join(data, "datasets", "mmlu", split, f"{subject}_{split}.csv"), newline="", encoding="utf-8") as f:
        return [(r[0], r[1:5], LETTERS.index(r[5])) for r in csv.reader(f)]


def write_multiple_choice(path, data, subject, n_items):
    """The format of llama-perplexity --multiple-choice: number of items, their offsets, the items."""
    def question(text, choices):
        return "\n".join([text.strip()] + [f"{letter}. {c}" for letter, c in zip(LETTERS, choices)]) + "\nAnswer:"

    def text(s):
        return struct.pack("<I", len(s.encode())) + s.encode()
    head = f"The following are multiple choice questions (with answers) about {subject.replace('_', ' ')}.\n\n"
    head += "".join(f"{question(q, c)} {LETTERS[a]}\n\n" for q, c, a in mmlu_rows(data, subject, "dev")[:5])
    items = []
    for q, choices, answer in mmlu_rows(data, subject, "test")[:n_items]:
        answers = struct.pack("<I", 4) + b"".join(map(text, LETTERS)) + struct.pack("<4i", *(i == answer for i in range(4)))
        items.append(text(head + question(q, choices)) + 2 * answers)
    offset, offsets = 4 + 4 * len(items), []
    for item in items:
        offsets.append(offset)
        offset += len(item)
    pathlib.Path(path).write_bytes(struct.pack(f"<{1 + len(items)}I", len(items), *offsets) + b"".join(items))


def write_hellaswag(path, data, n_items):
    """The format of llama-perplexity --hellaswag: six lines an item."""
    with open(os.path.join(data, "datasets", "hellaswag", "hellaswag_val_1000.jsonl"), encoding="utf-8") as f:
        rows = [json.loads(line) for line in f][:n_items]
    lines = [line for r in rows for line in [r["query"], str(r["gold"]), *r["choices"]]]
    pathlib.Path(path).write_text("\n".join(lines) + "\n", encoding="utf-8")


def prompts_of(assay, task, limit):
    """What Assay asks, as lm-eval's sample files have it."""
    with tempfile.TemporaryDirectory() as folder:
        assay.eval(task, "--limit", str(limit), "--output", folder, "--log-samples", "--gen-kwargs", "max_gen_toks=1",
                   "--no-cache")
        lines = next(pathlib.Path(folder).glob("*/samples_*.jsonl")).read_text().splitlines()
    by_item = {}
    for line in map(json.loads, lines):
        by_item[line["doc_id"]] = line["arguments"]["gen_args_0"]
    return [by_item[key] for key in sorted(by_item)]
