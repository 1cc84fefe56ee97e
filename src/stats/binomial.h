// Binomial probabilities and random numbers.
#pragma once

#include <cstdint>

#include "stats/stats.h"

namespace assay::detail {

// P(exactly k of n fair throws), 0 <= k <= n.
double fair_point(double k, double n);

// Successes of n throws at probability p in [0, 1]. By inversion where n * min(p, 1 - p) < 10, else
// by transformed rejection (BTRS: Hoermann 1993, "The generation of binomial random variates").
std::int64_t draw_binomial(Rng& rng, std::int64_t n, double p);

}  // namespace assay::detail
