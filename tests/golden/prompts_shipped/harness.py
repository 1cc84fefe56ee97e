"""Tasks built by the installed lm-evaluation-harness, on given rows, and what they ask as bytes."""
import importlib.metadata
import logging
import sys
import types

import datasets
import xxhash


def _stand_in(name, **members):
    """Modules that only scoring needs need not be installed."""
    module = types.ModuleType(name)
    module.__dict__.update(members)
    sys.modules[name] = module


def _prepare():
    try:
        import math_verify  # noqa: F401
    except ModuleNotFoundError:
        _stand_in("antlr4")
        _stand_in("math_verify", parse=None, verify=None)
        real = importlib.metadata.version
        importlib.metadata.version = (
            lambda n: "4.11" if n == "antlr4-python3-runtime" else real(n))
    code_eval = types.SimpleNamespace(compute=lambda **kwargs: ({"pass@1": 0.0}, {}))
    _stand_in("evaluate", load=lambda name: code_eval)
    logging.disable(logging.WARNING)


_prepare()
import lm_eval.models.utils  # noqa: E402
import lm_eval.tasks  # noqa: E402
from lm_eval.api.task import ConfigurableTask  # noqa: E402

VERSION = importlib.metadata.version("lm_eval")
SEED = 1234  # of the few-shot examples: the harness's default


def build(config, load_dataset, num_fewshot=None):
    """A task as evaluator.py makes it ready: number of shots, then the seed."""
    datasets.load_dataset = load_dataset
    task = ConfigurableTask(config=config)
    if num_fewshot is not None:
        task.set_config(key="num_fewshot", value=num_fewshot)
    task.set_fewshot_seed(seed=SEED)
    return task


def _gold(task, doc, choices):
    value = task.doc_to_text(doc) if task.multiple_input else task.doc_to_target(doc)
    if isinstance(value, str):
        value = choices.index(value)
    return value if isinstance(value, list) else [value]


def _request(instance):
    kind, arguments = instance.request_type, instance.arguments
    if kind != "generate_until":
        return [kind, *arguments]
    kwargs = lm_eval.models.utils.normalize_gen_kwargs(arguments[1])
    sampled = kwargs["do_sample"]
    numbers = [kwargs["max_gen_toks"], "%g" % (kwargs["temperature"] if sampled else 0),
               "%g" % (kwargs.get("top_p", 1) if sampled else 1),
               kwargs.get("top_k", 0) if sampled else 0]
    return [kind, arguments[0], *numbers, len(kwargs["until"]), *kwargs["until"]]


def item_fields(task, doc_id, doc, instances):
    """The row's number, target, choices, right choices, and each request, as a flat list."""
    choices = task.doc_to_choice(doc) if task.config.doc_to_choice is not None else []
    gold = _gold(task, doc, choices) if task.OUTPUT_TYPE == "multiple_choice" else []
    fields = [doc_id, task.doc_to_target(doc), len(choices), *choices, len(gold), *gold]
    for instance in instances:
        fields += _request(instance) * (task.config.repeats or 1)
    return [str(f) for f in fields]


def items(task, limit=None):
    task.build_all_requests(limit=limit)
    by_doc = {}
    for instance in task.instances:
        by_doc.setdefault(instance.doc_id, []).append(instance)
    return [item_fields(task, i, by_doc[i][0].doc, by_doc[i]) for i in sorted(by_doc)]


def item_bytes(fields):
    """Each field as its length in bytes, a colon, and itself."""
    encoded = [f.encode("utf-8") for f in fields]
    return b"".join(b"%d:%s" % (len(e), e) for e in encoded)


def item_hash(fields):
    """The hash that Assay has for content: XXH3, 128 bits."""
    return xxhash.xxh3_128_hexdigest(item_bytes(fields))


def whole_hash(hashes):
    return xxhash.xxh3_128_hexdigest("".join(hashes).encode())
