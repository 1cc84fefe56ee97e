"""Known answers for StudentSequence, by numerical integration instead of the closed form.

    python3 make_student_sequence.py > student_sequence.json   # numpy, scipy

The Bayes factor of the t statistic is the noncentral t density averaged over effect sizes N(0, 1/2.5), over the central one
(SciPy's distributions and quadrature); the interval's ends are where it reaches 1 / alpha. Nothing here calls Assay.
"""
import json

import numpy as np
from scipy import integrate, optimize, stats

rng = np.random.default_rng(7)
PRIOR = 2.5


def bayes_factor(t, n):
    effect = stats.norm(0, PRIOR ** -0.5)
    top, _ = integrate.quad(lambda d: stats.nct.pdf(t, n - 1, d * np.sqrt(n)) * effect.pdf(d), -4, 4, epsabs=0,
                            epsrel=1e-9, limit=500, points=[-t / np.sqrt(n), 0, t / np.sqrt(n)])
    return top / stats.t.pdf(t, n - 1)


cases = []
for alpha, n in [(0.05, 10), (0.05, 20), (0.1, 12), (0.01, 40), (0.2, 6)]:
    values = rng.gamma(2.0, 0.5, n) - 1
    t = optimize.brentq(lambda t: np.log(bayes_factor(t, n) * alpha), 1.0, 12.0, xtol=1e-9)
    half = t * values.std(ddof=1) / np.sqrt(n)
    cases.append({"values": list(values), "confidence": 1 - alpha, "low": values.mean() - half,
                  "high": values.mean() + half})
print(json.dumps(cases))
