// Comparisons as text for people and for other programs.
#pragma once

#include <string>
#include <vector>

#include "cli/table.h"
#include "core/comparison.h"

namespace assay {

struct ComparisonTableOptions {
  TableOptions table;
  int n_flips = 0;  // newly wrong and newly right items named per row
};

// kText: per variant its verdict, a line per task, a sentence per task that decides, classes,
// texts, what must be said beside. kCsv: raw numbers, a line per variant, task and metric.
std::string render(const std::vector<Comparison>& comparisons,
                   const ComparisonTableOptions& options);

// The first line: "Q4_0 against F16: WORSE: worse on hellaswag".
std::string headline(const Comparison& comparison);

}  // namespace assay
