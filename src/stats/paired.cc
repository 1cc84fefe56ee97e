#include <fmt/format.h>

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <boost/math/special_functions/beta.hpp>
#include <boost/math/tools/toms748_solve.hpp>
#include <cmath>
#include <limits>
#include <numeric>

#include "stats/arguments.h"
#include "stats/binomial.h"
#include "stats/stats.h"

namespace assay {
namespace {

void require_table(const PairedTable& table, std::int64_t n_at_least) {
  detail::require(table.both_right >= 0 && table.only_baseline >= 0 && table.only_variant >= 0 &&
                      table.both_wrong >= 0,
                  "A table of two models has a negative count");
  detail::require(table.n() >= n_at_least, "The two models have no item in common");
}

// P(at least k of n fair throws).
double fair_tail(double k, double n) {
  return k <= 0 ? 1.0 : boost::math::ibeta(k, n - k + 1, 0.5);
}

// Tango's score statistic of "the difference is delta": standard normal under it, falling in delta.
// The variance uses the likelihood's maximum under that hypothesis, a root of a quadratic.
double tango_score(const PairedTable& table, double delta) {
  const double n = static_cast<double>(table.n());
  const double gained = static_cast<double>(table.only_variant);
  const double lost = static_cast<double>(table.only_baseline);
  const double distance = gained - lost - n * delta;
  const double b = -gained - lost + (2 * n - gained + lost) * delta;
  const double c = -lost * delta * (1 - delta);
  // The root with the larger value, without cancellation when b is positive.
  const double root = std::sqrt(std::max(0.0, b * b - 8 * n * c));
  const double lost_share =
      b <= 0 ? (root - b) / (4 * n) : (b + root > 0 ? -2 * c / (b + root) : 0);
  const double variance = n * (2 * lost_share + delta * (1 - delta));
  if (distance == 0) return 0;
  if (!(variance > 0)) return std::copysign(std::numeric_limits<double>::infinity(), distance);
  return distance / std::sqrt(variance);
}

// Where the score falls through `level`, between two differences that enclose it.
double solve_tango(const PairedTable& table, double level, double low, double high) {
  const auto excess = [&](double delta) {
    return std::clamp(tango_score(table, delta) - level, -1e100, 1e100);
  };
  const double at_low = excess(low), at_high = excess(high);
  if (at_low <= 0) return low;
  if (at_high >= 0) return high;
  std::uintmax_t n_steps = 200;
  const auto ends = boost::math::tools::toms748_solve(
      excess, low, high, at_low, at_high, boost::math::tools::eps_tolerance<double>(52), n_steps);
  return std::midpoint(ends.first, ends.second);
}

// Newcombe's phi: the correlation of the two models, with his correction of the numerator by n/2
// where it is positive; 0 where a margin is empty.
double corrected_phi(const PairedTable& table) {
  const double a = static_cast<double>(table.both_right), n = static_cast<double>(table.n());
  const double b = static_cast<double>(table.only_variant);
  const double c = static_cast<double>(table.only_baseline);
  const double d = static_cast<double>(table.both_wrong);
  const double margins = std::sqrt(a + b) * std::sqrt(c + d) * std::sqrt(a + c) * std::sqrt(b + d);
  if (margins == 0) return 0;
  const double numerator = a * d - b * c;
  return (numerator > 0 ? std::max(0.0, numerator - n / 2) : numerator) / margins;
}

// sqrt(x^2 - 2 phi x y + y^2): two distances squared and added, less what they share.
double square_and_add(double x, double y, double phi) {
  return std::sqrt(std::max(0.0, x * x - 2 * phi * x * y + y * y));
}

struct OneSided {
  double above = 1;  // p of "the mean is at most -margin"
  double below = 1;  // p of "the mean is at least -margin"
};

// All n values are equal: no spread to measure by. What share of unseen values at the far end (-1
// or 1) would bring the mean to `bound`, and how probably would n draws have missed it?
OneSided unseen_share(double value, double n, double bound) {
  OneSided p;
  if (value > bound && value > -1) p.above = std::pow((1 + bound) / (1 + value), n);
  if (value < bound && value < 1) p.below = std::pow((1 - bound) / (1 - value), n);
  return p;
}

OneSided against_bound(const Estimate& difference, std::int64_t n_clusters, double bound) {
  const double n = static_cast<double>(n_clusters);
  if (*difference.std_error == 0) return unseen_share(difference.value, n, bound);
  const boost::math::students_t t(n - 1);
  const double distance = (difference.value - bound) / *difference.std_error;
  return {.above = boost::math::cdf(boost::math::complement(t, distance)),
          .below = boost::math::cdf(t, distance)};
}

// Whether a test can be made: refuses what is wrong, false for what is unknown.
bool testable(const Estimate& difference, std::int64_t n_clusters, double margin) {
  detail::require_fraction("The margin", margin);
  if (!difference.std_error) return false;
  detail::require_finite("The difference", difference.value);
  detail::require_finite("The difference's error", *difference.std_error);
  detail::require(*difference.std_error >= 0, "The difference's error is negative");
  detail::require(n_clusters >= 2,
                  fmt::format("An error from {} independent groups of items", n_clusters),
                  "It takes two at least");
  return true;
}

}  // namespace

McNemar mcnemar(const PairedTable& table) {
  require_table(table, 0);
  const double lost = static_cast<double>(table.only_baseline);
  const double gained = static_cast<double>(table.only_variant), n = lost + gained;
  if (n == 0) return {};
  McNemar p;
  p.p_worse = fair_tail(lost, n);
  p.p_better = fair_tail(gained, n);
  const double smaller = std::min(p.p_worse, p.p_better);
  p.p_two_sided = std::min(1.0, 2 * smaller);
  p.p_mid = std::min(1.0, 2 * smaller - detail::fair_point(lost, n));
  return p;
}

Interval newcombe_interval(const PairedTable& table, double confidence) {
  require_table(table, 1);
  const std::int64_t n = table.n();
  const std::int64_t right = table.both_right + table.only_variant;
  const std::int64_t right_before = table.both_right + table.only_baseline;
  const Interval now = wilson_interval(right, n, confidence);
  const Interval before = wilson_interval(right_before, n, confidence);
  const double p = static_cast<double>(right) / static_cast<double>(n);
  const double p_before = static_cast<double>(right_before) / static_cast<double>(n);
  const double phi = corrected_phi(table), difference = table.difference();
  return {difference - square_and_add(p - now.low, before.high - p_before, phi),
          difference + square_and_add(now.high - p, p_before - before.low, phi)};
}

Interval tango_interval(const PairedTable& table, double confidence) {
  require_table(table, 1);
  detail::require_fraction("The confidence", confidence);
  const double z = detail::normal_quantile((1 - confidence) / 2);
  const double difference = table.difference();
  return {solve_tango(table, z, -1, difference), solve_tango(table, -z, difference, 1)};
}

MarginTest margin_test(const PairedTable& table, double margin) {
  require_table(table, 1);
  detail::require_fraction("The margin", margin);
  const double score = tango_score(table, -margin);
  return {.p_noninferior = detail::normal_tail(score), .p_inferior = detail::normal_tail(-score)};
}

double tost_p(const PairedTable& table, double margin) {
  const double p_not_worse = margin_test(table, margin).p_noninferior;
  return std::max(p_not_worse, detail::normal_tail(-tango_score(table, margin)));
}

MarginTest margin_test(const Estimate& difference, std::int64_t n_clusters, double margin) {
  if (!testable(difference, n_clusters, margin)) return {};
  const OneSided p = against_bound(difference, n_clusters, -margin);
  return {.p_noninferior = p.above, .p_inferior = p.below};
}

double tost_p(const Estimate& difference, std::int64_t n_clusters, double margin) {
  if (!testable(difference, n_clusters, margin)) return 1;
  return std::max(against_bound(difference, n_clusters, -margin).above,
                  against_bound(difference, n_clusters, margin).below);
}

}  // namespace assay
