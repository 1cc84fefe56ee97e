// A row in words: what changed, how sure, and what follows.
#include <cmath>

#include <fmt/format.h>

#include "compare/checked.h"
#include "core/number_format.h"

namespace assay {
namespace {

std::string with_thousands(std::int64_t n) {
  std::string text = std::to_string(n);
  for (auto at = static_cast<int>(text.size()) - 3; at > 0; at -= 3)
    text.insert(static_cast<std::size_t>(at), ",");
  return text;
}

std::optional<Interval> scaled(const std::optional<Interval>& interval, double offset) {
  if (!interval) return std::nullopt;
  return Interval{kPercent * (interval->low - offset), kPercent * (interval->high - offset)};
}

// "-1.2 points [-2.0, -0.4]", "perplexity +5.6 % [4.7, 6.6]".
std::string change_text(const MetricComparison& row) {
  if (row.kind == ChangeKind::kRatio) {
    return "perplexity changes by " +
           format_with_interval(kPercent * (row.change.value - 1), scaled(row.change.ci95, 1), "%");
  }
  return format_with_interval(kPercent * row.change.value, scaled(row.change.ci95, 0), "points");
}

std::string flips_text(const MetricComparison& row) {
  if (!row.flips) return {};
  std::string text =
      fmt::format("; {} right answers lost, {} gained", with_thousands(row.flips->lost),
                  with_thousands(row.flips->gained));
  if (row.flips->churn && *row.flips->churn > 0)
    text += fmt::format(", {} wrong ones changed", with_thousands(*row.flips->churn));
  return text;
}

std::string seen_text(const MetricComparison& row, double power) {
  if (!row.minimum_detectable_effect || row.verdict != Verdict::kUndecided) return {};
  return fmt::format(" These items can see a loss of {} {} ({:g} % power).",
                     format_significant(kPercent * *row.minimum_detectable_effect, 2),
                     row.kind == ChangeKind::kRatio ? "%" : "points", kPercent * power);
}

// Said only when a noise run was given.
std::string noise_text(const MetricComparison& row) {
  if (!row.noise) return {};
  const double change = row.kind == ChangeKind::kRatio ? row.change.value - 1 : row.change.value;
  const bool few_flips = !row.flips || !row.noise->n_flips ||
                         row.flips->lost + row.flips->gained <= *row.noise->n_flips;
  if (std::abs(change) <= std::abs(row.noise->difference) && few_flips)
    return " That is no more than the baseline differs from itself when run again: noise.";
  return {};
}

}  // namespace

std::string verdict_words(Verdict verdict) {
  switch (verdict) {
    case Verdict::kWithinMargin:
      return "within margin";
    case Verdict::kWorse:
      return "WORSE";
    case Verdict::kUndecided:
      break;
  }
  return "undecided";
}

std::string points_text(double fraction) {
  const double points = kPercent * fraction;
  return fmt::format("{:g} {}", points, points == 1 ? "point" : "points");
}

namespace detail {

std::string margin_words(const MetricComparison& row) {
  if (row.kind == ChangeKind::kRatio)
    return fmt::format("{:g} % perplexity", kPercent * row.margin);
  return points_text(row.margin);
}

std::string sentence_of(const MetricComparison& row, const std::string& variant, double power) {
  const std::string what = fmt::format("{}, {}", row.task, row.metric);
  const std::string on = fmt::format(" on {} items", with_thousands(row.n));
  if (row.n == 0) return fmt::format("{}: {}.", what, row.reason);
  const std::string evidence = change_text(row) + on + flips_text(row) + ".";
  switch (row.verdict) {
    case Verdict::kWithinMargin:
      return fmt::format("{}: {} is within the margin of {} ({}): {}{}", what, variant,
                         margin_words(row), row.reason, evidence, noise_text(row));
    case Verdict::kWorse:
      return fmt::format("{}: {} is WORSE by more than {}: {}", what, variant, margin_words(row),
                         evidence);
    case Verdict::kUndecided:
      break;
  }
  return fmt::format("{}: undecided whether {} loses {}: {} {}{}.{}{}", what, variant,
                     margin_words(row), evidence,
                     static_cast<char>(std::toupper(static_cast<unsigned char>(row.reason[0]))),
                     row.reason.substr(1), seen_text(row, power), noise_text(row));
}

}  // namespace detail
}  // namespace assay
