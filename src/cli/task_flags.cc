#include "cli/task_flags.h"

#include <map>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/files.h"

namespace assay::cli {
namespace {

double parse_limit(const std::string& text) {
  std::size_t used = 0;
  double value = 0;
  try {
    value = std::stod(text, &used);
  } catch (const std::exception&) {
    used = 0;
  }
  if (used != text.size() || used == 0 || !(value > 0)) {
    throw Error(ErrorKind::kUsage, "--limit '" + text + "' is neither a count nor a fraction", {},
                "For example --limit 100, or --limit 0.1 for a tenth.");
  }
  return value;
}

// {"task": [0, 5, 9]}, as JSON or as the path of a file with it (lm-eval's --samples).
std::map<std::string, std::vector<std::int64_t>> parse_samples(const std::string& text) {
  std::string json = text;
  if (!text.empty() && text.front() != '{') json = read_file(text);
  try {
    return nlohmann::json::parse(json).get<std::map<std::string, std::vector<std::int64_t>>>();
  } catch (const nlohmann::json::exception& error) {
    throw Error(ErrorKind::kBadInput,
                std::string("--samples is not a map of tasks to rows: ") + error.what(), {},
                R"(For example --samples '{"gsm8k": [0, 5, 9]}'.)");
  }
}

TaskOptions to_task_options(const TaskFlags& flags, const HubOptions& hub) {
  TaskOptions options{.fewshot_seed = flags.seed,
                      .sampling_seed = flags.seed,
                      .gen_kwargs = flags.gen_kwargs,
                      .data = dataset_sources(flags.data, hub),
                      .chat = {.apply = flags.chat,
                               .system_instruction = flags.system_instruction,
                               .fewshot_as_multiturn = !flags.no_multiturn},
                      .trust_task_code = flags.trust_task_code};
  if (flags.num_fewshot >= 0) options.num_fewshot = flags.num_fewshot;
  if (!flags.limit.empty()) options.limit = parse_limit(flags.limit);
  if (!flags.samples.empty()) options.sample_ids = parse_samples(flags.samples);
  return options;
}

}  // namespace

CLI::Option* add_task_names(CLI::App& command, TaskFlags& flags) {
  return command.add_option("--tasks", flags.tasks, "Tasks, groups, tags or wildcards, by commas")
      ->delimiter(',')
      ->allow_extra_args(false);
}

void add_task_flags(CLI::App& command, TaskFlags& flags) {
  command
      .add_option("--include-path", flags.include_paths,
                  "Folder with more task files (lm-evaluation-harness YAML); repeatable")
      ->allow_extra_args(false);
  command.add_option("--num-fewshot,--num_fewshot", flags.num_fewshot,
                     "Examples in each prompt (default: the task's own)");
  command.add_option("--limit", flags.limit,
                     "Only the first N samples of each task, or a fraction below 1");
  command.add_option("--samples", flags.samples,
                     R"(Only these rows: '{"task": [0, 5]}' or a file)");
  command.add_flag("--apply-chat-template,--apply_chat_template", flags.chat,
                   "Prompts through the model's chat template");
  command.add_option("--system-instruction,--system_instruction", flags.system_instruction,
                     "Text before the prompt (a system message with a chat template)");
  command.add_flag("--no-multiturn", flags.no_multiturn,
                   "With a chat template: examples in one message instead of a conversation");
  command.add_option("--gen-kwargs,--gen_kwargs", flags.gen_kwargs,
                     "Over the tasks' generation settings: temperature=0.2,max_gen_toks=64");
  command.add_flag("--trust-task-code", flags.trust_task_code,
                   "Run Python functions that task files name (not in a sandbox)");
  command.add_option("--sequences", flags.n_sequences,
                     "Texts computed side by side (0: chosen by their length, at most 64)");
  command.add_flag("--no-draft", flags.no_draft,
                   "Variants decode every token anew instead of checking the baseline's answers");
  command.add_flag("--no-probe", flags.no_probe,
                   "Do not ask a dozen known answers first (for models that know no English)");
  command.add_flag("--offline", flags.offline, "Data sets from files and the cache only");
  add_dataset_flags(command, flags.data);
}

TaskRunOptions to_task_run(const TaskFlags& flags, const EngineFlags& engine,
                           const RecipeFlags& recipe, const StoreFlags& store,
                           const std::stop_token& stop) {
  const HubOptions hub{.cache_dir = cache_dir(store), .offline = flags.offline, .stop = stop};
  TaskRunOptions options;
  options.selection =
      select_tasks(open_task_library({.folders = flags.include_paths}), flags.tasks);
  options.task = to_task_options(flags, hub);
  options.runtime = to_runtime(engine);
  options.recipe = to_recipe(recipe, engine.n_threads);
  options.cache_dir = cache_dir(store);
  options.max_length = flags.max_length;
  options.n_sequences = flags.n_sequences;
  options.probe = !flags.no_probe;
  options.draft = !flags.no_draft;
  options.limit_text = flags.samples.empty() ? flags.limit : "ids";
  options.score.n_threads = engine.n_threads > 0 ? engine.n_threads : default_threads();
  options.score.trust_task_code = flags.trust_task_code;
  options.stop = options.task.stop = options.score.stop = stop;
  return options;
}

}  // namespace assay::cli
