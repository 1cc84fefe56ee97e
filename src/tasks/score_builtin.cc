#include "tasks/score_builtin.h"

#include <filesystem>

namespace assay::detail::score {
namespace {

struct Named {
  const char* builtin;   // after "builtin."
  const char* folder;    // of lm-eval's tasks
  const char* original;  // function there
  Builtin function;
};

constexpr Named kNamed[] = {
    {"truthfulqa_mc2", "truthfulqa", "utils.process_results_mc2", Builtin::kTruthfulqaMc2},
    {"hendrycks_math", "hendrycks_math", "utils.process_results", Builtin::kHendrycksMath},
    {"minerva_math", "minerva_math", "utils.process_results", Builtin::kMinervaMath},
    {"wikitext", "wikitext", "preprocess_wikitext.process_results", Builtin::kWikitext},
    {"pass_at_k", "humaneval", "utils.pass_at_k", Builtin::kPassAtK},
    {"pass_at_1", "mbpp", "utils.pass_at_1", Builtin::kPassAt1},
    {"humaneval_predictions", "humaneval", "utils.build_predictions",
     Builtin::kHumanevalPredictions},
    {"humaneval_instruct_predictions", "humaneval", "utils.build_predictions_instruct",
     Builtin::kHumanevalInstructPredictions},
    {"mbpp_predictions", "mbpp", "utils.build_predictions", Builtin::kMbppPredictions},
};

}  // namespace

std::optional<Builtin> find_builtin(const std::string& name, const std::string& file) {
  constexpr std::string_view kPrefix = "builtin.";
  const bool is_builtin = name.starts_with(kPrefix);
  const std::string folder = std::filesystem::path(file).parent_path().filename().string();
  for (const Named& named : kNamed) {
    if (is_builtin ? name.substr(kPrefix.size()) == named.builtin
                   : name == named.original && folder == named.folder)
      return named.function;
  }
  return std::nullopt;
}

}  // namespace assay::detail::score
