// Jinja2's tests: "x is defined".
#include <map>

#include "tasks/python_text.h"
#include "tasks/template_value.h"

namespace assay::detail::jinja {
namespace {

using Kind = Value::Kind;
using Test = bool (*)(Budget&, const Value&, Arguments&);

template <Kind kind>
bool is_kind(Budget&, const Value& value, Arguments&) {
  return value.is(kind);
}

std::int64_t whole(const Value& value) {
  if (!value.is_integer()) throw Problem("the test needs a whole number");
  return value.integer;
}

const Value& other(const Arguments& a) {
  if (a.positional.size() != 1) throw Problem("the test needs one argument");
  return a.positional[0];
}

bool compared(Budget& budget, const char* op, const Value& value, const Arguments& a) {
  return truth(binary(budget, op, value, other(a)));
}

bool divisible(Budget&, const Value& value, Arguments& a) {
  const std::int64_t n = whole(other(a));
  if (n == 0) throw Problem("division by zero");
  return n == -1 || whole(value) % n == 0;
}

bool is_case(Budget& budget, const Value& value, Arguments&, bool upper) {
  const std::string text = str(budget, value), low = python::lower(text),
                    high = python::upper(text);
  return low != high && text == (upper ? high : low);
}

const std::map<std::string, Test>& tests() {
  static const std::map<std::string, Test> table = {
      {"defined", [](Budget&, const Value& v, Arguments&) { return !v.is(Kind::kUndefined); }},
      {"undefined", is_kind<Kind::kUndefined>},
      {"none", is_kind<Kind::kNone>},
      {"boolean", is_kind<Kind::kBool>},
      {"integer", is_kind<Kind::kInt>},
      {"float", is_kind<Kind::kFloat>},
      {"string", is_kind<Kind::kText>},
      {"mapping", is_kind<Kind::kMap>},
      {"callable", is_kind<Kind::kFunction>},
      {"number", [](Budget&, const Value& v, Arguments&) { return v.is_number(); }},
      {"true", [](Budget&, const Value& v, Arguments&) { return v.is(Kind::kBool) && v.integer; }},
      {"false",
       [](Budget&, const Value& v, Arguments&) { return v.is(Kind::kBool) && !v.integer; }},
      {"iterable", [](Budget&, const Value& v,
                      Arguments&) { return v.is_text() || v.is_sequence() || v.is(Kind::kMap); }},
      {"sequence", [](Budget&, const Value& v,
                      Arguments&) { return v.is_text() || v.is_sequence() || v.is(Kind::kMap); }},
      {"odd", [](Budget&, const Value& v, Arguments&) { return whole(v) % 2 != 0; }},
      {"even", [](Budget&, const Value& v, Arguments&) { return whole(v) % 2 == 0; }},
      {"divisibleby", divisible},
      {"upper", [](Budget& b, const Value& v, Arguments& a) { return is_case(b, v, a, true); }},
      {"lower", [](Budget& b, const Value& v, Arguments& a) { return is_case(b, v, a, false); }},
      {"in", [](Budget& b, const Value& v, Arguments& a) { return compared(b, "in", v, a); }},
      {"sameas", [](Budget& b, const Value& v,
                    Arguments& a) { return v.kind == other(a).kind && equal(b, v, other(a)); }},
      {"filter",
       [](Budget&, const Value& v, Arguments&) { return v.is_text() && has_filter(v.text); }},
      {"test", [](Budget&, const Value& v, Arguments&) { return v.is_text() && has_test(v.text); }},
  };
  return table;
}

const std::map<std::string, const char*>& comparisons() {
  static const std::map<std::string, const char*> table = {
      {"eq", "=="}, {"equalto", "=="},    {"==", "=="}, {"ne", "!="}, {"!=", "!="},
      {"lt", "<"},  {"lessthan", "<"},    {"<", "<"},   {"le", "<="}, {"<=", "<="},
      {"gt", ">"},  {"greaterthan", ">"}, {">", ">"},   {"ge", ">="}, {">=", ">="}};
  return table;
}

}  // namespace

bool has_test(const std::string& name) {
  return tests().contains(name) || comparisons().contains(name);
}

bool apply_test(Budget& budget, const std::string& name, const Value& input, Arguments& arguments) {
  budget.step();
  const auto comparison = comparisons().find(name);
  if (comparison != comparisons().end())
    return compared(budget, comparison->second, input, arguments);
  const auto found = tests().find(name);
  if (found == tests().end()) throw Problem("there is no test '" + name + "'");
  return found->second(budget, input, arguments);
}

}  // namespace assay::detail::jinja
