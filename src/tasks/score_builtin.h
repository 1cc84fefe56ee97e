// Inside scores only: the functions of tasks that are built in.
//
// A task file names one as `!function builtin.NAME`. lm-eval's own names are taken too where the
// folder of the task's file tells which is meant:
//
//   process_results     folder/name of lm-eval                   metrics
//   truthfulqa_mc2      truthfulqa/utils.process_results_mc2     acc
//   hendrycks_math      hendrycks_math/utils.process_results     exact_match
//   minerva_math        minerva_math/utils.process_results       exact_match, math_verify
//   wikitext            wikitext/preprocess_wikitext.process_results
//                                              word_perplexity, byte_perplexity, bits_per_byte
//
//   metric              folder/name of lm-eval                   results
//   pass_at_k           humaneval/utils.pass_at_k                pass@K for each of its k
//   pass_at_1           mbpp/utils.pass_at_1                     pass_at_1
//
//   filter_fn                     folder/name of lm-eval
//   humaneval_predictions          humaneval/utils.build_predictions
//   humaneval_instruct_predictions humaneval/utils.build_predictions_instruct
//   mbpp_predictions               mbpp/utils.build_predictions
#pragma once

#include <optional>
#include <string>

#include "tasks/tasks.h"

namespace assay::detail::score {

enum class Builtin {
  kTruthfulqaMc2,
  kHendrycksMath,
  kMinervaMath,
  kWikitext,
  kPassAtK,
  kPassAt1,
  kHumanevalPredictions,
  kHumanevalInstructPredictions,
  kMbppPredictions,
};

// name: "builtin.NAME" or "utils.f"; file: of the task. nullopt: not built in.
std::optional<Builtin> find_builtin(const std::string& name, const std::string& file);

}  // namespace assay::detail::score
