#include <fmt/format.h>

#include <algorithm>
#include <boost/math/constants/constants.hpp>
#include <boost/math/special_functions/beta.hpp>
#include <boost/math/special_functions/gamma.hpp>
#include <cmath>
#include <limits>

#include "core/error.h"
#include "stats/arguments.h"
#include "stats/stats.h"

namespace assay {
namespace {

using Options = BettingSequence::Options;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

void require_sequence(const Options& options) {
  const bool bounded =
      std::isfinite(options.low) && std::isfinite(options.high) && options.low < options.high;
  detail::require(bounded, fmt::format("Values between {} and {}", options.low, options.high),
                  "A confidence sequence needs two finite bounds, the lower one first");
  detail::require_fraction("The confidence", options.confidence);
  detail::require(options.n_population >= 0, "A population of fewer than 0 values");
  detail::require(options.prior_variance > 0 && options.prior_variance <= 0.25,
                  fmt::format("A prior variance of {}", options.prior_variance),
                  "Values in [0, 1] have one of at most 0.25");
  detail::require(options.n_grid >= 3, fmt::format("A grid of {} means", options.n_grid),
                  "Three at least");
}

// The value mapped to [0, 1]; refuses one that the sequence's promise does not cover.
double unit_value(const Options& options, double value, std::int64_t n_before) {
  if (!(value >= options.low && value <= options.high)) {
    throw Error(ErrorKind::kEngine,
                fmt::format("The value {} is not in [{}, {}]", value, options.low, options.high));
  }
  if (options.n_population > 0 && n_before >= options.n_population) {
    throw Error(ErrorKind::kEngine,
                fmt::format("More values than the population's {}", options.n_population));
  }
  return std::clamp((value - options.low) / (options.high - options.low), 0.0, 1.0);
}

Interval mapped(const Options& options, const Interval& unit) {
  const double width = options.high - options.low;
  return {options.low + width * unit.low, options.low + width * unit.high};
}

// The part of `now` inside `before`. Without one the values are not what the promise is for, or it
// is the rare miss: what was said before stays.
Interval intersect(const Interval& before, const Interval& now) {
  const Interval both{std::max(before.low, now.low), std::min(before.high, now.high)};
  return both.low <= both.high ? both : before;
}

// What the mean of a finite population can still be, whatever the values not seen.
Interval logical(const Options& options, const PluginBets& bets) {
  if (options.n_population == 0) return {0, 1};
  const double all = static_cast<double>(options.n_population);
  const double mean_if_rest_is_0 = bets.sum / all;
  return {mean_if_rest_is_0, mean_if_rest_is_0 + (all - static_cast<double>(bets.n)) / all};
}

// ln of the capital against "lost at most as likely as won": bets on every share above 1/2, mixed
// by the Beta(1/2, 1/2) density.
double log_capital(std::int64_t n_for, std::int64_t n_against) {
  const double a = static_cast<double>(n_for) + 0.5, b = static_cast<double>(n_against) + 0.5;
  const double above_half = boost::math::ibetac(a, b, 0.5);
  if (!(above_half > 0)) return -kInfinity;
  const double log_beta =
      boost::math::lgamma(a) + boost::math::lgamma(b) - boost::math::lgamma(a + b);
  return (a + b) * std::log(2.0) - std::log(boost::math::constants::pi<double>()) + log_beta +
         std::log(above_half);
}

}  // namespace

double PluginBets::mean() const { return (0.5 + sum) / static_cast<double>(n + 1); }

double PluginBets::next(double confidence) const {
  const double t = static_cast<double>(n + 1), variance = (prior_variance + squares) / t;
  return std::sqrt(2 * std::log(2 / (1 - confidence)) / (variance * t * std::log1p(t)));
}

void PluginBets::add(double value) {
  sum += value;
  ++n;
  squares += (value - mean()) * (value - mean());
}

BettingSequence::BettingSequence(const Options& options)
    : options_(options), first_(0), last_(static_cast<std::size_t>(std::max(0, options.n_grid))) {
  require_sequence(options);
  bets_.prior_variance = options.prior_variance;
  log_up_.resize(last_);
  log_down_.resize(last_);
}

// The mean of the values not yet seen, if all have this one.
double BettingSequence::conditional_mean(double mean) const {
  if (options_.n_population == 0) return mean;
  const double all = static_cast<double>(options_.n_population);
  return (all * mean - bets_.sum) / (all - static_cast<double>(bets_.n));
}

void BettingSequence::bet(std::size_t candidate, double value, double amount) {
  constexpr double kImpossible = 1e-9;  // beyond rounding
  const double mean = conditional_mean(static_cast<double>(candidate) / (options_.n_grid - 1));
  if (mean < -kImpossible) log_up_[candidate] = kInfinity;
  if (mean > 1 + kImpossible) log_down_[candidate] = kInfinity;
  if (mean < -kImpossible || mean > 1 + kImpossible) return;
  // At most half of what would be lost at the worst value: capital stays positive.
  const double m = std::clamp(mean, 0.0, 1.0);
  const double up = m > 0 ? std::min(amount, 0.5 / m) : amount;
  const double down = m < 1 ? std::min(amount, 0.5 / (1 - m)) : amount;
  log_up_[candidate] += std::log1p(up * (value - m));
  log_down_[candidate] += std::log1p(down * (m - value));
}

void BettingSequence::add(double value) {
  const double unit = unit_value(options_, value, bets_.n);
  const double amount = bets_.next(options_.confidence);
  for (std::size_t i = first_; i < last_; ++i) bet(i, unit, amount);
  bets_.add(unit);
  // Half the capital bets on a higher mean, half on a lower one; each is monotone in the candidate,
  // so that what one candidate's capital excludes, all beyond it are excluded by.
  const double enough = std::log(2 / (1 - options_.confidence));
  Interval now{0, 1};
  std::size_t first = first_, last = last_;
  for (std::size_t i = first_; i < last_; ++i) {
    const double mean = static_cast<double>(i) / (options_.n_grid - 1);
    if (log_up_[i] > enough) {
      first = i + 1;
      now.low = mean;
    } else if (log_down_[i] > enough && i < last) {
      last = i;
      now.high = mean;
    }
  }
  first_ = std::min(first, last_);
  last_ = std::max(first_, last);
  unit_ = intersect(intersect(unit_, now), logical(options_, bets_));
}

Interval BettingSequence::interval() const { return mapped(options_, unit_); }

BernsteinSequence::BernsteinSequence(const Options& options) : options_(options) {
  require_sequence(options);
  bets_.prior_variance = options.prior_variance;
}

void BernsteinSequence::add(double value) {
  const double unit = unit_value(options_, value, bets_.n);
  const double bet = std::min(0.5, bets_.next(options_.confidence));
  const double seen = static_cast<double>(bets_.n);
  // Without replacement what was drawn shifts the mean of the rest.
  const double rest = static_cast<double>(options_.n_population) - seen;
  const double shift = options_.n_population > 0 ? bets_.sum / rest : 0;
  const double share = options_.n_population > 0 ? seen / rest : 0;
  const double distance = unit - bets_.mean();
  weighted_sum_ += bet * (unit + shift);
  weight_ += bet * (1 + share);
  penalty_ += distance * distance * (-std::log1p(-bet) - bet);
  bets_.add(unit);
  const double middle = weighted_sum_ / weight_;
  const double half_width = (std::log(2 / (1 - options_.confidence)) + penalty_) / weight_;
  unit_ = intersect(intersect(unit_, {middle - half_width, middle + half_width}),
                    logical(options_, bets_));
}

Interval BernsteinSequence::interval() const { return mapped(options_, unit_); }

void DiscordantTest::add(bool lost) {
  ++(lost ? n_lost_ : n_won_);
  best_worse_ = std::max(best_worse_, log_capital(n_lost_, n_won_));
  best_better_ = std::max(best_better_, log_capital(n_won_, n_lost_));
}

double DiscordantTest::p_worse() const { return std::exp(-best_worse_); }
double DiscordantTest::p_better() const { return std::exp(-best_better_); }

}  // namespace assay
