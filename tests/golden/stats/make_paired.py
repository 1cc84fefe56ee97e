"""Known answers for src/stats/paired.cc from SciPy, statsmodels and numerical likelihoods.

    python3 -m venv venv && venv/bin/pip install numpy scipy statsmodels && venv/bin/python make_paired.py

Writes paired.json beside itself. Nothing here calls Assay. Tango's interval is found without the closed form of the
restricted estimate: the multinomial likelihood is maximised numerically (in 60 digits) at each difference.
"""
import json
import math
import pathlib

import mpmath
import numpy as np
import scipy.stats
from scipy.optimize import brentq
from statsmodels.stats.proportion import proportion_confint

mpmath.mp.dps = 60

# both right, right to wrong, wrong to right, both wrong
TABLES = [
    (45, 3, 2, 50), (1, 7, 1, 12), (12, 1, 7, 1), (59, 16, 6, 80), (0, 20, 40, 100), (300, 25, 28, 265), (43, 1, 0, 0), (10, 0, 0, 10),
    (20, 0, 0, 0), (0, 0, 0, 20), (0, 20, 0, 0), (0, 0, 20, 0), (0, 1, 0, 0), (1, 0, 0, 0), (0, 1, 1, 0), (700, 260, 60, 980),
    (600, 300, 100, 1000), (7000, 310, 190, 2500), (500_000, 12_000, 11_500, 476_500), (5, 3, 3, 5), (0, 10, 10, 0)]


def score(table, delta):
    """Standardised distance of the observed difference from delta; variance at the constrained maximum."""
    a, lost, gained, d = table
    n = sum(table)
    delta = mpmath.mpf(delta)
    same = a + d
    low, high = max(mpmath.mpf(0), -delta), (1 - delta) / 2  # of the lost share

    def slope(lost_share):  # of the log-likelihood; falls
        value = mpmath.mpf(0)
        if lost:
            value += lost / lost_share
        if gained:
            value += gained / (lost_share + delta)
        if same:
            value -= 2 * same / (1 - 2 * lost_share - delta)
        return value

    tiny = (high - low) * mpmath.mpf(10) ** -30
    left, right = low + tiny, high - tiny
    if slope(left) <= 0:
        best = low
    elif slope(right) >= 0:
        best = high
    else:
        for _ in range(140):
            middle = (left + right) / 2
            left, right = (middle, right) if slope(middle) > 0 else (left, middle)
        best = (left + right) / 2
    variance = n * (2 * best + delta - delta * delta)
    distance = gained - lost - n * delta
    return float(distance / mpmath.sqrt(variance)) if variance > 0 else math.copysign(math.inf, distance)


def tango(table, confidence):
    z = scipy.stats.norm.isf((1 - confidence) / 2)
    a, lost, gained, d = table
    seen = (gained - lost) / sum(table)

    def solve(level, low, high):
        if low >= high:
            return seen
        capped = lambda x: max(-1e3, min(1e3, score(table, x) - level))
        ends = capped(low), capped(high)
        if ends[0] * ends[1] > 0:
            return low if abs(ends[0]) < abs(ends[1]) else high
        return brentq(capped, low, high, xtol=1e-14, rtol=1e-14)

    edge = 1e-13
    return [-1.0 if seen == -1 else solve(z, -1 + edge, seen - edge), 1.0 if seen == 1 else solve(-z, seen + edge, 1 - edge)]


def margins(table):
    for margin in (0.005, 0.01, 0.05, 0.3):
        low, high = score(table, -margin), score(table, margin)
        yield {"margin": margin, "noninferior": scipy.stats.norm.sf(low), "inferior": scipy.stats.norm.cdf(low),
               "tost": max(scipy.stats.norm.sf(low), scipy.stats.norm.cdf(high))}


def mcnemar(table):
    _, lost, gained, _ = table
    n = lost + gained
    if not n:
        return {"worse": 1, "better": 1, "two_sided": 1, "mid": 1}
    test = lambda alternative: scipy.stats.binomtest(lost, n, 0.5, alternative=alternative).pvalue
    two = test("two-sided")
    # Fagerland et al. 2013: the exact p less the point probability of what was seen (half of it when both are equal, where
    # the exact p was cut to 1).
    point = scipy.stats.binom.pmf(lost, n, 0.5)
    mid = 1.0 if lost == gained else two - point
    return {"worse": test("greater"), "better": test("less"), "two_sided": two, "mid": mid}


def newcombe(table, confidence):
    """Newcombe 1998 (Statistics in Medicine 17, 2635-2650), method 10, from his equations; limits by statsmodels."""
    both, lost, gained, none = table
    n = sum(table)
    cells = np.array([[both, gained], [lost, none]], float)  # rows: the variant right, wrong; columns: the baseline
    p = np.array([cells[0].sum(), cells[:, 0].sum()]) / n
    low, high = np.array([proportion_confint(int(c), n, 1 - confidence, "wilson") for c in (both + gained, both + lost)]).T
    if cells.sum(0).min() == 0 or cells.sum(1).min() == 0:
        phi = 0.0
    else:
        phi = np.linalg.det(cells)
        phi = phi - n / 2 if phi > n / 2 else min(phi, 0.0)
        phi /= math.sqrt(np.prod(cells.sum(0)) * np.prod(cells.sum(1)))
    shape = np.array([[1, -phi], [-phi, 1]])
    down, up = np.array([p[0] - low[0], high[1] - p[1]]), np.array([high[0] - p[0], p[1] - low[1]])
    return [p[0] - p[1] - math.sqrt(down @ shape @ down), p[0] - p[1] + math.sqrt(up @ shape @ up)]


def estimates():
    for value, error, clusters, margin in [(-0.004, 0.003, 57, 0.01), (0.02, 0.05, 3, 0.01), (-0.03, 0.002, 1000, 0.02),
                                           (-0.01, 0.01, 2, 0.01), (0.0, 1e-6, 40, 0.001)]:
        t = scipy.stats.t(clusters - 1)
        low, high = (value + margin) / error, (value - margin) / error
        yield {"value": value, "error": error, "clusters": clusters, "margin": margin, "noninferior": t.sf(low), "inferior": t.cdf(low),
               "tost": max(t.sf(low), t.cdf(high))}


def main():
    out = {"tables": [], "estimates": list(estimates())}
    for table in TABLES:
        case = {"table": table, "mcnemar": mcnemar(table), "margins": list(margins(table))}
        for confidence in (0.9, 0.95, 0.99):
            case.setdefault("intervals", []).append(
                {"confidence": confidence, "tango": tango(table, confidence), "newcombe": newcombe(table, confidence)})
        out["tables"].append(case)
    text = json.dumps(out, default=float, separators=(",", ":"))
    pathlib.Path(__file__).with_name("paired.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
