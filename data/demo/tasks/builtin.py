"""For lm-evaluation-harness, which takes `!function builtin.NAME` from this file; in Assay these names
are inside the program, and programs run in its sandbox. Here they run as you: only for the family's models.
"""

import subprocess
import sys

_SECONDS = 3


def humaneval_predictions(resps, docs):
    return [[doc["prompt"] + text for text in texts] for texts, doc in zip(resps, docs)]


def _passes(program, test):
    try:
        done = subprocess.run([sys.executable, "-I", "-c", f"{program}\n{test}"], capture_output=True, timeout=_SECONDS,
                              check=False)
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def pass_at_k(references, predictions, k):
    """{'pass@1': share of programs that pass}: the tasks here ask for one program, and k is [1]."""
    if list(k) != [1]:
        raise ValueError(f"pass@{k} needs several programs to an item; remedy: k: [1]")
    marks = [_passes(text, test) for test, texts in zip(references, predictions) for text in texts]
    return {"pass@1": sum(marks) / len(marks)}
