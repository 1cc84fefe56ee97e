#include "stats/stats.h"

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <numeric>
#include <string>

#include "core/error.h"

namespace assay {
namespace {

// sqrt(sum of squares) that neither overflows nor underflows: ratios to the largest are squared.
double norm(std::span<const double> values) {
  double largest = 0;
  for (const double value : values) largest = std::max(largest, std::abs(value));
  if (largest == 0 || !std::isfinite(largest)) return largest;
  double sum = 0;
  for (const double value : values) sum += (value / largest) * (value / largest);
  return largest * std::sqrt(sum);
}

void add_error(Estimate& estimate, double std_error, double degrees_of_freedom) {
  const double half_width = std_error * student_t_975(degrees_of_freedom);
  if (!std::isfinite(std_error) || !std::isfinite(estimate.value + half_width) ||
      !std::isfinite(estimate.value - half_width)) {
    estimate.reason = "the error is too large for a floating-point number";
    return;
  }
  estimate.std_error = std_error;
  estimate.ci95 = Interval{estimate.value - half_width, estimate.value + half_width};
}

}  // namespace

Estimate clustered_mean(std::span<const ClusterSum> clusters) {
  double sum = 0;
  std::int64_t n = 0, n_clusters = 0;
  for (const ClusterSum& cluster : clusters) {
    sum += cluster.sum;
    n += cluster.n;
    if (cluster.n != 0 || cluster.sum != 0) ++n_clusters;
  }
  Estimate estimate;
  if (n <= 0) {
    estimate.reason = "there are no values";
    return estimate;
  }
  const double total = static_cast<double>(n);
  estimate.value = sum / total;
  if (!std::isfinite(estimate.value)) {
    estimate.reason = "the sum is not a finite number";
    return estimate;
  }
  if (n_clusters < 2) {
    estimate.reason = "only one independent window or document";
    return estimate;
  }
  std::vector<double> residuals;
  residuals.reserve(clusters.size());
  for (const ClusterSum& cluster : clusters) {
    residuals.push_back(cluster.sum - estimate.value * static_cast<double>(cluster.n));
  }
  const double groups = static_cast<double>(n_clusters);
  add_error(estimate, norm(residuals) / total * std::sqrt(groups / (groups - 1)), groups - 1);
  return estimate;
}

std::optional<double> iid_std_error(double sum, double sum_of_squares, std::int64_t n) {
  if (n < 2) return std::nullopt;
  const double count = static_cast<double>(n);
  const double mean = sum / count;
  const double variance = sum_of_squares / count - mean * mean;
  if (!std::isfinite(variance)) return std::nullopt;
  // Rounding makes the variance of equal values slightly negative.
  return variance > 0 ? std::sqrt(variance / (count - 1)) : 0.0;
}

Estimate exp_estimate(const Estimate& log_estimate) {
  Estimate estimate;
  estimate.value = std::exp(log_estimate.value);
  estimate.reason = log_estimate.reason;
  if (!std::isfinite(estimate.value)) {
    estimate.reason =
        "exp(" + std::to_string(log_estimate.value) + ") is too large for a floating-point number";
    return estimate;
  }
  if (log_estimate.std_error) estimate.std_error = estimate.value * *log_estimate.std_error;
  if (log_estimate.ci95) {
    estimate.ci95 = Interval{std::exp(log_estimate.ci95->low), std::exp(log_estimate.ci95->high)};
  }
  if ((estimate.ci95 && !std::isfinite(estimate.ci95->high)) ||
      (estimate.std_error && !std::isfinite(*estimate.std_error))) {
    estimate.std_error.reset();
    estimate.ci95.reset();
    estimate.reason = "the error is too large for a floating-point number";
  }
  return estimate;
}

double percentile_of_sorted(std::span<const double> sorted, double fraction) {
  if (sorted.empty()) return 0;
  if (fraction <= 0) return sorted.front();
  if (fraction >= 1) return sorted.back();
  const double position = fraction * static_cast<double>(sorted.size() - 1);
  const std::size_t below = static_cast<std::size_t>(position);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  const double share = position - static_cast<double>(below);
  return (1 - share) * sorted[below] + share * sorted[above];
}

Percentiles percentiles(std::vector<double> values) {
  if (values.empty()) return {};
  if (std::any_of(values.begin(), values.end(), [](double value) { return std::isnan(value); })) {
    throw Error(ErrorKind::kBadInput, "Percentiles of values that are not numbers");
  }
  std::sort(values.begin(), values.end());
  const auto at = [&](double fraction) { return percentile_of_sorted(values, fraction); };
  const std::size_t half = values.size() / 2;
  const double median =
      values.size() % 2 == 0 ? std::midpoint(values[half - 1], values[half]) : values[half];
  return {.min = values.front(),
          .p0_1 = at(0.001),
          .p1 = at(0.01),
          .p5 = at(0.05),
          .p10 = at(0.10),
          .p25 = at(0.25),
          .median = median,
          .p75 = at(0.75),
          .p90 = at(0.90),
          .p95 = at(0.95),
          .p99 = at(0.99),
          .p99_9 = at(0.999),
          .max = values.back()};
}

double student_t_975(double degrees_of_freedom) {
  if (!(degrees_of_freedom > 0)) {
    throw Error(ErrorKind::kBadInput, "Student's t needs a positive number of degrees of freedom");
  }
  return boost::math::quantile(boost::math::students_t(degrees_of_freedom), 0.975);
}

}  // namespace assay
