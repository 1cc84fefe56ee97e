#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "stats/arguments.h"
#include "stats/stats.h"

namespace assay {
namespace {

double mean_of(std::span<const double> values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

// Unbiased; values.size() >= 2.
double variance_of(std::span<const double> values) {
  const double mean = mean_of(values);
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return squares / static_cast<double>(values.size() - 1);
}

}  // namespace

RepeatVariance repeat_variance(std::span<const std::vector<double>> values) {
  RepeatVariance result;
  std::vector<double> means, repeated_means, noise, noise_of_means;
  for (const std::vector<double>& item : values) {
    for (const double value : item) detail::require_finite("A score", value);
    if (item.empty()) continue;
    ++result.n_items;
    result.n_values += static_cast<std::int64_t>(item.size());
    means.push_back(mean_of(item));
    if (item.size() < 2) continue;
    repeated_means.push_back(means.back());
    noise.push_back(variance_of(item));
    noise_of_means.push_back(noise.back() / static_cast<double>(item.size()));
  }
  detail::require(result.n_items >= 1, "Repeated scores without a score");
  result.mean = mean_of(means);
  if (!noise.empty()) result.within_item = mean_of(noise);
  // The items' means vary by their true means and by the noise left in each.
  if (noise.size() >= 2) {
    result.between_items = std::max(0.0, variance_of(repeated_means) - mean_of(noise_of_means));
  }
  if (means.size() >= 2) {
    result.std_error = std::sqrt(variance_of(means) / static_cast<double>(means.size()));
  }
  return result;
}

double pass_at_k(std::int64_t n, std::int64_t n_right, std::int64_t k) {
  detail::require_counts(n_right, n);
  detail::require(k >= 1 && k <= n, fmt::format("pass@{} from {} repeats", k, n),
                  "k lies between 1 and the number of repeats");
  double none_right = 1;  // C(n - n_right, k) / C(n, k), factor by factor
  for (std::int64_t i = 0; i < k; ++i) {
    none_right *= std::max(0.0, static_cast<double>(n - n_right - i)) / static_cast<double>(n - i);
  }
  return 1 - none_right;
}

}  // namespace assay
