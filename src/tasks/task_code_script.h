// The program of the helper process of task_code.cc: a line of JSON in, a line of JSON out.
#pragma once

namespace assay::detail {

inline constexpr const char* kTaskCodeScript = R"PYTHON(
import importlib.util, json, os, sys, types

replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
os.dup2(2, 1)  # what the task's code prints does not go between the replies
requests = os.fdopen(os.dup(0), "r", encoding="utf-8")


class Rows(list):
    """Stands for datasets.Dataset where that package is not installed."""

    @property
    def column_names(self):
        return list(self[0]) if self else []

    features = property(lambda self: {name: None for name in self.column_names})

    def map(self, function, remove_columns=(), **_):
        kept = [{k: v for k, v in row.items() if k not in remove_columns} for row in self]
        return Rows({**k, **(function(dict(row)) or {})} for k, row in zip(kept, self))

    def filter(self, function, **_):
        return Rows(row for row in self if function(row))

    def select(self, indices):
        return Rows(self[i] for i in indices)

    def rename_column(self, old, new):
        return Rows({new if k == old else k: v for k, v in row.items()} for row in self)

    def remove_columns(self, names):
        names = [names] if isinstance(names, str) else names
        return Rows({k: v for k, v in row.items() if k not in names} for row in self)

    def to_list(self):
        return list(self)


try:
    import datasets

    datasets.disable_progress_bars()
    make = datasets.Dataset.from_list
except Exception:
    stand_in = types.ModuleType("datasets")
    stand_in.Dataset = Rows
    sys.modules["datasets"] = stand_in
    make = Rows

modules = {}


def find(file, name):
    module, _, function = name.rpartition(".")
    folder = os.path.dirname(os.path.abspath(file))
    path = os.path.join(folder, *module.split(".")) + ".py"
    if path not in modules:
        if folder not in sys.path:
            sys.path.insert(0, folder)
        spec = importlib.util.spec_from_file_location("task_" + str(len(modules)), path)
        loaded = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = loaded
        spec.loader.exec_module(loaded)
        modules[path] = loaded
    return getattr(modules[path], function)


def plain(value):
    if hasattr(value, "tolist"):
        return value.tolist()
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if isinstance(value, (set, frozenset)):
        return list(value)
    return str(value)


def answer(request):
    function = find(request["file"], request["name"])
    argument = request["argument"]
    if request["kind"] == "documents":
        rows = function(make(argument))
        return rows.to_list() if hasattr(rows, "to_list") else list(rows)
    if request["kind"] == "samples":
        return list(function())
    if request["kind"] == "results":
        return function(argument["doc"], argument["results"])
    return function(argument)


for line in requests:
    try:
        reply = {"value": answer(json.loads(line))}
        text = json.dumps(reply, default=plain)
    except BaseException as problem:
        text = json.dumps({"error": f"{type(problem).__name__}: {problem}"[:4000]})
    replies.write(text + "\n")
    replies.flush()
)PYTHON";

}  // namespace assay::detail
