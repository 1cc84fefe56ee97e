// Runs made elsewhere: read, their numbers computed again from their samples.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "study/study.h"

namespace assay {
namespace {

constexpr double kTolerance = 1e-9;  // of sums in another order

bool same(double a, double b) {
  return std::abs(a - b) <= kTolerance * std::max({1.0, std::abs(a), std::abs(b)});
}

// "" = not known: the source has a function of its own for it.
MetricRule rule_of(const TaskResult& task, const std::string& metric, const std::string& filter,
                   const std::map<std::string, std::string>& aggregations) {
  MetricConfig config{.metric = metric};
  const auto named = aggregations.find(metric);
  if (named != aggregations.end()) config.aggregation = named->second;
  TaskConfig definition{.output_type = task.output_type};
  definition.metrics = {config};
  MetricRule rule{.metric = metric, .filter = filter, .aggregation = "mean"};
  for (const MetricRule& known : metric_rules(definition)) {
    if (known.metric != metric) continue;
    rule.aggregation = known.aggregation;
    rule.higher_is_better = known.higher_is_better;
  }
  if (named != aggregations.end()) rule.aggregation = named->second;
  return rule;
}

// Every metric and filter of the samples, in order of appearance, after those that are stated.
std::vector<MetricResult> metrics_of(const TaskResult& task) {
  std::vector<MetricResult> metrics = task.metrics;
  for (const SampleRecord& sample : task.samples) {
    for (const Score& score : sample.scores) {
      const bool is_known = score.filter == "weight" ||
                            std::any_of(metrics.begin(), metrics.end(), [&](const MetricResult& m) {
                              return m.metric == score.metric && m.filter == score.filter;
                            });
      if (!is_known) metrics.push_back({.metric = score.metric, .filter = score.filter});
    }
  }
  return metrics;
}

void compare(const MetricResult& stated, const MetricResult& computed, const std::string& task,
             std::vector<std::string>& warnings) {
  const Estimate& said = stated.estimate;
  const Estimate& found = computed.estimate;
  if (!same(said.value, found.value)) {
    warnings.push_back(
        fmt::format("{}: the source states {},{} = {}, its samples give {}: taken from the samples",
                    task, stated.metric, stated.filter, said.value, found.value));
  } else if (said.std_error && found.std_error && !same(*said.std_error, *found.std_error)) {
    warnings.push_back(
        fmt::format("{}: the source states a standard error of {} for {},{}, its samples give {}",
                    task, *said.std_error, stated.metric, stated.filter, *found.std_error));
  }
}

void compute_metrics(TaskResult& task, const std::map<std::string, std::string>& aggregations,
                     std::vector<std::string>& warnings) {
  const std::vector<MetricResult> stated = task.metrics;
  task.metrics = metrics_of(task);
  for (std::size_t i = 0; i < task.metrics.size(); ++i) {
    MetricResult& metric = task.metrics[i];
    const MetricRule rule = rule_of(task, metric.metric, metric.filter, aggregations);
    const MetricResult computed =
        aggregate_metrics(std::span<const MetricRule>(&rule, 1), task.samples).front();
    const bool is_stated = i < stated.size();
    metric.n_scored = computed.n_scored;
    metric.n_unscored = computed.n_unscored;
    if (!is_stated) metric.higher_is_better = rule.higher_is_better;
    // The harness takes errors of all but means from a bootstrap: only those of means are equal.
    MetricResult comparable = computed;
    if (rule.aggregation != "mean") comparable.estimate.std_error.reset();
    const bool is_computed = std::isfinite(computed.estimate.value);
    if (is_stated && is_computed) compare(stated[i], comparable, task.task, warnings);
    if (!is_stated || (is_computed && !metric.estimate.ci95)) metric.estimate = computed.estimate;
  }
}

}  // namespace

std::vector<Run> import_runs(std::span<const std::string> paths, const ImportOptions& options) {
  std::vector<Run> runs;
  for (ImportedRun& imported : read_foreign_runs(paths, options)) {
    Run& run = imported.run;
    for (std::size_t i = 0; i < run.tasks.size(); ++i) {
      if (run.tasks[i].samples.empty()) continue;
      static const std::map<std::string, std::string> kUnknown;
      compute_metrics(run.tasks[i],
                      i < imported.aggregations.size() ? imported.aggregations[i] : kUnknown,
                      run.header.warnings);
    }
    runs.push_back(std::move(run));
  }
  return runs;
}

}  // namespace assay
