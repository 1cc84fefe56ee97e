// How many items a question needs.
#include <algorithm>
#include <cmath>
#include <numeric>

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
  const auto inflated = [&](std::int64_t n) {
    return static_cast<std::int64_t>(std::ceil(static_cast<double>(n) * question.design_effect));
  };
  PlanAnswer answer{.n_paired = inflated(paired_sample_size(plan, question.margin))};
  if (question.accuracy) {
    answer.n_unpaired = inflated(unpaired_sample_size(plan, *question.accuracy, question.margin));
  }
  return answer;
}

double design_effect(std::span<const double> weights, std::span<const std::int64_t> sizes) {
  double n = 0, sum = 0;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    n += static_cast<double>(sizes[i]);
    sum += weights[i] * weights[i] / static_cast<double>(sizes[i]);
  }
  return n * sum;
}

std::vector<PlanBasis> plan_basis(const Run& baseline, const Run& variant,
                                  const CompareOptions& options) {
  const Comparison comparison = compare_runs(baseline, variant, options);
  std::vector<PlanBasis> bases;
  const auto add = [&](const MetricComparison& row, std::int64_t n_available, double effect) {
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
                     .design_effect = effect,
                     .seconds_per_item = seconds_per_item(variant)});
  };
  const auto available = [&](const std::string& name) {
    const TaskResult* task = detail::find_task(baseline, name);
    return task == nullptr ? std::int64_t{0} : task->n_original;
  };
  for (const GroupComparison& group : comparison.groups) {
    std::vector<std::int64_t> sizes;
    for (const std::string& task : group.tasks) sizes.push_back(available(task));
    const bool equal = group.weighting == "equal" && std::ranges::count(sizes, 0) == 0;
    add(group, std::accumulate(sizes.begin(), sizes.end(), std::int64_t{0}),
        equal ? design_effect(group.weights, sizes) : 1);
  }
  for (const MetricComparison& row : comparison.metrics) add(row, available(row.task), 1);
  return bases;
}

}  // namespace assay
