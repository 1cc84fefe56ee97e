// Minerva's rule (Lewkowycz et al. 2022, appendix D), with the corrections of lm-eval 0.4.13.
#include <array>
#include <vector>

#include "tasks/regex.h"
#include "tasks/score_math.h"
#include "tasks/score_text.h"

namespace assay::detail::score {
namespace {

constexpr std::array<std::array<const char*, 2>, 10> kSubstitutions = {{{"an ", ""},
                                                                        {"a ", ""},
                                                                        {".$", "$"},
                                                                        {"\\$", ""},
                                                                        {"\\ ", ""},
                                                                        {" ", ""},
                                                                        {"mbox", "text"},
                                                                        {",\\text{and}", ","},
                                                                        {"\\text{and}", ","},
                                                                        {"\\text{m}", "\\text{}"}}};

// In this order. Those of letters only are units, which may also stand glued to a number.
constexpr const char* kRemoved[] = {"square",       "ways",
                                    "integers",     "dollars",
                                    "mph",          "inches",
                                    "ft",           "hours",
                                    "km",           "units",
                                    "\\ldots",      "sue",
                                    "points",       "feet",
                                    "minutes",      "digits",
                                    "cents",        "degrees",
                                    "cm",           "gm",
                                    "pounds",       "meters",
                                    "meals",        "edges",
                                    "students",     "childrentickets",
                                    "multiples",    "\\text{s}",
                                    "\\text{.}",    "\\text{\ns}",
                                    "\\text{}^2",   "\\text{}^3",
                                    "\\text{\n}",   "\\text{}",
                                    "\\mathrm{th}", "^\\circ",
                                    "^{\\circ}",    "\\;",
                                    ",\\!",         "{,}",
                                    "\"",           "\\dots"};

bool is_word(std::string_view text) {
  for (const char c : text)
    if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))) return false;
  return true;
}

std::string nothing(const Regex::Match&) { return {}; }

std::string without_unit_words(std::string text) {
  static const std::vector<Regex> units = [] {
    std::vector<Regex> made;
    for (const char* removed : kRemoved)
      if (is_word(removed)) made.emplace_back("(?<!\\\\)\\b" + std::string(removed) + "\\b");
    return made;
  }();
  for (const Regex& unit : units) text = unit.sub(text, nothing);
  return text;
}

// Only between LaTeX commands: "ft" must not spoil "\left".
std::string without_glued(const std::string& text, const char* removed) {
  static const Regex command(R"((\\[a-zA-Z]+))");
  std::string out;
  std::size_t at = 0;
  for (const Regex::Match& match : command.find_iter(text)) {
    out += replace_all(std::string_view(text).substr(at, match.begin - at), removed, "");
    out += text.substr(match.begin, match.end - match.begin);
    at = match.end;
  }
  return out + replace_all(std::string_view(text).substr(at), removed, "");
}

std::string group(const Regex::Match& match, std::size_t i) {
  return std::string(match.groups[i - 1].value_or(""));
}

// What stands inside dollars, \text, \textbf, \overline and \boxed.
std::string unwrapped(std::string text) {
  static const Regex dollars(R"((.*?)(\$)(.*?)(\$)(.*))");
  static const std::vector<Regex> wrappers = {
      Regex(R"((\\text\{)(.*?)(\}))"), Regex(R"((\\textbf\{)(.*?)(\}))"),
      Regex(R"((\\overline\{)(.*?)(\}))"), Regex(R"((\\boxed\{)(.*)(\}))")};
  text = dollars.sub(text, [](const Regex::Match& m) { return "$" + group(m, 3) + "$"; });
  for (const Regex& wrapper : wrappers)
    text = wrapper.sub(text, [](const Regex::Match& m) { return group(m, 2); });
  return text;
}

// \fracab to \frac{a}{b}, \sqrta to \sqrt{a}.
std::string braced(std::string text) {
  static const Regex fraction(R"((frac)([^{])(.))");
  static const Regex indexed_root(R"((sqrt)(\[[^\]]*\])(\w))");
  static const Regex root(R"((sqrt)(?!\[)([^{]))");
  text = fraction.sub(
      text, [](const Regex::Match& m) { return "frac{" + group(m, 2) + "}{" + group(m, 3) + "}"; });
  text = indexed_root.sub(
      text, [](const Regex::Match& m) { return "sqrt" + group(m, 2) + "{" + group(m, 3) + "}"; });
  return root.sub(text, [](const Regex::Match& m) { return "sqrt{" + group(m, 2) + "}"; });
}

}  // namespace

std::string minerva_answer(std::string_view response) {
  static const Regex regex(R"(Final Answer: The final answer is(.*?). I hope it is correct.)");
  const std::string text = std::string(response) + "I hope it is correct.";
  const auto match = regex.search(text);
  return match ? std::string(strip(group(*match, 1))) : "[invalidanswer]";
}

std::string normalize_minerva_answer(std::string_view answer) {
  static const Regex thousands(R"(\A-?\d{1,3}(,\d{3})+\Z)");
  std::string text = without_unit_words(split(answer, "=").back());
  for (const auto& [from, to] : kSubstitutions) text = replace_all(text, from, to);
  for (const char* removed : kRemoved)
    text = is_word(removed) ? without_glued(text, removed) : replace_all(text, removed, "");
  text = replace_all(braced(unwrapped(std::move(text))), "$", "");
  return thousands.search(text) ? replace_all(text, ",", "") : text;
}

}  // namespace assay::detail::score
