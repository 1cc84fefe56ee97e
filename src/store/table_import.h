// Inside imports only: tables with a line per item, as HELM-like tools write them.
#pragma once

#include <string>
#include <vector>

#include "store/import.h"

namespace assay::detail {

// The rows of a CSV file (RFC 4180) as objects of texts by the header's names, with their place.
// Error{kBadInput} for rows with more or fewer cells.
void for_each_csv_row(const std::string& path,
                      const std::function<void(Json&& row, const std::string& where)>& use);

// jsonl, or CSV with a header; a run per model. Errors: kUsage when columns lack "id" or a score;
// kBadInput naming line and column.
std::vector<ImportedRun> read_table(const std::string& path,
                                    const std::map<std::string, std::string>& columns);

}  // namespace assay::detail
