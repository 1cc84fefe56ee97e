// lm_eval/config/task.py: the fields of a task, their defaults and what may stand in them.
#include "tasks/config.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace assay::detail {
namespace {

using Severity = ConfigProblem::Severity;

// Fields that Assay reads past: they decide neither prompts nor scores.
constexpr std::array<std::string_view, 4> kIgnored = {
    "should_decontaminate", "doc_to_decontamination_query", "group", "task_list"};

void read_dataset(FieldReader& reader, TaskConfig& config) {
  config.dataset_path = reader.text("dataset_path");
  config.dataset_name = reader.text_or_number("dataset_name");
  config.dataset_kwargs_json = reader.json_map("dataset_kwargs");
  config.training_split = reader.text("training_split");
  config.validation_split = reader.text("validation_split");
  config.test_split = reader.text("test_split");
  config.fewshot_split = reader.text("fewshot_split");
}

void read_prompt(FieldReader& reader, TaskConfig& config) {
  config.process_docs = reader.task_value("process_docs");
  config.doc_to_text = reader.task_value("doc_to_text");
  config.doc_to_target = reader.task_value("doc_to_target");
  config.doc_to_choice = reader.task_value("doc_to_choice");
  config.process_results = reader.task_value("process_results");
  config.description = reader.text("description");
  config.target_delimiter = reader.text("target_delimiter", config.target_delimiter);
  config.fewshot_delimiter = reader.text("fewshot_delimiter", config.fewshot_delimiter);
  config.gen_prefix = reader.text("gen_prefix");
  config.num_fewshot = reader.integer("num_fewshot", 0);
}

// float(VALUE) of Python, for texts such as "1e-3", which YAML 1.1 does not take for numbers.
bool to_number(const Json& value, double& number) {
  if (value.is_number()) {
    number = value.get<double>();
    return true;
  }
  if (!value.is_string()) return false;
  const auto& text = value.get_ref<const std::string&>();
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() && std::isfinite(number);
}

// As lm-eval completes it: a number for the temperature, the delimiter to stop at.
std::string generation_kwargs(FieldReader& reader, const TaskConfig& config) {
  const Yaml value = reader.value("generation_kwargs");
  if (!value) return {};
  if (value->kind != YamlNode::Kind::kMap) {
    reader.wrong_kind("generation_kwargs", *value, "a map");
    return {};
  }
  Json kwargs = to_json(*value);
  if (kwargs.contains("temperature")) {
    double temperature = 0;
    if (to_number(kwargs["temperature"], temperature)) {
      kwargs["temperature"] = temperature;
    } else {
      reader.wrong_kind("generation_kwargs.temperature", *value->find("temperature"), "a number");
    }
  }
  if (!kwargs.contains("until")) kwargs["until"] = Json::array({config.fewshot_delimiter});
  return kwargs.dump();
}

void read_output(FieldReader& reader, const YamlNode& map, TaskConfig& config) {
  static constexpr std::array<std::string_view, 4> kTypes = {
      "generate_until", "loglikelihood", "loglikelihood_rolling", "multiple_choice"};
  config.output_type = reader.text("output_type", config.output_type);
  if (std::find(kTypes.begin(), kTypes.end(), config.output_type) == kTypes.end()) {
    reader.report(Severity::kBroken, *map.find("output_type"),
                  "output_type '" + config.output_type +
                      "' is none of generate_until, "
                      "loglikelihood, loglikelihood_rolling and multiple_choice");
  }
  config.generation_kwargs_json = generation_kwargs(reader, config);
  config.repeats = reader.integer("repeats", 1).value_or(1);
  config.unsafe_code = reader.boolean("unsafe_code", false);
}

void read_metadata(FieldReader& reader, TaskConfig& config) {
  const Yaml value = reader.value("metadata");
  if (!value) return;
  Json metadata = to_json(*value);
  if (!metadata.is_object()) metadata = Json{{"_metadata", metadata}};
  config.metadata_json = metadata.dump();
  if (const auto version = metadata.find("version"); version != metadata.end()) {
    config.version = version->is_string() ? version->get<std::string>() : number_text(*version);
  }
  const auto task_class = metadata.find("task_class");
  if (task_class != metadata.end() && task_class->is_string()) {
    config.task_class = task_class->get<std::string>();
  }
}

void report_unusable(FieldReader& reader) {
  static constexpr std::array<std::pair<std::string_view, const char*>, 5> kFields = {{
      {"class", "is written as a Python class; Assay runs tasks that are YAML"},
      {"custom_dataset", "makes its data set by Python code (custom_dataset)"},
      {"doc_to_image", "shows images (doc_to_image); Assay asks about text"},
      {"doc_to_audio", "plays sound (doc_to_audio); Assay asks about text"},
      {"use_prompt", "takes its prompt from promptsource (use_prompt), a Python package"},
  }};
  for (const auto& [key, what] : kFields) {
    if (const Yaml value = reader.value(key)) {
      reader.report(Severity::kUnusable, *value, std::string("the task ") + what);
    }
  }
}

void report_missing(FieldReader& reader, const YamlNode& map, const TaskConfig& config) {
  if (map.find("class")) return;
  const auto missing = [&](const std::string& what) {
    reader.report(Severity::kBroken, map, "the task has no " + what);
  };
  if (config.dataset_path.empty() && !map.find("custom_dataset")) missing("dataset_path");
  if (config.test_split.empty() && config.validation_split.empty()) {
    missing("test_split or validation_split to ask about");
  }
  if (map.find("use_prompt")) return;
  if (config.doc_to_text.kind == TaskValue::Kind::kAbsent) missing("doc_to_text");
  if (config.doc_to_target.kind == TaskValue::Kind::kAbsent) missing("doc_to_target");
}

}  // namespace

ParsedTask parse_task(const YamlNode& map) {
  ParsedTask parsed;
  TaskConfig& config = parsed.config;
  FieldReader reader(map, "", parsed.problems);
  config.file = *map.file;
  config.task = reader.text("task");
  config.alias = reader.text("task_alias");
  config.tags = reader.texts("tag");
  read_dataset(reader, config);
  read_prompt(reader, config);
  config.fewshot = parse_fewshot(reader, parsed.problems);
  read_output(reader, map, config);
  const bool own_results = config.process_results.kind != TaskValue::Kind::kAbsent;
  config.metrics = parse_metrics(reader, own_results, parsed.problems);
  config.filters = parse_filters(reader, parsed.problems);
  read_metadata(reader, config);
  report_unusable(reader);
  report_missing(reader, map, config);
  for (const std::string_view key : kIgnored) reader.get(key);
  if (!map.find("class")) reader.report_unknown();  // a class has fields of its own
  return parsed;
}

std::string number_text(const Json& number) {
  if (number.is_boolean()) return number.get<bool>() ? "True" : "False";
  if (number.is_null()) return "None";
  return number.dump();
}

}  // namespace assay::detail
