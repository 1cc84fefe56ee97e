// Inside scores only: one sample under one pipeline to its scores.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "tasks/score_filters.h"

namespace assay::detail::score {

// Names of the metrics a task's samples get, in lm-eval's order, without filters.
struct MetricPlan {
  std::string metric;       // "pass@8"
  std::string aggregation;  // "mean"
  bool higher_is_better = true;
  const MetricConfig* config = nullptr;  // nullptr: one of the output type's own
};
// Errors: kBadInput, for arguments of a metric that cannot be read.
std::vector<MetricPlan> plan_metrics(const TaskConfig& config);
bool has_metric(const std::vector<MetricPlan>& plan, const std::string& metric);

// A value, or why there is none.
struct Outcome {
  std::string metric;
  std::optional<double> value;
  std::string reason;
};
using Outcomes = std::vector<Outcome>;
// What compute() returns, or why it threw Unscored or RegexError.
Outcome attempt(const std::string& metric, const std::function<double()>& compute);

// Scores of this filter are no results of their own: they complete others (see tasks.h).
inline constexpr const char* kWeightFilter = "weight";

struct SampleView {
  const TaskConfig& config;
  const std::vector<MetricPlan>& plan;
  const SampleRecord& sample;
  const Row& doc;
};

// One outcome per metric of the plan. Errors of all of these: Unscored, for all metrics alike.
Outcomes score_multiple_choice(const SampleView& view, Outcomes& weights);
Outcomes score_loglikelihood(const SampleView& view);
Outcomes score_rolling(const SampleView& view, Outcomes& weights);
Outcomes score_truthfulqa_mc2(const SampleView& view);

// Of a metric of generated text: result is what the pipeline made.
double score_generated(const SampleView& view, const MetricPlan& metric, const Json& result);
// What an answer should be: one text, or several of which any will do.
struct Targets {
  std::vector<std::string> texts;
  bool several = false;
};
Targets targets_of(const SampleView& view);

// lm-eval's exact_match on each prediction, in numpy's terms, averaged.
double exact_match(std::vector<std::string> predictions, std::vector<std::string> references,
                   const Json& args);

// Log-likelihoods of a sample's requests. Unscored when a response is something else.
struct Likelihoods {
  std::vector<double> sums;
  std::vector<bool> greedy;
  std::vector<std::size_t> n_tokens;
};
Likelihoods likelihoods_of(const SampleRecord& sample);
// numpy's: the first of the largest; a NaN counts as the largest.
std::size_t argmax(const std::vector<double>& values);

}  // namespace assay::detail::score
