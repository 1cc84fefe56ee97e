// Jinja2's filters, first those on single values. Not there: urlize, xmlattr, groupby, random ...
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "tasks/python_text.h"
#include "tasks/template_filters.h"

namespace assay::detail::jinja {
namespace {

using Kind = Value::Kind;

Value text_of(Budget& budget, const Value& input) { return Value::of(str(budget, input)); }

Value default_filter(Budget&, const Value& input, Arguments& a) {
  const Bound bound("default", a, {"default_value", "boolean"});
  const Value otherwise = bound.has(0) ? bound.at(0) : Value::of("");
  if (input.is(Kind::kUndefined)) return otherwise;
  return bound.flag(1, false) && !truth(input) ? otherwise : input;
}

Value method_filter(Budget& budget, const Value& input, Arguments& a, const char* name) {
  return (*method(text_of(budget, input), name).function)(budget, a);
}

Value trim_filter(Budget& budget, const Value& input, Arguments& a) {
  return method_filter(budget, input, a, "strip");
}

// The words of Jinja2's title filter: letters after these characters are capital, the rest small.
Value title_filter(Budget& budget, const Value& input, Arguments& a) {
  const Bound bound("title", a, {});
  bool starts = true;
  std::string out, word;
  const auto flush = [&] {
    if (word.empty()) return;
    const std::u32string all = python::decode(word);
    out += python::upper(python::encode(all.substr(0, 1))) +
           python::lower(python::encode(all.substr(1)));
    word.clear();
  };
  for (const char32_t c : python::decode(str(budget, input))) {
    starts = c == '-' || c == '(' || c == '{' || c == '[' || c == '<' || python::is_space(c);
    if (starts) flush();
    (starts ? out : word) += python::encode(std::u32string(1, c));
  }
  flush();
  return Value::of(std::move(out));
}

Value int_filter(Budget& budget, const Value& input, Arguments& a) {
  const Bound bound("int", a, {"default", "base"});
  if (input.is_integer()) return Value::of(input.integer);
  if (input.is(Kind::kFloat) && std::abs(input.number) < 9e18)
    return Value::of(static_cast<std::int64_t>(input.number));
  if (input.is_text() && bound.integer(1, 10) == 10) {
    const auto parsed = python::literal(python::strip(input.text));
    if (parsed && parsed->is_number_integer()) return Value::of(parsed->get<std::int64_t>());
    if (parsed && parsed->is_number_float() && std::abs(parsed->get<double>()) < 9e18)
      return Value::of(static_cast<std::int64_t>(parsed->get<double>()));
  }
  if (input.is(Kind::kUndefined)) (void)str(budget, input);
  return bound.has(0) ? bound.at(0) : Value::of(std::int64_t{0});
}

Value float_filter(Budget& budget, const Value& input, Arguments& a) {
  const Bound bound("float", a, {"default"});
  if (input.is_number()) return Value::of(input.as_number());
  const auto parsed = input.is_text() ? python::literal(python::strip(input.text)) : std::nullopt;
  if (parsed && parsed->is_number()) return Value::of(parsed->get<double>());
  if (input.is(Kind::kUndefined)) (void)str(budget, input);
  return bound.has(0) ? bound.at(0) : Value::of(0.0);
}

Value abs_filter(Budget&, const Value& input, Arguments&) {
  if (input.is(Kind::kFloat)) return Value::of(std::abs(input.number));
  if (!input.is_integer()) throw Problem("abs needs a number");
  return input.integer < 0 ? negated(input) : Value::of(input.integer);
}

// Python's round(): halves to even in decimal.
Value round_filter(Budget&, const Value& input, Arguments& a) {
  const Bound bound("round", a, {"precision", "method"});
  const std::string how = bound.has(1) ? bound.text(1) : "common";
  const std::int64_t digits = bound.integer(0, 0);
  if (!input.is_number()) throw Problem("round needs a number");
  if (digits < -300 || digits > 300) throw Problem("round: too many digits");
  const double scale = std::pow(10.0, static_cast<double>(digits));
  if (how == "ceil") return Value::of(std::ceil(input.as_number() * scale) / scale);
  if (how == "floor") return Value::of(std::floor(input.as_number() * scale) / scale);
  if (how != "common") throw Problem("round has no method '" + how + "'");
  if (input.is_integer() && digits >= 0) return Value::of(input.integer);
  if (digits < 0) {
    const double rounded = std::nearbyint(input.as_number() * scale) / scale;
    return input.is_integer() ? Value::of(static_cast<std::int64_t>(rounded)) : Value::of(rounded);
  }
  return Value::of(std::stod(fmt::format("{:.{}f}", input.as_number(), digits)));
}

Value indent_filter(Budget& budget, const Value& input, Arguments& a) {
  const Bound bound("indent", a, {"width", "first", "blank"});
  std::string margin;
  if (bound.has(0) && bound.at(0).is_text()) {
    margin = bound.text(0);
  } else {
    const std::int64_t width = bound.integer(0, 4);
    budget.text(std::max<std::int64_t>(width, 0));
    margin.assign(static_cast<std::size_t>(std::max<std::int64_t>(width, 0)), ' ');
  }
  std::string out;
  bool first = true;
  for (const std::string& line : python::splitlines(str(budget, input) + "\n")) {
    if (!first) out += '\n';
    const bool indented = first ? bound.flag(1, false) : !line.empty() || bound.flag(2, false);
    if (indented) out += margin;
    out += line;
    first = false;
    budget.text(static_cast<std::int64_t>(line.size() + margin.size()));
  }
  return Value::of(std::move(out));
}

Value truncate_filter(Budget& budget, const Value& input, Arguments& a) {
  const Bound bound("truncate", a, {"length", "killwords", "end", "leeway"});
  const std::u32string all = python::decode(str(budget, input));
  const std::string end = bound.has(2) ? bound.text(2) : "...";
  const std::int64_t length = bound.integer(0, 255), n = static_cast<std::int64_t>(all.size());
  const std::int64_t kept = length - python::length(end);
  if (kept < 0) throw Problem("truncate: the length is shorter than the end");
  if (n <= length + bound.integer(3, 5)) return Value::of(python::encode(all));
  std::u32string head = all.substr(0, static_cast<std::size_t>(kept));
  if (!bound.flag(1, false)) head = head.substr(0, head.rfind(U' '));
  return Value::of(python::encode(head) + end);
}

Value escape_filter(Budget& budget, const Value& input, Arguments&) {
  std::string out;
  for (const char c : str(budget, input)) {
    out += c == '&'    ? "&amp;"
           : c == '<'  ? "&lt;"
           : c == '>'  ? "&gt;"
           : c == '"'  ? "&#34;"
           : c == '\'' ? "&#39;"
                       : std::string(1, c);
  }
  budget.text(static_cast<std::int64_t>(out.size()));
  return Value::of(std::move(out));
}

Value wordcount_filter(Budget& budget, const Value& input, Arguments&) {
  bool in_word = false;
  std::int64_t n = 0;
  for (const char32_t c : python::decode(str(budget, input))) {
    const bool word = c == '_' || (c >= '0' && c <= '9') || python::is_letter(c);
    n += word && !in_word ? 1 : 0;
    in_word = word;
  }
  return Value::of(n);
}

Value replace_filter(Budget& budget, const Value& input, Arguments& a) {
  return method_filter(budget, input, a, "replace");
}

}  // namespace

const FilterTable& value_filters() {
  static const FilterTable table = {
      {"default", default_filter},
      {"d", default_filter},
      {"trim", trim_filter},
      {"title", title_filter},
      {"int", int_filter},
      {"float", float_filter},
      {"abs", abs_filter},
      {"round", round_filter},
      {"indent", indent_filter},
      {"truncate", truncate_filter},
      {"escape", escape_filter},
      {"e", escape_filter},
      {"forceescape", escape_filter},
      {"wordcount", wordcount_filter},
      {"replace", replace_filter},
      {"regex_replace", regex_replace_filter},
      {"string", [](Budget& budget, const Value& v, Arguments&) { return text_of(budget, v); }},
      {"safe", [](Budget& budget, const Value& v, Arguments&) { return text_of(budget, v); }},
      {"upper", [](Budget& budget, const Value& v,
                   Arguments& a) { return method_filter(budget, v, a, "upper"); }},
      {"lower", [](Budget& budget, const Value& v,
                   Arguments& a) { return method_filter(budget, v, a, "lower"); }},
      {"capitalize", [](Budget& budget, const Value& v,
                        Arguments& a) { return method_filter(budget, v, a, "capitalize"); }},
      {"length", [](Budget&, const Value& v, Arguments&) { return Value::of(size(v)); }},
      {"count", [](Budget&, const Value& v, Arguments&) { return Value::of(size(v)); }},
      {"tojson",
       [](Budget& budget, const Value& v, Arguments& a) {
         const Bound bound("tojson", a, {"indent"});
         return Value::of(json(budget, v, static_cast<int>(bound.integer(0, -1))));
       }},
      {"format",
       [](Budget& budget, const Value& v, Arguments& a) {
         if (!a.named.empty()) throw Problem("format with names is not supported");
         return Value::of(percent_format(budget, str(budget, v), a.positional));
       }},
  };
  return table;
}

bool has_filter(const std::string& name) {
  return value_filters().contains(name) || list_filters().contains(name);
}

Value apply_filter(Budget& budget, const std::string& name, Value input, Arguments& arguments) {
  budget.step();
  for (const FilterTable* table : {&value_filters(), &list_filters()}) {
    const auto found = table->find(name);
    if (found != table->end()) return found->second(budget, input, arguments);
  }
  throw Problem("there is no filter '" + name + "'");
}

}  // namespace assay::detail::jinja
