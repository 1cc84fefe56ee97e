// How many items a question needs.
#include <algorithm>

#include "compare/checked.h"
#include "compare/guard.h"
#include "compare/row.h"
#include "core/error.h"

namespace assay {
namespace {

double seconds_per_item(const Run& run) {
  std::int64_t n = 0;
  for (const TaskResult& task : run.tasks) n += task.n_samples;
  return n > 0 && run.header.duration_s > 0 ? run.header.duration_s / static_cast<double>(n) : 0;
}

}  // namespace

PlanAnswer plan_items(const PlanQuestion& question) {
  const PairedPlan plan{.discordance = question.discordance,
                        .difference = question.difference,
                        .alpha = question.alpha,
                        .power = question.power};
  PlanAnswer answer{.n_paired = paired_sample_size(plan, question.margin)};
  if (question.accuracy)
    answer.n_unpaired = unpaired_sample_size(plan, *question.accuracy, question.margin);
  return answer;
}

std::vector<PlanBasis> plan_basis(const Run& baseline, const Run& variant,
                                  const CompareOptions& options) {
  const Comparison comparison = compare_runs(baseline, variant, options);
  std::vector<PlanBasis> bases;
  const auto add = [&](const MetricComparison& row, std::int64_t n_available) {
    if (!row.decides || !row.flips || row.n == 0) return;
    const std::int64_t n_discordant = row.flips->lost + row.flips->gained;
    bases.push_back({.task = row.task,
                     .metric = row.metric,
                     .filter = row.filter,
                     .n = row.n,
                     .n_discordant = n_discordant,
                     .n_available = n_available,
                     .discordance = clopper_pearson_interval(n_discordant, row.n).high,
                     .accuracy = row.baseline.value,
                     .seconds_per_item = seconds_per_item(variant)});
  };
  const auto available = [&](const std::string& name) {
    const TaskResult* task = detail::find_task(baseline, name);
    return task == nullptr ? std::int64_t{0} : task->n_original;
  };
  for (const GroupComparison& group : comparison.groups) {
    std::int64_t n = 0;
    for (const std::string& task : group.tasks) n += available(task);
    add(group, n);
  }
  for (const MetricComparison& row : comparison.metrics) add(row, available(row.task));
  return bases;
}

}  // namespace assay
