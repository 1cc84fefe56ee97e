// The filter that lm-eval adds to Jinja2's.
#include "tasks/regex.h"
#include "tasks/template_filters.h"

namespace assay::detail::jinja {
namespace {

// "\1" and "\g<1>" are groups, "\\" a backslash, "\n" and "\t" as in Python.
std::string expanded(const std::string& replacement, const Regex::Match& match) {
  std::string out;
  const auto group = [&](std::size_t number, std::string_view text) {
    if (number == 0)
      out += text;
    else if (number <= match.groups.size())
      out += match.groups[number - 1].value_or("");
    else
      throw Problem("regex_replace refers to a group that is not there");
  };
  for (std::size_t at = 0; at < replacement.size(); ++at) {
    if (replacement[at] != '\\' || at + 1 == replacement.size()) {
      out += replacement[at];
      continue;
    }
    const char c = replacement[++at];
    if (c >= '1' && c <= '9')
      group(static_cast<std::size_t>(c - '0'), {});
    else if (c == 'n' || c == 't' || c == '\\')
      out += c == 'n' ? '\n' : c == 't' ? '\t' : '\\';
    else
      throw Problem(std::string("regex_replace does not support \\") + c);
  }
  return out;
}

}  // namespace

Value regex_replace_filter(Budget& budget, const Value& input, Arguments& arguments) {
  const Bound bound("regex_replace", arguments, {"pattern", "repl", "count"});
  if (!input.is_text()) throw Problem("regex_replace needs a text");
  if (bound.integer(2, 0) != 0) throw Problem("regex_replace with a count is not supported");
  const std::string replacement = bound.text(1);
  try {
    const Regex regex(bound.text(0));
    return Value::of(regex.sub(input.text, [&](const Regex::Match& match) {
      std::string text = expanded(replacement, match);
      budget.step(8);
      budget.text(static_cast<std::int64_t>(text.size()));
      return text;
    }));
  } catch (const RegexError& error) {
    throw Problem(std::string("regex_replace: ") + error.what());
  }
}

}  // namespace assay::detail::jinja
