// assay rescore: saved responses under changed filters and metrics; no model is needed.
#include <cstdio>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "cli/commands.h"
#include "cli/flags.h"
#include "cli/output.h"
#include "core/json_run.h"
#include "study/study.h"

namespace assay::cli {
namespace {

struct RescoreFlags {
  std::string path, output, filter_from;
  std::vector<std::string> tasks, include_paths;
  int n_threads = 0;
  bool trust_task_code = false;
  OutputFlags out;
};

void run_rescore(const RescoreFlags& flags, const Context& context) {
  const RescoreOptions options{
      .tasks = flags.tasks,
      .include_paths = flags.include_paths,
      .filter_from = flags.filter_from,
      .score = {.n_threads = flags.n_threads > 0 ? flags.n_threads : default_threads(),
                .trust_task_code = flags.trust_task_code,
                .stop = context.stop}};
  std::vector<Run> runs;
  for (Run& run : import_runs(std::vector<std::string>{flags.path}, {})) {
    RescoreResult result = rescore_run(std::move(run), options);
    for (std::size_t i = 0; i < result.n_changed.size(); ++i) {
      const TaskResult& task = result.run.tasks[i];
      fmt::print(stderr, "{}, {}: {} of {} samples have other scores than before\n",
                 result.run.header.model_name, task.task, result.n_changed[i], task.samples.size());
    }
    runs.push_back(std::move(result.run));
  }
  if (!flags.output.empty()) {
    write_runs(runs, flags.output);
    fmt::print(stderr, "wrote {}\n", flags.output);
  }
  if (flags.out.json) {
    write_json(runs, [](std::string_view text) { fmt::print("{}", text); });
  } else {
    print_report(runs, flags.out);
  }
}

}  // namespace

void add_rescore_command(CLI::App& app, Context& context) {
  auto flags = std::make_shared<RescoreFlags>();
  CLI::App* command = app.add_subcommand(
      "rescore", "Score saved responses again with other filters or metrics; needs no model");
  command
      ->add_option("RUN", flags->path,
                   "What `assay eval --json` or `assay import -o` wrote, or a folder of "
                   "lm-evaluation-harness with samples")
      ->required();
  command->add_option("--tasks", flags->tasks, "Only these tasks of the run, by commas")
      ->delimiter(',')
      ->allow_extra_args(false);
  command
      ->add_option("--include-path", flags->include_paths,
                   "Folder with task files that go before the shipped ones; repeatable")
      ->allow_extra_args(false);
  command->add_option("--filter-from", flags->filter_from,
                      "Task file whose filters and metrics are used for every task of the run");
  command->add_option("-t,--threads", flags->n_threads, "Programs run at once (code tasks)");
  command->add_flag("--trust-task-code", flags->trust_task_code,
                    "Run Python functions that task files name (not in a sandbox)");
  command->add_option("-o,--output", flags->output,
                      "Write the run to this file (JSON, as `assay eval --json`)");
  add_output_flags(*command, flags->out);
  command->callback([flags, &context] { run_rescore(*flags, context); });
}

}  // namespace assay::cli
