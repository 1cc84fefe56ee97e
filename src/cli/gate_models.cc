#include "cli/gate_models.h"

#include <filesystem>
#include <fstream>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "cli/progress.h"
#include "core/error.h"

namespace assay::cli {
namespace {

std::string file_of(const std::string& name) { return name.substr(0, name.find('+')); }

MeasureOptions to_options(const GateModels& models) {
  MeasureOptions options = to_measure(models.text, models.engine, models.recipe, models.store);
  options.baseline = models.names.front();
  options.variants.assign(models.names.begin() + 1, models.names.end());
  options.corpus = load_corpus(models.text.text, to_format(models.text));
  return options;
}

std::string check_files(const GateModels& models) {
  std::string text;
  for (std::size_t i = 0; i < models.names.size(); ++i) {
    const VariantSpec spec = parse_variant(models.names[i]);
    const bool from_file = spec.weights == VariantSpec::Weights::kFile;
    if (from_file) read_gguf(spec.file);
    text += fmt::format("{}: {}\n", i == 0 ? "baseline" : "variant",
                        from_file ? spec.file : spec.text + ", made from the baseline");
  }
  return text;
}

}  // namespace

void add_gate_model_flags(CLI::App& command, GateModels& models) {
  add_task_flags(command, models.ask);
  add_text_flags(command, models.text);
  add_engine_flags(command, models.engine);
  add_recipe_flags(command, models.recipe);
  add_store_flags(command, models.store);
}

bool is_model(const std::string& name) {
  const std::string path = file_of(name);
  if (path == "-" || std::filesystem::is_directory(path)) return false;
  std::ifstream file(path, std::ios::binary);
  std::string magic(4, '\0');
  file.read(magic.data(), 4);
  return magic == "GGUF" || std::filesystem::path(path).extension() == ".gguf";
}

std::vector<Run> run_gate_tasks(const GateModels& models, const std::stop_token& stop) {
  Store store = open_store(models.store);
  ProgressLine progress;
  TaskRunOptions options =
      to_task_run(models.ask, models.engine, models.recipe, models.store, stop);
  options.baseline = models.names.front();
  options.variants.assign(models.names.begin() + 1, models.names.end());
  options.store = &store;
  options.progress = [&](const TaskRunProgress& p) { progress.show(p); };
  std::vector<Run> runs;
  for (TaskRun& result : run_tasks(options)) runs.push_back(std::move(result.run));
  return runs;
}

DivergenceReport run_gate_text(const GateModels& models, const std::stop_token& stop) {
  Store store = open_store(models.store);
  ProgressLine progress;
  MeasureOptions options = to_options(models);
  options.store = &store;
  options.progress = [&](const MeasureProgress& p) { progress.show(p); };
  options.stop = stop;
  return measure_divergence(options);
}

std::string check_gate_models(const GateModels& models, const std::stop_token& stop) {
  std::string text = check_files(models);
  if (!models.text.text.empty()) {
    const Corpus corpus = to_options(models).corpus;
    text += fmt::format("text: {}, {} bytes\n", corpus.name, corpus.text.size());
  }
  if (models.ask.tasks.empty()) return text;
  TaskRunOptions options =
      to_task_run(models.ask, models.engine, models.recipe, models.store, stop);
  options.task.chat = {};  // its template is the model's
  for (const TaskConfig& config : options.selection.tasks)
    text += fmt::format("{}: {} items\n", config.task, open_task(config, options.task).n_samples());
  return text;
}

}  // namespace assay::cli
