// assay demo: a study of the models that are inside the program.
#include <memory>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "cli/commands.h"
#include "cli/demo_data.h"
#include "cli/study_command.h"
#include "cli/study_flags.h"
#include "tasks/tasks.h"

namespace assay::cli {
namespace {

// Where code cannot be isolated, as in many containers, the rest is still worth seeing.
void leave_code_out(CLI::App& command) {
  CLI::Option* tasks = command.get_option("--tasks");
  if (tasks->count() > 0) return;
  const auto problem = sandbox_problem();
  if (!problem) return;
  tasks->add_result("demo_knowledge,demo_maths,demo_language");
  tasks->run_callback();
  fmt::print(stderr, "Note: demo_code is left out, as its programs cannot be run isolated: {}\n",
             *problem);
}

void run(StudyFlags& flags, CLI::App& command, const Context& context) {
  leave_code_out(command);
  flags.inputs = {demo_study_file(cache_dir(flags.store))};
  run_study(flags, command, context);
  fmt::print(stderr,
             "The study as a file, to be changed: {}\n"
             "The same on your own model:\n  assay study MODEL.gguf Q8_0 Q4_K_M kv=q8_0 --text "
             "wiki.test.raw --tasks gsm8k,hellaswag --limit 500\n",
             flags.inputs.front());
}

}  // namespace

void add_demo_command(CLI::App& app, Context& context) {
  auto flags = std::make_shared<StudyFlags>();
  flags->output = "assay-demo";
  CLI::App* command = app.add_subcommand(
      "demo", "A study of two small models that are inside the program: decision and report");
  add_study_flags(*command, *flags);
  command->callback([flags, command, &context] { run(*flags, *command, context); });
}

}  // namespace assay::cli
