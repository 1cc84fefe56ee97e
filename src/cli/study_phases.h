// The phases of a study, each a measurement of its own whose document stays in the study's folder.
#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "cli/progress.h"
#include "cli/study_flags.h"
#include "core/divergence.h"
#include "core/run.h"
#include "core/screen.h"
#include "core/study.h"

namespace assay::cli {

struct FamilyResult {
  FamilyNames names;
  std::optional<ScreenReport> screen;
  std::vector<std::string> kept;       // what was evaluated
  std::vector<std::string> passed;     // kept by screening, left out by --keep
  std::vector<std::string> documents;  // paths, for assemble_study
};

// Screening, divergence and tasks of one family. Finished work comes from the store: what was
// stopped goes on. folder: where the documents are written.
FamilyResult measure_family(const StudyFlags& flags, const FamilyNames& names,
                            const std::string& folder, Store& store, ProgressLine& progress,
                            const std::stop_token& stop);

// Variants in the order in which they are preferred: the smallest file first, those of equal size
// as given. dropped ones are left out.
std::vector<std::string> preferred(const ScreenReport& screen);

// study.json, model-index.yaml and badge.svg (study_card.h) and, when the program was built with
// the page, report.html, whose path is returned (else ""). Error{kIo}.
std::string write_study(const Study& study, const std::string& folder);

}  // namespace assay::cli
