"""Writes what lm-evaluation-harness itself writes, for the tests of `assay import`: every output type, two filters, repeats,
several right choices, several contexts, choices given by their text. Usage, with lm_eval 0.4.13 installed:

    HF_DATASETS_OFFLINE=1 python make_files.py

The model is the harness's own "dummy": random numbers, one text for every prompt. Texts of results_*.json that concern
the machine it ran on are removed; nothing else is changed."""
import json
import pathlib
import random
import shutil
import tempfile

import lm_eval
from lm_eval.api.registry import get_model
from lm_eval.loggers import EvaluationTracker
from lm_eval.tasks import TaskManager

HERE = pathlib.Path(__file__).parent / "v0.4.13"
ROWS = [{"q": f"How much is {i} and {i}?", "ends": ["one", "two", "three"][: 2 + i % 2], "right": i % 2,
         "word": ["one", "two"][i % 2], "both": [0, 1] if i == 2 else [i % 2], "text": f"The number {i} is the word é.",
         "a": f"The trophy number {i} is big because the trophy", "b": f"The trophy number {i} is big because the case"}
        for i in range(5)]
COMMON = "dataset_path: json\ndataset_kwargs: {data_files: {test: rows.jsonl}}\ntest_split: test\nmetadata: {version: 2.5}\n"
TASKS = {
    "choices": 'output_type: multiple_choice\ndoc_to_text: "{{q}}"\ndoc_to_choice: ends\ndoc_to_target: right\n'
               'num_fewshot: 0\nmetric_list: [{metric: acc}, {metric: acc_norm}, {metric: acc_bytes}, {metric: f1}, '
               '{metric: mcc}, {metric: exact_match}]\n',
    "brier": 'output_type: multiple_choice\ndoc_to_text: "{{q}}"\ndoc_to_choice: ["one", "two"]\ndoc_to_target: word\n'
             'target_delimiter: ""\nmetric_list: [{metric: acc}, {metric: brier_score}]\n',
    "several": 'output_type: multiple_choice\ndoc_to_text: "{{q}}"\ndoc_to_choice: ends\ndoc_to_target: both\n'
               'metric_list: [{metric: acc}, {metric: acc_norm}]\n',
    "mutual": 'output_type: multiple_choice\ndoc_to_text: "{{q}}"\ndoc_to_choice: ["one", "two"]\ndoc_to_target: right\n'
              'metric_list: [{metric: acc}, {metric: acc_mutual_info}]\n',
    "contexts": 'output_type: multiple_choice\ndoc_to_text: right\ndoc_to_choice: "{{[a, b]}}"\n'
                'doc_to_target: "is too big."\nmetric_list: [{metric: acc}]\n',
    "last_word": 'output_type: loglikelihood\ndoc_to_text: "{{q}}"\ndoc_to_target: " {{word}}"\n'
                 'metric_list: [{metric: perplexity, aggregation: perplexity, higher_is_better: false}, {metric: acc}]\n',
    "rolling": 'output_type: loglikelihood_rolling\ndoc_to_text: ""\ndoc_to_target: "{{text}}"\n'
               'metric_list: [{metric: word_perplexity}, {metric: byte_perplexity}, {metric: bits_per_byte}]\n',
    "texts": 'output_type: generate_until\ndoc_to_text: "{{q}}"\ndoc_to_target: "{{word}}"\nrepeats: 3\n'
             'generation_kwargs: {until: ["\\n"], do_sample: true, temperature: 0.5}\n'
             'metric_list: [{metric: exact_match, ignore_case: true}]\nfilter_list:\n'
             '  - {name: first, filter: [{function: take_first}]}\n'
             '  - {name: word, filter: [{function: regex, regex_pattern: "(one|two)"}, {function: majority_vote}, '
             '{function: take_first}]}\n',
}
GROUP = "group: tiny\ntask: [t_choices, t_several]\naggregate_metric_list: [{metric: acc, weight_by_size: true}]\n"
MACHINE = {"pretty_env_info", "git_hash", "upper_git_hash", "date", "total_evaluation_time_seconds"}


class Dice(get_model("dummy")):
    """The dummy says one text only; this one draws from three."""

    def __init__(self):
        super().__init__()
        self.dice = random.Random(5)

    def generate_until(self, requests, disable_tqdm=False):
        return [self.dice.choice(["it is one", "TWO", "two"]) for _ in requests]

    def loglikelihood(self, requests, disable_tqdm=False):
        return [(-self.dice.random() * 5, self.dice.random() < 0.5) for _ in requests]

    def loglikelihood_rolling(self, requests, disable_tqdm=False):
        return [-self.dice.random() * 50 for _ in requests]


def main():
    folder = pathlib.Path(tempfile.mkdtemp())
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    for name, text in TASKS.items():
        common = COMMON.replace("rows.jsonl", str(folder / "rows.jsonl"))
        (folder / f"{name}.yaml").write_text(f"task: t_{name}\n{common}{text}")
    (folder / "group.yaml").write_text(GROUP)
    tracker = EvaluationTracker(output_path=str(folder / "out"))
    results = lm_eval.simple_evaluate(
        model=Dice(), tasks=["tiny", *(f"t_{name}" for name in TASKS if name not in ("choices", "several"))],
        task_manager=TaskManager(include_path=str(folder)), evaluation_tracker=tracker, bootstrap_iters=100)
    tracker.general_config_tracker.model_name = "toy/dice"
    tracker.general_config_tracker.model_name_sanitized = "toy__dice"
    samples = results.pop("samples")
    tracker.save_results_aggregated(results=results, samples=samples)
    for name, lines in samples.items():
        tracker.save_results_samples(task_name=name, samples=lines)
    for path in (folder / "out" / "toy__dice").iterdir():
        date = path.stem.rpartition("_")[2]
        text = path.read_text().replace(date, "2026-11-26T01-02-03.456789").replace(f"{folder}/", "")
        if path.suffix == ".json":
            content = {key: value for key, value in json.loads(text).items() if key not in MACHINE}
            text = json.dumps({**content, "date": 1795654923.5}, indent=1, ensure_ascii=False) + "\n"
        (HERE / path.name.replace(date, "2026-11-26T01-02-03.456789")).write_text(text)
    shutil.rmtree(folder)


main()
