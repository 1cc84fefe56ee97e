// One task's prompts as texts.
#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "cli/dataset_flags.h"
#include "core/request.h"
#include "tasks/tasks.h"

namespace assay::cli {

// `options` without data and stop. Error{kUsage} when the name stands for several tasks.
Task open_one_task(const TaskLibraryOptions& library, const std::string& name, TaskOptions options,
                   const DatasetFlags& data, const std::stop_token& stop);

// What a model reads before it answers.
std::string context_of(const Request& request);

// The contexts of the task's first samples, at most n, each text once. Error{kBadInput} when there
// is none.
std::vector<std::string> prompts_of_task(const TaskLibraryOptions& library, const std::string& name,
                                         std::size_t n, const DatasetFlags& data,
                                         const std::stop_token& stop);

}  // namespace assay::cli
