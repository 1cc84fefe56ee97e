#!/usr/bin/env python3
"""Aggregates of lm-evaluation-harness: its own functions on committed values.

usage: make_golden.py > golden.json      (in an environment with lm_eval 0.4.13)
"""
import json
import random

from lm_eval.api import metrics

random.seed(20261125)
cases = {"means": [], "perplexities": [], "weighted": [], "pooled": []}
for n in (2, 7, 100):
    values = [float(random.random() < 0.3) for _ in range(n)]
    cases["means"].append({"values": values, "mean": metrics.mean(values), "std_error": metrics.mean_stderr(values)})
for n in (3, 50):
    values = [-10 * random.random() for _ in range(n)]
    cases["perplexities"].append({"values": values, "perplexity": metrics.perplexity(values)})
    items = [[-1000 * random.random(), random.randrange(1, 500)] for _ in range(n)]
    cases["weighted"].append({"items": items, "weighted_perplexity": metrics.weighted_perplexity(items),
                              "bits_per_byte": metrics.bits_per_byte(items)})
for sizes in ([100, 135], [10, 200, 37]):
    means = [random.random() for _ in sizes]
    errors = [0.5 * random.random() / n ** 0.5 for n in sizes]
    cases["pooled"].append({
        "sizes": sizes, "means": means, "errors": errors,
        "weighted_mean": metrics.aggregate_subtask_metrics(means, sizes, True),
        "mean": metrics.aggregate_subtask_metrics(means, sizes, False),
        "std_error": metrics.pooled_sample_stderr(errors, sizes)})
print(json.dumps(cases))
