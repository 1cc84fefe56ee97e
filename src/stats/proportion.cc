#include <algorithm>
#include <boost/math/special_functions/beta.hpp>
#include <cmath>

#include "stats/arguments.h"
#include "stats/stats.h"

namespace assay {

Interval wilson_interval(std::int64_t k, std::int64_t n, double confidence) {
  detail::require_counts(k, n);
  detail::require_fraction("The confidence", confidence);
  const double z = detail::normal_quantile((1 - confidence) / 2);
  const double count = static_cast<double>(n), p = static_cast<double>(k) / count;
  const double middle = p + z * z / (2 * count);
  const double half_width = z * std::sqrt(p * (1 - p) / count + z * z / (4 * count * count));
  const double scale = 1 + z * z / count;
  // At the ends the limits are exactly 0 and 1; rounding would leave 1e-17 beside them.
  return {k == 0 ? 0.0 : std::max(0.0, (middle - half_width) / scale),
          k == n ? 1.0 : std::min(1.0, (middle + half_width) / scale)};
}

Interval clopper_pearson_interval(std::int64_t k, std::int64_t n, double confidence) {
  detail::require_counts(k, n);
  detail::require_fraction("The confidence", confidence);
  const double tail = (1 - confidence) / 2;
  const double right = static_cast<double>(k), wrong = static_cast<double>(n - k);
  return {k == 0 ? 0.0 : boost::math::ibeta_inv(right, wrong + 1, tail),
          k == n ? 1.0 : boost::math::ibetac_inv(right + 1, wrong, tail)};
}

Interval beta_interval(std::int64_t k, std::int64_t n, double a, double b, double confidence) {
  detail::require_counts(k, n);
  detail::require_fraction("The confidence", confidence);
  detail::require(a > 0 && b > 0 && std::isfinite(a) && std::isfinite(b),
                  "A Beta prior needs two positive numbers");
  const double tail = (1 - confidence) / 2;
  const double right = static_cast<double>(k) + a, wrong = static_cast<double>(n - k) + b;
  return {boost::math::ibeta_inv(right, wrong, tail), boost::math::ibetac_inv(right, wrong, tail)};
}

double beta_binomial_cdf(std::int64_t x, std::int64_t m, std::int64_t k, std::int64_t n, double a,
                         double b) {
  detail::require(m >= 0, "A negative number of new items");
  detail::require(n >= 0 && k >= 0 && k <= n, "The items right are more than those seen");
  detail::require(a > 0 && b > 0 && std::isfinite(a) && std::isfinite(b),
                  "A Beta prior needs two positive numbers");
  if (x < 0) return 0;
  if (x >= m) return 1;
  const double alpha = static_cast<double>(k) + a, beta = static_cast<double>(n - k) + b;
  const double items = static_cast<double>(m);
  // Terms relative to the one at the mean: their ratios are simple, and none overflows (a term
  // beyond the mean's is larger by a power of m at most, for priors below 1).
  const std::int64_t start = static_cast<std::int64_t>(items * alpha / (alpha + beta));
  double below = 0, above = 0;
  const auto count = [&](std::int64_t j, double term) { (j <= x ? below : above) += term; };
  count(start, 1);
  double term = 1;
  for (std::int64_t j = start; j < m; ++j) {  // from j to j + 1
    const double i = static_cast<double>(j);
    term *= (items - i) / (i + 1) * ((i + alpha) / (items - i - 1 + beta));
    count(j + 1, term);
  }
  term = 1;
  for (std::int64_t j = start; j > 0; --j) {  // from j to j - 1
    const double i = static_cast<double>(j);
    term *= i / (items - i + 1) * ((items - i + beta) / (i - 1 + alpha));
    count(j - 1, term);
  }
  return below / (below + above);
}

}  // namespace assay
