// The nested parts of a task: filters, metrics, few-shot examples.
#include <algorithm>
#include <array>
#include <cstdlib>
#include <limits>

#include "tasks/config.h"

namespace assay::detail {
namespace {

using Severity = ConfigProblem::Severity;

constexpr std::array<std::string_view, 13> kFilters = {
    "custom",     "decontaminate",      "format_span", "lowercase", "majority_vote",
    "map",        "multi_choice_regex", "regex",       "regex_pos", "remove_whitespace",
    "take_first", "take_first_k",       "uppercase"};

// lm_eval/api/metrics.py: its metrics, and which of them are better when lower.
struct KnownMetric {
  std::string_view name;
  bool higher_is_better, is_native;
};
constexpr std::array<KnownMetric, 19> kMetrics = {{
    {"acc", true, true},
    {"acc_all", true, false},
    {"acc_bytes", true, true},
    {"acc_mutual_info", true, true},
    {"acc_norm", true, true},
    {"bits_per_byte", false, true},
    {"bleu", true, false},
    {"brier_score", false, true},
    {"byte_perplexity", false, true},
    {"bypass", true, true},
    {"chrf", true, false},
    {"chrf++", true, false},
    {"exact_match", true, true},
    {"f1", true, true},
    {"likelihood", true, true},
    {"mcc", true, true},
    {"perplexity", false, true},
    {"ter", false, false},
    {"word_perplexity", false, true},
}};

const KnownMetric* known_metric(std::string_view name) {
  const auto* found = std::find_if(kMetrics.begin(), kMetrics.end(),
                                   [&](const KnownMetric& metric) { return metric.name == name; });
  return found == kMetrics.end() ? nullptr : found;
}

// The keys that are left, as a JSON object.
std::string rest_json(FieldReader& reader, const YamlNode& map) {
  Json json = Json::object();
  for (const std::string& key : reader.rest()) json[key] = to_json(*map.find(key));
  return json.dump();
}

// The maps of a list field; anything else is a problem.
std::vector<Yaml> maps(FieldReader& reader, std::string_view key) {
  const Yaml value = reader.value(key);
  if (!value) return {};
  std::vector<Yaml> result;
  if (value->kind != YamlNode::Kind::kSequence) {
    reader.wrong_kind(key, *value, "a list of maps");
    return result;
  }
  for (const Yaml& item : value->items) {
    if (item->kind == YamlNode::Kind::kMap) {
      result.push_back(item);
    } else {
      reader.wrong_kind(key, *item, "a list of maps");
    }
  }
  return result;
}

FilterStep parse_step(const YamlNode& map, ConfigProblems& problems) {
  FieldReader reader(map, "filter", problems);
  FilterStep step;
  const Yaml function = reader.get("function");
  if (!function) {
    reader.report(Severity::kBroken, map, "a filter step has no function");
    return step;
  }
  if (function->kind == YamlNode::Kind::kFunction) {
    step.function = "!function " + function->text();
    reader.report(Severity::kPartial, *function,
                  "filter: " + step.function + " is the task's own Python code");
  } else {
    step.function = reader.text("function");
    if (std::find(kFilters.begin(), kFilters.end(), step.function) == kFilters.end()) {
      reader.report(Severity::kBroken, *function, "there is no filter '" + step.function + "'");
    }
    if (step.function == "custom") {
      reader.report(Severity::kPartial, *function, "filter: custom is the task's own Python code");
    }
  }
  step.args_json = rest_json(reader, map);
  return step;
}

MetricConfig parse_metric(const YamlNode& map, bool own_results, ConfigProblems& problems) {
  FieldReader reader(map, "metric_list", problems);
  MetricConfig metric;
  const Yaml name = reader.get("metric");
  if (!name) {
    reader.report(Severity::kBroken, map, "an entry of metric_list has no metric");
    return metric;
  }
  metric.is_function = name->kind == YamlNode::Kind::kFunction;
  metric.metric = metric.is_function ? name->text() : reader.text("metric");
  const Yaml aggregation = reader.value("aggregation");
  if (aggregation && aggregation->kind == YamlNode::Kind::kFunction) {
    metric.aggregation = "!function " + aggregation->text();
    reader.report(Severity::kPartial, *aggregation,
                  "aggregation: " + metric.aggregation + " is the task's own Python code");
  } else {
    metric.aggregation = reader.text("aggregation");
  }
  const KnownMetric* known = metric.is_function ? nullptr : known_metric(metric.metric);
  metric.higher_is_better =
      reader.boolean("higher_is_better", known == nullptr || known->higher_is_better);
  if (metric.is_function) {
    reader.report(Severity::kPartial, *name,
                  "metric: !function " + metric.metric + " is the task's own Python code");
  } else if (!own_results && (known == nullptr || !known->is_native)) {
    reader.report(Severity::kPartial, *name,
                  "metric '" + metric.metric + "' comes from a Python package and is not computed");
  }
  if (known == nullptr && metric.aggregation.empty()) {
    reader.report(Severity::kBroken, *name,
                  "metric '" + metric.metric + "' has no aggregation and no default for it");
  }
  metric.args_json = rest_json(reader, map);
  return metric;
}

// A field whose `null` means "not the task's": "null" as JSON says so.
std::optional<std::string> overriding_text(FieldReader& reader, std::string_view key) {
  const Yaml value = reader.get(key);
  if (value && value->is_null()) return "";
  return reader.optional_text(key);
}

void read_samples(FieldReader& reader, FewshotConfig& fewshot) {
  fewshot.samples = reader.task_value("samples");
  const Yaml samples = reader.value("samples");
  if (!samples) {
    fewshot.samples = {};
    return;
  }
  if (samples->kind == YamlNode::Kind::kFunction) return;
  const bool is_list = samples->kind == YamlNode::Kind::kSequence;
  const bool of_maps =
      is_list && std::all_of(samples->items.begin(), samples->items.end(), [](const Yaml& sample) {
        return sample->kind == YamlNode::Kind::kMap;
      });
  if (!of_maps) reader.wrong_kind("samples", *samples, "a list of maps or a !function");
}

void read_indices(FieldReader& reader, FewshotConfig& fewshot) {
  const Yaml indices = reader.value("fewshot_indices");
  if (!indices) return;
  for (const Yaml& item : indices->items) {
    const bool is_integer =
        item->kind == YamlNode::Kind::kScalar && item->scalar.is_number_integer();
    const std::int64_t index = is_integer ? item->scalar.get<std::int64_t>() : 0;
    if (is_integer && std::abs(index) <= std::numeric_limits<int>::max()) {
      fewshot.indices.push_back(static_cast<int>(index));
    } else {
      reader.wrong_kind("fewshot_indices", *item, "a list of integers");
    }
  }
  if (indices->kind != YamlNode::Kind::kSequence) {
    reader.wrong_kind("fewshot_indices", *indices, "a list of integers");
  }
}

}  // namespace

std::vector<FilterPipeline> parse_filters(FieldReader& reader, ConfigProblems& problems) {
  std::vector<FilterPipeline> pipelines;
  for (const Yaml& item : maps(reader, "filter_list")) {
    FieldReader fields(*item, "filter_list", problems);
    FilterPipeline pipeline;
    if (!item->find("name")) {
      reader.report(Severity::kBroken, *item, "an entry of filter_list has no name");
    }
    pipeline.name = fields.text("name");
    if (!item->find("filter")) {
      reader.report(Severity::kBroken, *item, "an entry of filter_list has no filter");
    }
    for (const Yaml& step : maps(fields, "filter")) {
      pipeline.steps.push_back(parse_step(*step, problems));
    }
    pipelines.push_back(std::move(pipeline));
  }
  return pipelines;
}

std::vector<MetricConfig> parse_metrics(FieldReader& reader, bool own_results,
                                        ConfigProblems& problems) {
  std::vector<MetricConfig> metrics;
  for (const Yaml& item : maps(reader, "metric_list")) {
    metrics.push_back(parse_metric(*item, own_results, problems));
  }
  return metrics;
}

FewshotConfig parse_fewshot(FieldReader& task, ConfigProblems& problems) {
  FewshotConfig fewshot;
  const Yaml map = task.value("fewshot_config");
  if (!map) return fewshot;
  if (map->kind != YamlNode::Kind::kMap) {
    task.wrong_kind("fewshot_config", *map, "a map");
    return fewshot;
  }
  FieldReader reader(*map, "fewshot_config", problems);
  const Yaml sampler = reader.value("sampler");
  if (sampler && sampler->kind == YamlNode::Kind::kFunction) {
    reader.report(Severity::kUnusable, *sampler, "the few-shot sampler is Python code");
  } else {
    fewshot.sampler = reader.text("sampler", fewshot.sampler);
    if (fewshot.sampler != "default" && fewshot.sampler != "first_n") {
      reader.report(
          Severity::kBroken, *sampler,
          "fewshot_config.sampler is 'default' or 'first_n', not '" + fewshot.sampler + "'");
    }
  }
  fewshot.split = overriding_text(reader, "split");
  read_samples(reader, fewshot);
  read_indices(reader, fewshot);
  fewshot.process_docs = reader.task_value("process_docs", true);
  fewshot.doc_to_text = reader.task_value("doc_to_text");
  fewshot.doc_to_target = reader.task_value("doc_to_target");
  fewshot.doc_to_choice = reader.task_value("doc_to_choice", true);
  fewshot.fewshot_delimiter = reader.optional_text("fewshot_delimiter");
  fewshot.target_delimiter = reader.optional_text("target_delimiter");
  fewshot.gen_prefix = overriding_text(reader, "gen_prefix");
  reader.report_unknown();
  return fewshot;
}

}  // namespace assay::detail
