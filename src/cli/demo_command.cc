// assay demo: the main job on a model and a text that are inside the program.
#include <fmt/format.h>
#include <cstdio>

#include <CLI/CLI.hpp>

#include "cli/assemble_study.h"
#include "cli/commands.h"
#include "cli/demo_data.h"
#include "cli/flags.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/study_phases.h"
#include "core/json.h"

namespace assay::cli {
namespace {

struct DemoFlags {
  EngineFlags engine;
  StoreFlags store;
  OutputFlags output;
  std::string folder;
};

// All types that a width of 64 and heads of 8 allow: no 256-blocks, no quantised KV cache.
const std::vector<std::string> kVariants{"F16",    "Q8_0", "Q5_1", "Q5_0",
                                         "IQ4_NL", "Q4_1", "Q4_0", "Q4_0+as=f32"};

std::string write_page(const DivergenceReport& report, const std::string& folder) {
  const std::string document = folder + "/divergence.json";
  write_whole(document, to_json(report));
  const Study study =
      assemble_study({document}, {.compare = {}, .rules = {}, .title = "Demonstration"});
  const std::string page = write_study(study, folder);
  return page.empty() ? "none: this program was built without its page (npm was missing)" : page;
}

void run(const DemoFlags& flags, const Context& context) {
  Store store = open_store(flags.store);
  ProgressLine progress;
  MeasureOptions options = demo_measurement(cache_dir(flags.store));
  options.variants = kVariants;
  options.runtime = to_runtime(flags.engine);
  options.recipe.n_threads = flags.engine.n_threads;
  options.store = &store;
  options.progress = [&](const MeasureProgress& p) { progress.show(p); };
  options.stop = context.stop;
  const DivergenceReport report = measure_divergence(options);
  progress.clear();
  print_report(report, flags.output);
  std::fflush(stdout);
  if (!flags.folder.empty()) fmt::print(stderr, "\nReport: {}\n", write_page(report, flags.folder));
  fmt::print(stderr,
             "\nThe same on your own model:\n  assay diverge MODEL.gguf Q8_0 Q4_K_M Q4_K_M+kv=q8_0 "
             "--text wiki.test.raw\n");
}

}  // namespace

void add_demo_command(CLI::App& app, Context& context) {
  auto flags = std::make_shared<DemoFlags>();
  CLI::App* command = app.add_subcommand(
      "demo", "The main job on a tiny model and text that are inside the program");
  add_engine_flags(*command, flags->engine);
  add_store_flags(*command, flags->store);
  add_output_flags(*command, flags->output);
  command->add_option("-o,--output", flags->folder,
                      "Folder for report.html, the page of the same, and what it is made of");
  command->callback([flags, &context] { run(*flags, context); });
}

}  // namespace assay::cli
