"""Known answers for src/stats/proportion.cc, multiplicity.cc and repeats.cc from statsmodels and SciPy.

    python3 -m venv venv && venv/bin/pip install numpy scipy statsmodels && venv/bin/python make_proportion.py

Writes proportion.json beside itself. Nothing here calls Assay.
"""
import itertools
import json
import math
import pathlib

import numpy as np
import pandas as pd
import scipy.stats
import statsmodels.api as sm
from statsmodels.formula.api import ols
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

METHODS = {"wilson": "wilson", "clopper_pearson": "beta", "jeffreys": "jeffreys"}
rng = np.random.default_rng(20261126)


def intervals():
    cases = [(0, 1), (1, 1), (0, 20), (20, 20), (1, 20), (7, 20), (50, 100), (98, 100), (2, 1000), (399, 1319), (9_800, 10_000),
             (7021, 14_042), (1, 1_000_000), (123_456, 1_000_000)]
    for (k, n), confidence in itertools.product(cases, (0.9, 0.95, 0.999)):
        case = {"k": k, "n": n, "confidence": confidence}
        for name, method in METHODS.items():
            case[name] = [float(x) for x in proportion_confint(k, n, 1 - confidence, method)]
        yield case


def beta_binomial():
    for k, n, a, b in [(0, 1, 0.5, 0.5), (5, 5, 1, 1), (12, 40, 0.5, 0.5), (0, 300, 0.5, 0.5), (290, 300, 1, 1)]:
        for m in (1, 7, 200, 5000):
            for share in (0, 0.02, 0.3, 0.5, 0.97, 1):
                x = int(share * m)
                yield {"x": x, "m": m, "k": k, "n": n, "a": a, "b": b,
                       "cdf": float(scipy.stats.betabinom.cdf(x, m, k + a, n - k + b))}


def adjusted():
    lists = [[0.01], [0.04, 0.01, 0.03, 0.005], [1.0, 1.0], [0.0, 0.5, 0.02, 0.02], list(rng.random(57)), list(rng.random(20) ** 4)]
    for p in lists:
        holm = [min(1.0, x) for x in multipletests(p, method="holm")[1]]
        yield {"p": p, "holm": holm, "bh": list(multipletests(p, method="fdr_bh")[1]),
               "fisher": float(scipy.stats.combine_pvalues(p, "fisher")[1]) if min(p) > 0 else 0.0}


def repeats():
    """Equal repeats: the mean squares of statsmodels' one-way table. Unequal: NumPy closed forms."""
    table = rng.normal(0, 1, (12, 1)) + rng.normal(0, 0.5, (12, 4))
    frame = pd.DataFrame({"y": table.ravel(), "item": np.repeat(np.arange(12), 4)})
    anova = sm.stats.anova_lm(ols("y ~ C(item)", frame).fit())
    between_ms, within_ms = anova["mean_sq"].iloc[0], anova["mean_sq"].iloc[1]
    yield {"values": table.tolist(), "mean": table.mean(), "within": within_ms, "between": (between_ms - within_ms) / 4,
           "std_error": math.sqrt(between_ms / 4 / 12)}
    uneven = [list((rng.random(size) < p).astype(float)) for size, p in zip((1, 2, 3, 5, 8, 2, 4, 1, 6), rng.random(9))]
    means = np.array([np.mean(v) for v in uneven])
    several = [np.array(v) for v in uneven if len(v) > 1]
    noise = np.mean([v.var(ddof=1) / len(v) for v in several])
    between = np.var([v.mean() for v in several], ddof=1) - noise
    yield {"values": uneven, "mean": means.mean(), "within": np.mean([v.var(ddof=1) for v in several]), "between": max(0, between),
           "std_error": means.std(ddof=1) / 3}


def pass_at_k():
    """From the definition: the share of the k-subsets of n repeats that hold a right one."""
    for n, right, k in [(1, 0, 1), (1, 1, 1), (6, 2, 3), (8, 1, 8), (9, 7, 3), (10, 0, 4), (10, 3, 1)]:
        subsets = list(itertools.combinations([i < right for i in range(n)], k))
        yield {"n": n, "right": right, "k": k, "value": sum(map(any, subsets)) / len(subsets)}


def main():
    out = {name: list(make()) for name, make in {
        "intervals": intervals, "beta_binomial": beta_binomial, "adjusted": adjusted, "repeats": repeats,
        "pass_at_k": pass_at_k}.items()}
    text = json.dumps(out, default=float, separators=(",", ":"))
    pathlib.Path(__file__).with_name("proportion.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
