"""Known answers for src/stats and src/eval/summary.cc from NumPy, SciPy and statsmodels.

    python3 -m venv venv && venv/bin/pip install numpy scipy statsmodels && venv/bin/python make_golden.py

Writes golden.json beside itself. Nothing here calls Assay. The formulas of llama-perplexity
(tools/perplexity/perplexity.cpp, kl_divergence()) are restated in NumPy; its constants: float32
probabilities, population variance divided by n - 1.
"""
import json
import math
import pathlib

import numpy as np
import scipy
import scipy.stats
import statsmodels
import statsmodels.api as sm

rng = np.random.default_rng(20260131)


def ols_cluster(values, groups):
    """Intercept-only OLS, CR1: statsmodels' factor is G/(G-1) * (n-1)/(n-k), and k = 1 here."""
    model = sm.OLS(np.asarray(values, float), np.ones(len(values)))
    fit = model.fit(cov_type="cluster", cov_kwds={"groups": np.asarray(groups), "use_correction": True},
                    use_t=True)
    low, high = fit.conf_int(0.05)[0]
    return {"value": fit.params[0], "std_error": fit.bse[0], "low": low, "high": high}


def clustered_case(sizes, scale):
    values, groups = [], []
    for group, size in enumerate(sizes):
        shift = rng.normal()
        values += list(scale * (rng.gamma(2.0, 1.0, size) + shift))
        groups += [group] * size
    return {"values": values, "groups": groups, **ols_cluster(values, groups)}


def ratio_case(sums, sizes):
    """Ratio of sums whose clusters are the units: the textbook formula, Cochran section 6.3."""
    sums, sizes = np.asarray(sums, float), np.asarray(sizes, float)
    g = len(sums)
    ratio = sums.sum() / sizes.sum()
    residual = sums - ratio * sizes
    variance_of_total = g * residual.var(ddof=0) * g / (g - 1) if residual.size else 0.0
    error = math.sqrt(variance_of_total) / sizes.sum()
    t = scipy.stats.t.ppf(0.975, g - 1)
    return {"value": ratio, "std_error": error, "low": ratio - t * error, "high": ratio + t * error}


FRACTIONS = {"p0_1": 0.001, "p1": 0.01, "p5": 0.05, "p10": 0.1, "p25": 0.25, "p75": 0.75, "p90": 0.9,
             "p95": 0.95, "p99": 0.99, "p99_9": 0.999}


def percentile_case(values):
    values = np.asarray(values, float)
    out = {name: float(np.percentile(values, 100 * f, method="linear")) for name, f in FRACTIONS.items()}
    return {**out, "min": values.min(), "max": values.max(), "median": float(np.median(values))}


def llama_mean(values):
    """mean_and_uncertainty: population variance over n - 1."""
    values = np.asarray(values, np.float64)
    n = len(values)
    mean = values.sum() / n
    return mean, math.sqrt(max((values**2).sum() / n - mean**2, 0) / (n - 1))


def records():
    """Two to four windows in each of five documents; chat-like flags are not needed here."""
    windows = []
    for document in range(5):
        for _ in range(2 + document % 3):
            n = int(rng.integers(17, 31))
            base = rng.gamma(1.3, 2.0, n).astype(np.float32)
            delta = (rng.normal(0.02 + 0.05 * (document == 3), 0.2, n)).astype(np.float32)
            nll = np.maximum(base + delta, np.float32(1e-4)).astype(np.float32)
            kld = (rng.gamma(0.6, 0.05, n)).astype(np.float32)
            top = rng.integers(0, 50, n)
            changed = rng.random(n) < 0.12
            windows.append({
                "document": document, "nll_baseline": base.tolist(), "nll": nll.tolist(),
                "kld": kld.tolist(), "top_baseline": top.tolist(),
                "top": np.where(changed, top + 1, top).tolist(),
                "overlap5": rng.integers(3, 6, n).tolist(), "overlap10": rng.integers(6, 11, n).tolist()})
    return windows


def summary(windows):
    def column(name, kind=np.float32):
        return np.concatenate([np.asarray(w[name], kind) for w in windows])

    group = np.concatenate([np.full(len(w["nll"]), w["document"]) for w in windows])
    base, nll, kld = column("nll_baseline"), column("nll"), column("kld")
    same = (column("top", int) == column("top_baseline", int)).astype(float)
    n = len(nll)
    out = {"n": n}

    # llama-perplexity: covariance and errors of the two log perplexities, then of their difference.
    ln_ppl, ln_ppl_error = llama_mean(nll)
    ln_base, ln_base_error = llama_mean(base)
    b64, n64 = base.astype(np.float64), nll.astype(np.float64)
    covariance = ((b64 * n64).sum() / n - b64.sum() / n * n64.sum() / n) / (n - 1)
    ratio_error = math.sqrt(ln_ppl_error**2 + ln_base_error**2 - 2 * covariance)
    ppl, ppl_base = math.exp(ln_ppl), math.exp(ln_base)
    out["llama"] = {
        "ppl": ppl, "ppl_error": ppl * ln_ppl_error, "correlation": covariance / (ln_ppl_error * ln_base_error),
        "ln_ratio": ln_ppl - ln_base, "ln_ratio_error": ratio_error, "ppl_ratio": math.exp(ln_ppl - ln_base),
        "ppl_difference": ppl - ppl_base}
    out["llama"]["kld"], out["llama"]["kld_error"] = llama_mean(kld)
    delta_p = np.exp(-nll) - np.exp(-base)
    assert delta_p.dtype == np.float32
    out["llama"]["delta_p"], out["llama"]["delta_p_error"] = llama_mean(delta_p)
    mse, mse_error = llama_mean(delta_p.astype(np.float64) ** 2)
    out["llama"]["rms"], out["llama"]["rms_error"] = math.sqrt(mse), 0.5 / math.sqrt(mse) * mse_error
    p = same.mean()
    out["llama"]["same_top"], out["llama"]["same_top_error"] = p, math.sqrt(p * (1 - p) / (n - 1))
    out["kld_percentiles"] = percentile_case(kld)
    out["delta_p_percentiles"] = percentile_case(delta_p)

    # Clustered by document: statsmodels.
    out["clustered"] = {
        "ln_ppl": ols_cluster(nll, group), "ln_ratio": ols_cluster(n64 - b64, group), "kld": ols_cluster(kld, group),
        "delta_p": ols_cluster(delta_p, group), "mse": ols_cluster(delta_p.astype(np.float64) ** 2, group),
        "same_top": ols_cluster(same, group), "top5": ols_cluster(column("overlap5", float) / 5, group),
        "top10": ols_cluster(column("overlap10", float) / 10, group),
        # Delta method on the pair: gradient (ppl, -ppl_base) against the clustered covariance.
        "difference_error": ols_cluster(ppl * n64 - ppl_base * b64, group)["std_error"]}

    # By cluster, position and document.
    out["by_document"] = {str(d): float(kld[group == d].astype(np.float64).mean()) for d in sorted(set(group))}

    # lm-eval (lm_eval/api/metrics.py weighted_perplexity, bits_per_byte), errors as a ratio estimator.
    words = [41, 37, 60, 33, 52]
    n_bytes = [233, 201, 340, 180, 291]
    sums = [float(n64[group == d].sum()) for d in range(5)]
    out["lm_eval"] = {"words": words, "bytes": n_bytes, "document_nll": sums,
                      "ln_word": ratio_case(sums, words), "ln_byte": ratio_case(sums, n_bytes),
                      "word_perplexity": math.exp(sum(sums) / sum(words)),
                      "byte_perplexity": math.exp(sum(sums) / sum(n_bytes)),
                      "bits_per_byte": sum(sums) / sum(n_bytes) / math.log(2)}
    return out


def main():
    windows = records()
    golden = {
        "made_with": {"numpy": np.__version__, "scipy": scipy.__version__, "statsmodels": statsmodels.__version__},
        "student_t_975": [[df, float(scipy.stats.t.ppf(0.975, df))] for df in (1, 2, 3, 7, 39, 61, 1000, 1e6)],
        "clustered": [clustered_case([7, 7, 7, 7], 1.0), clustered_case([1, 40, 3, 12, 5, 9], 1.0),
                      clustered_case([5, 8], 1e6), clustered_case([3] * 40, 1e-9)],
        "ratio": [{"sums": [5.0, 8.0, 2.5], "n": [3, 4, 2], **ratio_case([5.0, 8.0, 2.5], [3, 4, 2])}],
        "percentiles": [],
        "records": windows, "summary": summary(windows)}
    for n in (1, 2, 3, 10, 257, 1000):
        values = rng.normal(0, 3, n).tolist()
        golden["percentiles"].append({"values": values, **percentile_case(values)})
    target = pathlib.Path(__file__).with_name("golden.json")
    target.write_text(json.dumps(golden, default=float, indent=None, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
