// Trade-offs for people.
#pragma once

#include <string>

#include "cli/table.h"
#include "core/tradeoff.h"

namespace assay {

// kText: the table, the plot, then what limits and dominates means and what is missing.
std::string render(const TradeoffReport& report, const TableOptions& options);

}  // namespace assay
