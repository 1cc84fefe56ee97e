"""Prompts that lm-evaluation-harness 0.4.13 builds for made-up tasks: golden values of task_test.cc.

    python make_golden.py > golden.json

Each case is a task as in YAML, rows of its splits, options of the run, and what lm-eval's ConfigurableTask asks.
Needs lm-eval and datasets.
"""

import json
import logging
import pathlib
import sys
import tempfile

from lm_eval.api.task import ConfigurableTask

logging.disable(logging.WARNING)

ANIMALS = ["cat", "dog", "owl", "bee", "elk", "ant", "fox", "hen", "pig", "rat", "yak", "emu"]


def questions(n, start=0):
    rows = []
    for i in range(start, start + n):
        options = [ANIMALS[(i + k * 3) % 12] for k in range(4)]
        rows.append({"question": f"Which is number {i}? ", "options": options, "label": (i * 7) % 4, "name": options[(i * 7) % 4], "subject": f"zoo {i % 3}"})
    return rows


def blanks(n):
    return [{"sentence": f"The {a} chased the {b} because the _ was hungry {i}.", "option1": a, "option2": b, "answer": str(1 + i % 2)}
            for i, (a, b) in enumerate(zip(ANIMALS[:n], ANIMALS[-n:]))]


def words(n):
    return [{"q": f"{i} + {i}", "a": str(2 * i), "aliases": [str(2 * i), f"{2 * i}.0"], "text": f"Once {i} mice\n\nran ."} for i in range(n)]


CHOICE = {"output_type": "multiple_choice", "doc_to_text": "Question: {{question.strip()}}\nAnswer:", "doc_to_choice": "options", "doc_to_target": "label"}
LETTERS = {"output_type": "multiple_choice", "doc_to_choice": ["A", "B", "C", "D"], "doc_to_target": "label",
           "doc_to_text": "{{question}}\n{% for o in options %}{{'ABCD'[loop.index0]}}. {{o}}\n{% endfor %}Answer:"}
SUM = {"output_type": "generate_until", "doc_to_text": "Q: {{q}}\nA:", "doc_to_target": "{{a}}"}
WINO = {"output_type": "multiple_choice", "doc_to_text": "{{ {'1': 0, '2': 1}[answer] }}", "doc_to_target": "{{sentence.split('_', 1)[1].strip()}}",
        "doc_to_choice": "{% set s = sentence.split('_', 1)[0] %}{{[s + option1, s + option2]}}"}
SPLITS = {"training_split": "train", "test_split": "test"}
QUESTIONS = {"train": questions(9, 20), "test": questions(6)}
SUMS = {"train": words(8), "test": words(5)[::-1]}

# name: task, rows, options
CASES = {
    "random_examples": ({**LETTERS, **SPLITS, "fewshot_split": "train", "num_fewshot": 3, "description": "About animals.\n\n"}, QUESTIONS, {}),
    "random_examples_other_seed": ({**LETTERS, **SPLITS, "fewshot_split": "train", "num_fewshot": 3}, QUESTIONS, {"fewshot_seed": 99}),
    "examples_of_the_evaluated_split": ({**CHOICE, "validation_split": "test", "num_fewshot": 3}, {"test": questions(5) + questions(2)}, {}),
    "all_but_the_question": ({**CHOICE, "test_split": "test", "fewshot_split": "test", "num_fewshot": 4}, {"test": questions(5)}, {}),
    "training_split_without_test_split": ({**CHOICE, "training_split": "train", "validation_split": "test", "num_fewshot": 2}, QUESTIONS, {}),
    "many_examples": ({**CHOICE, **SPLITS, "num_fewshot": 7}, {"train": questions(60, 30), "test": questions(5)}, {}),
    "first_n": ({**CHOICE, **SPLITS, "fewshot_split": "train", "fewshot_config": {"sampler": "first_n"}, "num_fewshot": 2, "fewshot_delimiter": "\n###\n",
                 "target_delimiter": " => "}, QUESTIONS, {}),
    "first_n_of_the_evaluated_split": ({**CHOICE, "test_split": "test", "fewshot_split": "test", "fewshot_config": {"sampler": "first_n"}, "num_fewshot": 2}, {"test": questions(4)}, {}),
    "examples_formatted_otherwise": ({**SUM, **SPLITS, "num_fewshot": 2, "fewshot_config": {"sampler": "first_n", "split": "train", "doc_to_text": "{{q}} ?",
                                      "doc_to_target": "it is {{a}}", "target_delimiter": " | ", "fewshot_delimiter": " ;; ", "gen_prefix": "Well:"}}, SUMS, {}),
    "written_examples": ({**SUM, "test_split": "test", "num_fewshot": 2, "fewshot_config": {"sampler": "first_n", "samples": [{"q": "1 + 0", "a": "1"}, {"q": "0 + 0", "a": "0"}, {"q": "x", "a": "y"}]},
                          "generation_kwargs": {"until": ["</s>", "Q:"], "max_gen_toks": 17, "do_sample": False, "temperature": 0.0}}, SUMS, {}),
    "written_examples_in_random_order": ({**SUM, "test_split": "test", "num_fewshot": 2, "fewshot_config": {"samples": [{"q": f"{i}", "a": f"{i}"} for i in range(4)]}}, SUMS, {}),
    "number_of_examples_given": ({**CHOICE, **SPLITS, "num_fewshot": 1}, QUESTIONS, {"num_fewshot": 2}),
    "no_examples_by_rule": ({**CHOICE, **SPLITS, "num_fewshot": 0}, QUESTIONS, {"num_fewshot": 2}),
    "inputs_are_choices": ({**WINO, "training_split": "train", "validation_split": "validation"}, {"train": blanks(6), "validation": blanks(4)}, {}),
    "inputs_are_choices_with_examples": ({**WINO, "training_split": "train", "validation_split": "validation", "num_fewshot": 2}, {"train": blanks(6), "validation": blanks(4)}, {}),
    "inputs_are_choices_in_chat": ({**WINO, "training_split": "train", "validation_split": "validation", "num_fewshot": 1}, {"train": blanks(6), "validation": blanks(3)}, {"chat": True}),
    "mutual_information": ({**CHOICE, **SPLITS, "metric_list": [{"metric": "acc"}, {"metric": "acc_mutual_info"}]}, QUESTIONS, {}),
    "target_is_the_text_of_a_choice": ({**CHOICE, **SPLITS, "doc_to_target": "name", "num_fewshot": 1}, QUESTIONS, {}),
    "target_is_a_template": ({**CHOICE, **SPLITS, "doc_to_target": "{{options.index(name)}}", "num_fewshot": 2}, QUESTIONS, {}),
    "several_right_choices": ({**CHOICE, **SPLITS, "doc_to_target": "{{[label, (label + 1) % 4]}}"}, QUESTIONS, {}),
    "choices_are_a_map": ({**LETTERS, **SPLITS, "doc_to_choice": {"a": "first", "b": "second", "c": "third", "d": "fourth"}, "num_fewshot": 1}, QUESTIONS, {}),
    "choices_are_a_template": ({**CHOICE, **SPLITS, "doc_to_choice": "{{options | map('upper') | list}}", "num_fewshot": 1}, QUESTIONS, {}),
    "target_is_a_number": ({**CHOICE, **SPLITS, "doc_to_target": 2, "num_fewshot": 1}, QUESTIONS, {}),
    "description_is_a_template": ({**CHOICE, **SPLITS, "description": "About {{subject}}:\n", "num_fewshot": 1}, QUESTIONS, {}),
    "generation_by_default": ({**SUM, **SPLITS, "num_fewshot": 1}, SUMS, {}),
    "generation_settings": ({**SUM, **SPLITS, "repeats": 2, "generation_kwargs": {"until": "\n", "do_sample": True, "temperature": 0.2, "top_p": 0.95}}, SUMS, {}),
    "generation_settings_given": ({**SUM, **SPLITS, "generation_kwargs": {"until": ["\n"], "do_sample": False}}, SUMS,
                                  {"gen_kwargs": "temperature=0.7,top_k=40,do_sample=True,max_gen_toks=12"}),
    "prefix_of_the_answer": ({**SUM, **SPLITS, "num_fewshot": 1, "gen_prefix": "The sum is"}, SUMS, {}),
    "prefix_from_the_row": ({**SUM, **SPLITS, "num_fewshot": 1, "gen_prefix": "So {{q}} ="}, SUMS, {}),
    "several_targets": ({**SUM, **SPLITS, "doc_to_target": "aliases", "num_fewshot": 2}, SUMS, {}),
    "target_template_of_a_list": ({**SUM, **SPLITS, "doc_to_target": "{{aliases}}", "num_fewshot": 1}, SUMS, {}),
    "loglikelihood": ({"output_type": "loglikelihood", "test_split": "test", "doc_to_text": "{{text.split(' ')[:-1] | join(' ')}}", "doc_to_target": "{{' ' + text.split(' ')[-1]}}"}, SUMS, {}),
    "rolling": ({"output_type": "loglikelihood_rolling", "test_split": "test", "doc_to_text": "", "doc_to_target": "{{text}}"}, SUMS, {}),
    "chat": ({**SUM, **SPLITS, "num_fewshot": 2, "description": "Add."}, SUMS, {"chat": True, "system_instruction": "Be brief."}),
    "chat_in_one_turn": ({**SUM, **SPLITS, "num_fewshot": 2, "description": "Add."}, SUMS, {"chat": True, "multiturn": False}),
    "chat_with_prefix": ({**SUM, **SPLITS, "num_fewshot": 1, "gen_prefix": "The sum is"}, SUMS, {"chat": True}),
    "chat_with_prefix_in_one_turn": ({**SUM, **SPLITS, "num_fewshot": 1, "gen_prefix": "The sum is "}, SUMS, {"chat": True, "multiturn": False, "system_instruction": "S"}),
    "chat_of_choices": ({**CHOICE, **SPLITS, "num_fewshot": 1}, QUESTIONS, {"chat": True}),
    "chat_of_choices_with_prefix": ({**CHOICE, **SPLITS, "num_fewshot": 1, "gen_prefix": "Answer"}, QUESTIONS, {"chat": True}),
    "system_instruction_without_chat": ({**CHOICE, **SPLITS, "num_fewshot": 1, "description": "D"}, QUESTIONS, {"system_instruction": "Sys"}),
    "a_fraction": ({**CHOICE, **SPLITS, "num_fewshot": 1}, QUESTIONS, {"limit": 0.4}),
    "a_count": ({**CHOICE, **SPLITS, "num_fewshot": 1}, QUESTIONS, {"limit": 2}),
    "chosen_samples": ({**CHOICE, **SPLITS, "num_fewshot": 1}, QUESTIONS, {"samples": [1, 4]}),
}


def render(messages, add_generation_prompt):
    text = "".join(f"<|{m['role']}|>{m['content']}<|end|>" for m in messages)
    return text + "<|assistant|>" if add_generation_prompt else text.removesuffix("<|end|>")


def asked(config, rows, options, folder):
    files = {}
    for split, content in rows.items():
        files[split] = str(pathlib.Path(folder) / f"{split}.jsonl")
        pathlib.Path(files[split]).write_text("".join(json.dumps(row) + "\n" for row in content))
    task = ConfigurableTask(config={"task": "made_up", "dataset_path": "json", "dataset_kwargs": {"data_files": files}, **json.loads(json.dumps(config))})
    # what lm_eval.evaluator.simple_evaluate does with its arguments
    if options.get("gen_kwargs"):
        from lm_eval.utils import simple_parse_args_string

        task.set_config("generation_kwargs", simple_parse_args_string(options["gen_kwargs"]), update=True)
    if options.get("num_fewshot") is not None:
        if task.get_config("num_fewshot") != 0:
            task.set_config("num_fewshot", options["num_fewshot"])
    elif task.get_config("num_fewshot") is None:
        task.set_config("num_fewshot", 0)
    task.set_fewshot_seed(options.get("fewshot_seed", 1234))
    from lm_eval.evaluator_utils import get_sample_size

    samples = options.get("samples")
    task.build_all_requests(limit=get_sample_size(task, options.get("limit")), samples=samples, system_instruction=options.get("system_instruction"),
                            apply_chat_template=options.get("chat", False), fewshot_as_multiturn=options.get("chat", False) and options.get("multiturn", True),
                            chat_template=render if options.get("chat") else None)
    by_document = {}
    for request in task.instances:
        by_document.setdefault(request.doc_id, []).append(request)
    result = []
    for i, requests in by_document.items():
        kwargs = requests[0].args[1] if task.OUTPUT_TYPE == "generate_until" else None
        result.append({"row": samples[i] if samples else i, "target": str(task.doc_to_target(requests[0].doc)), "generation": kwargs, "repeats": requests[0].repeats,
                       "requests": [[a for a in r.args if isinstance(a, str)] for r in requests]})
    return result


def main():
    cases = []
    for name, (config, rows, options) in CASES.items():
        with tempfile.TemporaryDirectory() as folder:
            cases.append({"name": name, "task": config, "rows": rows, "options": options, "samples": asked(config, rows, options, folder)})
    from importlib.metadata import version

    json.dump({"lm_eval": version("lm_eval"), "cases": cases}, sys.stdout, indent=1)


main()
