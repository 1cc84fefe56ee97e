#include "compare/verdict.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "compare/checked.h"
#include "core/number_format.h"

namespace assay::detail {

std::int64_t two_digits(std::int64_t n) {
  std::int64_t unit = 1;
  while (n / unit >= 100) unit *= 10;
  return (n + unit - 1) / unit * unit;
}

namespace {

constexpr double kMostItems = 1e9;  // more than any data set: the same as never

using Member = std::optional<double> MetricComparison::*;

void adjust(std::span<ComparisonRow* const> rows, Member from, Member to, Adjustment adjustment) {
  std::vector<double> p;
  for (const ComparisonRow* row : rows) {
    if (row->out.*from) p.push_back(*(row->out.*from));
  }
  const std::vector<double> result = adjusted(p, adjustment);
  std::size_t next = 0;
  for (ComparisonRow* row : rows) {
    if (row->out.*from) row->out.*to = result[next++];
  }
}

// The data needed grow with the square of (what this much data sees) / (distance to the margin).
void fill_further(ComparisonRow& row) {
  if (!row.evidence.detectable) return;
  const double gain = row.evidence.gain.value;
  const double distance = std::abs(gain + row.demand.margin);
  const double n = static_cast<double>(row.out.n);
  const double needed = n * std::pow(*row.evidence.detectable / distance, 2);
  if (!(distance > 0) || needed > kMostItems) return;
  row.out.n_further = std::max<std::int64_t>(1, std::llround(std::ceil(needed)) - row.out.n);
}

std::string percent(double fraction) { return format_significant(kPercent * fraction) + " %"; }

// Why a drop could not be seen even if there were one; empty when it could.
std::string blind(const ComparisonRow& row, const CompareOptions& options) {
  const MetricComparison& out = row.out;
  if (out.kind == ChangeKind::kRatio || !out.higher_is_better) return {};
  const auto& interval = out.baseline.ci95;
  const std::string value = format_with_interval(
      kPercent * out.baseline.value,
      interval ? std::optional(Interval{kPercent * interval->low, kPercent * interval->high})
               : std::nullopt,
      "%");
  if (out.chance && interval && interval->low <= *out.chance) {
    return fmt::format("the baseline's {} is {} chance ({}): a drop cannot be measured", value,
                       interval->high < *out.chance ? "below" : "not told from",
                       percent(*out.chance));
  }
  if (out.chance && out.baseline.value - *out.chance <= out.margin) {
    return fmt::format(
        "the baseline's {} is at most the margin above {}: losing all of it would pass", value,
        *out.chance > 0 ? "chance (" + percent(*out.chance) + ")" : "nothing");
  }
  const auto of_task = options.floors.find(out.task);
  const auto floor = of_task == options.floors.end() ? options.floors.find("") : of_task;
  if (floor != options.floors.end() && (!interval || interval->low < floor->second)) {
    return fmt::format("the baseline's {} is not shown to be above the floor of {}", value,
                       percent(floor->second));
  }
  return {};
}

// Why "within the margin" may not be said although the numbers show it; empty when it may.
std::string withheld(const ComparisonRow& row, const CompareOptions& options) {
  if (std::string reason = blind(row, options); !reason.empty()) return reason;
  const std::int64_t n_more = row.out.n_unscored_variant - row.out.n_unscored_baseline;
  if (static_cast<double>(n_more) > options.max_unscored * static_cast<double>(row.out.n)) {
    return fmt::format(
        "{} items could not be scored for the variant ({} for the baseline), more "
        "than {} of them",
        row.out.n_unscored_variant, row.out.n_unscored_baseline, percent(options.max_unscored));
  }
  return {};
}

std::string undecided_reason(const ComparisonRow& row) {
  const MetricComparison& out = row.out;
  if (!out.change.ci95) return out.change.reason;
  if (!row.evidence.detectable) return "all items change alike: there is no spread to judge by";
  std::string text =
      fmt::format("neither a loss below nor one above {} is shown", margin_words(row.out));
  if (out.n_further) {
    text += fmt::format("; if it stays as it is, about {} more items would decide",
                        two_digits(*out.n_further));
  } else {
    text += "; the loss lies at the margin, so no number of items would decide soon";
  }
  return text;
}

void set(ComparisonRow& row, Verdict verdict, std::string reason) {
  row.out.verdict = verdict;
  row.out.reason = std::move(reason);
}

void decide(ComparisonRow& row, const CompareOptions& options, const Identity& identity) {
  MetricComparison& out = row.out;
  if (!row.untestable.empty()) return set(row, Verdict::kUndecided, row.untestable);
  if ((identity.same_model || identity.same_answers) && identity.same_name) {
    return set(row, Verdict::kWithinMargin, "the two are the same model: nothing can be lost");
  }
  const bool same_answers =
      identity.same_answers && !identity.same_name && row.evidence.gain.value == 0;
  if (identity.same_model || same_answers) {
    return set(row, Verdict::kUndecided,
               identity.same_model
                   ? "the variant is the baseline (same weights, same runtime): no optimisation "
                     "was measured"
                   : "every answer equals the baseline's to the last bit: was the optimisation "
                     "applied?");
  }
  if (out.p_beyond_adjusted && *out.p_beyond_adjusted < options.alpha) {
    return set(row, Verdict::kWorse,
               fmt::format("a loss above {} is shown", margin_words(row.out)));
  }
  if (out.p_within && *out.p_within < options.alpha) {
    const std::string reason = withheld(row, options);
    if (!reason.empty()) return set(row, Verdict::kUndecided, reason);
    return set(row, Verdict::kWithinMargin,
               fmt::format("a loss of {} or more is excluded", margin_words(row.out)));
  }
  const std::string reason = blind(row, options);
  if (reason.empty()) fill_further(row);
  set(row, Verdict::kUndecided, reason.empty() ? undecided_reason(row) : reason);
}

struct Counts {
  int n = 0, n_worse = 0, n_undecided = 0;
  std::string worse, undecided;
  void add(const MetricComparison& row) {
    if (!row.decides) return;
    ++n;
    const auto name = [&](std::string& names) { names += (names.empty() ? "" : ", ") + row.task; };
    if (row.verdict == Verdict::kWorse) name(worse), ++n_worse;
    if (row.verdict == Verdict::kUndecided) name(undecided), ++n_undecided;
  }
};

}  // namespace

std::vector<double> adjusted(std::span<const double> p, Adjustment adjustment) {
  switch (adjustment) {
    case Adjustment::kHolm:
      return holm(p);
    case Adjustment::kBenjaminiHochberg:
      return benjamini_hochberg(p);
    case Adjustment::kNone:
      break;
  }
  return {p.begin(), p.end()};
}

const char* name_of(Adjustment adjustment) {
  switch (adjustment) {
    case Adjustment::kHolm:
      return "holm";
    case Adjustment::kBenjaminiHochberg:
      return "benjamini-hochberg";
    case Adjustment::kNone:
      break;
  }
  return "none";
}

void decide_family(std::span<ComparisonRow* const> rows, const CompareOptions& options,
                   const Identity& identity) {
  adjust(rows, &MetricComparison::p_worse, &MetricComparison::p_worse_adjusted, options.adjustment);
  adjust(rows, &MetricComparison::p_beyond, &MetricComparison::p_beyond_adjusted,
         options.adjustment);
  for (ComparisonRow* row : rows) decide(*row, options, identity);
}

void decide_whole(Comparison& comparison) {
  Counts counts;
  for (const GroupComparison& group : comparison.groups) counts.add(group);
  for (const MetricComparison& metric : comparison.metrics) counts.add(metric);
  if (counts.n_worse > 0) {
    comparison.verdict = Verdict::kWorse;
    comparison.reason = "worse on " + counts.worse;
  } else if (counts.n_undecided > 0 || counts.n == 0) {
    comparison.verdict = Verdict::kUndecided;
    comparison.reason = counts.n == 0 ? "nothing decides" : "undecided on " + counts.undecided;
  } else {
    comparison.verdict = Verdict::kWithinMargin;
    comparison.reason =
        counts.n == 1 ? "within the margin" : fmt::format("within the margin on all {}", counts.n);
  }
  if (!comparison.comparable && comparison.verdict == Verdict::kWithinMargin) {
    comparison.verdict = Verdict::kUndecided;
    comparison.reason = "the runs are not comparable: nothing is passed on them";
  }
}

}  // namespace assay::detail
