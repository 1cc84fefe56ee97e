// Refusals of arguments outside a function's domain, with what was given and what to do.
#pragma once

#include <cstdint>
#include <string>

namespace assay::detail {

// Each returns on success, else throws Error{kUsage}. `name` is what the message calls the value.
void require(bool holds, const std::string& what, const std::string& remedy = {});
void require_fraction(const char* name, double value);  // in (0, 1); a percent is told from one
void require_counts(std::int64_t k, std::int64_t n);    // 0 <= k <= n, n >= 1
void require_p_value(double p);                         // in [0, 1]
// Data that is not a finite number: Error{kBadInput}.
void require_finite(const char* name, double value);

// The standard normal: upper quantile z with P(Z > z) = tail, and P(Z > z).
double normal_quantile(double tail);
double normal_tail(double z);

}  // namespace assay::detail
