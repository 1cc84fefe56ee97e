// Rows of the MATH tasks get the answer that their solution boxes.
#include "tasks/builtins_math.h"

#include "tasks/score_math.h"

namespace assay::detail {

Row hendrycks_math_row(Row row) {
  const auto solution = row.find("solution");
  const bool is_text = solution != row.end() && solution->is_string();
  const auto answer =
      is_text ? score::boxed_answer(solution->get_ref<const std::string&>()) : std::nullopt;
  row["answer"] = answer ? Json(*answer) : Json();
  return row;
}

Row minerva_math_row(Row row) {
  row = hendrycks_math_row(std::move(row));
  Json& answer = row["answer"];
  if (answer.is_string())
    answer = score::normalize_minerva_answer(answer.get_ref<const std::string&>());
  return row;
}

}  // namespace assay::detail
