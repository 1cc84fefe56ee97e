// How the numbers of a study were made: for its page on method.
#pragma once

#include <string>
#include <vector>

#include "core/run.h"
#include "core/study.h"

namespace assay::cli {

std::vector<MethodFact> facts_of(const std::string& family, const Run& run);

// Commands that make the runs and this report again, and that start the recommended variant.
std::vector<StudyCommand> commands_of(const std::vector<StudyFamily>& families,
                                      const std::vector<std::string>& inputs);

// As a POSIX shell reads it back.
std::string shell_quoted(const std::string& word);

}  // namespace assay::cli
