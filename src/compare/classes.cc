// Does code lose more than knowledge? Classes of tasks, and their differences with an interval.
#include <algorithm>
#include <cmath>
#include <map>

#include "compare/groups.h"
#include "compare/verdict.h"

namespace assay::detail {
namespace {

constexpr double kZ975 = 1.959963984540054;

// Interval of a - b from the intervals of both: square and add (Zou and Donner 2008, MOVER), which
// keeps the asymmetry and the width of score intervals.
Estimate difference_of(const Estimate& a, const Estimate& b) {
  Estimate difference{.value = a.value - b.value};
  if (!a.ci95 || !b.ci95) {
    difference.reason = a.ci95 ? b.reason : a.reason;
    return difference;
  }
  const double down = std::hypot(a.value - a.ci95->low, b.ci95->high - b.value);
  const double up = std::hypot(a.ci95->high - a.value, b.value - b.ci95->low);
  difference.ci95 = Interval{difference.value - down, difference.value + up};
  difference.std_error = (down + up) / 2 / kZ975;
  return difference;
}

// Two-sided, by the half of the interval that lies towards 0.
double p_of(const Estimate& difference) {
  if (!difference.ci95) return 1;
  const double half = difference.value > 0 ? difference.value - difference.ci95->low
                                           : difference.ci95->high - difference.value;
  if (!(half > 0)) return 1;
  return std::erfc(std::abs(difference.value) / (half / kZ975) / std::sqrt(2.0));
}

ClassComparison make_class(const std::string& name, const std::vector<const ComparisonRow*>& rows) {
  ClassComparison result{.task_class = name};
  for (const ComparisonRow* row : rows) {
    result.tasks.push_back(row->out.task);
    result.n += row->out.n;
  }
  const Evidence evidence = pooled_evidence(rows, {}, {});
  result.change = evidence.gain;
  result.method = evidence.method;
  return result;
}

}  // namespace

void compare_classes(Comparison& comparison, const std::vector<const ComparisonRow*>& rows,
                     const CompareOptions& options) {
  std::map<std::string, std::vector<const ComparisonRow*>> by_class;
  for (const ComparisonRow* row : rows) {
    const bool counts = row->untestable.empty() && row->is_fraction && row->out.higher_is_better &&
                        !row->out.task_class.empty();
    if (counts) by_class[row->out.task_class].push_back(row);
  }
  for (const auto& [name, members] : by_class)
    comparison.classes.push_back(make_class(name, members));
  std::vector<double> p;
  const std::vector<ClassComparison>& classes = comparison.classes;
  for (std::size_t i = 0; i < classes.size(); ++i) {
    for (std::size_t j = i + 1; j < classes.size(); ++j) {
      comparison.class_differences.push_back(
          {.first = classes[i].task_class,
           .second = classes[j].task_class,
           .difference = difference_of(classes[i].change, classes[j].change)});
      p.push_back(p_of(comparison.class_differences.back().difference));
    }
  }
  const std::vector<double> p_adjusted = adjusted(p, options.adjustment);
  for (std::size_t i = 0; i < p.size(); ++i) {
    comparison.class_differences[i].p = p[i];
    comparison.class_differences[i].p_adjusted = p_adjusted[i];
  }
}

}  // namespace assay::detail
