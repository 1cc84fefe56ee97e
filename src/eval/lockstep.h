// The lock-step loop shared by a baseline that is a model and one that is a base file.
#pragma once

#include <functional>

#include "eval/scorer.h"

namespace assay::detail {

// Fills rows, nll and top of the batch for a step; keep_rows false: nll is enough.
using BaselineFn =
    std::function<void(const Group&, const Step&, bool keep_rows, BaselineBatch& batch)>;

// What takes the baseline's place in a run.
struct BaselineSource {
  std::function<void(const ModelShape&)> open;  // before the first step of a turn
  BaselineFn score;
  std::function<void(const Group&)> release;  // after each group
  std::function<const Model*()> model;        // nullptr for a base file
  bool always = false;                        // compute every window (a base file is being written)
};

LockstepResult run_lockstep(const WindowPlan& plan, const Candidate& baseline,
                            const BaselineSource& source, std::span<const Candidate> variants,
                            const LockstepOptions& options);

// Throws Error{kBadInput} that names the first token that differs.
void require_same_vocabulary(const Model& variant, const Model& baseline);

}  // namespace assay::detail
