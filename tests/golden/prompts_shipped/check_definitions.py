"""Holds the shipped definitions against the harness's own, in the harness itself: every field that
decides requests and scores is equal, and so is every prompt of prompts.json.

usage: check_definitions.py TASKS_FOLDER DATA_FOLDER
Needs no part of Assay's program: a definition that is wrong shows here before any C++ reads it."""
import functools
import glob
import json
import os
import sys

import yaml

import harness
import hub_rows
import make_golden

# What the names of Assay's built-in functions stand for.
FUNCTIONS = {
    "hellaswag_process_docs": "hellaswag/utils.process_docs",
    "hendrycks_math_process_docs": "hendrycks_math/utils.process_docs",
    "minerva_math_process_docs": "minerva_math/utils.process_docs",
    "wikitext_detokenizer": "wikitext/preprocess_wikitext.wikitext_detokenizer",
    "wikitext": "wikitext/preprocess_wikitext.process_results",
    "hendrycks_math": "hendrycks_math/utils.process_results",
    "minerva_math": "minerva_math/utils.process_results",
    "truthfulqa_mc2": "truthfulqa/utils.process_results_mc2",
    "pass_at_k": "humaneval/utils.pass_at_k",
    "pass_at_1": "mbpp/utils.pass_at_1",
    "humaneval_predictions": "humaneval/utils.build_predictions",
}
EQUAL = ["task", "task_alias", "dataset_path", "dataset_name", "test_split", "validation_split",
         "fewshot_split", "output_type", "generation_kwargs", "repeats", "filter_list",
         "metric_list", "process_results", "num_fewshot", "target_delimiter", "fewshot_delimiter",
         "unsafe_code", "gen_prefix"]
FOLDER = os.path.dirname(harness.lm_eval.tasks.__file__)


@functools.lru_cache(maxsize=None)
def function(name):
    if name.startswith("mmlu_pro_process_docs_"):
        name = "mmlu_pro/utils.process_" + name.removeprefix("mmlu_pro_process_docs_")
    else:
        name = FUNCTIONS[name]
    where, _, qualified = name.rpartition("/")
    from pathlib import Path
    return harness.lm_eval.tasks._yaml_loader._import_func_in_yml(qualified, Path(FOLDER) / where)


class Loader(yaml.SafeLoader):
    pass


Loader.add_constructor("!function", lambda loader, node: function(
    loader.construct_scalar(node).removeprefix("builtin.")))


def load(path):
    with open(path, encoding="utf-8") as f:
        config = yaml.load(f, Loader)
    if "include" in config:
        config = {**load(os.path.join(os.path.dirname(path), config.pop("include"))), **config}
    return config


def definitions(folder):
    """{name: configuration}; groups too."""
    found = {}
    for path in sorted(glob.glob(os.path.join(folder, "**", "*.yaml"), recursive=True)):
        config = load(path)
        listed = config.pop("task_list", None)
        for one in [{**config, **item} for item in listed] if listed else [config]:
            name = one.get("group") or one.get("task")
            if name:
                assert name not in found, name
                found[name] = one
    return found


def comparable(config):
    as_task = harness.lm_eval.api.task.TaskConfig(
        **{k: v for k, v in config.items() if k not in ("tag", "metadata")})
    held = {k: getattr(as_task, k) for k in EQUAL}
    held["version"] = config["metadata"]["version"]
    held["sampler"] = as_task.fewshot_config.sampler
    return held


def check_group(ours, theirs, name):
    def aggregates(config):
        return [(a["metric"], a.get("weight_by_size", True), a.get("filter_list"))
                for a in config.get("aggregate_metric_list", [])]
    for key, value in (("task", lambda c: c["task"]), ("alias", lambda c: c.get("group_alias")),
                       ("aggregates", aggregates), ("version", lambda c: c["metadata"]["version"])):
        assert value(ours) == value(theirs), (name, key, value(ours), value(theirs))


def main():
    folder, data = sys.argv[1:]
    ours = definitions(folder)
    manager = make_golden.open_manager()
    differing = []
    for name, config in ours.items():
        if "group" in config:
            check_group(config, manager.task_index[name].cfg, name)
            continue
        a, b = comparable(config), comparable(make_golden.config_of(manager, name))
        differing += [(name, key, a[key], b[key]) for key in a if a[key] != b[key]]
    assert not differing, "\n".join(map(str, differing))
    tagged = {}
    for name, config in ours.items():
        if "tag" in config:
            tagged.setdefault(config["tag"], set()).add(name)
    for tag, names in tagged.items():
        assert names == manager.task_index[tag].tags, (tag, names)
    sources = {"local": hub_rows.local(data),
               "made": hub_rows.made(os.path.join(make_golden.HERE, "rows"))}
    n = 0
    with open(os.path.join(make_golden.HERE, "prompts.json"), encoding="utf-8") as f:
        records = json.load(f)["records"]
    for r in records:
        config = {k: v for k, v in ours[r["task"]].items() if k != "tag"}
        task = harness.build(config, sources[r["rows"]], r["num_fewshot"])
        hashes = [harness.item_hash(fields) for fields in harness.items(task)]
        assert harness.whole_hash(hashes) == r["all"], (r["task"], r["rows"], r["num_fewshot"])
        n += len(hashes)
    print("equal: %d definitions, %d items in %d records" % (len(ours), n, len(records)))


if __name__ == "__main__":
    main()
