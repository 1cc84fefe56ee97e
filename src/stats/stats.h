// Pure numerics. Every function names the source of its formula.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/divergence.h"
#include "core/estimate.h"

namespace assay {

// Sums of one cluster (a window or a document): the unit that is independent of the others.
struct ClusterSum {
  double sum = 0;
  std::int64_t n = 0;
};

// Mean over all elements (sum of sums / sum of n) with a cluster-robust standard error: the
// linearised ratio estimator sqrt(G/(G-1) * sum_g (sum_g - mean * n_g)^2) / N (Cochran, Sampling
// Techniques, 3rd ed., section 6.3; the same as CR1 of an intercept-only regression). ci95 uses
// Student t with G-1 degrees of freedom. Absent with a reason for G < 2.
Estimate clustered_mean(std::span<const ClusterSum> clusters);

// sqrt((E[x^2] - E[x]^2) / (n-1)), as llama-perplexity computes every uncertainty. nullopt for n
// < 2.
std::optional<double> iid_std_error(double sum, double sum_of_squares, std::int64_t n);

// exp of an estimate: value and ci95 are mapped, std_error by the delta method (value * std_error).
Estimate exp_estimate(const Estimate& log_estimate);

// Percentiles of values (any order; empty gives zeros): linear interpolation at fraction * (n-1);
// the median of an even count is the mean of the middle two (both as llama-perplexity).
Percentiles percentiles(std::vector<double> values);
double percentile_of_sorted(std::span<const double> sorted, double fraction);

// Two-sided 97.5 % quantile of Student's t (Boost.Math).
double student_t_975(double degrees_of_freedom);

}  // namespace assay
