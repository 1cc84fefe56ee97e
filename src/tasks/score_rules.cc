// Which metrics a task has, as lm-eval would report them and in its order.
#include <fmt/format.h>

#include <algorithm>

#include "core/error.h"
#include "tasks/score_builtin.h"
#include "tasks/score_sample.h"

namespace assay {
namespace detail::score {
namespace {

struct KnownMetric {
  const char* name;
  const char* aggregation;
  bool higher_is_better = true;
};

// lm_eval/api/metrics.py, and our acc_norm_tokens.
constexpr KnownMetric kKnown[] = {{"acc", "mean"},
                                  {"acc_norm", "mean"},
                                  {"acc_bytes", "mean"},
                                  {"acc_norm_tokens", "mean"},
                                  {"acc_mutual_info", "mean"},
                                  {"exact_match", "mean"},
                                  {"likelihood", "mean"},
                                  {"brier_score", "brier_score", false},
                                  {"f1", "f1"},
                                  {"mcc", "mcc"},
                                  {"perplexity", "perplexity", false},
                                  {"word_perplexity", "weighted_perplexity", false},
                                  {"byte_perplexity", "weighted_perplexity", false},
                                  {"bits_per_byte", "bits_per_byte", false},
                                  {"bleu", "bleu"},
                                  {"chrf", "chrf"},
                                  {"chrf++", "chrf++"},
                                  {"ter", "ter", false}};

// What each output type can give, in the order of lm-eval's results; the first n are the defaults.
struct OutputMetrics {
  const char* output_type;
  std::vector<std::string> order, defaults;
};
const OutputMetrics& output_metrics(const std::string& output_type) {
  static const std::vector<OutputMetrics> all = {
      {"multiple_choice",
       {"acc", "f1", "mcc", "acc_norm", "acc_bytes", "exact_match", "brier_score", "likelihood",
        "acc_mutual_info", "acc_norm_tokens"},
       {"acc", "acc_norm"}},
      {"loglikelihood", {"perplexity", "acc"}, {"perplexity", "acc"}},
      {"loglikelihood_rolling",
       {"word_perplexity", "byte_perplexity", "bits_per_byte"},
       {"word_perplexity", "byte_perplexity", "bits_per_byte"}},
      {"generate_until", {}, {"exact_match"}},
  };
  for (const OutputMetrics& metrics : all)
    if (metrics.output_type == output_type) return metrics;
  return all.back();
}

const KnownMetric* find_known(const std::string& name) {
  for (const KnownMetric& known : kKnown)
    if (known.name == name) return &known;
  return nullptr;
}

MetricPlan plan_of(const std::string& name, const MetricConfig* config) {
  const KnownMetric* known = find_known(name);
  MetricPlan plan{.metric = name, .aggregation = "mean", .config = config};
  if (known != nullptr) plan.aggregation = known->aggregation;
  if (config != nullptr && !config->aggregation.empty())
    plan.aggregation = config->aggregation == "matthews_corrcoef" ? "mcc" : config->aggregation;
  if (config != nullptr) plan.higher_is_better = config->higher_is_better;
  // A task file that says nothing reads as "higher"; no perplexity is better when higher.
  if (known != nullptr && !known->higher_is_better) plan.higher_is_better = false;
  return plan;
}

const MetricConfig* find_config(const TaskConfig& config, const std::string& name) {
  const MetricConfig* found = nullptr;  // of equal names the last, as in a Python map
  for (const MetricConfig& metric : config.metrics)
    if (metric.metric == name) found = &metric;
  return found;
}

std::vector<std::int64_t> ks_of(const MetricConfig& metric) {
  if (metric.args_json.empty()) return {1};
  const Json args = Json::parse(metric.args_json);
  const auto k = args.find("k");
  if (k == args.end()) return {1};
  if (k->is_number()) return {k->get<std::int64_t>()};
  return k->get<std::vector<std::int64_t>>();
}

void add_generated(const TaskConfig& config, const MetricConfig& metric,
                   std::vector<MetricPlan>& plan) {
  const std::optional<Builtin> builtin = metric.is_function || metric.metric.starts_with("builtin.")
                                             ? find_builtin(metric.metric, config.file)
                                             : std::nullopt;
  if (builtin == Builtin::kPassAtK) {
    for (const std::int64_t k : ks_of(metric)) {
      if (k > config.repeats || k < 1) continue;  // code_eval leaves these out
      plan.push_back(plan_of(fmt::format("pass@{}", k), &metric));
    }
  } else if (builtin == Builtin::kPassAt1) {
    plan.push_back(plan_of("pass_at_1", &metric));
  } else if (!has_metric(plan, metric.metric) && metric.metric != "bypass") {
    plan.push_back(plan_of(metric.metric, find_config(config, metric.metric)));
  }
}

std::vector<std::string> function_metrics(const TaskConfig& config) {
  const std::string& file =
      config.process_results.file.empty() ? config.file : config.process_results.file;
  switch (find_builtin(config.process_results.text, file).value_or(Builtin::kPassAtK)) {
    case Builtin::kTruthfulqaMc2:
      return {"acc"};
    case Builtin::kHendrycksMath:
      return {"exact_match"};
    case Builtin::kMinervaMath:
      return {"exact_match", "math_verify"};
    case Builtin::kWikitext:
      return {"word_perplexity", "byte_perplexity", "bits_per_byte"};
    case Builtin::kPassAtK:
    case Builtin::kPassAt1:
    case Builtin::kHumanevalPredictions:
    case Builtin::kHumanevalInstructPredictions:
    case Builtin::kMbppPredictions:
      break;
  }
  std::vector<std::string> names;  // of a function of the task's own
  for (const MetricConfig& metric : config.metrics) names.push_back(metric.metric);
  return names;
}

}  // namespace

bool has_metric(const std::vector<MetricPlan>& plan, const std::string& metric) {
  return std::any_of(plan.begin(), plan.end(),
                     [&](const MetricPlan& p) { return p.metric == metric; });
}

std::vector<MetricPlan> plan_metrics(const TaskConfig& config) {
  std::vector<MetricPlan> plan;
  if (config.process_results.kind == TaskValue::Kind::kFunction) {
    for (const std::string& name : function_metrics(config))
      plan.push_back(plan_of(name, find_config(config, name)));
    return plan;
  }
  const OutputMetrics& output = output_metrics(config.output_type);
  if (config.metrics.empty()) {
    for (const std::string& name : output.defaults) plan.push_back(plan_of(name, nullptr));
    return plan;
  }
  try {
    if (output.order.empty())
      for (const MetricConfig& metric : config.metrics) add_generated(config, metric, plan);
  } catch (const Json::exception& e) {
    throw Error(ErrorKind::kBadInput, fmt::format("Wrong argument of a metric: {}", e.what()),
                fmt::format("{}, task {}", config.file, config.task), "Correct the task file.");
  }
  for (const std::string& name : output.order)
    if (const MetricConfig* metric = find_config(config, name))
      plan.push_back(plan_of(name, metric));
  return plan;
}

}  // namespace detail::score

std::vector<MetricRule> metric_rules(const TaskConfig& config) {
  const std::vector<detail::score::MetricPlan> plan = detail::score::plan_metrics(config);
  std::vector<std::string> filters;
  for (const FilterPipeline& pipeline : config.filters) filters.push_back(pipeline.name);
  if (filters.empty()) filters.emplace_back("none");
  std::vector<MetricRule> rules;
  for (const std::string& filter : filters)
    for (const auto& p : plan)
      rules.push_back({p.metric, filter, p.aggregation, p.higher_is_better});
  return rules;
}

}  // namespace assay
