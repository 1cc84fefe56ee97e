#include "cli/task_prompts.h"

#include <algorithm>

#include <fmt/format.h>

#include "compress/compress.h"
#include "core/error.h"

namespace assay::cli {

Task open_one_task(const TaskLibraryOptions& library, const std::string& name, TaskOptions options,
                   const DatasetFlags& data, const std::stop_token& stop) {
  const std::vector<std::string> names{name};
  const TaskSelection selection = select_tasks(open_task_library(library), names);
  if (selection.tasks.size() != 1)
    throw Error(ErrorKind::kUsage,
                fmt::format("{} stands for {} tasks", name, selection.tasks.size()), {},
                "Name one task: `assay tasks ls` lists them.");
  const HubOptions hub{.cache_dir = default_cache_dir(), .stop = stop};
  options.data = dataset_sources(data, hub);
  options.stop = stop;
  return open_task(selection.tasks[0], options);
}

std::string context_of(const Request& request) {
  if (const auto* body = std::get_if<Loglikelihood>(&request.body)) return body->context;
  if (const auto* body = std::get_if<LoglikelihoodRolling>(&request.body)) return body->text;
  return std::get<GenerateUntil>(request.body).context;
}

std::vector<std::string> prompts_of_task(const TaskLibraryOptions& library, const std::string& name,
                                         std::size_t n, const DatasetFlags& data,
                                         const std::stop_token& stop) {
  const TaskOptions options;
  Task task = open_one_task(library, name, options, data, stop);
  std::vector<std::string> prompts;
  for (std::int64_t i = 0; i < task.n_samples() && prompts.size() < n; ++i) {
    for (const Request& request : task.sample(i).requests) {
      std::string text = context_of(request);
      const bool is_new = std::find(prompts.begin(), prompts.end(), text) == prompts.end();
      if (!text.empty() && is_new && prompts.size() < n) prompts.push_back(std::move(text));
    }
  }
  if (prompts.empty())
    throw Error(ErrorKind::kBadInput, "No sample of the task has a prompt", name,
                "Name another task, or give texts with --prompts.");
  return prompts;
}

}  // namespace assay::cli
