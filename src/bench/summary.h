// Figures that follow from samples.
#pragma once

#include <map>
#include <span>

#include "core/speed.h"

namespace assay::detail {

// What one sample says: nanoseconds, the smaller the faster. Absent where a test has no such part.
std::optional<double> ns_per_token(const SpeedSample& sample);
std::optional<double> first_token_ns(const SpeedTest& test, const SpeedSample& sample);
std::optional<double> later_token_ns(const SpeedTest& test, const SpeedSample& sample);

// Per round the median of its samples; warm-up left out.
using ByRound = std::map<int, double>;

double median_of(std::vector<double> values);

// How many times as fast as the baseline: geometric mean over the rounds both took part in, with an
// interval of its logarithm. fixed: the number of rounds was settled beforehand, so Student's t is
// right; else a confidence sequence (stats' StudentSequence), which holds whenever the rounds
// ended.
Estimate speed_ratio(const ByRound& baseline, const ByRound& variant, bool fixed);

// The same of medians, for rounds that do not belong together: without an interval.
Estimate unpaired_ratio(const ByRound& baseline, const ByRound& variant);

}  // namespace assay::detail
