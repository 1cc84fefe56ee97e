// assay bench: what variants buy in speed and memory.
#include <unistd.h>

#include <memory>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "cli/bench_flags.h"
#include "cli/commands.h"
#include "cli/llama_bench_layout.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/speed_table.h"
#include "cli/task_prompts.h"
#include "core/error.h"

namespace assay::cli {
namespace {

constexpr int kInterrupted = 130;
constexpr std::size_t kTaskPrompts = 64;

SpeedOptions to_options(const BenchFlags& flags, ProgressLine& progress, const Context& context) {
  constexpr double kGib = 1 << 30;
  SpeedOptions options;
  options.baseline = flags.baseline;
  options.variants = flags.variants;
  options.points = to_points(flags);
  options.recipe = to_recipe(flags.recipe, 0);
  options.cache_dir = flags.cache_dir.empty() ? default_cache_dir() : flags.cache_dir;
  options.progress = [&progress](const MeasureProgress& p) { progress.show(p); };
  BenchOptions& bench = options.bench;
  bench.tests = to_tests(flags);
  bench.precision = parse_precision(flags.precision);
  bench.budget_s = parse_duration(flags.budget, "--budget");
  bench.n_repetitions = flags.n_repetitions;
  bench.seed = flags.seed;
  bench.stop_at_end = flags.stop_at_end;
  bench.max_memory_bytes = static_cast<std::int64_t>(flags.max_memory_gib * kGib);
  bench.child = {"/proc/self/exe", kBenchChild};
  bench.progress = [&progress](const BenchProgress& p) { progress.show(p); };
  bench.stop = context.stop;
  bench.renew = !flags.keep_processes;
  if (flags.prompts.empty() && flags.prompts_task.empty()) return options;
  options.prompts = flags.prompts_task.empty()
                        ? load_prompts(flags.prompts)
                        : prompts_of_task({.folders = flags.include_paths}, flags.prompts_task,
                                          kTaskPrompts, flags.data, context.stop);
  options.n_gen_of_prompts = 32;
  for (const SpeedTest& test : bench.tests) {
    if (test.request) options.n_gen_of_prompts = test.n_gen;
  }
  return options;
}

void print(const SpeedResult& result, const BenchFlags& flags) {
  if (!flags.layout.empty()) {
    fmt::print("{}", llama_bench_layout(result, flags.layout));
  } else if (flags.summary) {
    fmt::print("{}", latency_summary(result));
  } else {
    print_report(result, flags.output);
  }
}

void run(const BenchFlags& flags, Context& context) {
  ProgressLine progress;
  const SpeedResult result = measure_speed(to_options(flags, progress, context));
  progress.clear();
  print(result, flags);
  if (!result.partial) return;
  fmt::print(stderr,
             "assay: interrupted. What was measured until then is above, marked partial.\n");
  context.exit_code = kInterrupted;
}

}  // namespace

void add_bench_command(CLI::App& app, Context& context) {
  auto flags = std::make_shared<BenchFlags>();
  CLI::App* command = app.add_subcommand(
      "bench", "What variants buy: speed, latency and memory, as ratios with intervals");
  add_bench_flags(*command, *flags);
  command->callback([flags, &context] { run(*flags, context); });
  // The measured process. Not for people: no group in the help.
  CLI::App* child = app.add_subcommand(kBenchChild, "")->group("");
  child->callback([] { serve_bench(STDIN_FILENO, STDOUT_FILENO); });
}

}  // namespace assay::cli
