"""Runs the program under test, each test class in folders of its own."""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

SOURCE = pathlib.Path(__file__).resolve().parents[2]
MODEL = str(SOURCE / "tests/data/stories260K-f32.gguf")
TEXT = str(SOURCE / "tests/data/tinystories_excerpt.txt")
DEMO_SMALL = str(SOURCE / "data/demo/demo-small-f16.gguf")
# One thread: the model is so small that two only wait for each other, the more so beside other tests.
SMALL = ["--text", TEXT, "-c", "128", "--chunks", "4", "-t", "1"]
# A task over rows.jsonl beside it: {"story", "ends": [...], "right"}.
TINY_TASK = """task: tiny
dataset_path: json
dataset_kwargs: {data_files: {test: rows.jsonl}}
test_split: test
output_type: multiple_choice
doc_to_text: "{{story}}"
doc_to_choice: ends
doc_to_target: right
metric_list: [{metric: acc}]
metadata: {version: 1, task_class: language}
"""

# What `make demo-real` leaves behind: SmolLM2-135M-Instruct, its published Q4_1 dequantised to F16.
_CACHE = pathlib.Path(os.environ.get("ASSAY_CACHE") or
                      pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "assay")
SMOLLM2 = _CACHE / "demo-real" / "smollm2-135m-f16.gguf"

_program = None


def data_file(relative):
    """A file of the larger data set, or a skipped test."""
    folder = os.environ.get("ASSAY_DATA")
    if not folder:
        raise unittest.SkipTest("ASSAY_DATA is not set")
    path = pathlib.Path(folder) / relative
    if not path.exists():
        raise unittest.SkipTest(f"ASSAY_DATA has no {relative}")
    return str(path)


class ScenarioCase(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="assay-scenario-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.store = self.folder / "store.db"
        self.environment = dict(os.environ)
        self.environment.update(ASSAY_STORE=str(self.store), ASSAY_CACHE=str(self.folder / "cache"),
                                HOME=str(self.folder), XDG_DATA_HOME=str(self.folder / "data"),
                                XDG_CACHE_HOME=str(self.folder / "xdg-cache"), LC_ALL="C.UTF-8")

    def start(self, *arguments):
        return subprocess.Popen([_program, *map(str, arguments)], env=self.environment,
                                cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE)

    def run_program(self, *arguments, stdin=None):
        given = {"input": stdin} if stdin is not None else {"stdin": subprocess.DEVNULL}
        done = subprocess.run([_program, *map(str, arguments)], env=self.environment,
                              cwd=self.folder, capture_output=True, timeout=250, check=False, **given)
        self.assert_no_crash(done, arguments)
        return done

    def assert_no_crash(self, done, arguments=()):
        errors = done.stderr.decode("utf-8", "replace")
        if done.returncode < 0:
            self.fail(f"{arguments}: {signal.Signals(-done.returncode).name}\n{errors}")
        self.assertNotIn("unexpected:", errors, arguments)
        self.assertNotIn("terminate called", errors, arguments)

    def succeed(self, *arguments, stdin=None):
        done = self.run_program(*arguments, stdin=stdin)
        self.assertEqual(done.returncode, 0, (arguments, done.stderr))
        return done

    def json_of(self, *arguments, stdin=None):
        return json.loads(self.succeed(*arguments, "--json", stdin=stdin).stdout)

    def refuse(self, code, *arguments, says=(), stdin=None):
        """The command ends with `code`, writes nothing to stdout and says all of `says`."""
        done = self.run_program(*arguments, stdin=stdin)
        message = done.stderr.decode("utf-8")
        self.assertEqual(done.returncode, code, (arguments, message))
        self.assertEqual(done.stdout, b"", arguments)
        for words in [says] if isinstance(says, str) else says:
            self.assertIn(words, message, arguments)
        return message

    def write(self, name, content):
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(path)


def path():
    return _program


def main():
    global _program
    _program = os.path.abspath(sys.argv.pop(1))
    result = unittest.main(module="__main__", exit=False).result
    for test, reason in result.skipped:
        print(f"SKIP: {test}: {reason}")
    if not result.wasSuccessful():
        sys.exit(1)
    sys.exit(77 if result.testsRun == len(result.skipped) else 0)
