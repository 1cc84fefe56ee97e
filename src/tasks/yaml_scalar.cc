// Plain scalars of YAML 1.1: the patterns of PyYAML's resolver (yaml/resolver.py) and its
// conversions (yaml/constructor.py).
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

#include "tasks/yaml.h"

namespace assay::detail {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool all_of(std::string_view text, std::string_view allowed) {
  return text.find_first_not_of(allowed) == std::string_view::npos;
}

std::string_view without_sign(std::string_view text) {
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
  return text;
}

// [0-9][0-9_]*(:[0-5]?[0-9])+ ; with `first_not_zero` the first digit is 1 to 9.
bool is_sexagesimal(std::string_view text, bool first_not_zero) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0) return false;
  const std::string_view head = text.substr(0, colon);
  if (!is_digit(head[0]) || (first_not_zero && head[0] == '0')) return false;
  if (!all_of(head, "0123456789_")) return false;
  std::string_view rest = text.substr(colon);
  while (!rest.empty()) {
    rest.remove_prefix(1);
    const std::size_t next = std::min(rest.find(':'), rest.size());
    const std::string_view part = rest.substr(0, next);
    if (part.empty() || part.size() > 2 || !all_of(part, "0123456789")) return false;
    if (part.size() == 2 && part[0] > '5') return false;
    rest.remove_prefix(next);
  }
  return true;
}

bool is_integer(std::string_view text) {
  text = without_sign(text);
  if (text.empty() || !is_digit(text[0])) return false;
  if (text == "0") return true;
  if (text[0] != '0') return all_of(text, "0123456789_") || is_sexagesimal(text, true);
  if (text.size() > 2 && text[1] == 'b') return all_of(text.substr(2), "01_");
  if (text.size() > 2 && text[1] == 'x') {
    return all_of(text.substr(2), "0123456789abcdefABCDEF_");
  }
  return all_of(text.substr(1), "01234567_");
}

// What may follow the digits of a number: nothing, or e, a sign and digits.
bool is_exponent(std::string_view text) {
  if (text.empty()) return true;
  return text.size() >= 3 && (text[0] == 'e' || text[0] == 'E') &&
         (text[1] == '-' || text[1] == '+') && all_of(text.substr(2), "0123456789");
}

bool is_float(std::string_view text) {
  const std::string_view body = without_sign(text);
  if (body == ".inf" || body == ".Inf" || body == ".INF") return true;
  if (text == ".nan" || text == ".NaN" || text == ".NAN") return true;
  const std::size_t dot = body.find('.');
  if (dot == std::string_view::npos) return false;
  const std::string_view head = body.substr(0, dot), tail = body.substr(dot + 1);
  const std::size_t end = std::min(tail.find_first_not_of("0123456789_"), tail.size());
  if (head.empty()) {
    return body.size() == text.size() && end > 0 && is_digit(tail[0]) &&
           is_exponent(tail.substr(end));
  }
  if (!is_digit(head[0])) return false;
  if (all_of(head, "0123456789_")) return is_exponent(tail.substr(end));
  return end == tail.size() && is_sexagesimal(head, false);
}

std::string without_underscores(std::string_view text) {
  std::string result(text);
  std::erase(result, '_');
  return result;
}

// Adds up base-60 digits; the last may have a fraction.
double sexagesimal(std::string_view text) {
  double value = 0;
  while (!text.empty()) {
    const std::size_t next = std::min(text.find(':'), text.size());
    double part = 0;
    std::from_chars(text.data(), text.data() + next, part);
    value = value * 60 + part;
    text.remove_prefix(std::min(next + 1, text.size()));
  }
  return value;
}

// Discarded when the digits do not fit 64 bits: no task needs such numbers.
Json integer(std::string_view original) {
  const std::string text = without_underscores(original);
  const bool negative = text[0] == '-';
  std::string_view body = without_sign(text);
  if (body.find(':') != std::string_view::npos) {
    const double value = sexagesimal(body);
    if (value > 9e15) return Json(Json::value_t::discarded);
    return static_cast<std::int64_t>(negative ? -value : value);
  }
  int base = 10;
  if (body.size() > 1 && body[0] == '0') {
    base = body[1] == 'b' ? 2 : body[1] == 'x' ? 16 : 8;
    body.remove_prefix(base == 8 ? 1 : 2);
  }
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(body.data(), body.data() + body.size(), value, base);
  const auto limit = std::uint64_t{1} << 63;
  if (error != std::errc() || end != body.data() + body.size() || (negative && value > limit)) {
    return Json(Json::value_t::discarded);
  }
  if (negative) return static_cast<std::int64_t>(0 - value);
  if (value < limit) return static_cast<std::int64_t>(value);
  return value;
}

Json real(std::string_view original) {
  const std::string text = without_underscores(original);
  const std::string_view body = without_sign(text);
  const double sign = text[0] == '-' ? -1 : 1;
  if (body.size() == 4 && body[0] == '.' && (body[1] == 'i' || body[1] == 'I')) {
    return sign * std::numeric_limits<double>::infinity();
  }
  if (body.size() == 4 && body[0] == '.' && (body[1] == 'n' || body[1] == 'N')) {
    return std::numeric_limits<double>::quiet_NaN();
  }
  if (body.find(':') != std::string_view::npos) return sign * sexagesimal(body);
  double value = 0;
  const auto [end, error] = std::from_chars(body.data(), body.data() + body.size(), value);
  if (error == std::errc::result_out_of_range) {  // Python: 0 or infinity
    const bool small =
        body.find("e-") != std::string_view::npos || body.find("E-") != std::string_view::npos;
    return sign * (small ? 0.0 : std::numeric_limits<double>::infinity());
  }
  if (error != std::errc() || end != body.data() + body.size()) {
    return Json(Json::value_t::discarded);
  }
  return sign * value;
}

std::optional<bool> boolean(std::string_view text) {
  static constexpr std::array<std::string_view, 9> kTrue = {"yes",  "Yes", "YES", "true", "True",
                                                            "TRUE", "on",  "On",  "ON"};
  static constexpr std::array<std::string_view, 9> kFalse = {
      "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"};
  if (std::find(kTrue.begin(), kTrue.end(), text) != kTrue.end()) return true;
  if (std::find(kFalse.begin(), kFalse.end(), text) != kFalse.end()) return false;
  return std::nullopt;
}

}  // namespace

Json resolve_plain_scalar(std::string_view text) {
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL") {
    return nullptr;
  }
  if (const std::optional<bool> value = boolean(text)) return *value;
  if (is_float(text)) return real(text);
  if (is_integer(text)) return integer(text);
  return std::string(text);
}

Json resolve_tagged_scalar(std::string_view type, std::string_view text) {
  if (type == "int" && is_integer(text)) return integer(text);
  if (type == "bool") {
    if (const std::optional<bool> value = boolean(text)) return *value;
  }
  if (type == "float") {
    if (is_float(text)) return real(text);
    if (is_integer(text) && without_sign(text).find(':') == std::string_view::npos) {
      return real(text);
    }
    const std::string_view digits = without_sign(text);
    if (!digits.empty() && is_digit(digits[0])) return real(text);
  }
  return Json(Json::value_t::discarded);
}

}  // namespace assay::detail
