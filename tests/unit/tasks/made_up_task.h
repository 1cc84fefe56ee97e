// Tasks of tests/golden/prompts as configurations: what the reading of YAML does in the program.
#pragma once

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "tasks/tasks.h"

namespace assay {

using OrderedJson = nlohmann::ordered_json;

inline TaskValue task_value(const OrderedJson& task, const char* key) {
  if (!task.contains(key)) return {};
  const OrderedJson& value = task[key];
  TaskValue result{.kind = TaskValue::Kind::kJson, .text = value.dump(), .file = "made_up.yaml"};
  if (value.is_string()) {
    result.text = value.get<std::string>();
    result.kind =
        result.text.starts_with("!function ") ? TaskValue::Kind::kFunction : TaskValue::Kind::kText;
    if (result.kind == TaskValue::Kind::kFunction) result.text.erase(0, 10);
  }
  return result;
}

inline FewshotConfig made_up_fewshot(const OrderedJson& task) {
  FewshotConfig fewshot;
  fewshot.sampler = task.value("sampler", "default");
  fewshot.samples = task_value(task, "samples");
  fewshot.doc_to_text = task_value(task, "doc_to_text");
  fewshot.doc_to_target = task_value(task, "doc_to_target");
  fewshot.doc_to_choice = task_value(task, "doc_to_choice");
  const auto text = [&](const char* key, std::optional<std::string>& value) {
    if (task.contains(key)) value = task[key].get<std::string>();
  };
  text("split", fewshot.split);
  text("fewshot_delimiter", fewshot.fewshot_delimiter);
  text("target_delimiter", fewshot.target_delimiter);
  text("gen_prefix", fewshot.gen_prefix);
  return fewshot;
}

inline TaskConfig made_up_task(const OrderedJson& task) {
  TaskConfig config{.task = task.value("task", "made_up"), .file = "made_up.yaml"};
  config.dataset_path = "json";
  config.training_split = task.value("training_split", "");
  config.validation_split = task.value("validation_split", "");
  config.test_split = task.value("test_split", "");
  config.fewshot_split = task.value("fewshot_split", "");
  config.process_docs = task_value(task, "process_docs");
  config.doc_to_text = task_value(task, "doc_to_text");
  config.doc_to_target = task_value(task, "doc_to_target");
  config.doc_to_choice = task_value(task, "doc_to_choice");
  config.description = task.value("description", "");
  config.target_delimiter = task.value("target_delimiter", " ");
  config.fewshot_delimiter = task.value("fewshot_delimiter", "\n\n");
  config.gen_prefix = task.value("gen_prefix", "");
  config.fewshot = made_up_fewshot(task.value("fewshot_config", OrderedJson::object()));
  if (task.contains("num_fewshot")) config.num_fewshot = task["num_fewshot"].get<int>();
  config.output_type = task.value("output_type", "generate_until");
  if (task.contains("generation_kwargs"))
    config.generation_kwargs_json = task["generation_kwargs"].dump();
  config.repeats = task.value("repeats", 1);
  for (const OrderedJson& metric : task.value("metric_list", OrderedJson::array()))
    config.metrics.push_back({.metric = metric["metric"].get<std::string>()});
  return config;
}

// Writes the rows of each split as jsonl and lets the task find them.
inline void write_rows(TaskConfig& config, const OrderedJson& splits,
                       const std::filesystem::path& folder) {
  OrderedJson files;
  for (const auto& [split, rows] : splits.items()) {
    const std::filesystem::path path = folder / (split + ".jsonl");
    std::ofstream out(path);
    for (const OrderedJson& row : rows) out << row.dump() << "\n";
    files[split] = path.string();
  }
  config.dataset_kwargs_json = OrderedJson{{"data_files", files}}.dump();
}

}  // namespace assay
