#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "stats/arguments.h"
#include "stats/stats.h"

namespace assay {
namespace {

// The distance, in standard errors, between "no effect" and an effect seen with this power.
double both_quantiles(double alpha, double power) {
  detail::require_fraction("alpha", alpha);
  detail::require_fraction("The power", power);
  detail::require(power > alpha, fmt::format("A power of {} at alpha {}", power, alpha),
                  "The power must be the larger of the two");
  return detail::normal_quantile(alpha) + detail::normal_quantile(1 - power);
}

void require_plan(const PairedPlan& plan, double margin) {
  detail::require_fraction("The margin", margin);
  detail::require(std::abs(plan.difference) < 1,
                  fmt::format("A true difference of {} is not between -1 and 1", plan.difference),
                  "It is a fraction, not a percent");
}

void require_discordance(const PairedPlan& plan) {
  const bool holds = plan.discordance > 0 && plan.discordance <= 1;
  detail::require(holds, fmt::format("A discordance of {} is not in (0, 1]", plan.discordance),
                  "Where no item differed, plan with the upper limit of clopper_pearson_interval");
  detail::require(std::abs(plan.difference) <= plan.discordance,
                  fmt::format("A difference of {} with a discordance of only {}", plan.difference,
                              plan.discordance),
                  "The models differ on at least as large a share of the items as their scores do");
}

// Items at which an effect of margin + difference stands out, one item's variance given.
std::int64_t items_for(const PairedPlan& plan, double margin, double variance) {
  const double z = both_quantiles(plan.alpha, plan.power), distance = margin + plan.difference;
  detail::require(distance > 0,
                  fmt::format("A variant that is {} worse is not within a margin of {}",
                              -plan.difference, margin),
                  "No number of items shows that it is: plan for a larger margin");
  const double n = std::ceil(z * z * variance / (distance * distance));
  detail::require(n < 1e18, "The plan needs more than 10^18 items");
  return std::max(std::int64_t{1}, static_cast<std::int64_t>(n));
}

}  // namespace

std::int64_t paired_sample_size(const PairedPlan& plan, double margin) {
  require_plan(plan, margin);
  require_discordance(plan);
  return items_for(plan, margin, plan.discordance - plan.difference * plan.difference);
}

std::int64_t unpaired_sample_size(const PairedPlan& plan, double accuracy, double margin) {
  require_plan(plan, margin);
  detail::require_fraction("The accuracy", accuracy);
  const double other = accuracy + plan.difference;
  detail::require(other >= 0 && other <= 1,
                  fmt::format("An accuracy of {} changed by {}", accuracy, plan.difference),
                  "The result is not between 0 and 1");
  return items_for(plan, margin, accuracy * (1 - accuracy) + other * (1 - other));
}

double paired_power(const PairedPlan& plan, double margin, std::int64_t n) {
  require_plan(plan, margin);
  require_discordance(plan);
  detail::require_fraction("alpha", plan.alpha);
  detail::require(n >= 1, fmt::format("A plan of {} items", n));
  const double variance = plan.discordance - plan.difference * plan.difference;
  const double distance = margin + plan.difference;
  if (!(variance > 0)) return distance > 0 ? 1.0 : 0.0;
  const double reach = distance * std::sqrt(static_cast<double>(n) / variance);
  return detail::normal_tail(detail::normal_quantile(plan.alpha) - reach);
}

double minimum_detectable_effect(const PairedTable& table, double alpha, double power) {
  const double z = both_quantiles(alpha, power);
  const double n = static_cast<double>(table.n());
  mcnemar(table);  // refuses counts that cannot be
  detail::require(table.n() >= 1, "The two models have no item in common");
  const std::int64_t n_discordant = table.only_baseline + table.only_variant;
  const double discordance = n_discordant > 0 ? static_cast<double>(n_discordant) / n
                                              : clopper_pearson_interval(0, table.n()).high;
  // A loss is never larger than the discordance: a larger loss than what was seen brings its own.
  // Then loss = z * sqrt(loss / n), which is z^2 / n.
  return std::min(1.0, z * std::sqrt(std::max(discordance, z * z / n) / n));
}

double minimum_detectable_effect(double std_error, double alpha, double power) {
  detail::require(std_error > 0 && std::isfinite(std_error),
                  fmt::format("A standard error of {}", std_error),
                  "It must be positive: where nothing differed, use the table of right and wrong");
  return both_quantiles(alpha, power) * std_error;
}

}  // namespace assay
