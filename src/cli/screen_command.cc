// assay screen: which variants are hopeless, on as little text as that takes.
#include <algorithm>
#include <optional>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "cli/calibration_flags.h"
#include "cli/commands.h"
#include "cli/flags.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "compare/compare.h"
#include "core/error.h"

namespace assay::cli {
namespace {

struct ScreenFlags {
  std::string baseline;
  std::vector<std::string> variants;
  std::string max_ppl_increase, calibration;
  double max_kld = 0;
  std::string confidence = "95%";
  std::uint64_t seed = 1234;
  EngineFlags engine;
  TextFlags text;
  RecipeFlags recipe;
  StoreFlags store;
  OutputFlags output;
};

ScreenOptions to_options(const ScreenFlags& flags, Store& store, ProgressLine& progress,
                         const Context& context) {
  ScreenOptions options;
  options.measure = to_measure(flags.text, flags.engine, flags.recipe, flags.store);
  options.measure.baseline = flags.baseline;
  options.measure.variants = flags.variants;
  options.measure.store = &store;
  options.measure.progress = [&progress](const MeasureProgress& p) { progress.show(p); };
  options.measure.stop = context.stop;
  options.seed = flags.seed;
  options.measure.corpus = load_corpus(flags.text.text, to_format(flags.text));
  options.confidence = parse_confidence(flags.confidence);
  if (!flags.max_ppl_increase.empty())
    options.max_ppl_increase = parse_margin(flags.max_ppl_increase, "--max-ppl-increase");
  if (flags.max_kld != 0) options.max_kld = flags.max_kld;
  return options;
}

void run_screen(const ScreenFlags& flags, const Context& context) {
  if (flags.text.text.empty())
    throw Error(ErrorKind::kUsage, "No text was given to score", {},
                "Give one with --text FILE, for example WikiText-2's wiki.test.raw.");
  Store store = open_store(flags.store);
  ProgressLine progress;
  const ScreenOptions options = to_options(flags, store, progress, context);
  const auto warnings = calibration_warnings(flags.calibration, options.measure.corpus);
  ScreenReport report = screen_variants(options);
  report.warnings.insert(report.warnings.end(), warnings.begin(), warnings.end());
  progress.clear();
  print_report(report, flags.output);
}

}  // namespace

void add_screen_command(CLI::App& app, Context& context) {
  auto flags = std::make_shared<ScreenFlags>();
  CLI::App* command = app.add_subcommand(
      "screen", "Drop hopeless variants early: stops each as soon as its verdict is sure");
  command->add_option("BASE", flags->baseline, "Baseline: a GGUF file")->required();
  command->add_option("VARIANT", flags->variants, "As for `assay diverge`")->required();
  command->add_option("--max-ppl-increase", flags->max_ppl_increase,
                      "Drop what raises perplexity by more than this: 5% or 0.05");
  command->add_option("--max-kld", flags->max_kld,
                      "Drop what has a larger mean KL divergence than this (nats per token)");
  command->add_option("--confidence", flags->confidence, "That a variant's verdict is right")
      ->capture_default_str();
  command->add_option("--seed", flags->seed, "Of the order in which the windows are scored")
      ->capture_default_str();
  add_calibration_flag(*command, flags->calibration);
  add_text_flags(*command, flags->text);
  add_engine_flags(*command, flags->engine);
  add_recipe_flags(*command, flags->recipe);
  add_store_flags(*command, flags->store);
  add_output_flags(*command, flags->output);
  command->callback([flags, &context] { run_screen(*flags, context); });
}

}  // namespace assay::cli
