// Inside tasks only: what the text of a table's cells means.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tasks/rows.h"

namespace assay::detail {

// Turns columns of text into integers, numbers or truth values where every cell allows it, and
// cells such as "" or "NA" into null, by the rules of pandas.read_csv (which `datasets` uses): a
// column of integers with missing cells becomes one of fractional numbers.
void infer_column_types(std::vector<Row>& rows, const std::vector<std::string>& columns);

// Rows are JSON, which is UTF-8: Error{kBadInput} naming `where` for anything else.
void require_utf8(std::string_view text, const std::string& where);

}  // namespace assay::detail
