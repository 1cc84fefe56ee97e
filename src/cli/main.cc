// The program: parses the command line, runs one command, turns errors into messages and exit
// codes.
#include <algorithm>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "cli/bench_flags.h"
#include "cli/commands.h"
#include "cli/exit_codes.h"
#include "cli/interrupt.h"
#include "core/error.h"

namespace {

void add_commands(CLI::App& app, assay::cli::Context& context) {
  using namespace assay::cli;
  add_study_command(app, context);
  add_diverge_command(app, context);
  add_perplexity_command(app, context);
  add_eval_command(app, context);
  add_compare_command(app, context);
  add_gate_command(app, context);
  add_bench_command(app, context);
  add_tradeoff_command(app, context);
  add_plan_command(app, context);
  add_noise_command(app, context);
  add_screen_command(app, context);
  add_import_command(app, context);
  add_report_command(app, context);
  add_rescore_command(app, context);
  add_inspect_command(app, context);
  add_quantize_command(app, context);
  add_fetch_command(app, context);
  add_store_command(app, context);
  add_tasks_command(app, context);
  add_doctor_command(app, context);
  add_demo_command(app, context);
}

int run(int argc, char** argv) {
  const assay::cli::InterruptGuard interrupt;
  assay::cli::Context context{.stop = interrupt.token()};
  CLI::App app(
      "What did an optimisation cost the language model, how sure is that, and what did it buy?",
      "assay");
  app.set_version_flag("--version", "assay " ASSAY_VERSION);
  app.require_subcommand(1);
  app.get_formatter()->column_width(34);
  add_commands(app, context);
  try {
    std::vector<std::string> arguments(argv + 1, argv + argc);
    if (!arguments.empty() && arguments.front() == "bench")
      arguments = assay::cli::with_long_flags(std::move(arguments));
    std::reverse(arguments.begin(), arguments.end());  // as CLI11 wants them
    app.parse(std::move(arguments));
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  } catch (const assay::Error& error) {
    if (error.kind() == assay::ErrorKind::kInterrupted) {
      fmt::print(stderr,
                 "assay: interrupted. Everything finished so far is kept: the same command goes on "
                 "from there.\n");
    } else {
      fmt::print(stderr, "assay: {}\n", error.what());
    }
    return assay::cli::exit_code_of(error.kind());
  } catch (const std::bad_alloc&) {
    fmt::print(stderr,
               "assay: out of memory. A smaller --ctx, --batch or --max-memory needs less.\n");
    return 4;
  } catch (const std::exception& error) {
    fmt::print(stderr, "assay: unexpected: {}\n", error.what());
    return 4;
  }
  return context.exit_code;
}

}  // namespace

// What escapes are mistakes in the declaration of commands, which every start would show.
int main(int argc, char** argv) {  // NOLINT(bugprone-exception-escape)
  return run(argc, argv);
}
