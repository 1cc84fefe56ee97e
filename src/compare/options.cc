// Options that cannot be are refused with what was probably meant.
#include <cmath>
#include <cstdlib>

#include <fmt/format.h>

#include "compare/checked.h"
#include "core/error.h"
#include "core/number_format.h"

namespace assay {
namespace {

constexpr double kLargestBare = 0.1;  // bare numbers from here on are more likely percents

[[noreturn]] void refuse(const std::string& what, const std::string& remedy) {
  throw Error(ErrorKind::kUsage, what, {}, remedy);
}

void check_margin(double margin, const std::string& name) {
  if (!std::isfinite(margin) || margin <= 0 || margin >= 1) {
    refuse(fmt::format("{} of {} is no fraction above 0 and below 1", name, margin),
           "One point is 0.01.");
  }
}

void check_share(double value, const std::string& name) {
  if (!(value > 0 && value < 1))
    refuse(fmt::format("{} of {} is not between 0 and 1", name, value), "For example 0.05.");
}

std::string without_spaces(const std::string& text) {
  std::string result;
  for (const char c : text) {
    if (c != ' ') result += c;
  }
  return result;
}

}  // namespace

namespace detail {

void check_options(const CompareOptions& options) {
  check_margin(options.margin, "A margin");
  check_margin(options.max_ppl_increase, "An increase of perplexity");
  for (const auto& [name, margin] : options.class_margins)
    check_margin(margin, "A margin for " + name);
  for (const auto& [name, floor] : options.floors) {
    if (!(floor >= 0 && floor < 1))
      refuse(fmt::format("A floor of {} is no fraction", floor), "30 % is 0.3.");
  }
  check_share(options.alpha, "An alpha");
  check_share(options.power, "A power");
  if (options.power <= options.alpha) refuse("The power is not above alpha", "For example 0.8.");
}

}  // namespace detail

double parse_margin(const std::string& text, const std::string& option) {
  const std::string compact = without_spaces(text);
  char* end = nullptr;
  const double value = std::strtod(compact.c_str(), &end);
  const std::string unit(end);
  const bool percent = unit == "%" || unit == "pp" || unit == "points" || unit == "point";
  const std::string forms = fmt::format("For example {0} 1pp, {0} 1% or {0} 0.01.", option);
  if (end == compact.c_str() || (!unit.empty() && !percent))
    refuse(fmt::format("{} '{}' is no margin", option, text), forms);
  if (!std::isfinite(value)) refuse(fmt::format("{} '{}' is not finite", option, text), forms);
  if (value <= 0) {
    refuse(fmt::format("{} '{}' is not above 0: no data can show a loss of exactly nothing", option,
                       text),
           forms);
  }
  if (!percent && value >= kLargestBare) {
    refuse(fmt::format("{} {} as a fraction would be {:g} points, and without a unit it cannot be "
                       "told from {:g} points",
                       option, text, kPercent * value, value),
           fmt::format("Write {}pp or {:g}pp.", compact, kPercent * value));
  }
  const double fraction = percent ? value / kPercent : value;
  if (fraction >= 1) refuse(fmt::format("{} '{}' is everything", option, text), forms);
  return fraction;
}

}  // namespace assay
