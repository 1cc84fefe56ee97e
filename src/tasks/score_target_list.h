// Inside scores only: targets of which any will do.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tasks/rows.h"

namespace assay::detail::score {

// The list that doc_to_target gives for a row: a column with a list of texts, or a template whose
// text is a Python (or JSON) list of texts. nullopt: one target.
std::optional<std::vector<std::string>> target_list(const TaskValue& doc_to_target, const Row& doc,
                                                    const std::string& target);

// ['a', "b"] with Python's escapes. nullopt: something else.
std::optional<std::vector<std::string>> python_texts(std::string_view literal);

}  // namespace assay::detail::score
