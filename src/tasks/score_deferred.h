// Inside scores only: scores that need another process, collected and computed together.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "tasks/score_sample.h"

namespace assay::detail::score {

// Where an outcome goes once it is known: an index, since scores move while samples are scored.
struct Slot {
  SampleRecord* sample = nullptr;
  std::size_t score = 0;
  void fill(const Outcome& outcome) const;
};

// Programs of one sample under one pipeline; one result serves all its metrics.
struct CodeJob {
  std::vector<std::string> programs;  // answer and tests, as code_eval joins them
  std::vector<Slot> slots;            // "pass@1", "pass@8", "pass_at_1"
};
using RunPrograms = std::function<std::vector<SandboxResult>(std::span<const SandboxRequest>)>;
// Errors: those of run.
void run_code_jobs(std::span<const CodeJob> jobs, const RunPrograms& run);

// Those of `programs` that `known` has no result of go to run, each distinct one once, and what
// ended by itself is kept, up to a bound. Results in order. Errors: those of run.
std::vector<SandboxResult> run_new_programs(std::span<const SandboxRequest> programs,
                                            ProgramResults& known, const RunPrograms& run);

// 1 - C(n-c, k) / C(n, k), of n programs of which c are right.
double pass_at_k(std::int64_t n, std::int64_t c, std::int64_t k);

struct MathJob {
  std::string answer, gold;        // normalised
  std::string response, solution;  // as written
  Slot exact_match, math_verify, symbolic;
};
// Equality by SymPy and math_verify in a Python process of its own. What is not installed there
// leaves exact_match to equality of texts and math_verify without a value.
void run_math_jobs(std::span<const MathJob> jobs, const ScoreOptions& options);

}  // namespace assay::detail::score
