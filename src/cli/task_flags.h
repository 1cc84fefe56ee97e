// Options of the commands that ask models tasks: which, in which words, with what data.
#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "cli/dataset_flags.h"
#include "cli/flags.h"
#include "study/study.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace assay::cli {

struct TaskFlags {
  std::vector<std::string> tasks, include_paths;
  int num_fewshot = -1;
  std::string limit, samples, system_instruction, gen_kwargs;
  std::uint64_t seed = 1234;
  int max_length = 0, n_sequences = 0;
  bool chat = false, no_multiturn = false, no_draft = false, no_probe = false;
  bool trust_task_code = false, offline = false;
  DatasetFlags data;
};
CLI::Option* add_task_names(CLI::App& command, TaskFlags& flags);  // --tasks
// All others, but for seed and max_length, which may mean more to a command.
void add_task_flags(CLI::App& command, TaskFlags& flags);

// Without the models and the store. Errors: kUsage and kBadInput for tasks that
// are not there and values that cannot be.
TaskRunOptions to_task_run(const TaskFlags& flags, const EngineFlags& engine,
                           const RecipeFlags& recipe, const StoreFlags& store,
                           const std::stop_token& stop);

}  // namespace assay::cli
