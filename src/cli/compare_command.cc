// assay compare: finished runs, item by item, to verdicts.
#include <memory>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "cli/commands.h"
#include "cli/compare_flags.h"
#include "cli/exit_codes.h"
#include "cli/output.h"

namespace assay::cli {
namespace {

struct CompareCommand {
  std::vector<std::string> paths;
  CompareFlags compare;
  OutputFlags out;
  bool gate = false;
  int n_flips = 0;
};

void run_compare(const CompareCommand& command, Context& context) {
  to_compare_options(command.compare);  // what cannot be is said before files are read
  const ComparedRuns runs = load_compared(command.paths, command.compare.repeats);
  const std::vector<Comparison> comparisons = compare_loaded(runs, command.compare);
  print_report(comparisons, command.out, command.n_flips);
  if (!command.gate) return;
  std::vector<Verdict> verdicts;
  for (const Comparison& comparison : comparisons) verdicts.push_back(comparison.verdict);
  context.exit_code = exit_code_of(verdicts);
}

}  // namespace

void add_compare_command(CLI::App& app, Context& context) {
  auto flags = std::make_shared<CompareCommand>();
  CLI::App* command = app.add_subcommand(
      "compare", "Is the loss real? Finished runs item by item: paired intervals and verdicts");
  command
      ->add_option("RUNS", flags->paths,
                   "Baseline's run, then the variants' (`assay eval --json`); one file alone: its "
                   "first run against its others")
      ->required();
  add_compare_flags(*command, flags->compare);
  command->add_option("-t,--threads", flags->compare.n_threads, "Of the bootstrap")
      ->capture_default_str();
  command->add_flag("--gate", flags->gate,
                    "Exit code 0 within margin, 1 worse, 10 undecided (docs/exit-codes.md)");
  command->add_option("--show-flips", flags->n_flips,
                      "Name so many newly wrong and newly right items of each task");
  add_output_flags(*command, flags->out);
  command->callback([flags, &context] { run_compare(*flags, context); });
}

}  // namespace assay::cli
