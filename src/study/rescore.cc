// Saved responses scored once more, without a model.
#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <set>

#include <fmt/format.h>

#include "core/error.h"
#include "study/study.h"

namespace assay {
namespace {

// By metric and filter, in any order; weights are no results.
std::map<std::pair<std::string, std::string>, std::optional<double>> results_of(
    const SampleRecord& sample) {
  std::map<std::pair<std::string, std::string>, std::optional<double>> results;
  for (const Score& score : sample.scores) {
    if (score.filter != "weight") results[{score.filter, score.metric}] = score.value;
  }
  return results;
}

// The one task that a file defines.
TaskConfig config_from_file(const std::string& file) {
  namespace fs = std::filesystem;
  if (!fs::is_regular_file(file))
    throw Error(ErrorKind::kIo, "There is no such task file", file, "Check the name.");
  const std::string folder = fs::absolute(file).parent_path().string();
  const TaskLibrary library = open_task_library({.shipped = true, .folders = {folder}});
  for (const TaskEntry& entry : list_tasks(library)) {
    std::error_code unknown;
    if (entry.kind != TaskEntry::Kind::kTask || !fs::equivalent(entry.file, file, unknown))
      continue;
    return select_tasks(library, std::vector<std::string>{entry.name}).tasks.at(0);
  }
  throw Error(ErrorKind::kBadInput, "The file defines no task", file,
              "Give a task file with a key 'task' (lm-evaluation-harness's YAML).");
}

class Rescorer {
 public:
  explicit Rescorer(const RescoreOptions& options)
      : options_(options), library_(open_task_library({.folders = options.include_paths})) {
    if (!options.filter_from.empty()) one_ = config_from_file(options.filter_from);
    for (const TaskEntry& entry : list_tasks(library_)) {
      if (entry.kind == TaskEntry::Kind::kTask) tasks_.insert(entry.name);
      if (entry.kind == TaskEntry::Kind::kGroup) groups_.insert(entry.name);
    }
  }

  RescoreResult rescore(Run run) {
    keep_wanted(run);
    RescoreResult result;
    for (TaskResult& task : run.tasks) result.n_changed.push_back(rescore(task));
    rescore_groups(run);
    run.header.warnings.push_back(fmt::format(
        "Scored again from saved responses, by {}.",
        one_ ? options_.filter_from : std::string("the definitions of assay " ASSAY_VERSION)));
    result.run = std::move(run);
    return result;
  }

 private:
  void keep_wanted(Run& run) const {
    if (options_.tasks.empty()) return;
    std::vector<TaskResult> kept;
    for (const std::string& name : options_.tasks) {
      const auto at = std::find_if(run.tasks.begin(), run.tasks.end(),
                                   [&](const TaskResult& task) { return task.task == name; });
      if (at == run.tasks.end()) {
        std::string known;
        for (const TaskResult& task : run.tasks) known += (known.empty() ? "" : ", ") + task.task;
        throw Error(ErrorKind::kUsage, fmt::format("The run has no task '{}'", name), {},
                    "It has: " + known + ".");
      }
      kept.push_back(*at);
    }
    run.tasks = std::move(kept);
    run.groups.clear();
  }

  TaskConfig config_for(const TaskResult& task) const {
    if (one_) return *one_;
    if (!tasks_.contains(task.task)) {
      throw Error(
          ErrorKind::kUsage, fmt::format("No definition of the task '{}' is known", task.task), {},
          "Give its folder with --include-path, a task file with --filter-from, or only some "
          "tasks with --tasks.");
    }
    return select_tasks(library_, std::vector<std::string>{task.task}).tasks.at(0);
  }

  std::int64_t rescore(TaskResult& task) const {
    const TaskConfig config = config_for(task);
    if (!task.output_type.empty() && config.output_type != task.output_type) {
      throw Error(ErrorKind::kBadInput,
                  fmt::format("The definition is of output type {}, the responses are of {}",
                              config.output_type, task.output_type),
                  fmt::format("{}, task {}", config.file, task.task),
                  "Give a definition that asks for the same kind of answer.");
    }
    const bool any = std::any_of(task.samples.begin(), task.samples.end(),
                                 [](const SampleRecord& s) { return !s.responses.empty(); });
    if (!any) {
      throw Error(ErrorKind::kBadInput, "There are no responses to score again",
                  "task " + task.task, "Run with --log-samples, or import the samples too.");
    }
    std::vector<decltype(results_of(task.samples[0]))> before;
    for (const SampleRecord& sample : task.samples) before.push_back(results_of(sample));
    score_samples(config, task.samples, options_.score);
    task.metrics = aggregate_metrics(config, task.samples);
    task.definition = hash_bytes(config.canonical_json);
    task.version = config.version;
    if (!config.task_class.empty()) task.task_class = config.task_class;
    std::int64_t n_changed = 0;
    for (std::size_t i = 0; i < before.size(); ++i)
      n_changed += before[i] == results_of(task.samples[i]) ? 0 : 1;
    return n_changed;
  }

  void rescore_groups(Run& run) const {
    std::vector<std::string> known;
    for (const GroupResult& group : run.groups) {
      if (!one_ && groups_.contains(group.group)) {
        known.push_back(group.group);
      } else {
        run.header.warnings.push_back("The group " + group.group +
                                      " has no definition here: its numbers are left out.");
      }
    }
    run.groups.clear();
    if (known.empty()) return;
    for (GroupResult& group : aggregate_groups(select_tasks(library_, known), run.tasks)) {
      if (std::find(known.begin(), known.end(), group.group) != known.end())
        run.groups.push_back(std::move(group));
    }
  }

  const RescoreOptions& options_;
  TaskLibrary library_;
  std::optional<TaskConfig> one_;
  std::set<std::string> tasks_, groups_;
};

}  // namespace

RescoreResult rescore_run(Run run, const RescoreOptions& options) {
  return Rescorer(options).rescore(std::move(run));
}

}  // namespace assay
