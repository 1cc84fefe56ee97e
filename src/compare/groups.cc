#include "compare/groups.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace assay::detail {
namespace {

constexpr double kSame = 1e-9;

const ComparisonRow* row_of(const std::vector<ComparisonRow>& rows, const std::string& task,
                            const MetricKey& key) {
  for (const ComparisonRow& row : rows) {
    if (row.out.task == task && row.out.metric == key.metric && row.out.filter == key.filter)
      return &row;
  }
  return nullptr;
}

double weighted(const std::vector<const ComparisonRow*>& rows, const std::vector<double>& weights,
                Estimate MetricComparison::*side) {
  double sum = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) sum += weights[i] * (rows[i]->out.*side).value;
  return sum;
}

std::vector<double> weights_by_size(const std::vector<const TaskResult*>& tasks,
                                    const MetricKey& key) {
  std::vector<double> weights(tasks.size());
  double total = 0;
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    const MetricResult* metric = find_metric(tasks[i]->metrics, key);
    weights[i] = metric == nullptr ? 0 : static_cast<double>(metric->n_scored);
    total += weights[i];
  }
  for (double& weight : weights) weight /= total;
  return weights;
}

double value_with(const std::vector<const TaskResult*>& tasks, const std::vector<double>& weights,
                  const MetricKey& key) {
  double sum = 0;
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    const MetricResult* metric = find_metric(tasks[i]->metrics, key);
    if (metric == nullptr) return std::nan("");
    sum += weights[i] * metric->estimate.value;
  }
  return sum;
}

// A run does not record how a group weighs its tasks, but its number tells.
std::string find_weights(const Run& run, const GroupResult& group, const MetricKey& key,
                         std::vector<double>& weights) {
  std::vector<const TaskResult*> tasks;
  for (const std::string& name : group.tasks) {
    const TaskResult* task = find_task(run, name);
    if (task == nullptr) return {};
    tasks.push_back(task);
  }
  const MetricResult* metric = find_metric(group.metrics, key);
  if (tasks.empty() || metric == nullptr) return {};
  weights = weights_by_size(tasks, key);
  if (std::abs(value_with(tasks, weights, key) - metric->estimate.value) < kSame) return "by size";
  weights.assign(tasks.size(), 1 / static_cast<double>(tasks.size()));
  if (std::abs(value_with(tasks, weights, key) - metric->estimate.value) < kSame) return "equal";
  return {};
}

std::vector<const ComparisonRow*> rows_of(const std::vector<ComparisonRow>& rows,
                                          const GroupResult& group, const MetricKey& key) {
  std::vector<const ComparisonRow*> found;
  for (const std::string& task : group.tasks) {
    const ComparisonRow* row = row_of(rows, task, key);
    if (row == nullptr || !row->untestable.empty() || row->out.kind != ChangeKind::kPoints)
      return {};
    found.push_back(row);
  }
  return found;
}

void add_counts(MetricComparison& out, const std::vector<const ComparisonRow*>& rows) {
  FlipTable flips{.churn = 0};
  bool binary = true;
  for (const ComparisonRow* row : rows) {
    const MetricComparison& from = row->out;
    out.n += from.n;
    out.n_unscored_baseline += from.n_unscored_baseline;
    out.n_unscored_variant += from.n_unscored_variant;
    out.n_missing_baseline += from.n_missing_baseline;
    out.n_missing_variant += from.n_missing_variant;
    for (const std::string& id : from.lost_ids) out.lost_ids.push_back(from.task + "/" + id);
    for (const std::string& id : from.gained_ids) out.gained_ids.push_back(from.task + "/" + id);
    binary = binary && from.flips.has_value();
    if (!from.flips) continue;
    flips.both_right += from.flips->both_right;
    flips.lost += from.flips->lost;
    flips.gained += from.flips->gained;
    flips.both_wrong += from.flips->both_wrong;
    if (!from.flips->churn) flips.churn.reset();
    if (flips.churn) *flips.churn += *from.flips->churn;
  }
  if (binary) out.flips = flips;
}

// A side's value over the paired items, the error from the tasks as strata.
Estimate side_of(const std::vector<const ComparisonRow*>& rows, const std::vector<double>& weights,
                 Estimate MetricComparison::*side) {
  Estimate estimate{.value = weighted(rows, weights, side)};
  double variance = 0, degrees = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const Estimate& of_task = rows[i]->out.*side;
    if (!of_task.std_error) {
      estimate.reason = rows[i]->out.task + ": " + of_task.reason;
      return estimate;
    }
    variance += std::pow(weights[i] * *of_task.std_error, 2);
    degrees += static_cast<double>(rows[i]->out.n_clusters) - 1;
  }
  estimate.std_error = std::sqrt(variance);
  const double half = student_t_975(std::max(1.0, degrees)) * *estimate.std_error;
  estimate.ci95 = Interval{estimate.value - half, estimate.value + half};
  return estimate;
}

std::string class_of(const std::vector<const ComparisonRow*>& rows) {
  const std::string& first = rows.front()->out.task_class;
  const bool same = std::all_of(rows.begin(), rows.end(), [&](const ComparisonRow* row) {
    return row->out.task_class == first;
  });
  return same ? first : "";
}

std::optional<double> chance_of_group(const std::vector<const ComparisonRow*>& rows,
                                      const std::vector<double>& weights) {
  double sum = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (!rows[i]->out.chance) return std::nullopt;
    sum += weights[i] * *rows[i]->out.chance;
  }
  return sum;
}

GroupRow make_group_row(const GroupResult& group, const MetricKey& key,
                        const std::vector<const ComparisonRow*>& rows, GroupRow row,
                        const CompareOptions& options) {
  MetricComparison& out = row.out;
  row.tasks = group.tasks;
  out.task = group.group;
  out.task_class = class_of(rows);
  out.metric = key.metric;
  out.filter = key.filter;
  out.higher_is_better = rows.front()->out.higher_is_better;
  out.margin = margin_for(options, key.metric, out.task_class);
  out.chance = chance_of_group(rows, row.weights);
  row.demand = {.margin = out.margin, .alpha = options.alpha, .power = options.power};
  row.is_fraction = true;
  add_counts(out, rows);
  const bool by_size = row.weighting == "by size";
  for (std::size_t i = 0; by_size && i < rows.size(); ++i)  // of the items that both scored
    row.weights[i] = static_cast<double>(rows[i]->out.n) / static_cast<double>(out.n);
  out.baseline = side_of(rows, row.weights, &MetricComparison::baseline);
  out.variant = side_of(rows, row.weights, &MetricComparison::variant);
  row.evidence = pooled_evidence(rows, by_size ? std::vector<double>{} : row.weights, row.demand);
  fill_from_evidence(row);
  return row;
}

}  // namespace

Evidence pooled_evidence(const std::vector<const ComparisonRow*>& rows,
                         const std::vector<double>& weights, const Demand& demand) {
  const bool tables = weights.empty() &&
                      std::all_of(rows.begin(), rows.end(),
                                  [](const ComparisonRow* row) { return row->table.has_value(); });
  if (tables) {
    PairedTable pooled;
    for (const ComparisonRow* row : rows) {
      pooled.both_right += row->table->both_right;
      pooled.only_baseline += row->table->only_baseline;
      pooled.only_variant += row->table->only_variant;
      pooled.both_wrong += row->table->both_wrong;
    }
    Evidence evidence = evidence_of(pooled, demand);
    evidence.method =
        "items of all tasks pooled: Tango's score interval and tests, McNemar's exact test";
    return evidence;
  }
  double total = 0, variance = 0, degrees = 0;
  std::int64_t n_clusters = 0;
  for (const ComparisonRow* row : rows) total += static_cast<double>(row->out.n);
  Estimate gain;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const double n = static_cast<double>(rows[i]->out.n);
    const double weight = weights.empty() ? n / total : weights[i];
    const Estimate& of_task = rows[i]->evidence.gain;
    gain.value += weight * of_task.value;
    // A task without any difference has an error of 0 here, and an interval that is wider.
    if (!of_task.std_error) return {.gain = {.value = gain.value, .reason = of_task.reason}};
    variance += std::pow(weight * *of_task.std_error, 2);
    degrees += static_cast<double>(rows[i]->evidence.n_clusters) - 1;
    n_clusters += rows[i]->evidence.n_clusters;
  }
  if (variance == 0) {
    Evidence evidence = evidence_of(PairedTable{.both_right = n_clusters}, demand);
    evidence.method = "no item differs: Tango's score interval and tests on all items";
    return evidence;
  }
  gain.std_error = std::sqrt(variance);
  const double half = student_t_975(std::max(1.0, degrees)) * *gain.std_error;
  gain.ci95 = Interval{gain.value - half, gain.value + half};
  return evidence_of(gain, static_cast<std::int64_t>(std::max(1.0, degrees)) + 1,
                     "Student's t, tasks as strata, clusters within them", demand);
}

std::vector<GroupRow> make_group_rows(const Run& baseline, const Run& variant,
                                      const std::vector<ComparisonRow>& rows,
                                      const CompareOptions& options,
                                      std::vector<std::string>& problems) {
  std::vector<GroupRow> made;
  for (const GroupResult& group : baseline.groups) {
    const auto other = std::find_if(variant.groups.begin(), variant.groups.end(),
                                    [&](const GroupResult& g) { return g.group == group.group; });
    if (other == variant.groups.end()) continue;
    for (const MetricKey& key : shared_metrics(group.metrics, other->metrics)) {
      const std::vector<const ComparisonRow*> members = rows_of(rows, group, key);
      if (members.empty()) continue;
      GroupRow row;
      row.weighting = find_weights(baseline, group, key, row.weights);
      if (row.weighting.empty()) {
        problems.push_back(
            fmt::format("{} {}: how it weighs its tasks cannot be told, so it is "
                        "not compared as a whole",
                        group.group, key.metric));
        continue;
      }
      made.push_back(make_group_row(group, key, members, std::move(row), options));
    }
  }
  return made;
}

}  // namespace assay::detail
