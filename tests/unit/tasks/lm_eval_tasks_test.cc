// The harness's own task files, where ASSAY_LM_EVAL_TASKS names its folder lm_eval/tasks: the
// configurations are those that lm-eval makes (tests/golden/task_configs/make_golden.py).
// ASSAY_TASK_GOLDEN names another golden file, for example one made with --all.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "core/error.h"
#include "tasks/tasks.h"

namespace assay {
namespace {

using Json = nlohmann::json;  // keys in order, as json.dumps(sort_keys=True)
using Kind = TaskValue::Kind;

const char* folder() { return std::getenv("ASSAY_LM_EVAL_TASKS"); }

Json read_golden() {
  const char* other = std::getenv("ASSAY_TASK_GOLDEN");
  std::ifstream file(other != nullptr ? other
                                      : ASSAY_SOURCE_DIR "/tests/golden/task_configs/golden.json");
  return Json::parse(file);
}

std::string hashed(const Json& json) {  // FNV-1a, 64 bits
  std::uint64_t number = 0xCBF29CE484222325;
  for (const char c : json.dump()) {
    number = (number ^ static_cast<unsigned char>(c)) * 0x100000001B3;
  }
  char text[17];
  std::snprintf(text, sizeof(text), "%016llx", static_cast<unsigned long long>(number));
  return text;
}

Json parsed(const std::string& text) { return text.empty() ? Json() : Json::parse(text); }
Json or_null(const std::string& text) { return text.empty() ? Json() : Json(text); }

Json value(const TaskValue& field) {
  if (field.kind == Kind::kAbsent) return nullptr;
  if (field.kind == Kind::kText) return field.text;
  if (field.kind == Kind::kFunction) return {{"!function", field.text}};
  return Json::parse(field.text);
}

Json inherited(const TaskValue& own, const TaskValue& tasks) {
  return value(own.kind == Kind::kAbsent ? tasks : own);
}

Json function_or_text(const std::string& text) {
  if (text.starts_with("!function ")) return {{"!function", text.substr(10)}};
  return or_null(text);
}

Json fewshot(const TaskConfig& task) {
  const FewshotConfig& shots = task.fewshot;
  return {{"sampler", shots.sampler},
          {"split", or_null(shots.split.value_or(task.fewshot_split))},
          {"process_docs", inherited(shots.process_docs, task.process_docs)},
          {"fewshot_indices", shots.indices.empty() ? Json() : Json(shots.indices)},
          {"samples", value(shots.samples)},
          {"doc_to_text", inherited(shots.doc_to_text, task.doc_to_text)},
          {"doc_to_choice", inherited(shots.doc_to_choice, task.doc_to_choice)},
          {"doc_to_target", inherited(shots.doc_to_target, task.doc_to_target)},
          {"fewshot_delimiter", shots.fewshot_delimiter.value_or(task.fewshot_delimiter)},
          {"target_delimiter", shots.target_delimiter.value_or(task.target_delimiter)},
          {"gen_prefix", or_null(shots.gen_prefix.value_or(task.gen_prefix))}};
}

Json filters(const TaskConfig& task) {
  Json json = Json::array();
  for (const FilterPipeline& pipeline : task.filters) {
    Json steps = Json::array();
    for (const FilterStep& step : pipeline.steps) {
      steps.push_back(
          {{"function", function_or_text(step.function)}, {"args", parsed(step.args_json)}});
    }
    json.push_back({{"name", pipeline.name}, {"steps", steps}});
  }
  if (json.empty()) {
    const Json step = {{"function", "take_first"}, {"args", Json::object()}};
    json.push_back({{"name", "none"}, {"steps", Json::array({step})}});
  }
  return json;
}

Json metrics(const TaskConfig& task) {
  Json json = Json::array();
  for (const MetricConfig& metric : task.metrics) {
    const Json name = metric.is_function ? Json{{"!function", metric.metric}} : Json(metric.metric);
    json.push_back({{"metric", name},
                    {"aggregation", function_or_text(metric.aggregation)},
                    {"higher_is_better", metric.higher_is_better},
                    {"args", parsed(metric.args_json)}});
  }
  return json;
}

Json generation(const TaskConfig& task) {
  if (!task.generation_kwargs_json.empty()) return parsed(task.generation_kwargs_json);
  return {{"temperature", 0.0},
          {"do_sample", false},
          {"max_gen_toks", 256},
          {"until", Json::array({task.fewshot_delimiter})}};
}

Json described(const TaskConfig& task) {
  Json json = {{"task", task.task},
               {"dataset_path", or_null(task.dataset_path)},
               {"dataset_name", or_null(task.dataset_name)},
               {"dataset_kwargs", parsed(task.dataset_kwargs_json)},
               {"training_split", or_null(task.training_split)},
               {"validation_split", or_null(task.validation_split)},
               {"test_split", or_null(task.test_split)},
               {"process_docs", value(task.process_docs)},
               {"doc_to_text", value(task.doc_to_text)},
               {"doc_to_target", value(task.doc_to_target)},
               {"doc_to_choice", value(task.doc_to_choice)},
               {"process_results", value(task.process_results)},
               {"description", or_null(task.description)},
               {"target_delimiter", task.target_delimiter},
               {"fewshot_delimiter", task.fewshot_delimiter},
               {"gen_prefix", or_null(task.gen_prefix)},
               {"num_fewshot", task.num_fewshot ? Json(*task.num_fewshot) : Json()},
               {"output_type", task.output_type},
               {"repeats", task.repeats},
               {"unsafe_code", task.unsafe_code},
               {"version", or_null(task.version)},
               {"fewshot", fewshot(task)},
               {"filters", filters(task)},
               {"metrics", metrics(task)}};
  if (task.output_type == "generate_until") json["generation_kwargs"] = generation(task);
  return json;
}

Json described(const GroupConfig& group) {
  Json aggregates = Json::array();
  for (const AggregateMetric& metric : group.aggregates) {
    aggregates.push_back({{"metric", metric.metric},
                          {"weight_by_size", metric.weight_by_size},
                          {"filters", metric.filters}});
  }
  return {{"group", group.group},
          {"members", group.members},
          {"version", or_null(group.version)},
          {"aggregates", aggregates}};
}

Json described(const TaskSelection& selection) {
  Json tasks = Json::object(), groups = Json::array();
  for (const TaskConfig& task : selection.tasks) tasks[task.task] = hashed(described(task));
  std::map<std::string, Json> by_name;
  for (const GroupConfig& group : selection.groups) by_name[group.group] = described(group);
  for (const auto& [name, group] : by_name) groups.push_back(group);
  return {{"tasks", tasks}, {"groups", groups}};
}

// Differs, or cannot be used here: one line for each name.
std::string compare(const TaskLibrary& library, const Json& golden, bool groups, int& n_same) {
  std::string complaints;
  for (const auto& [name, hash] : golden.items()) {
    try {
      const std::vector<std::string> names = {name};
      const TaskSelection selection = select_tasks(library, names);
      const Json ours = groups ? described(selection) : described(selection.tasks.at(0));
      if (hashed(ours) == hash) {
        ++n_same;
      } else {
        complaints += name + " differs: " + ours.dump().substr(0, 4000) + "\n";
      }
    } catch (const Error& error) {
      complaints += name + " refused: " + error.what() + "\n";
    }
  }
  return complaints;
}

TEST(LmEvalTasks, ConfigurationsAreThoseOfTheHarness) {
  if (folder() == nullptr) GTEST_SKIP() << "ASSAY_LM_EVAL_TASKS is not set";
  const Json golden = read_golden();
  const TaskLibrary library = open_task_library({.shipped = false, .folders = {folder()}});
  int n_tasks = 0, n_groups = 0;
  EXPECT_EQ(compare(library, golden["tasks"], false, n_tasks), "");
  EXPECT_EQ(compare(library, golden["groups"], true, n_groups), "");
  RecordProperty("tasks", n_tasks);
  RecordProperty("groups", n_groups);
  std::printf("%d tasks and %d groups and tags as in lm-eval\n", n_tasks, n_groups);
}

TEST(LmEvalTasks, NearlyAllFilesLoad) {
  if (folder() == nullptr) GTEST_SKIP() << "ASSAY_LM_EVAL_TASKS is not set";
  const ValidationResult result = validate_task_files(folder());
  EXPECT_GT(result.n_files, 10'000);
  EXPECT_GE(static_cast<double>(result.n_loaded), 0.95 * static_cast<double>(result.n_files));
}

}  // namespace
}  // namespace assay
