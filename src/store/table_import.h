// Inside imports only: tables with a line per item, as HELM-like tools write them.
#pragma once

#include <string>
#include <vector>

#include "store/import.h"

namespace assay::detail {

// jsonl, or CSV with a header; a run per model. Errors: kUsage when columns lack "id" or a score;
// kBadInput naming line and column.
std::vector<ImportedRun> read_table(const std::string& path,
                                    const std::map<std::string, std::string>& columns);

}  // namespace assay::detail
