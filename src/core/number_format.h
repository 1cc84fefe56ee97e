// Numbers for people: the error decides how many digits are shown.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/estimate.h"

namespace assay {

inline constexpr double kPercent = 100;
inline constexpr double kMebibyte = 1 << 20;

// `value` with `n_digits` significant digits, plain notation from 1e-4 to 1e7, else "1.2e-09".
// Infinity is "too large", NaN "unknown".
std::string format_significant(double value, int n_digits = 3);

// "21.34 ± 0.12": two significant digits of the error; "1230 ± 150"; "(1.23 ± 0.12)e-09". An error
// of 0 means exact: "1 ± 0". Without an error: "21.3 ± ?".
std::string format_with_error(double value, const std::optional<double>& std_error);

// "1.2 [0.8, 1.6]": digits as the half width of the interval deserves (one; two when it begins with
// 1 or 2). Without an interval three significant digits. `unit` follows the value: "1.2 %
// [0.8, 1.6]".
std::string format_with_interval(double value, const std::optional<Interval>& interval,
                                 const std::string& unit = {});

// "512 B", "370.3 KiB", "258.3 MiB", "1.20 GiB".
std::string format_bytes(std::int64_t n_bytes);

}  // namespace assay
