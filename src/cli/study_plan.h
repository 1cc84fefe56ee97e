// What a study is going to do, and about how long that takes on this machine.
#pragma once

#include <cstdint>
#include <stop_token>
#include <string>
#include <vector>

#include "cli/study_flags.h"

namespace assay::cli {

struct StudyStep {
  std::string family, phase;  // "screen", "divergence", "evaluate"
  std::string what;
  double seconds = 0;         // about; for screening: if nothing is decided before the text ends
  double fewest_seconds = 0;  // the same, less for screening: if all is decided at once
};
// Reads the text and the tasks' data, and times the baseline for a moment. Errors: those of loading
// any of these: a study says what is wrong before it begins.
std::vector<StudyStep> plan_study(const StudyFlags& flags, const std::stop_token& stop);

std::string plan_text(const std::vector<StudyStep>& steps);

}  // namespace assay::cli
