// A gate on models: what it has to run before it can judge.
#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "cli/flags.h"
#include "cli/task_flags.h"
#include "core/divergence.h"
#include "core/run.h"

namespace assay::cli {

struct GateModels {
  std::vector<std::string> names;  // baseline, then variants as parse_variant accepts
  TaskFlags ask;                   // no tasks: only the text
  TextFlags text;                  // no text: only the tasks
  EngineFlags engine;
  RecipeFlags recipe;
  StoreFlags store;
};
void add_gate_model_flags(CLI::App& command, GateModels& models);

// Whether the first argument of a gate is a model, not a finished run. Errors: kIo when there is no
// such file.
bool is_model(const std::string& name);

// The models' runs on the tasks, the baseline's first; and their divergence on the text. Finished
// work comes from the store. Progress goes to stderr.
std::vector<Run> run_gate_tasks(const GateModels& models, const std::stop_token& stop);
DivergenceReport run_gate_text(const GateModels& models, const std::stop_token& stop);

// Everything that can go wrong before a model is loaded: files, variants' names, tasks, their data,
// the text. Returns what would be asked, in lines.
std::string check_gate_models(const GateModels& models, const std::stop_token& stop);

}  // namespace assay::cli
