#include "core/number_format.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace assay {
namespace {

constexpr double kSmallestPlain = 1e-4;
constexpr double kLargestPlain = 1e7;

// Power of ten of the leading digit once `value` is rounded to n_digits: 0.0996 has -1 with two.
int leading_power(double value, int n_digits) {
  const std::string text = fmt::format("{:.{}e}", std::abs(value), n_digits - 1);
  return std::stoi(text.substr(text.find('e') + 1));
}

// Rounds to 10^last_power and prints no digit below it.
std::string format_to(double value, int last_power) {
  double rounded = value;
  if (last_power > 0) {
    const double unit = std::pow(10.0, last_power);
    rounded = std::round(value / unit) * unit;
  }
  const std::string text = fmt::format("{:.{}f}", rounded, std::max(0, -last_power));
  const bool is_zero = text.find_first_of("123456789") == std::string::npos;
  return is_zero && text.front() == '-' ? text.substr(1) : text;  // no "-0.0"
}

bool needs_exponent(double magnitude) {
  return magnitude != 0 && (magnitude < kSmallestPlain || magnitude >= kLargestPlain);
}

}  // namespace

std::string format_significant(double value, int n_digits) {
  if (std::isnan(value)) return "unknown";
  if (std::isinf(value)) return "too large";
  if (value == 0) return "0";
  if (needs_exponent(std::abs(value))) return fmt::format("{:.{}e}", value, n_digits - 1);
  return format_to(value, leading_power(value, n_digits) - n_digits + 1);
}

std::string format_with_error(double value, const std::optional<double>& std_error) {
  if (!std::isfinite(value)) return format_significant(value);
  if (!std_error || !std::isfinite(*std_error)) return format_significant(value) + " ± ?";
  if (*std_error == 0) return fmt::format("{:.6g} ± 0", value);
  const double larger = std::max(std::abs(value), *std_error);
  const int last_power = leading_power(*std_error, 2) - 1;
  if (!needs_exponent(larger)) {
    return format_to(value, last_power) + " ± " + format_to(*std_error, last_power);
  }
  const int power = leading_power(larger, 2);
  const double scale = std::pow(10.0, power);
  return fmt::format("({} ± {})e{:+03d}", format_to(value / scale, last_power - power),
                     format_to(*std_error / scale, last_power - power), power);
}

std::string format_with_interval(double value, const std::optional<Interval>& interval,
                                 const std::string& unit) {
  const std::string suffix = unit.empty() ? "" : " " + unit;
  if (!std::isfinite(value) || !interval) return format_significant(value) + suffix;
  const double half_width = (interval->high - interval->low) / 2;
  if (!(half_width > 0)) {
    return fmt::format("{:.6g}{} [{:.6g}, {:.6g}]", value, suffix, interval->low, interval->high);
  }
  const double larger = std::max({std::abs(value), std::abs(interval->low), interval->high});
  const std::string two = fmt::format("{:.1e}", half_width);
  const int last_power = leading_power(half_width, 2) - (two.front() <= '2' ? 1 : 0);
  if (!needs_exponent(larger)) {
    return format_to(value, last_power) + suffix + " [" + format_to(interval->low, last_power) +
           ", " + format_to(interval->high, last_power) + "]";
  }
  const int n_digits = std::max(1, leading_power(larger, 2) - last_power + 1);
  const auto format = [&](double x) { return fmt::format("{:.{}e}", x, n_digits - 1); };
  return format(value) + suffix + " [" + format(interval->low) + ", " + format(interval->high) +
         "]";
}

std::string format_bytes(std::int64_t n_bytes) {
  constexpr double kKiB = 1024;
  const auto value = static_cast<double>(n_bytes);
  if (value < kKiB) return fmt::format("{} B", n_bytes);
  if (value < kKiB * kKiB) return fmt::format("{:.1f} KiB", value / kKiB);
  if (value < kKiB * kKiB * kKiB) return fmt::format("{:.1f} MiB", value / (kKiB * kKiB));
  return fmt::format("{:.2f} GiB", value / (kKiB * kKiB * kKiB));
}

}  // namespace assay
