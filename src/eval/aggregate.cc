// Per-sample scores to a task's numbers, and tasks to groups.
#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include <fmt/format.h>

#include "eval/eval.h"
#include "stats/stats.h"

namespace assay {
namespace {

// With a reason: written as null, never taken for a number.
constexpr double kUnknown = std::numeric_limits<double>::infinity();

const Score* find_score(const SampleRecord& sample, const std::string& metric,
                        const std::string& filter) {
  for (const Score& score : sample.scores) {
    if (score.metric == metric && score.filter == filter) return &score;
  }
  return nullptr;
}

// Sums by cluster in order of appearance: the same records give the same bits.
class Clusters {
 public:
  void add(const SampleRecord& sample, double value, std::int64_t weight) {
    const std::string name = sample.cluster.empty() ? "\n" + sample.id.key : sample.cluster;
    const auto [found, is_new] = places_.try_emplace(name, sums_.size());
    if (is_new) sums_.push_back({});
    sums_[found->second].sum += value;
    sums_[found->second].n += weight;
  }
  Estimate mean() const { return clustered_mean(sums_); }

 private:
  std::vector<ClusterSum> sums_;
  std::map<std::string, std::size_t> places_;
};

Estimate scaled(Estimate estimate, double factor) {
  estimate.value *= factor;
  if (estimate.std_error) *estimate.std_error *= std::abs(factor);
  if (estimate.ci95) {
    *estimate.ci95 = {estimate.ci95->low * factor, estimate.ci95->high * factor};
    if (factor < 0) std::swap(estimate.ci95->low, estimate.ci95->high);
  }
  return estimate;
}

// lm-eval takes the upper of the middle two.
Estimate median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return {.value = values[values.size() / 2], .reason = "no error is defined for a median"};
}

// The weight of a rolling score: words or bytes of the document.
const char* weight_of(const std::string& metric) {
  return metric == "word_perplexity" ? "n_words" : "n_bytes";
}

Estimate aggregate(const MetricRule& rule, std::span<const SampleRecord> samples,
                   MetricResult& result) {
  Clusters clusters;
  std::vector<double> values;
  const bool weighted =
      rule.aggregation == "weighted_perplexity" || rule.aggregation == "bits_per_byte";
  for (const SampleRecord& sample : samples) {
    const Score* score = find_score(sample, rule.metric, rule.filter);
    const Score* weight = weighted ? find_score(sample, weight_of(rule.metric), "weight") : nullptr;
    if (score == nullptr || !score->value || (weighted && (weight == nullptr || !weight->value))) {
      ++result.n_unscored;
      continue;
    }
    ++result.n_scored;
    values.push_back(*score->value);
    clusters.add(sample, *score->value, weighted ? std::llround(*weight->value) : 1);
  }
  if (values.empty()) return {.value = kUnknown, .reason = "no sample was scored"};
  const std::string& how = rule.aggregation;
  if (how == "mean" || how == "nanmean" || how == "brier_score") return clusters.mean();
  if (how == "median") return median(std::move(values));
  if (how == "perplexity" || how == "weighted_perplexity")
    return exp_estimate(scaled(clusters.mean(), -1));
  if (how == "bits_per_byte") return scaled(clusters.mean(), -1 / std::log(2.0));
  return {.value = kUnknown, .reason = fmt::format("the aggregation '{}' is not supported", how)};
}

struct Part {
  double value = 0, std_error = 0;
  std::int64_t n = 0;
  bool has_error = false;
};

Estimate pooled(const std::vector<Part>& parts, bool weight_by_size) {
  double sum = 0, weights = 0, variance = 0;
  std::int64_t n_total = 0;
  bool has_error = true;
  for (const Part& part : parts) {
    const double weight = weight_by_size ? static_cast<double>(part.n) : 1;
    const auto n = static_cast<double>(part.n);
    sum += weight * part.value;
    weights += weight;
    variance += (n - 1) * part.std_error * part.std_error * n;
    n_total += part.n;
    has_error = has_error && part.has_error;
  }
  Estimate estimate{.value = sum / weights};
  const auto n = static_cast<double>(n_total);
  const auto degrees = n - static_cast<double>(parts.size());
  if (!has_error || degrees <= 0) {
    estimate.reason = "a task has no standard error";
    return estimate;
  }
  estimate.std_error = std::sqrt(variance / degrees / n);
  const double half = student_t_975(degrees) * *estimate.std_error;
  estimate.ci95 = {estimate.value - half, estimate.value + half};
  return estimate;
}

void collect_tasks(const TaskSelection& selection, const std::string& name,
                   std::set<std::string>& seen, std::vector<std::string>& tasks) {
  for (const GroupConfig& group : selection.groups) {
    if (group.group != name) continue;
    for (const std::string& member : group.members) collect_tasks(selection, member, seen, tasks);
    return;
  }
  if (seen.insert(name).second) tasks.push_back(name);
}

std::vector<MetricResult> group_metrics(const AggregateMetric& aggregate,
                                        const std::vector<const TaskResult*>& tasks) {
  std::vector<MetricResult> results;
  std::map<std::string, std::vector<Part>> parts;  // by filter
  for (const TaskResult* task : tasks) {
    for (const MetricResult& metric : task->metrics) {
      if (metric.metric != aggregate.metric || metric.n_scored == 0) continue;
      const auto& wanted = aggregate.filters;
      if (!wanted.empty() &&
          std::find(wanted.begin(), wanted.end(), metric.filter) == wanted.end()) {
        continue;
      }
      if (!parts.contains(metric.filter)) {
        results.push_back({.metric = metric.metric,
                           .filter = metric.filter,
                           .higher_is_better = metric.higher_is_better});
      }
      parts[metric.filter].push_back({.value = metric.estimate.value,
                                      .std_error = metric.estimate.std_error.value_or(0),
                                      .n = metric.n_scored,
                                      .has_error = metric.estimate.std_error.has_value()});
    }
  }
  for (MetricResult& result : results) {
    result.estimate = pooled(parts[result.filter], aggregate.weight_by_size);
    for (const Part& part : parts[result.filter]) result.n_scored += part.n;
  }
  return results;
}

}  // namespace

std::vector<MetricResult> aggregate_metrics(const TaskConfig& config,
                                            std::span<const SampleRecord> samples) {
  return aggregate_metrics(std::span<const MetricRule>(metric_rules(config)), samples);
}

std::vector<MetricResult> aggregate_metrics(std::span<const MetricRule> rules,
                                            std::span<const SampleRecord> samples) {
  std::vector<MetricResult> results;
  for (const MetricRule& rule : rules) {
    MetricResult result{
        .metric = rule.metric, .filter = rule.filter, .higher_is_better = rule.higher_is_better};
    result.estimate = aggregate(rule, samples, result);
    results.push_back(std::move(result));
  }
  return results;
}

std::vector<GroupResult> aggregate_groups(const TaskSelection& selection,
                                          std::span<const TaskResult> tasks) {
  std::vector<GroupResult> results;
  for (const GroupConfig& group : selection.groups) {
    GroupResult result{.group = group.group, .alias = group.alias, .version = group.version};
    std::set<std::string> seen;
    collect_tasks(selection, group.group, seen, result.tasks);
    std::vector<const TaskResult*> members;
    for (const TaskResult& task : tasks) {
      if (!seen.contains(task.task)) continue;
      members.push_back(&task);
      result.n_samples += task.n_samples;
    }
    for (const AggregateMetric& aggregate : group.aggregates) {
      for (MetricResult& metric : group_metrics(aggregate, members)) {
        result.metrics.push_back(std::move(metric));
      }
    }
    results.push_back(std::move(result));
  }
  return results;
}

}  // namespace assay
