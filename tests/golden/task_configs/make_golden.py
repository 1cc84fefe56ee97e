"""What lm-evaluation-harness makes of its own task files, for tests/unit/tasks/lm_eval_tasks_test.cc.

    python3 -m venv venv && venv/bin/pip install lm_eval==0.4.13 && venv/bin/python make_golden.py [--all FILE] [--show NAME]

Writes golden.json beside itself: for each task a hash of its configuration as lm_eval.config.TaskConfig completes it
(few-shot fields inherited, defaults filled in), for each group and tag a hash of the groups and tasks that lm-eval's
TaskManager builds for it; and how PyYAML's SafeLoader reads plain scalars. No data set is loaded and no task code runs.
Nothing here calls Assay. --all writes the same for every name of lm-eval into FILE; --show prints what is hashed.
"""
import copy
import fnmatch
import importlib.metadata
import json
import pathlib
import sys

import yaml

import lm_eval.tasks._factory as factory
import lm_eval.tasks._index as index
import lm_eval.tasks._yaml_loader as loader
from lm_eval.api.registry import is_higher_better
from lm_eval.api.task import ConfigurableTask
from lm_eval.config.task import TaskConfig
from lm_eval.tasks import TaskManager

# The tasks that Assay ships, and their relatives.
PATTERNS = ["mmlu*", "gsm8k*", "arc_*", "ai2_arc", "hellaswag", "winogrande", "humaneval*", "minerva_math*",
            "hendrycks_math*", "mmlu_pro*", "truthfulqa*", "boolq", "piqa", "wikitext", "lambada*"]
LEFT_OUT = ["mmlu_prox*", "truthfulqa-multi*", "mmlu_*_llama*"]  # thousands of translations: only with --all

SCALARS = """yes Yes YES no off On oN y n true TRUE tRUE null Null ~ NULL nil 0 -0 +1 012 08 0o17 0x1F 0xg 0b101 0b2
1_000 _1 1__0 12e3 1e-3 1.5e-3 1.5e3 1.5E+3 1. .5 -.5 +.5 . -1. 1_0.2_5 1:30 -1:30 1:60 01:30 0:30 190:20:30 190:20:30.15
1:2.5 2001-12-14 2001-12-14t21:59:43.10-05:00 2001-1-1 0.1.2 1.0.0 v1 00 -012 0x_1 0b_1 1,000 +0x1f -0b11 1e5 1E5 1e+5
9007199254740993 9223372036854775807 -9223372036854775808 18446744073709551615 0.1 1.10 123456789.123 -0.0 0777 0_7 on off
3.0e-05 2.5e-324 nan inf""".split()


class Function(str):
    """An unresolved !function."""

    def __call__(self):
        raise NotImplementedError("only its name is asked for")


def function_constructor(base_dir, resolve):
    return lambda yaml_loader, node: Function(yaml_loader.construct_scalar(node))


class ConfigOnly(ConfigurableTask):
    """A task without its data set."""

    def __init__(self, config):
        self._config = TaskConfig(**copy.deepcopy(config))


loader._mk_function_ctor = function_constructor
factory.ConfigurableTask = ConfigOnly


def plain(value):
    """JSON with {"!function": ...} in place of functions."""
    if isinstance(value, Function):
        return {"!function": str(value)}
    if isinstance(value, dict):
        return {key if isinstance(key, str) else json.dumps(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value


def rest(entry, *known):
    return {key: plain(value) for key, value in entry.items() if key not in known}


def metric(entry):
    name = entry["metric"]
    higher = entry.get("higher_is_better")
    if higher is None:
        higher = is_higher_better(name) if not isinstance(name, Function) else True
    return {"metric": plain(name), "aggregation": plain(entry.get("aggregation")),
            "higher_is_better": True if higher is None else higher,
            "args": rest(entry, "metric", "aggregation", "higher_is_better")}


def described(config):
    shots = config.fewshot_config
    filters = config.filter_list or [{"name": "none", "filter": [{"function": "take_first"}]}]
    fields = ["task", "dataset_path", "dataset_kwargs", "training_split", "validation_split", "test_split",
              "process_docs", "doc_to_text", "doc_to_target", "doc_to_choice", "process_results", "target_delimiter",
              "fewshot_delimiter", "num_fewshot", "output_type", "repeats", "unsafe_code"]
    if config.output_type == "generate_until":
        fields.append("generation_kwargs")
    return {
        **{field: plain(getattr(config, field)) for field in fields},
        "dataset_name": None if config.dataset_name is None else str(config.dataset_name),
        "description": config.description or None, "gen_prefix": config.gen_prefix or None,
        "version": None if "version" not in (config.metadata or {}) else str(config.metadata["version"]),
        "fewshot": {field: plain(getattr(shots, field)) for field in (
            "sampler", "split", "process_docs", "fewshot_indices", "samples", "doc_to_text", "doc_to_choice",
            "doc_to_target", "fewshot_delimiter", "target_delimiter")} | {"gen_prefix": shots.gen_prefix or None},
        "filters": [{"name": pipeline["name"], "steps": [
            {"function": plain(step["function"]), "args": rest(step, "function")} for step in pipeline["filter"]]}
            for pipeline in filters],
        "metrics": [metric(entry) for entry in config.metric_list or []],
    }


def described_group(group):
    return {"group": group.name, "members": group.child_names,
            "version": None if "version" not in (group.metadata or {}) else str(group.metadata["version"]),
            "aggregates": [{"metric": item.metric, "weight_by_size": item.weight_by_size,
                            "filters": item.filter_list or []} for item in group.aggregate_metric_list or []]}


def as_text(value):
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def hashed(value):
    """FNV-1a, 64 bits."""
    number = 0xCBF29CE484222325
    for byte in as_text(value).encode():
        number = (number ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return f"{number:016x}"


def scalars():
    result = []
    for text in SCALARS:
        value = yaml.load(text, Loader=yaml.CSafeLoader)
        if type(value).__name__ in ("date", "datetime"):
            value = text  # dates stay texts in Assay
        result.append([text, value])
    return result


def main(arguments):
    manager = TaskManager()
    everything = "--all" in arguments
    golden = {"lm_eval": importlib.metadata.version("lm_eval"), "pyyaml": yaml.__version__, "tasks": {}, "groups": {},
              "refused": {}, "scalars": scalars()}
    for name, entry in sorted(manager.task_index.items()):
        wanted = any(fnmatch.fnmatchcase(name, pattern) for pattern in PATTERNS)
        left_out = any(fnmatch.fnmatchcase(name, pattern) for pattern in LEFT_OUT)
        if not everything and (not wanted or left_out) or entry.kind == index.Kind.PY_TASK:
            continue
        try:
            loaded = manager.load(name)
        except Exception as error:  # what lm-eval refuses is part of the answer
            golden["refused"][name] = f"{type(error).__name__}: {error}"[:200]
            continue
        tasks = {task: described(value.config) for task, value in loaded["tasks"].items()}
        groups = [described_group(group) for group in loaded.get("groups", {}).values()]
        if "--show" in arguments and name == arguments[arguments.index("--show") + 1]:
            print(as_text([tasks, groups]))
        if entry.kind == index.Kind.TASK:
            golden["tasks"][name] = hashed(tasks[name])
        else:
            golden["groups"][name] = hashed({"groups": sorted(groups, key=lambda group: group["group"]),
                                             "tasks": {task: hashed(value) for task, value in tasks.items()}})
    path = pathlib.Path(__file__).parent / "golden.json"
    if everything:
        path = pathlib.Path(arguments[arguments.index("--all") + 1])
    path.write_text(json.dumps(golden, indent=0, sort_keys=True) + "\n")
    print(f"{len(golden['tasks'])} tasks, {len(golden['groups'])} groups and tags, {len(golden['refused'])} refused")


main(sys.argv[1:])
