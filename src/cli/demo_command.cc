// assay demo: the main job on a model and a text that are inside the program.
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/demo_data.h"
#include "cli/flags.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "core/error.h"

namespace assay::cli {
namespace {

struct DemoFlags {
  EngineFlags engine;
  StoreFlags store;
  OutputFlags output;
};

// All types that a width of 64 and heads of 8 allow: no 256-blocks, no quantised KV cache.
const std::vector<std::string> kVariants{"F16", "Q8_0", "Q5_1", "Q5_0", "IQ4_NL", "Q4_1", "Q4_0", "Q4_0+as=f32"};

// The embedded model as a file, as the engine wants it: in the cache, named by its content.
std::string write_model(const std::string& cache) {
  const std::string_view bytes = demo_model();
  const std::filesystem::path folder = std::filesystem::path(cache) / "demo";
  const std::filesystem::path path = folder / ("stories260K-" + hash_bytes(bytes).hex().substr(0, 12) + ".gguf");
  if (std::filesystem::exists(path) && hash_file(path.string()) == hash_bytes(bytes)) return path.string();
  std::error_code failed;
  std::filesystem::create_directories(folder, failed);
  std::filesystem::path part = path;
  part += fmt::format(".{}.part", static_cast<long>(::getpid()));
  std::ofstream file(part, std::ios::binary);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  file.close();
  if (!file) {
    throw Error(ErrorKind::kIo, "Cannot write the demo's model", part.string(),
                "Free some space, or choose another folder with --cache-dir.");
  }
  std::filesystem::rename(part, path);
  return path.string();
}

void run(const DemoFlags& flags, const Context& context) {
  Store store = open_store(flags.store);
  ProgressLine progress;
  const std::string cache = cache_dir(flags.store);
  MeasureOptions options{.baseline = write_model(cache),
                         .variants = kVariants,
                         .corpus = corpus_from_text("tinystories_excerpt.txt", std::string(demo_text()), CorpusFormat::kPlain),
                         .plan = {.convention = ConventionName::kLlamaCpp, .n_ctx = 256},
                         .runtime = to_runtime(flags.engine),
                         .recipe = {.n_threads = flags.engine.n_threads},
                         .cache_dir = cache,
                         .store = &store,
                         .progress = [&](const MeasureProgress& p) { progress.show(p); },
                         .stop = context.stop};
  const DivergenceReport report = measure_divergence(options);
  progress.clear();
  print_report(report, flags.output);
  fmt::print(stderr, "\nThe same on your own model:\n  assay diverge MODEL.gguf Q8_0 Q4_K_M Q4_K_M+kv=q8_0 --text wiki.test.raw\n");
}

}  // namespace

void add_demo_command(CLI::App& app, Context& context) {
  auto flags = std::make_shared<DemoFlags>();
  CLI::App* command = app.add_subcommand("demo", "The main job on a tiny model and text that are inside the program");
  add_engine_flags(*command, flags->engine);
  add_store_flags(*command, flags->store);
  add_output_flags(*command, flags->output);
  command->callback([flags, &context] { run(*flags, context); });
}

}  // namespace assay::cli
