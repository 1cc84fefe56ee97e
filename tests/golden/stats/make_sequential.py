"""Known answers for src/stats/sequential.cc from the authors' package confseq, SciPy and mpmath.

    python3.10 -m venv venv && venv/bin/pip install confseq mpmath 'numpy<2' && venv/bin/python make_sequential.py

(confseq 0.0.11 knows NumPy 1 only, and builds for Python 3.10, not for 3.11.) Writes sequential.json beside itself. Nothing here calls Assay.
"""
import json
import pathlib

import mpmath
import numpy as np
from confseq.betting import betting_cs
from confseq.betting_strategies import lambda_predmix_eb
from confseq.predmix import predmix_lower_cs

rng = np.random.default_rng(20261127)
mpmath.mp.dps = 50


def bernstein(x, alpha, population, prior):
    """Theorem 2 of Waudby-Smith and Ramdas 2024. The package starts its mean at 0; the paper at 1/2, so v is given to it."""
    t = np.arange(1, len(x) + 1)
    mean_before = np.append(0.5, ((0.5 + np.cumsum(x)) / (t + 1))[:-1])
    v = (x - mean_before) ** 2
    psi = lambda bets: -np.log(1 - bets) - bets

    def lower(y):
        bets = lambda z: lambda_predmix_eb(z, truncation=0.5, alpha=alpha / 2, prior_variance=prior)
        return predmix_lower_cs(y, v=v, lambdas_fn=bets, psi_fn=psi, alpha=alpha / 2, running_intersection=True, N=population)

    return lower(x), 1 - lower(1 - x)


def sequences():
    samples = {
        "coin": (rng.random(300) < 0.3).astype(float), "beta": rng.beta(2, 5, 400), "constant": np.full(60, 0.5),
        "paired": (rng.choice([-1, 0, 1], 500, p=[0.06, 0.9, 0.04]) + 1) / 2, "zeros": np.zeros(100), "ones": np.ones(40)}
    for name, x in samples.items():
        for population in (None, len(x), 3 * len(x)):
            for alpha, prior in ((0.05, 0.25), (0.1, 0.25), (0.05, 0.01)):
                bets = lambda z, m: lambda_predmix_eb(z, alpha=alpha / 2, prior_variance=prior)
                low, high = betting_cs(x, bets, bets, alpha=alpha, N=population, breaks=1000, running_intersection=True)
                eb_low, eb_high = bernstein(x, alpha, population, prior)
                at = sorted({1, 2, 5, 17, len(x) // 2, len(x) - 1})
                if population is not None:  # the package's lower bound without replacement lacks the logical one
                    t = np.arange(1, len(x) + 1)
                    eb_low = np.maximum(eb_low, np.cumsum(x) / population)
                    eb_high = np.minimum(eb_high, 1 - (t - np.cumsum(x)) / population)
                yield {"name": name, "values": x.tolist(), "confidence": 1 - alpha, "prior": prior, "population": population or 0, "at": at,
                       "betting": [[low[i - 1], high[i - 1]] for i in at],
                       "bernstein": [[max(0, eb_low[i - 1]), min(1, eb_high[i - 1])] for i in at]}


def log_capital(n_for, n_against):
    """2^n times the mean of q^for (1-q)^against over the Beta(1/2, 1/2) density above 1/2: uniform in x where q = sin(x)^2."""
    product = lambda x: mpmath.sin(x) ** (2 * n_for) * mpmath.cos(x) ** (2 * n_against)
    ends = [mpmath.pi / 4, 3 * mpmath.pi / 8, mpmath.pi / 2]
    return mpmath.log(mpmath.mpf(2) ** (n_for + n_against) * mpmath.quad(product, ends) / (mpmath.pi / 4))


def discordant():
    for lost in ([1], [0], [1] * 12, [0] * 12, list((rng.random(60) < 0.7).astype(int)), list((rng.random(80) < 0.5).astype(int))):
        worse = better = mpmath.mpf(0)
        n = [0, 0]
        for one in lost:
            n[int(one)] += 1
            worse, better = max(worse, log_capital(n[1], n[0])), max(better, log_capital(n[0], n[1]))
        yield {"lost": [int(x) for x in lost], "worse": float(mpmath.exp(-worse)), "better": float(mpmath.exp(-better))}


def main():
    out = {"sequences": list(sequences()), "discordant": list(discordant())}
    text = json.dumps(out, default=float, separators=(",", ":"))
    pathlib.Path(__file__).with_name("sequential.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
