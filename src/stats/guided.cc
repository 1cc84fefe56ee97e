#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include "core/error.h"
#include "stats/arguments.h"
#include "stats/stats.h"

namespace assay {
namespace {

// Where the guide counts most and least: floors between these, relative to the chance at the
// border.
constexpr double kLeastFloor = 1e-4, kMostFloor = 1e4;

std::vector<double> weights_above(std::span<const double> chances, double floor) {
  std::vector<double> weights;
  double sum = 0;
  for (const double chance : chances) {
    weights.push_back(std::sqrt(chance + floor));
    sum += weights.back();
  }
  for (double& weight : weights) weight *= static_cast<double>(weights.size()) / sum;
  return weights;
}

// How many times the items of a simple sample it takes, at this share of all, when flips do not
// follow the weights: the mean of 1/p - 1 is the variance of an item, as 1/share - 1 of a simple
// one.
double useless_cost(std::span<const double> weights, double share) {
  const double n = static_cast<double>(weights.size());
  double inverse = 0;
  for (const double p : inclusion_probabilities(weights, share * n)) inverse += 1 / p / n;
  return share * inverse;
}

void require_weights(std::span<const double> weights) {
  detail::require(!weights.empty(), "There are no items to draw");
  for (const double weight : weights) {
    detail::require(weight > 0 && std::isfinite(weight),
                    fmt::format("A weight of {} for an item", weight),
                    "Every item needs a positive one, or the estimate would be biased");
  }
}

}  // namespace

std::vector<double> guide_weights(std::span<const double> margins, const Guide& guide) {
  detail::require(!margins.empty(), "There are no items to draw");
  detail::require(guide.tau > 0 && std::isfinite(guide.tau),
                  fmt::format("A margin's change has the spread {}", guide.tau),
                  "It must be positive: take it from a few items of both models");
  detail::require(guide.share > 0 && guide.share < 1,
                  fmt::format("A share of {} of the items to draw", guide.share));
  detail::require(guide.max_extra >= 0, "A guide cannot cost less than nothing");
  std::vector<double> chances;
  for (const double margin : margins) {
    detail::require_finite("A margin", margin);
    chances.push_back(std::erfc(std::abs(margin) / guide.tau / std::numbers::sqrt2));
  }
  double low = std::log(kLeastFloor), high = std::log(kMostFloor);
  std::vector<double> weights = weights_above(chances, kLeastFloor);
  if (useless_cost(weights, guide.share) <= 1 + guide.max_extra) return weights;
  for (int step = 0; step < 40; ++step) {
    const double middle = std::midpoint(low, high);
    weights = weights_above(chances, std::exp(middle));
    (useless_cost(weights, guide.share) > 1 + guide.max_extra ? low : high) = middle;
  }
  return weights_above(chances, std::exp(high));
}

std::vector<double> inclusion_probabilities(std::span<const double> weights, double n_wanted) {
  require_weights(weights);
  const double n = static_cast<double>(weights.size());
  detail::require(n_wanted > 0 && n_wanted < n,
                  fmt::format("{} of {} items to draw", n_wanted, weights.size()));
  // The number drawn is concave in c, so that Newton's steps from 0 approach from below.
  double c = 0;
  for (int step = 0; step < 200; ++step) {
    double drawn = 0, slope = 0;
    for (const double weight : weights) {
      const double left = std::exp(-c * weight);
      drawn += 1 - left;
      slope += weight * left;
    }
    if (!(n_wanted - drawn > 1e-12 * n) || !(slope > 0)) break;
    c += (n_wanted - drawn) / slope;
  }
  std::vector<double> probabilities;
  for (const double weight : weights) probabilities.push_back(-std::expm1(-c * weight));
  return probabilities;
}

GuidedOrder guided_order(std::span<const double> weights, std::uint64_t seed) {
  require_weights(weights);
  std::vector<double> ranks;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    // A stream per item: its random number does not depend on the others.
    ranks.push_back(-std::log1p(-Rng(seed, i).uniform()) / weights[i]);
  }
  GuidedOrder order;
  order.items.resize(weights.size());
  std::iota(order.items.begin(), order.items.end(), 0);
  const auto rank = [&](std::int64_t item) { return ranks[static_cast<std::size_t>(item)]; };
  std::stable_sort(order.items.begin(), order.items.end(),
                   [&](std::int64_t a, std::int64_t b) { return rank(a) < rank(b); });
  for (const std::int64_t item : order.items) order.ranks.push_back(rank(item));
  return order;
}

Estimate guided_difference(const GuidedOrder& order, std::span<const double> weights,
                           std::span<const double> differences, double confidence) {
  require_weights(weights);
  detail::require_fraction("The confidence", confidence);
  const std::size_t n = weights.size(), n_seen = differences.size();
  detail::require(order.items.size() == n && order.ranks.size() == n && n_seen <= n,
                  fmt::format("{} differences in an order of {} for {} weights", n_seen,
                              order.items.size(), n));
  Estimate estimate;
  const double all = static_cast<double>(n);
  double variance = 0, mean_inverse_chance = 0;
  // Given the other items' ranks, an item was among those seen when its rank was below the first
  // one not seen.
  const bool whole = n_seen == n;
  const auto chance = [&](std::size_t item) {
    return whole ? 1.0 : -std::expm1(-order.ranks[n_seen] * weights[item]);
  };
  for (std::size_t j = 0; j < n_seen; ++j) {
    detail::require_finite("A difference", differences[j]);
    const double p = chance(static_cast<std::size_t>(order.items[j]));
    estimate.value += differences[j] / p / all;
    variance += differences[j] * differences[j] * (1 - p) / (p * p) / (all * all);
  }
  if (n_seen < 2 && !whole) {
    estimate.reason = "fewer than two items were evaluated";
    return estimate;
  }
  for (std::size_t item = 0; item < n; ++item) mean_inverse_chance += 1 / chance(item) / all;
  // As a score interval: at a difference h the likeliest number of flips T solves T^2 - K T = (h
  // n)^2 for K seen, and each adds to the variance. With V per flip, h^2 = z^2 V T / n^2 has this
  // root.
  const double z = detail::normal_quantile((1 - confidence) / 2);
  const double unseen = z * z * (mean_inverse_chance - 1) / all;
  const double half_width = std::sqrt(z * z * variance + unseen * unseen);
  estimate.std_error = std::sqrt(variance);
  estimate.ci95 = Interval{estimate.value - half_width, estimate.value + half_width};
  return estimate;
}

namespace {

// Values of the sequence are at most 1 / (smallest weight, relative to the mean) away from 0: what
// is drawn early leaves less weight behind.
BettingSequence::Options bounds_for(std::span<const double> weights, double confidence) {
  require_weights(weights);
  const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  const double smallest = *std::min_element(weights.begin(), weights.end());
  // A hair more for the rounding of the sums.
  const double bound = sum / static_cast<double>(weights.size()) / smallest * (1 + 1e-9);
  // Bets begin as for 5 % discordant items.
  return {.low = -bound,
          .high = bound,
          .confidence = confidence,
          .n_grid = 20001,
          .prior_variance = 0.05 / (4 * bound * bound)};
}

}  // namespace

GuidedSequence::GuidedSequence(const GuidedOrder& order, std::span<const double> weights,
                               double confidence)
    : betting_(bounds_for(weights, confidence)) {
  detail::require(
      order.items.size() == weights.size(),
      fmt::format("An order of {} items for {} weights", order.items.size(), weights.size()));
  // From the last item on, so that little is lost to rounding where little is left.
  chances_.resize(order.items.size());
  double left = 0;
  for (std::size_t j = order.items.size(); j-- > 0;) {
    const double weight = weights[static_cast<std::size_t>(order.items[j])];
    left += weight;
    chances_[j] = weight / left;
  }
}

void GuidedSequence::add(double difference) {
  const std::size_t place = static_cast<std::size_t>(n());
  if (!(difference >= -1 && difference <= 1)) {
    throw Error(ErrorKind::kEngine, fmt::format("The difference {} is not in [-1, 1]", difference));
  }
  if (place >= chances_.size()) {
    throw Error(ErrorKind::kEngine,
                fmt::format("More differences than the order's {} items", chances_.size()));
  }
  const double all = static_cast<double>(chances_.size());
  betting_.add((sum_ + difference / chances_[place]) / all);
  sum_ += difference;
  const double rest = (all - static_cast<double>(n())) / all;  // at most, either way
  const Interval bets = betting_.interval();
  const Interval now{std::max({interval_.low, bets.low, sum_ / all - rest}),
                     std::min({interval_.high, bets.high, sum_ / all + rest})};
  if (now.low <= now.high) interval_ = now;
  if (n() == static_cast<std::int64_t>(chances_.size())) interval_ = {sum_ / all, sum_ / all};
}

Interval GuidedSequence::interval() const { return interval_; }

}  // namespace assay
