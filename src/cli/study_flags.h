// What a study is asked: by flags, or by a file whose keys are the flags.
#pragma once

#include <string>
#include <vector>

#include "cli/compare_flags.h"
#include "cli/flags.h"
#include "cli/study_file.h"
#include "cli/task_flags.h"

namespace assay::cli {

struct StudyFlags {
  std::vector<std::string> inputs;  // FILE.yaml, or a baseline and its variants
  std::vector<FamilyNames> families;
  TaskFlags ask;
  TextFlags text;
  EngineFlags engine;
  RecipeFlags recipe;
  StoreFlags store;
  CompareFlags compare;
  std::string confidence = "95%", keep = "3", title, output = "study", objective = "size";
  std::string speed_budget = "2m";
  double max_kld = 0, max_size_mib = 0, min_speed = 0;
  int n_repeats = 1;
  bool stop_early = false, dry_run = false, no_speed = false, markdown = false, json = false;
};
void add_study_flags(CLI::App& command, StudyFlags& flags);

// Reads the file when one is given, and checks what can be checked without work. Afterwards
// `families` holds the models, `compare.tasks` nothing. Errors: kUsage, kBadInput.
void settle_study_flags(StudyFlags& flags, CLI::App& command);

}  // namespace assay::cli
