// What the data say beyond single verdicts. Each finding is shown, spoken against, or undecided; a
// point estimate alone never decides.
#include <algorithm>
#include <cmath>
#include <set>

#include <fmt/format.h>

#include "compare/compare.h"
#include "compare/study_rows.h"

namespace assay {
namespace {

using detail::points_with_interval;

constexpr double kZ975 = 1.959963984540054;

// A difference of changes against "the first loses more": shown when its interval lies below 0;
// spoken against when it lies above, or shows that the two are within `margin` of each other.
FindingState state_of_loss(const Estimate& difference, double margin) {
  if (!difference.ci95) return FindingState::kUndecided;
  if (difference.ci95->high < 0) return FindingState::kShown;
  const bool alike = difference.ci95->low > -margin && difference.ci95->high < margin;
  return difference.ci95->low > 0 || alike ? FindingState::kNotShown : FindingState::kUndecided;
}

Estimate negated(Estimate e) {
  e.value = -e.value;
  if (e.ci95) e.ci95 = Interval{-e.ci95->high, -e.ci95->low};
  return e;
}

const ClassDifference* difference_between(const Comparison& c, const std::string& a,
                                          const std::string& b) {
  for (const ClassDifference& d : c.class_differences) {
    if ((d.first == a && d.second == b) || (d.first == b && d.second == a)) return &d;
  }
  return nullptr;
}

// Classes of one variant from the most to the least sensitive.
std::optional<Finding> sensitive_class(const StudyFamily& family, const Comparison& c) {
  if (c.classes.size() < 2) return std::nullopt;
  std::vector<ClassComparison> classes = c.classes;
  std::stable_sort(classes.begin(), classes.end(),
                   [](const auto& a, const auto& b) { return a.change.value < b.change.value; });
  const ClassComparison& most = classes.front();
  const ClassComparison& least = classes.back();
  Finding finding{.kind = "sensitive_class",
                  .family = family.name,
                  .variant = c.variant.name,
                  .subject = most.task_class,
                  .other = least.task_class};
  for (const ClassComparison& k : classes)
    finding.values.push_back({.label = k.task_class, .n = k.n, .change = k.change});
  std::string by = "no interval";
  if (const ClassDifference* d = difference_between(c, most.task_class, least.task_class)) {
    const Estimate e = d->first == most.task_class ? d->difference : negated(d->difference);
    finding.state = state_of_loss(e, c.settings.margin);
    // The pair was chosen for being extreme: its test is the one that is adjusted for all pairs.
    if (finding.state == FindingState::kShown && d->p_adjusted >= c.settings.alpha)
      finding.state = FindingState::kUndecided;
    by = points_with_interval(e);
  }
  const std::string words = finding.state == FindingState::kShown ? "loses more than"
                            : finding.state == FindingState::kNotShown
                                ? "loses no more than"
                                : "may or may not lose more than";
  finding.sentence = fmt::format("{}: {} {} {}: {} between them.", c.variant.name, most.task_class,
                                 words, least.task_class, by);
  return finding;
}

// ---- The largest loss, and where ----

struct Loss {
  const Comparison* comparison = nullptr;
  const MetricComparison* row = nullptr;
};

std::optional<Finding> largest_loss(const StudyFamily& family) {
  Loss largest;
  bool all_within = true;
  double n_compared = 0;
  for (const Comparison& c : family.comparisons) {
    ++n_compared;
    for (const MetricComparison* row : detail::deciding_points(c)) {
      if (!largest.row || row->change.value < largest.row->change.value) largest = {&c, row};
      const bool within = row->verdict == Verdict::kWithinMargin || c.same_answers;
      all_within = all_within && within;
    }
  }
  if (!largest.row) return std::nullopt;
  const MetricComparison& row = *largest.row;
  Finding finding{.kind = "largest_loss",
                  .family = family.name,
                  .variant = largest.comparison->variant.name,
                  .subject = row.task,
                  .values = {{.label = row.task, .n = row.n, .change = row.change}}};
  // The largest of many looks large by chance: the p-value pays for each variant it was chosen
  // from, and is already adjusted for the tasks of one.
  const double p = std::min(1.0, n_compared * row.p_worse_adjusted.value_or(1));
  if (row.change.value < 0 && p < largest.comparison->settings.alpha) {
    finding.state = FindingState::kShown;
  } else if (all_within) {
    finding.state = FindingState::kNotShown;
  }
  const std::string what =
      finding.state == FindingState::kShown ? "The largest loss is real: "
      : finding.state == FindingState::kNotShown
          ? "No variant loses as much as the margin on any task; the largest change: "
          : "The largest loss may be chance: ";
  finding.sentence = fmt::format("{}{} on {} ({}): {} on {} items.", what, finding.variant,
                                 row.task, row.metric, points_with_interval(row.change), row.n);
  return finding;
}

// ---- Does the larger model resist better? ----

// Mean change over tasks; tasks are independent.
std::optional<Estimate> mean_change(const Comparison& c, const std::set<std::string>& tasks,
                                    std::int64_t& n_items) {
  double sum = 0, variance = 0, n = 0;
  for (const MetricComparison* row : detail::deciding_points(c)) {
    if (!tasks.contains(row->task)) continue;
    if (!row->change.std_error) return std::nullopt;
    sum += row->change.value;
    variance += *row->change.std_error * *row->change.std_error;
    n_items += row->n;
    ++n;
  }
  if (n == 0) return std::nullopt;
  const double value = sum / n, error = std::sqrt(variance) / n;
  return Estimate{.value = value,
                  .std_error = error,
                  .ci95 = Interval{value - kZ975 * error, value + kZ975 * error}};
}

std::set<std::string> tasks_of(const Comparison& c) {
  std::set<std::string> tasks;
  for (const MetricComparison* row : detail::deciding_points(c)) tasks.insert(row->task);
  return tasks;
}

std::optional<Finding> larger_resists(const StudyFamily& small, const StudyFamily& large,
                                      const Comparison& a, const Comparison& b) {
  std::set<std::string> shared;
  const std::set<std::string> of_a = tasks_of(a), of_b = tasks_of(b);
  std::set_intersection(of_a.begin(), of_a.end(), of_b.begin(), of_b.end(),
                        std::inserter(shared, shared.end()));
  std::int64_t n_a = 0, n_b = 0;
  const std::optional<Estimate> lost_a = mean_change(a, shared, n_a);
  const std::optional<Estimate> lost_b = mean_change(b, shared, n_b);
  if (!lost_a || !lost_b) return std::nullopt;
  const double value = lost_a->value - lost_b->value;
  const double half = kZ975 * std::hypot(*lost_a->std_error, *lost_b->std_error);
  const Estimate difference{.value = value, .ci95 = Interval{value - half, value + half}};
  Finding finding{.kind = "larger_resists",
                  .state = state_of_loss(difference, a.settings.margin),
                  .variant = a.variant.name,
                  .subject = large.name,
                  .other = small.name,
                  .values = {{.label = small.name, .n = n_a, .change = *lost_a},
                             {.label = large.name, .n = n_b, .change = *lost_b}}};
  const std::string words = finding.state == FindingState::kShown      ? "resists better than"
                            : finding.state == FindingState::kNotShown ? "resists no better than"
                                                                       : "may resist better than";
  finding.sentence = fmt::format("{}: {} {} {}: {} against {}, mean of {} tasks.", finding.variant,
                                 large.name, words, small.name, points_with_interval(*lost_b),
                                 points_with_interval(*lost_a), shared.size());
  return finding;
}

void add_larger_resists(const std::vector<StudyFamily>& families, std::vector<Finding>& findings) {
  std::vector<const StudyFamily*> by_size;
  for (const StudyFamily& family : families) {
    if (family.baseline.n_weights > 0) by_size.push_back(&family);
  }
  std::stable_sort(by_size.begin(), by_size.end(), [](const auto* a, const auto* b) {
    return a->baseline.n_weights < b->baseline.n_weights;
  });
  for (std::size_t i = 1; i < by_size.size(); ++i) {
    for (const Comparison& a : by_size[i - 1]->comparisons) {
      const Comparison* b = detail::comparison_of(*by_size[i], a.variant.name);
      if (!b) continue;
      if (auto finding = larger_resists(*by_size[i - 1], *by_size[i], a, *b))
        findings.push_back(std::move(*finding));
    }
  }
}

// ---- Do tasks fall faster than perplexity says? ----

std::optional<Finding> beyond_perplexity(const StudyFamily& family, const Comparison& c) {
  const detail::VariantDivergence found = detail::divergence_of(family, c.variant.name);
  if (!found.variant || detail::deciding_points(c).empty()) return std::nullopt;
  const Estimate& ratio = found.variant->divergence.ppl_ratio;
  const double limit = 1 + c.settings.max_ppl_increase;
  const bool looks_fine = ratio.ci95 && ratio.ci95->high < limit;
  const bool looks_bad = ratio.ci95 && ratio.ci95->low >= limit;
  Finding finding{.kind = "tasks_beyond_perplexity",
                  .family = family.name,
                  .variant = c.variant.name,
                  .values = {{.label = "perplexity",
                              .n = found.variant->perplexity.n_scored_tokens,
                              .change = ratio}}};
  for (const MetricComparison* row : detail::deciding_points(c))
    finding.values.push_back({.label = row->task, .n = row->n, .change = row->change});
  const bool within = c.verdict == Verdict::kWithinMargin || c.same_answers;
  std::string tail = "which of the two holds on the tasks is undecided";
  if (looks_fine && c.verdict == Verdict::kWorse) {
    finding.state = FindingState::kShown;
    tail = "yet the tasks lose more than the margin";
  } else if (looks_fine && within) {
    finding.state = FindingState::kNotShown;
    tail = "and the tasks stay within the margin";
  } else if (looks_bad) {
    finding.state = FindingState::kNotShown;
    tail = "so that perplexity alone already warns";
  }
  finding.sentence = fmt::format("{}: perplexity changes by {}, {}.", c.variant.name,
                                 detail::ratio_with_interval(ratio), tail);
  return finding;
}

}  // namespace

std::vector<Finding> find_in(const std::vector<StudyFamily>& families) {
  std::vector<Finding> findings;
  for (const StudyFamily& family : families) {
    if (auto finding = largest_loss(family)) findings.push_back(std::move(*finding));
    for (const Comparison& c : family.comparisons) {
      if (auto finding = sensitive_class(family, c)) findings.push_back(std::move(*finding));
    }
    for (const Comparison& c : family.comparisons) {
      if (auto finding = beyond_perplexity(family, c)) findings.push_back(std::move(*finding));
    }
  }
  add_larger_resists(families, findings);
  return findings;
}

}  // namespace assay
