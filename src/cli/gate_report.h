// What a gate decided, in the forms that continuous integration reads. Nothing is written here.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "compare/compare.h"
#include "core/comparison.h"

namespace assay {

struct GateCase {  // one variant on one task, or on one criterion of a divergence report
  std::string variant, name;
  Verdict verdict = Verdict::kUndecided;
  std::int64_t n = 0;  // items; 0 = not counted in items
  std::string sentence;
  std::vector<std::string> newly_wrong;  // ids
};

struct GateResult {
  std::vector<GateCase> cases;
  std::vector<std::string> warnings;
  std::string error;  // of a run that could not be judged: then nothing is worse, nothing passed
  int exit_code = 0;
};

// Only what decides becomes a case.
GateResult gate_of(std::span<const Comparison> comparisons);
GateResult gate_of(std::span<const DivergenceCheck> checks);
// What both say, one gate.
GateResult joined(GateResult first, GateResult second);
// A broken run: never a regression. `exit_code` is that of the error.
GateResult gate_error(const std::string& message, int exit_code);

// A test case per variant and task: worse is a failure, undecided is skipped with its reason, a
// broken run is an error.
std::string junit_xml(const GateResult& result);
// For a pull request or a step summary; at most n_ids newly wrong items are named per case.
std::string gate_markdown(const GateResult& result, int n_ids = 50);
// key=value lines: verdict, exit_code, n_within, n_worse, n_undecided, worse, undecided,
// newly_wrong (task/id by commas, at most 1000).
std::string key_values(const GateResult& result);
// For people: the verdict first.
std::string gate_text(const GateResult& result, int width);

}  // namespace assay
