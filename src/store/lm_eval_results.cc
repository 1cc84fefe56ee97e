// results_DATE.json: what was run and how, and the numbers it gave.
#include <algorithm>
#include <cmath>
#include <set>

#include <fmt/format.h>

#include "core/json_run.h"
#include "store/lm_eval_import.h"

namespace assay::detail {
namespace {

std::int64_t count_or(const Json& json, const char* key, std::int64_t otherwise) {
  const auto at = json.find(key);
  if (at == json.end()) return otherwise;
  const auto number = number_of(*at);
  return number && std::abs(*number) < 1e15 ? static_cast<std::int64_t>(*number) : otherwise;
}

bool better_when_higher(const Json& results, const std::string& task, const std::string& metric) {
  const Json& known = part(part(results, "higher_is_better"), task);
  const auto at = known.find(metric);
  if (at != known.end() && at->is_boolean()) return at->get<bool>();
  static const std::set<std::string> lower{"perplexity",    "word_perplexity", "byte_perplexity",
                                           "bits_per_byte", "brier_score",     "ter"};
  return !lower.contains(metric);
}

// "acc,none": 0.5 beside "acc_stderr,none": 0.01 or "N/A".
std::vector<MetricResult> stated_metrics(const Json& results, const std::string& name,
                                         std::int64_t n) {
  std::vector<MetricResult> metrics;
  const Json& stated = part(part(results, "results"), name);
  const Json& values = stated.empty() ? part(part(results, "groups"), name) : stated;
  for (const auto& [key, value] : values.items()) {
    const std::size_t comma = key.find(',');
    const auto number = number_of(value);
    if (comma == std::string::npos || !number) continue;
    const std::string metric = key.substr(0, comma), filter = key.substr(comma + 1);
    if (metric.ends_with("_stderr")) continue;
    Estimate estimate{.value = *number, .reason = "the source states none"};
    const auto error = values.find(fmt::format("{}_stderr,{}", metric, filter));
    if (error != values.end()) estimate.std_error = number_of(*error);
    if (estimate.std_error) estimate.reason.clear();
    metrics.push_back({.metric = metric,
                       .filter = filter,
                       .estimate = estimate,
                       .n_scored = n,
                       .higher_is_better = better_when_higher(results, name, metric)});
  }
  return metrics;
}

std::vector<std::string> filters_of(const Json& config) {
  std::vector<std::string> filters;
  for (const Json& filter : part(config, "filter_list")) {
    if (filter.is_object()) filters.push_back(text_or(filter, "name", "none"));
  }
  return filters.empty() ? std::vector<std::string>{"none"} : filters;
}

TaskFacts facts_of(const std::string& task, const Json& config) {
  return {.task = task,
          .output_type = text_or(config, "output_type"),
          .target_delimiter = text_or(config, "target_delimiter", " "),
          .doc_to_choice = part(config, "doc_to_choice"),
          .filters = filters_of(config)};
}

// A function of the task's own is logged as its source: then "", not known.
std::map<std::string, std::string> aggregations_of(const Json& config) {
  std::map<std::string, std::string> how;
  for (const Json& metric : part(config, "metric_list")) {
    if (!metric.is_object() || !metric.contains("aggregation")) continue;
    const std::string name = text_or(metric, "aggregation");
    const bool is_name = name.find_first_of(" \n(<") == std::string::npos;
    how[text_or(metric, "metric")] = is_name ? name : std::string();
  }
  return how;
}

TaskResult task_of(const Json& results, const std::string& name) {
  const Json& config = part(part(results, "configs"), name);
  const Json& counts = part(part(results, "n-samples"), name);
  const Json& stated = part(part(results, "results"), name);
  TaskResult task{.task = name,
                  .alias = text_or(stated, "alias", name),
                  .task_class = text_or(part(config, "metadata"), "task_class"),
                  .version = text_or(part(results, "versions"), name.c_str()),
                  .output_type = text_or(config, "output_type")};
  task.alias.erase(0, task.alias.find_first_not_of(" -"));  // old versions indent it for a table
  task.num_fewshot = static_cast<int>(
      count_or(part(results, "n-shot"), name.c_str(), count_or(config, "num_fewshot", 0)));
  if (config.contains("generation_kwargs") && !config.at("generation_kwargs").is_null())
    task.generation_kwargs_json = config.at("generation_kwargs").dump();
  const std::string split = text_or(config, "test_split", text_or(config, "validation_split"));
  task.dataset = {.path = text_or(config, "dataset_path"),
                  .name = text_or(config, "dataset_name"),
                  .split = split};
  task.n_samples = count_or(counts, "effective", count_or(stated, "sample_len", 0));
  task.n_original = count_or(counts, "original", task.n_samples);
  task.dataset.n_rows = task.n_original;
  task.metrics = stated_metrics(results, name, task.n_samples);
  return task;
}

void collect(const Json& subtasks, const std::string& name, std::set<std::string>& seen,
             std::vector<std::string>& tasks) {
  if (!seen.insert(name).second) return;
  const Json& members = part(subtasks, name);
  if (members.empty()) tasks.push_back(name);
  for (const Json& member : members) collect(subtasks, python_text(member), seen, tasks);
}

std::vector<GroupResult> groups_of(const Json& results, const std::vector<TaskResult>& tasks) {
  std::vector<GroupResult> groups;
  const Json& subtasks = part(results, "group_subtasks");
  for (const auto& [name, members] : subtasks.items()) {
    if (members.empty()) continue;
    const Json& stated = part(part(results, "groups"), name);
    GroupResult group{.group = name,
                      .alias = text_or(stated, "alias", name),
                      .version = text_or(part(results, "versions"), name.c_str())};
    group.alias.erase(0, group.alias.find_first_not_of(" -"));
    std::set<std::string> seen;
    collect(subtasks, name, seen, group.tasks);
    for (const TaskResult& task : tasks) {
      if (seen.contains(task.task)) group.n_samples += task.n_samples;
    }
    group.metrics = stated_metrics(results, name, group.n_samples);
    groups.push_back(std::move(group));
  }
  return groups;
}

// "pretrained=a/b,dtype=float32", or the same as a map.
std::string model_argument(const Json& arguments, const std::string& name) {
  if (arguments.is_object()) return text_or(arguments, name.c_str());
  const std::string text = "," + (arguments.is_string() ? arguments.get<std::string>() : "");
  const std::size_t at = text.find("," + name + "=");
  if (at == std::string::npos) return {};
  const std::size_t start = at + name.size() + 2;
  return text.substr(start, text.find(',', start) - start);
}

std::string model_name(const Json& results) {
  if (std::string name = text_or(results, "model_name"); !name.empty()) return name;
  const Json& arguments = part(part(results, "config"), "model_args");
  for (const char* key : {"peft", "delta", "pretrained", "model", "path", "engine"}) {
    if (std::string name = model_argument(arguments, key); !name.empty()) return name;
  }
  return text_or(part(results, "config"), "model", "unknown model");
}

ModelInfo model_of(const Json& results) {
  const Json& config = part(results, "config");
  const Json& arguments = part(config, "model_args");
  ModelInfo model{.path = model_name(results),
                  .n_weights = count_or(config, "model_num_parameters", 0)};
  model.description = arguments.is_string() ? arguments.get<std::string>()
                      : arguments.empty()   ? std::string()
                                            : arguments.dump();
  for (const char* key : {"model_dtype", "model_revision", "model_sha"}) {
    if (const std::string value = text_or(config, key); !value.empty())
      model.description +=
          fmt::format("{}{}={}", model.description.empty() ? "" : ", ", key, value);
  }
  model.n_weights = std::max<std::int64_t>(0, model.n_weights);
  model.runtime.n_ctx = static_cast<int>(count_or(results, "max_length", 0));
  model.engine = text_or(config, "model");
  if (const std::string version = text_or(results, "transformers_version"); !version.empty())
    model.engine += ", transformers " + version;
  return model;
}

RunHeader header_of(const Json& results) {
  const Json& config = part(results, "config");
  RunHeader header{.model_name = model_name(results),
                   .model = model_of(results),
                   .limit = text_or(config, "limit"),
                   .system_instruction = text_or(results, "system_instruction")};
  const auto seed = static_cast<std::uint64_t>(count_or(config, "fewshot_seed", 1234));
  header.fewshot_seed = seed;
  header.sampling_seed = static_cast<std::uint64_t>(count_or(config, "torch_seed", 1234));
  if (const auto date = number_of(part(results, "date"))) header.started = utc_text(*date);
  if (const auto time = number_of(part(results, "total_evaluation_time_seconds")))
    header.duration_s = *time;
  const std::string chat = text_or(results, "chat_template");
  header.chat = !chat.empty();
  header.model.chat_template = chat;
  if (header.chat) header.chat_template = hash_bytes(chat);
  const Json& multiturn = part(results, "fewshot_as_multiturn");
  header.fewshot_as_multiturn = header.chat && multiturn.is_boolean() && multiturn.get<bool>();
  const std::string version = text_or(results, "lm_eval_version");
  header.imported_from =
      "lm-evaluation-harness " + (version.empty() ? "of an unknown version" : version);
  return header;
}

}  // namespace

bool is_lm_eval_results(const Json& json) {
  return json.is_object() && json.contains("results") && json.at("results").is_object() &&
         (json.contains("configs") || json.contains("versions"));
}

LmEvalResults read_lm_eval_results(const Json& json, const std::string& path) {
  LmEvalResults read;
  for (const auto& [name, config] : part(json, "configs").items()) {
    if (!part(part(json, "group_subtasks"), name).empty()) continue;  // groups, in some versions
    read.facts.push_back(facts_of(name, config));
    read.aggregations.push_back(aggregations_of(config));
    read.run.tasks.push_back(task_of(json, name));
  }
  if (read.run.tasks.empty()) {
    refuse("The results name no task", path,
           "Give a results_*.json of lm-evaluation-harness 0.4 with its key 'configs'.");
  }
  read.run.groups = groups_of(json, read.run.tasks);
  read.run.header = header_of(json);
  if (!json.contains("assay")) return read;
  read.is_ours = json.at("assay").contains("run");
  if (read.is_ours) read.run = run_from_json(json.at("assay").at("run").dump());
  return read;
}

}  // namespace assay::detail
