#include "compare/study_rows.h"

#include <algorithm>

#include "core/number_format.h"

namespace assay::detail {
namespace {

std::string with_interval(const Estimate& estimate, double offset, const char* unit) {
  std::optional<Interval> interval;
  if (estimate.ci95) {
    interval = Interval{kPercent * (estimate.ci95->low - offset),
                        kPercent * (estimate.ci95->high - offset)};
  }
  return format_with_interval(kPercent * (estimate.value - offset), interval, unit);
}

void add_once(std::vector<std::string>& names, const std::string& name) {
  if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
}

}  // namespace

std::vector<const MetricComparison*> deciding_points(const Comparison& comparison) {
  std::vector<const MetricComparison*> rows;
  const auto add = [&](const MetricComparison& row) {
    if (row.decides && row.kind == ChangeKind::kPoints && row.higher_is_better && row.n > 0)
      rows.push_back(&row);
  };
  for (const MetricComparison& row : comparison.metrics) add(row);
  for (const GroupComparison& row : comparison.groups) add(row);
  return rows;
}

const Comparison* comparison_of(const StudyFamily& family, const std::string& variant) {
  for (const Comparison& comparison : family.comparisons) {
    if (comparison.variant.name == variant) return &comparison;
  }
  return nullptr;
}

VariantDivergence divergence_of(const StudyFamily& family, const std::string& variant) {
  for (const DivergenceReport& report : family.divergences) {
    for (const VariantReport& candidate : report.variants) {
      if (candidate.name == variant) return {&report, &candidate};
    }
  }
  return {};
}

std::vector<std::string> variant_names(const StudyFamily& family) {
  std::vector<std::string> names;
  for (const StudyModel& model : family.variants) add_once(names, model.name);
  for (const Comparison& comparison : family.comparisons) add_once(names, comparison.variant.name);
  for (const DivergenceReport& report : family.divergences) {
    for (const VariantReport& variant : report.variants) add_once(names, variant.name);
  }
  return names;
}

std::string points_with_interval(const Estimate& change) {
  return with_interval(change, 0, "points");
}

std::string ratio_with_interval(const Estimate& ratio) { return with_interval(ratio, 1, "%"); }

}  // namespace assay::detail
