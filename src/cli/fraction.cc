#include "cli/fraction.h"

#include <charconv>
#include <cmath>

#include <fmt/format.h>

#include "core/error.h"

namespace assay::cli {

double parse_fraction(const std::string& text, const std::string& flag) {
  double value = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, value);
  const std::string unit(rest, end);
  const std::string remedy = fmt::format("For example {} 5%, or {} 0.05 for the same.", flag, flag);
  if (error != std::errc() || !std::isfinite(value) || value < 0 ||
      (!unit.empty() && unit != "%" && unit != "pp")) {
    throw Error(ErrorKind::kUsage, fmt::format("{} '{}' is not a share", flag, text), {}, remedy);
  }
  if (!unit.empty()) return value / 100;
  if (value >= 1) {
    throw Error(ErrorKind::kUsage,
                fmt::format("{} '{}' may mean a fraction or a percentage", flag, text), {},
                fmt::format("Write {} {}% or a fraction below 1.", flag, text));
  }
  return value;
}

}  // namespace assay::cli
