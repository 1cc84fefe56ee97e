// Families whose comparisons are given: what findings and decisions are tried on.
#pragma once

#include <string>
#include <vector>

#include "compare/compare.h"

namespace assay::made_up {

inline Estimate estimate(double value, double half) {
  return {.value = value, .std_error = half / 1.96, .ci95 = Interval{value - half, value + half}};
}

struct MadeUpTask {
  std::string name, task_class;
  double change, half;
  Verdict verdict;
  double p_worse;
};

inline Comparison comparison(const std::string& variant, const std::vector<MadeUpTask>& tasks,
                             Verdict verdict) {
  Comparison c{.baseline = {.name = "base"}, .variant = {.name = variant}, .verdict = verdict};
  for (const MadeUpTask& task : tasks) {
    MetricComparison row{.task = task.name,
                         .task_class = task.task_class,
                         .metric = "acc",
                         .decides = true,
                         .n = 1000,
                         .change = estimate(task.change, task.half),
                         .verdict = task.verdict};
    row.p_worse = row.p_worse_adjusted = task.p_worse;
    if (task.verdict == Verdict::kUndecided) row.n_further = 500;
    c.metrics.push_back(row);
  }
  return c;
}

// Two classes, "knowledge" and "maths", and the difference knowledge - maths.
inline Comparison with_classes(Estimate knowledge, Estimate maths, Estimate difference, double p) {
  Comparison c = comparison("Q4_0", {}, Verdict::kUndecided);
  c.classes = {{.task_class = "knowledge", .tasks = {"mmlu"}, .n = 100, .change = knowledge},
               {.task_class = "maths", .tasks = {"gsm8k"}, .n = 100, .change = maths}};
  c.class_differences = {
      {.first = "knowledge", .second = "maths", .difference = difference, .p = p, .p_adjusted = p}};
  return c;
}

inline StudyFamily family_of(std::vector<Comparison> comparisons,
                             const std::string& name = "base") {
  StudyFamily family{.name = name, .baseline = {.name = name, .size_bytes = 1000}};
  std::int64_t size = 800;
  for (const Comparison& c : comparisons) {
    family.variants.push_back({.name = c.variant.name, .size_bytes = size});
    size -= 100;
  }
  family.comparisons = std::move(comparisons);
  return family;
}

inline void add_divergence(StudyFamily& family, const std::string& variant, Estimate ratio) {
  if (family.divergences.empty()) family.divergences.emplace_back();
  VariantReport& report = family.divergences.front().variants.emplace_back();
  report.name = variant;
  report.divergence.ppl_ratio = ratio;
}

}  // namespace assay::made_up
