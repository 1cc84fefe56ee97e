// assay perplexity, assay diverge, assay noise: the same flags over study's measurements.
#include <iterator>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "cli/calibration_flags.h"
#include "cli/commands.h"
#include "cli/flags.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "core/error.h"

namespace assay::cli {
namespace {

struct MeasureFlags {
  std::string model;
  std::vector<std::string> variants;
  std::string kld_base, calibration;
  bool split = false;
  std::vector<int> batches{std::begin(kNoiseBatches), std::end(kNoiseBatches)};
  EngineFlags engine;
  TextFlags text;
  RecipeFlags recipe;
  StoreFlags store;
  OutputFlags output;
};

void add_common_flags(CLI::App& app, MeasureFlags& flags) {
  add_text_flags(app, flags.text);
  add_engine_flags(app, flags.engine);
  add_store_flags(app, flags.store);
  add_output_flags(app, flags.output);
}

void require_text(const MeasureFlags& flags) {
  if (!flags.text.text.empty()) return;
  throw Error(ErrorKind::kUsage, "No text was given to score", {},
              "Give one with --text FILE, for example WikiText-2's wiki.test.raw; --text - reads "
              "standard input.");
}

MeasureOptions to_options(const MeasureFlags& flags, Store& store, ProgressLine& progress,
                          const Context& context) {
  MeasureOptions options = to_measure(flags.text, flags.engine, flags.recipe, flags.store);
  options.baseline = flags.model;
  options.variants = flags.variants;
  options.split = flags.split;
  options.store = &store;
  options.progress = [&progress](const MeasureProgress& p) { progress.show(p); };
  options.stop = context.stop;
  return options;
}

void run_perplexity(const MeasureFlags& flags, const Context& context) {
  require_text(flags);
  Store store = open_store(flags.store);
  ProgressLine progress;
  MeasureOptions options = to_options(flags, store, progress, context);
  options.corpus = load_corpus(flags.text.text, to_format(flags.text));
  options.kld_base_out = flags.kld_base;
  const PerplexityReport report = measure_perplexity(options);
  progress.clear();
  print_report(report, flags.output);
}

void run_diverge(const MeasureFlags& flags, const Context& context) {
  Store store = open_store(flags.store);
  ProgressLine progress;
  MeasureOptions options = to_options(flags, store, progress, context);
  if (!flags.kld_base.empty()) {
    options.kld_base_in = flags.kld_base;
    options.variants.insert(options.variants.begin(), flags.model);
    options.baseline.clear();
  } else {
    require_text(flags);
    options.corpus = load_corpus(flags.text.text, to_format(flags.text));
  }
  const auto warnings = calibration_warnings(flags.calibration, options.corpus);
  DivergenceReport report = measure_divergence(options);
  report.warnings.insert(report.warnings.end(), warnings.begin(), warnings.end());
  progress.clear();
  print_report(report, flags.output);
}

void run_noise(const MeasureFlags& flags, const Context& context) {
  require_text(flags);
  Store store = open_store(flags.store);
  ProgressLine progress;
  MeasureOptions options = to_options(flags, store, progress, context);
  options.corpus = load_corpus(flags.text.text, to_format(flags.text));
  const NoiseReport report = measure_noise(options, flags.batches);
  progress.clear();
  print_report(report.divergence, flags.output);
}

}  // namespace

void add_perplexity_command(CLI::App& app, Context& context) {
  auto flags = std::make_shared<MeasureFlags>();
  CLI::App* command =
      app.add_subcommand("perplexity", "Perplexity of a model on a text, with its error");
  command->add_option("MODEL", flags->model, "GGUF file, optionally with +kv=TYPE")->required();
  add_common_flags(*command, *flags);
  command->add_option("--kld-base", flags->kld_base,
                      "Also write llama.cpp's base file (llama-perplexity --kl-divergence-base)");
  command->callback([flags, &context] { run_perplexity(*flags, context); });
}

void add_diverge_command(CLI::App& app, Context& context) {
  auto flags = std::make_shared<MeasureFlags>();
  CLI::App* command = app.add_subcommand(
      "diverge", "What variants cost against their baseline: perplexity, KL divergence, agreement");
  command->add_option("BASE", flags->model, "Baseline: a GGUF file")->required();
  command->add_option("VARIANT", flags->variants,
                      "GGUF files; type names made from the baseline (Q4_K_M); kv=q8_0 or "
                      "kv=q8_0/q4_0 for the KV cache; "
                      "combined with + (Q4_K_M+kv=q8_0); +as=f32 dequantised");
  add_common_flags(*command, *flags);
  add_recipe_flags(*command, flags->recipe);
  add_calibration_flag(*command, flags->calibration);
  command->add_flag("--split", flags->split, "Part each loss into weights, kernels and KV cache");
  command->add_option("--kld-base", flags->kld_base,
                      "A base file of llama-perplexity in the baseline's place: all arguments are "
                      "variants, no --text");
  command->callback([flags, &context] { run_diverge(*flags, context); });
}

void add_noise_command(CLI::App& app, Context& context) {
  auto flags = std::make_shared<MeasureFlags>();
  flags->text.n_chunks = 20;
  CLI::App* command = app.add_subcommand("noise",
                                         "The noise floor: a model against itself in other batch "
                                         "sizes. Differences below it mean nothing");
  command->add_option("MODEL", flags->model, "GGUF file, optionally with +kv=TYPE")->required();
  command->add_option("--batches", flags->batches, "Batch sizes to compare with --batch")
      ->delimiter(',')
      ->capture_default_str();
  add_common_flags(*command, *flags);
  command->callback([flags, &context] { run_noise(*flags, context); });
}

}  // namespace assay::cli
