// The MATH paper's rule. Where the original raises, std::nullopt travels up.
#include <array>

#include "tasks/regex.h"
#include "tasks/score_math.h"
#include "tasks/score_text.h"

namespace assay::detail::score {
namespace {

using Maybe = std::optional<std::string>;

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// Bytes of the first character of a text that is not empty.
std::size_t first_size(std::string_view text) {
  std::size_t n = 1;
  while (n < text.size() && (static_cast<unsigned char>(text[n]) & 0xc0U) == 0x80) ++n;
  return n;
}

Maybe without_units(const std::string& text) {
  constexpr std::string_view kUnit = "\\text{ ";
  if (!has(text, kUnit)) return text;
  const std::vector<std::string> parts = split(text, kUnit);
  if (parts.size() != 2) return std::nullopt;
  return parts[0];
}

// \sqrt3 to \sqrt{3}
Maybe braced_roots(const std::string& text) {
  const std::vector<std::string> parts = split(text, "\\sqrt");
  std::string out = parts[0];
  for (std::size_t i = 1; i < parts.size(); ++i) {
    const std::string& part = parts[i];
    if (part.empty()) return std::nullopt;
    const std::size_t n = first_size(part);
    out += part[0] == '{' ? "\\sqrt" + part : "\\sqrt{" + part.substr(0, n) + "}" + part.substr(n);
  }
  return out;
}

// \frac12 to \frac{1}{2}
Maybe braced_fractions(const std::string& text) {
  const std::vector<std::string> parts = split(text, "\\frac");
  std::string out = parts[0];
  for (std::size_t i = 1; i < parts.size(); ++i) {
    const std::string& part = parts[i];
    if (part.empty()) return std::nullopt;
    out += "\\frac";
    if (part[0] == '{') {
      out += part;
      continue;
    }
    const std::size_t n = first_size(part);
    if (n == part.size()) return text;  // one character: left as it was
    const std::string rest = part.substr(n);
    const std::size_t m = first_size(rest);
    out += "{" + part.substr(0, n) + "}";
    out += rest[0] == '{' ? rest : "{" + rest.substr(0, m) + "}" + rest.substr(m);
  }
  return out;
}

enum class Integer { kNone, kCanonical, kOther };

Integer integer_of(const std::string& text) {
  static const Regex any(R"(\A\s*[+-]?\d+(?:_\d+)*\s*\Z)");
  static const Regex canonical(R"(\A(?:0|-?[1-9][0-9]*)\Z)");
  constexpr std::size_t kMostDigits = 4300;  // Python refuses longer ones
  if (!any.search(text) || text.size() > kMostDigits) return Integer::kNone;
  return canonical.search(text) ? Integer::kCanonical : Integer::kOther;
}

// 1/2 to \frac{1}{2}
Maybe slash_to_fraction(const std::string& text) {
  const std::vector<std::string> parts = split(text, "/");
  if (parts.size() != 2) return text;
  const Integer a = integer_of(parts[0]), b = integer_of(parts[1]);
  if (a == Integer::kNone || b == Integer::kNone) return std::nullopt;
  if (a == Integer::kOther || b == Integer::kOther) return text;
  return "\\frac{" + parts[0] + "}{" + parts[1] + "}";
}

}  // namespace

std::optional<std::string> last_boxed(std::string_view text) {
  constexpr std::string_view kSpaced = "\\boxed ";
  const std::size_t spaced = text.rfind(kSpaced);
  if (spaced != std::string_view::npos) {
    const std::string_view rest = text.substr(spaced + kSpaced.size());
    return std::string(kSpaced) + std::string(rest.substr(0, rest.find('$')));
  }
  std::size_t start = text.rfind("\\boxed");
  if (start == std::string_view::npos) start = text.rfind("\\fbox");
  if (start == std::string_view::npos) return std::nullopt;
  int open = 0;
  for (std::size_t i = start; i < text.size(); ++i) {
    if (text[i] == '{') ++open;
    if (text[i] == '}' && --open == 0) return std::string(text.substr(start, i + 1 - start));
  }
  return std::nullopt;
}

std::optional<std::string> unboxed(std::string_view box) {
  constexpr std::string_view kSpaced = "\\boxed ", kBraced = "\\boxed{";
  if (has(box, kSpaced)) {
    if (!box.starts_with(kSpaced)) return std::nullopt;
    return std::string(box.substr(kSpaced.size()));
  }
  if (!box.starts_with(kBraced) || !box.ends_with("}")) return std::nullopt;
  return std::string(box.substr(kBraced.size(), box.size() - kBraced.size() - 1));
}

std::optional<std::string> boxed_answer(std::string_view solution) {
  const std::optional<std::string> box = last_boxed(solution);
  return box ? unboxed(*box) : std::nullopt;
}

std::optional<std::string> strip_math_answer(std::string_view answer) {
  constexpr std::array<std::array<const char*, 2>, 10> kReplaced = {{{"\n", ""},
                                                                     {"\\!", ""},
                                                                     {"\\\\", "\\"},
                                                                     {"tfrac", "frac"},
                                                                     {"dfrac", "frac"},
                                                                     {"\\left", ""},
                                                                     {"\\right", ""},
                                                                     {"^{\\circ}", ""},
                                                                     {"^\\circ", ""},
                                                                     {"\\$", ""}}};
  Maybe text = std::string(answer);
  for (const auto& [from, to] : kReplaced) text = replace_all(*text, from, to);
  text = without_units(*text);
  if (!text) return text;
  text = replace_all(*text, "\\%", "");
  text = replace_all(*text, " .", " 0.");
  text = replace_all(*text, "{.", "{0.");
  if (text->empty()) return text;
  if (text->front() == '.') text->insert(0, "0");
  const std::vector<std::string> sides = split(*text, "=");
  if (sides.size() == 2 && characters(sides[0]).size() <= 2) text = sides[1];
  text = braced_roots(*text);
  if (!text) return text;
  text = braced_fractions(replace_all(*text, " ", ""));
  if (!text) return text;
  if (*text == "0.5") text = "\\frac{1}{2}";
  return slash_to_fraction(*text);
}

bool equal_math_answers(const std::string& a, const std::string& b) {
  const Maybe x = strip_math_answer(a), y = strip_math_answer(b);
  return x && y ? *x == *y : a == b;
}

std::string dollar_answer(std::string_view response) {
  const std::size_t first = response.find('$'), last = response.rfind('$');
  if (first == last) return std::string(response);
  return std::string(response.substr(first + 1, last - first - 1));
}

}  // namespace assay::detail::score
