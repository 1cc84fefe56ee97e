// What every bootstrap of ours ends with.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "stats/stats.h"

namespace assay::detail {

// The statistic without one of `count` equal clusters.
struct LeftOut {
  double value = 0;
  double count = 1;
};

// Efron's acceleration from the jackknife; 0 when nothing varies.
double jackknife_acceleration(std::span<const LeftOut> left_out);

// Standard error (n - 1), percentile and BCa intervals of replicates of a statistic that is `value`
// on the data. Replicates equal to it count half below. Where BCa is undefined (all replicates on
// one side), it is the percentile interval.
BootstrapResult summarise_replicates(std::vector<double> replicates, double value,
                                     double acceleration, double confidence);

// Refuses options out of range.
void require_options(const BootstrapOptions& options);

}  // namespace assay::detail
