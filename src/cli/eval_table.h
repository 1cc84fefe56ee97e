// Runs as a table for people, and as documents for programs.
#pragma once

#include <string>
#include <vector>

#include "cli/table.h"
#include "core/run.h"

namespace assay {

// One line per task or group and metric, one column per run: value and standard error. The first
// run is the baseline; nothing is compared here.
std::string render(const std::vector<Run>& runs, const TableOptions& options);

}  // namespace assay
