// Documents of any kind to one study.
#pragma once

#include <string>
#include <vector>

#include "cli/compare_flags.h"
#include "core/study.h"

namespace assay::cli {

struct AssembleOptions {
  CompareFlags compare;
  DecisionRules rules;
  std::string title;
};

// inputs: what `assay eval`, `compare`, `diverge`, `screen`, `bench` and `report` print with
// --json, runs of other programs (load_runs.h) and speed that they measured (study.h). Runs are
// compared here: the first run of a file with several is a baseline, and so is the first run of
// all. Documents that name the same baseline form one family. Errors: kBadInput for what is none of
// these, and as compare_runs.
Study assemble_study(const std::vector<std::string>& inputs, const AssembleOptions& options);

}  // namespace assay::cli
