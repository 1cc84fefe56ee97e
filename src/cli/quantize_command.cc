// assay quantize: a GGUF in another type, as llama-quantize makes it.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "cli/commands.h"
#include "cli/flags.h"
#include "cli/progress.h"

namespace assay::cli {
namespace {

struct QuantizeFlags {
  std::string source, target, type;
  int n_threads = 0;
  bool list = false;
  RecipeFlags recipe;
};

void run(const QuantizeFlags& flags, const Context& context) {
  ProgressLine progress;
  QuantizeOptions options = to_recipe(flags.recipe, flags.n_threads);
  options.source = flags.source;
  options.type = flags.type;
  options.stop = context.stop;
  options.progress = [&](int n_done, int n_tensors) {
    progress.show({.phase = "making " + flags.type, .n_done = n_done, .n_total = n_tensors});
  };
  const QuantizeResult result = quantize(options, flags.target);
  progress.clear();
  fmt::print("{}  {:.1f} MiB\n", result.path, static_cast<double>(result.size_bytes) / (1 << 20));
  if (!result.fallbacks.empty()) {
    const Fallback& first = result.fallbacks.front();
    fmt::print(
        "{} tensors took another type than asked, because their rows are no multiple of 256; {} "
        "became {} instead "
        "of {}\n",
        result.fallbacks.size(), first.tensor, first.got, first.wanted);
  }
}

}  // namespace

void add_quantize_command(CLI::App& app, Context& context) {
  auto flags = std::make_shared<QuantizeFlags>();
  CLI::App* command =
      app.add_subcommand("quantize", "Write a GGUF in another type (llama.cpp's quantiser)");
  command->add_option("SOURCE", flags->source, "GGUF to read")->required();
  command->add_option("TARGET", flags->target, "GGUF to write")->required();
  command
      ->add_option("TYPE", flags->type,
                   fmt::format("One of: {}", fmt::join(quantisation_types(), " ")))
      ->required();
  command->add_option("-t,--threads", flags->n_threads, "Threads (0: all cores)");
  add_recipe_flags(*command, flags->recipe);
  command->callback([flags, &context] { run(*flags, context); });
}

}  // namespace assay::cli
