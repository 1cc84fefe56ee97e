// Inside compare only: several answers to the same item.
#pragma once

#include "compare/evidence.h"
#include "core/comparison.h"

namespace assay::detail {

// pass@1 over several programs per item tells how many passed, so both variances can be had from
// one run.
void fill_repeats(MetricComparison& out, const PairedScores& scores, const MetricKey& key);

}  // namespace assay::detail
