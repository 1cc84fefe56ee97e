// Inside scores only: process_results functions of a task's own.
#pragma once

#include <functional>

#include "tasks/score_sample.h"

namespace assay::detail::score {

// process_results(doc, results) of lm-eval: results as there ([[ll, greedy], ...], [ll] for
// rolling, [text] or [[text, ...]]), returns metric to value. What it throws is the sample's
// reason, an Error ends the command.
using OwnResults =
    std::function<Json(const TaskValue& function, const Row& doc, const Json& results)>;

// As score_samples. own: asked for functions that are not built in when the user trusts the task's
// code; empty: they are refused.
void score_samples_with(const TaskConfig& config, std::span<SampleRecord> samples,
                        const ScoreOptions& options, const OwnResults& own);

// The results argument of log-likelihood requests. Errors: Unscored.
Json likelihood_results(const TaskConfig& config, const SampleRecord& sample);
// What the function returned, in the order of the plan. A pair is a log-likelihood and its words
// or bytes, as weighted perplexities take them.
Outcomes own_outcomes(const Json& returned, const std::vector<MetricPlan>& plan, Outcomes& weights);

}  // namespace assay::detail::score
