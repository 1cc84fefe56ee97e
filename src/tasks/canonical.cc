// What decides prompts and scores, in one text that does not depend on how the file is written.
#include <algorithm>
#include <filesystem>
#include <set>

#include "core/hash.h"
#include "tasks/config.h"
#include "tasks/task_files.h"

namespace assay::detail {
namespace {

namespace fs = std::filesystem;

Json parsed(const std::string& json) { return json.empty() ? Json() : Json::parse(json); }

// Keys in alphabetical order, at every level.
Json sorted(const Json& json) {
  if (json.is_array()) {
    Json result = Json::array();
    for (const Json& item : json) result.push_back(sorted(item));
    return result;
  }
  if (!json.is_object()) return json;
  std::vector<std::string> keys;
  for (const auto& [key, value] : json.items()) keys.push_back(key);
  std::sort(keys.begin(), keys.end());
  Json result = Json::object();
  for (const std::string& key : keys) result[key] = sorted(json[key]);
  return result;
}

Json value_json(const TaskValue& value) {
  switch (value.kind) {
    case TaskValue::Kind::kAbsent:
      return nullptr;
    case TaskValue::Kind::kText:
      return value.text;
    case TaskValue::Kind::kFunction:
      return Json{{"!function", value.text}};
    case TaskValue::Kind::kJson:
      break;
  }
  return Json{{"json", parsed(value.text)}};  // order kept: it is the order of choices
}

Json optional_json(const std::optional<std::string>& text) { return text ? Json(*text) : Json(); }

Json fewshot_json(const FewshotConfig& fewshot) {
  return {{"sampler", fewshot.sampler},
          {"split", optional_json(fewshot.split)},
          {"samples", value_json(fewshot.samples)},
          {"indices", fewshot.indices},
          {"process_docs", value_json(fewshot.process_docs)},
          {"doc_to_text", value_json(fewshot.doc_to_text)},
          {"doc_to_target", value_json(fewshot.doc_to_target)},
          {"doc_to_choice", value_json(fewshot.doc_to_choice)},
          {"fewshot_delimiter", optional_json(fewshot.fewshot_delimiter)},
          {"target_delimiter", optional_json(fewshot.target_delimiter)},
          {"gen_prefix", optional_json(fewshot.gen_prefix)}};
}

Json filters_json(const std::vector<FilterPipeline>& pipelines) {
  Json json = Json::array();
  for (const FilterPipeline& pipeline : pipelines) {
    Json steps = Json::array();
    for (const FilterStep& step : pipeline.steps) {
      steps.push_back({{"function", step.function}, {"args", sorted(parsed(step.args_json))}});
    }
    json.push_back({{"name", pipeline.name}, {"steps", steps}});
  }
  return json;
}

Json metrics_json(const std::vector<MetricConfig>& metrics) {
  Json json = Json::array();
  for (const MetricConfig& metric : metrics) {
    json.push_back({{"metric", metric.metric},
                    {"is_function", metric.is_function},
                    {"aggregation", metric.aggregation},
                    {"higher_is_better", metric.higher_is_better},
                    {"args", sorted(parsed(metric.args_json))}});
  }
  return json;
}

void collect_functions(const Json& json, const std::string& file,
                       std::set<std::pair<std::string, std::string>>& found) {
  if (json.is_object() && json.size() == 1 && json.contains("!function")) {
    found.emplace(file, json["!function"].get<std::string>());
  } else if (json.is_structured()) {
    for (const Json& item : json) collect_functions(item, file, found);
  } else if (json.is_string()) {
    const auto& text = json.get_ref<const std::string&>();
    if (text.starts_with("!function ")) found.emplace(file, text.substr(10));
  }
}

// Digests of the modules, by function: a changed utils.py is another task.
Json code_json(const TaskConfig& config) {
  std::set<std::pair<std::string, std::string>> functions;
  const FewshotConfig& fewshot = config.fewshot;
  for (const TaskValue* value :
       {&config.process_docs, &config.doc_to_text, &config.doc_to_target, &config.doc_to_choice,
        &config.process_results, &fewshot.samples, &fewshot.process_docs, &fewshot.doc_to_text,
        &fewshot.doc_to_target, &fewshot.doc_to_choice}) {
    collect_functions(value_json(*value), value->file, functions);
  }
  for (const MetricConfig& metric : config.metrics) {
    if (metric.is_function) functions.emplace(config.file, metric.metric);
  }
  collect_functions(filters_json(config.filters), config.file, functions);
  collect_functions(metrics_json(config.metrics), config.file, functions);
  Json json = Json::object();
  for (const auto& [file, function] : functions) {
    std::string module = function.substr(0, std::min(function.rfind('.'), function.size()));
    std::replace(module.begin(), module.end(), '.', '/');
    const fs::path path = fs::path(file).parent_path() / (module + ".py");
    std::error_code problem;
    if (file.starts_with(kShippedPrefix) || !fs::is_regular_file(path, problem)) continue;
    json[function] = hash_file(path.string()).hex();
  }
  return json;
}

}  // namespace

std::string canonical_json(const TaskConfig& config) {
  const Json json = {{"dataset_path", config.dataset_path},
                     {"dataset_name", config.dataset_name},
                     {"dataset_kwargs", sorted(parsed(config.dataset_kwargs_json))},
                     {"training_split", config.training_split},
                     {"validation_split", config.validation_split},
                     {"test_split", config.test_split},
                     {"fewshot_split", config.fewshot_split},
                     {"process_docs", value_json(config.process_docs)},
                     {"doc_to_text", value_json(config.doc_to_text)},
                     {"doc_to_target", value_json(config.doc_to_target)},
                     {"doc_to_choice", value_json(config.doc_to_choice)},
                     {"process_results", value_json(config.process_results)},
                     {"description", config.description},
                     {"target_delimiter", config.target_delimiter},
                     {"fewshot_delimiter", config.fewshot_delimiter},
                     {"gen_prefix", config.gen_prefix},
                     {"fewshot", fewshot_json(config.fewshot)},
                     {"num_fewshot", config.num_fewshot ? Json(*config.num_fewshot) : Json()},
                     {"output_type", config.output_type},
                     {"generation_kwargs", sorted(parsed(config.generation_kwargs_json))},
                     {"repeats", config.repeats},
                     {"filters", filters_json(config.filters)},
                     {"metrics", metrics_json(config.metrics)},
                     {"version", config.version},
                     {"code", code_json(config)}};
  return json.dump();
}

}  // namespace assay::detail
