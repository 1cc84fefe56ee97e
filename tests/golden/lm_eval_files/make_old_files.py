"""Writes what older versions of lm-evaluation-harness write: python make_old_files.py OUT, with the version's folder first in
PYTHONPATH (0.4.2 and 0.4.5 were used, with the newer libraries of 0.4.13's environment, hence the stand-ins below).
From results.json the keys that concern the machine were removed."""
import json
import pathlib
import random
import sys
import tempfile
import types

import evaluate

for name in ("lm_eval.models.hf_vlms", "lm_eval.models.vllm_vlms"):  # need names that transformers no longer has
    sys.modules[name] = types.ModuleType(name)


class ExactMatch:
    """In place of the module that `evaluate` would fetch."""

    def compute(self, predictions, references, **_):
        return {"exact_match": sum(p == r for p, r in zip(predictions, references)) / len(predictions)}


evaluate.load = lambda *_, **__: ExactMatch()
from lm_eval.__main__ import cli_evaluate  # noqa: E402
from lm_eval.models.dummy import DummyLM  # noqa: E402

DICE = random.Random(3)
DummyLM.generate_until = lambda self, requests, disable_tqdm=False: [DICE.choice(["one", "TWO", "two"]) for _ in requests]
DummyLM.loglikelihood = lambda self, requests, disable_tqdm=False: [(-5 * DICE.random(), DICE.random() < 0.5) for _ in requests]
ROWS = [{"q": f"How much is {i} and {i}?", "ends": ["one", "two", "three"][: 2 + i % 2], "right": i % 2, "word": ["one", "two"][i % 2]}
        for i in range(3)]
COMMON = "dataset_path: json\ndataset_kwargs: {data_files: {test: ROWS}}\ntest_split: test\nmetadata: {version: 2.5}\n"
TASKS = {
    "t_choices": 'output_type: multiple_choice\ndoc_to_text: "{{q}}"\ndoc_to_choice: "{{ends}}"\ndoc_to_target: right\n'
                 'metric_list: [{metric: acc, aggregation: mean, higher_is_better: true}, '
                 '{metric: acc_norm, aggregation: mean, higher_is_better: true}]\n',
    "t_texts": 'output_type: generate_until\ndoc_to_text: "{{q}}"\ndoc_to_target: "{{word}}"\nrepeats: 1\n'
               'generation_kwargs: {until: ["\\n"]}\n'
               'metric_list: [{metric: exact_match, aggregation: mean, higher_is_better: true}]\nfilter_list:\n'
               '  - {name: first, filter: [{function: take_first}]}\n'
               '  - {name: upper, filter: [{function: uppercase}, {function: take_first}]}\n',
}


def main():
    folder = pathlib.Path(tempfile.mkdtemp())
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    for name, text in TASKS.items():
        (folder / f"{name}.yaml").write_text(f"task: {name}\n" + COMMON.replace("ROWS", str(folder / "rows.jsonl")) + text)
    sys.argv[1:] = ["--model", "dummy", "--tasks", ",".join(TASKS), "--include_path", str(folder),
                    "--output_path", sys.argv[1], "--log_samples"]
    cli_evaluate()


main()
