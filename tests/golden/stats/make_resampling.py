"""Known answers for src/stats/bootstrap.cc, permutation.cc and power.cc from SciPy and closed forms.

    python3 -m venv venv && venv/bin/pip install numpy scipy && venv/bin/python make_resampling.py

Writes resampling.json beside itself. Nothing here calls Assay.
"""
import json
import math
import pathlib

import numpy as np
import scipy.stats

rng = np.random.default_rng(20261128)
Z = scipy.stats.norm


def ratio(sums, sizes, axis=-1):
    return np.sum(sums, axis=axis) / np.sum(sizes, axis=axis)


def clusters(n, equal):
    sizes = np.ones(n) if equal else rng.integers(1, 12, n).astype(float)
    sums = rng.gamma(1.5, 1.0, n) * sizes + rng.normal(0, 1, n)
    return sums, sizes


def bootstraps():
    """20,000 replicates by SciPy: to be met within Monte-Carlo error."""
    cases = [clusters(30, True), clusters(30, False), clusters(200, False)]
    scores = rng.choice([-1.0, 0.0, 1.0], 400, p=[0.08, 0.88, 0.04])
    cases.append((scores, np.ones(400)))
    for sums, sizes in cases:
        result = scipy.stats.bootstrap((sums, sizes), ratio, n_resamples=20_000, paired=True, vectorized=True, method="BCa",
                                       random_state=rng)
        plain = scipy.stats.bootstrap((sums, sizes), ratio, n_resamples=0, paired=True, vectorized=True, method="percentile",
                                      bootstrap_result=result)
        yield {"sums": sums.tolist(), "n": sizes.tolist(), "std_error": result.standard_error,
               "bca": list(result.confidence_interval), "percentile": list(plain.confidence_interval)}


def summaries():
    """The same replicates for both: intervals and error must be equal, not near."""
    for n, skew in ((12, 1.0), (40, 2.0)):
        data = rng.gamma(1 / skew, 1.0, n)
        result = scipy.stats.bootstrap((data,), np.mean, n_resamples=499, method="BCa", random_state=rng)
        plain = scipy.stats.bootstrap((data,), np.mean, n_resamples=0, method="percentile", bootstrap_result=result)
        jackknife = [(data.sum() - x) / (n - 1) for x in data]
        yield {"replicates": result.bootstrap_distribution.tolist(), "value": data.mean(), "jackknife": jackknife,
               "std_error": result.standard_error, "bca": list(result.confidence_interval),
               "percentile": list(plain.confidence_interval)}


def permutations():
    lists = [rng.normal(-0.3, 1, 10), rng.integers(-3, 3, 13).astype(float), np.array([-1.0] * 9 + [1.0] * 3), np.array([2.5])]
    for d in lists:
        test = lambda alternative: float(scipy.stats.permutation_test(
            (d,), lambda x, axis: np.sum(x, axis=axis), permutation_type="samples", n_resamples=np.inf, vectorized=True,
            alternative=alternative).pvalue) if len(d) > 1 else {"less": 1.0, "two-sided": 1.0}[alternative]
        yield {"values": d.tolist(), "worse": test("less"), "two_sided": test("two-sided")}
    # Too many for SciPy: signs of equal differences are a binomial.
    yield {"values": [-1.0] * 90 + [1.0] * 60, "worse": scipy.stats.binom.cdf(60, 150, 0.5),
           "two_sided": 2 * scipy.stats.binom.cdf(60, 150, 0.5)}


def plans():
    """Liu et al. 2002 (Statistics in Medicine 21, 231-245): n = (z_alpha + z_beta)^2 (discordance - difference^2) / gap^2."""
    for discordance, difference, alpha, power, margin in [
            (0.05, 0.0, 0.05, 0.8, 0.01), (0.05, 0.0, 0.05, 0.9, 0.01), (0.1, -0.005, 0.025, 0.8, 0.02), (0.3, 0.02, 0.05, 0.8, 0.01),
            (1.0, 0.0, 0.05, 0.8, 0.2)]:
        z = Z.isf(alpha) + Z.ppf(power)
        gap = margin + difference
        variance = discordance - difference**2
        p, q = 0.6, 0.6 + difference
        n = math.ceil(z**2 * variance / gap**2)
        yield {"discordance": discordance, "difference": difference, "alpha": alpha, "power": power, "margin": margin, "paired": n,
               "unpaired": math.ceil(z**2 * (p * (1 - p) + q * (1 - q)) / gap**2), "accuracy": p,
               "power_at_500": Z.sf(Z.isf(alpha) - gap * math.sqrt(500 / variance))}


def effects():
    for table in [(700, 60, 40, 200), (45, 3, 2, 50), (20, 0, 0, 0), (1_000_000, 0, 0, 0), (0, 4, 0, 0), (990, 1, 0, 9)]:
        for alpha, power in ((0.05, 0.8), (0.025, 0.9)):
            n = sum(table)
            z = Z.isf(alpha) + Z.ppf(power)
            seen = (table[1] + table[2]) / n or 1 - 0.025 ** (1 / n)  # Clopper-Pearson's upper limit of none of n
            effect = z * math.sqrt(seen / n)
            if effect > seen:  # the loss needs more discordant items than that: loss = z sqrt(loss / n)
                effect = z * z / n
            yield {"table": table, "alpha": alpha, "power": power, "effect": min(1, effect)}


def main():
    out = {"bootstraps": list(bootstraps()), "summaries": list(summaries()), "permutations": list(permutations()),
           "plans": list(plans()), "effects": list(effects())}
    text = json.dumps(out, default=float, separators=(",", ":"))
    pathlib.Path(__file__).with_name("resampling.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
