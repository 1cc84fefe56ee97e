// How a task generates: generation_kwargs with their defaults, and --gen-kwargs over them
// (lm_eval/config/task.py, models/utils.py normalize_gen_kwargs, 0.4.13).
#pragma once

#include <string>
#include <vector>

#include "tasks/rows.h"

namespace assay::detail {

struct GenerationPlan {
  std::string kwargs_json;  // merged, as lm-eval would show them
  std::vector<std::string> until;
  int max_new_tokens = 256;
  Sampling sampling;
  std::vector<std::string> ignored;  // keys that have no effect here ("num_beams")
};

// "temperature=0.2,top_k=40" to an object, with lm-eval's types. Errors: kUsage.
Json parse_gen_kwargs(const std::string& text);

// Errors: kBadInput naming the task's file, kUsage for a wrong --gen-kwargs.
GenerationPlan plan_generation(const TaskConfig& config, const TaskOptions& options);

}  // namespace assay::detail
