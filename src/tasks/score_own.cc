#include "tasks/score_own.h"

#include <fmt/format.h>

namespace assay::detail::score {
namespace {

double number_of(const Json& value) {
  if (value.is_boolean()) return value.get<bool>() ? 1 : 0;
  if (!value.is_number()) throw Unscored("the task's function returned no number");
  return value.get<double>();
}

}  // namespace

Json likelihood_results(const TaskConfig& config, const SampleRecord& sample) {
  const Likelihoods all = likelihoods_of(sample);
  Json results = Json::array();
  for (std::size_t i = 0; i < all.sums.size(); ++i) {
    if (config.output_type == "loglikelihood_rolling") {
      results.push_back(all.sums[i]);
    } else {
      results.push_back(Json::array({all.sums[i], bool{all.greedy[i]}}));
    }
  }
  return results;
}

Outcomes own_outcomes(const Json& returned, const std::vector<MetricPlan>& plan,
                      Outcomes& weights) {
  if (!returned.is_object()) throw Unscored("the task's function returned no map of metrics");
  Outcomes outcomes;
  for (const MetricPlan& metric : plan) {
    const auto at = returned.find(metric.metric);
    if (at == returned.end()) {
      outcomes.push_back({metric.metric, std::nullopt,
                          "the task's function returned no such metric for this row"});
      continue;
    }
    const bool pair = at->is_array() && at->size() == 2;
    outcomes.push_back(attempt(metric.metric, [&] { return number_of(pair ? (*at)[0] : *at); }));
    if (!pair || !(*at)[1].is_number()) continue;
    const char* weight = metric.metric == "word_perplexity" ? "n_words" : "n_bytes";
    bool known = false;
    for (const Outcome& other : weights) known = known || other.metric == weight;
    if (!known) weights.push_back({weight, number_of((*at)[1]), {}});
  }
  return outcomes;
}

}  // namespace assay::detail::score
