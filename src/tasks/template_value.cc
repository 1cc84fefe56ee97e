#include "tasks/template_value.h"

#include <fmt/format.h>

#include <algorithm>

#include "tasks/python_text.h"

namespace assay::detail::jinja {
namespace {

constexpr int kMaxDepth = 1000;
using Kind = Value::Kind;

Problem undefined_problem(const Value& value) {
  return Problem(fmt::format("'{}' is undefined: the row has no such column or field", value.text));
}

Value made(Kind kind) {
  Value value;
  value.kind = kind;
  return value;
}

void write_items(Budget& budget, std::string& out, const List& list) {
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (i > 0) out += ", ";
    // Printing one is an error, printing a list of them is not.
    out += list[i].is(Kind::kUndefined) ? "Undefined" : repr(budget, list[i]);
  }
}

std::string json_text(Budget& budget, const std::string& text) {
  const std::string dumped = Json(text).dump(-1, ' ', true, Json::error_handler_t::replace);
  std::string safe;  // as Jinja2's htmlsafe_json_dumps
  for (const char c : dumped) {
    if (c == '<')
      safe += "\\u003c";
    else if (c == '>')
      safe += "\\u003e";
    else if (c == '&')
      safe += "\\u0026";
    else if (c == '\'')
      safe += "\\u0027";
    else
      safe += c;
  }
  budget.text(static_cast<std::int64_t>(safe.size()));
  return safe;
}

bool equal_maps(Budget& budget, const Map& a, const Map& b) {
  if (a.size() != b.size()) return false;
  for (const auto& [key, value] : a) {
    const Value* other = lookup(budget, b, key);
    if (other == nullptr || !equal(budget, value, *other)) return false;
  }
  return true;
}

}  // namespace

void Budget::step(std::int64_t n) {
  steps -= n;
  if (steps < 0 || n < 0) throw Problem("it takes too many steps; does it end?", true);
}

void Budget::text(std::int64_t n) {
  bytes -= n;
  if (bytes < 0 || n < 0) throw Problem("it makes too much text; does it end?", true);
}

void Budget::copy(const Value& value) { text(static_cast<std::int64_t>(value.text.size())); }

DeeperBy1::DeeperBy1(Budget& budget) : budget_(budget) {
  if (budget.depth >= kMaxDepth) throw Problem("it is nested too deeply; does it end?", true);
  ++budget.depth;
}

Value Value::undefined(std::string name) {
  Value value;
  value.text = std::move(name);
  return value;
}
Value Value::none() { return made(Kind::kNone); }
Value Value::of(bool value) {
  Value result = made(Kind::kBool);
  result.integer = value ? 1 : 0;
  return result;
}
Value Value::of(std::int64_t value) {
  Value result = made(Kind::kInt);
  result.integer = value;
  return result;
}
Value Value::of(double value) {
  Value result = made(Kind::kFloat);
  result.number = value;
  return result;
}
Value Value::of(std::string value) {
  Value result = made(Kind::kText);
  result.text = std::move(value);
  return result;
}
Value Value::of(List items, bool tuple) {
  Value result = made(tuple ? Kind::kTuple : Kind::kList);
  result.list = std::make_shared<List>(std::move(items));
  return result;
}
Value Value::of(Map items) {
  Value result = made(Kind::kMap);
  result.map = std::make_shared<Map>(std::move(items));
  return result;
}
Value Value::of(Function call, std::string name) {
  Value result = made(Kind::kFunction);
  result.function = std::make_shared<Function>(std::move(call));
  result.text = std::move(name);
  return result;
}

Value Value::from_json(Budget& budget, const Json& json) {
  const DeeperBy1 deeper(budget);
  if (json.is_string()) return of(json.get<std::string>());
  if (json.is_boolean()) return of(json.get<bool>());
  if (json.is_number_float()) return of(json.get<double>());
  if (json.is_number()) return of(json.get<std::int64_t>());
  if (json.is_array()) {
    List list;
    for (const Json& item : json) list.push_back(from_json(budget, item));
    return of(std::move(list));
  }
  if (json.is_object()) {
    Map map;
    for (const auto& [key, item] : json.items()) map.emplace_back(of(key), from_json(budget, item));
    return of(std::move(map));
  }
  return none();
}

const char* type_name(const Value& value) {
  switch (value.kind) {
    case Kind::kUndefined:
      return "Undefined";
    case Kind::kNone:
      return "NoneType";
    case Kind::kBool:
      return "bool";
    case Kind::kInt:
      return "int";
    case Kind::kFloat:
      return "float";
    case Kind::kText:
      return "str";
    case Kind::kList:
      return "list";
    case Kind::kTuple:
      return "tuple";
    case Kind::kMap:
      return "dict";
    case Kind::kNamespace:
      return "Namespace";
    case Kind::kFunction:
      return "function";
  }
  return "";
}

bool truth(const Value& value) {
  switch (value.kind) {
    case Kind::kUndefined:
      throw undefined_problem(value);
    case Kind::kNone:
      return false;
    case Kind::kBool:
    case Kind::kInt:
      return value.integer != 0;
    case Kind::kFloat:
      return value.number != 0;
    case Kind::kText:
      return !value.text.empty();
    case Kind::kList:
    case Kind::kTuple:
      return !value.list->empty();
    case Kind::kMap:
      return !value.map->empty();
    case Kind::kNamespace:
    case Kind::kFunction:
      return true;
  }
  return false;
}

std::string str(Budget& budget, const Value& value) {
  return value.is_text() ? value.text : repr(budget, value);
}

std::string repr(Budget& budget, const Value& value) {
  const DeeperBy1 deeper(budget);
  budget.step();
  std::string out;
  switch (value.kind) {
    case Kind::kUndefined:
      throw undefined_problem(value);
    case Kind::kNone:
      return "None";
    case Kind::kBool:
      return value.integer ? "True" : "False";
    case Kind::kInt:
      return std::to_string(value.integer);
    case Kind::kFloat:
      return python::repr(value.number);
    case Kind::kText:
      out = python::text_repr(value.text);
      break;
    case Kind::kList:
    case Kind::kTuple: {
      const bool tuple = value.is(Kind::kTuple);
      out = tuple ? "(" : "[";
      write_items(budget, out, *value.list);
      if (tuple && value.list->size() == 1) out += ",";
      out += tuple ? ")" : "]";
      break;
    }
    case Kind::kNamespace:
    case Kind::kMap: {
      out = "{";
      for (const auto& [key, item] : *value.map) {
        if (out.size() > 1) out += ", ";
        out += repr(budget, key) + ": " + repr(budget, item);
      }
      out += "}";
      break;
    }
    case Kind::kFunction:
      throw Problem("'" + value.text + "' is a function and cannot be printed");
  }
  budget.text(static_cast<std::int64_t>(out.size()));
  return out;
}

std::string json(Budget& budget, const Value& value, int indent) {
  const DeeperBy1 deeper(budget);
  budget.step();
  if (value.is_text()) return json_text(budget, value.text);
  if (value.is(Kind::kNone)) return "null";
  if (value.is(Kind::kBool)) return value.integer ? "true" : "false";
  if (value.is_number()) return repr(budget, value);
  std::vector<std::string> parts;
  if (value.is_sequence()) {
    for (const Value& item : *value.list) parts.push_back(json(budget, item, -1));
  } else if (value.is(Kind::kMap)) {
    Map sorted = *value.map;  // keys are sorted by default
    std::sort(sorted.begin(), sorted.end(),
              [](const auto& a, const auto& b) { return a.first.text < b.first.text; });
    for (const auto& [key, item] : sorted)
      parts.push_back(json_text(budget, str(budget, key)) + ": " + json(budget, item, -1));
  } else {
    throw Problem(fmt::format("a value of type {} cannot be written as JSON", type_name(value)));
  }
  if (indent >= 0 && !parts.empty()) throw Problem("tojson(indent=...) is not supported");
  std::string out;
  for (const std::string& part : parts) out += (out.empty() ? "" : ", ") + part;
  budget.text(static_cast<std::int64_t>(out.size()));
  return value.is_sequence() ? "[" + out + "]" : "{" + out + "}";
}

bool equal(Budget& budget, const Value& a, const Value& b) {
  const DeeperBy1 deeper(budget);
  budget.step();
  if (a.is(Kind::kUndefined)) throw undefined_problem(a);
  if (b.is(Kind::kUndefined)) throw undefined_problem(b);
  if (a.is_integer() && b.is_integer()) return a.integer == b.integer;
  if (a.is_number() && b.is_number()) return a.as_number() == b.as_number();
  if (a.kind != b.kind) return false;
  if (a.is_text()) return a.text == b.text;
  if (a.is(Kind::kMap)) return equal_maps(budget, *a.map, *b.map);
  if (a.is(Kind::kNone)) return true;
  if (!a.is_sequence()) return a.map == b.map && a.function == b.function;
  if (a.list->size() != b.list->size()) return false;
  for (std::size_t i = 0; i < a.list->size(); ++i)
    if (!equal(budget, (*a.list)[i], (*b.list)[i])) return false;
  return true;
}

bool less(Budget& budget, const Value& a, const Value& b) {
  const DeeperBy1 deeper(budget);
  budget.step();
  if (a.is(Kind::kUndefined)) throw undefined_problem(a);
  if (b.is(Kind::kUndefined)) throw undefined_problem(b);
  if (a.is_integer() && b.is_integer()) return a.integer < b.integer;
  if (a.is_number() && b.is_number()) return a.as_number() < b.as_number();
  if (a.is_text() && b.is_text()) return a.text < b.text;  // UTF-8 sorts as its characters
  if (a.kind != b.kind || !a.is_sequence())
    throw Problem(
        fmt::format("'<' is not possible between '{}' and '{}'", type_name(a), type_name(b)));
  for (std::size_t i = 0; i < a.list->size() && i < b.list->size(); ++i) {
    if (!equal(budget, (*a.list)[i], (*b.list)[i])) return less(budget, (*a.list)[i], (*b.list)[i]);
  }
  return a.list->size() < b.list->size();
}

bool contains(Budget& budget, const Value& container, const Value& item) {
  if (container.is(Kind::kUndefined)) throw undefined_problem(container);
  if (item.is(Kind::kUndefined)) throw undefined_problem(item);
  if (container.is_text()) {
    if (!item.is_text())
      throw Problem(fmt::format("'in' of a text needs a text, not '{}'", type_name(item)));
    budget.step(1 + static_cast<std::int64_t>(container.text.size()) / 64);
    return container.text.find(item.text) != std::string::npos;
  }
  if (container.is(Kind::kMap)) return lookup(budget, *container.map, item) != nullptr;
  if (!container.is_sequence())
    throw Problem(fmt::format("'in' is not possible for '{}'", type_name(container)));
  for (const Value& element : *container.list)
    if (equal(budget, element, item)) return true;
  return false;
}

List items(Budget& budget, const Value& value) {
  List result;
  if (value.is(Kind::kUndefined)) throw undefined_problem(value);
  if (value.is_sequence()) {
    result = *value.list;
  } else if (value.is(Kind::kMap)) {
    for (const auto& [key, item] : *value.map) result.push_back(key);
  } else if (value.is_text()) {
    budget.step(static_cast<std::int64_t>(value.text.size()));
    for (const char32_t c : python::decode(value.text))
      result.push_back(Value::of(python::encode(std::u32string(1, c))));
  } else {
    throw Problem(fmt::format("'{}' cannot be looped over", type_name(value)));
  }
  budget.step(static_cast<std::int64_t>(result.size()));
  for (const Value& item : result) budget.copy(item);
  return result;
}

std::int64_t size(const Value& value) {
  if (value.is(Kind::kUndefined)) throw undefined_problem(value);
  if (value.is_text()) return python::length(value.text);
  if (value.is_sequence()) return static_cast<std::int64_t>(value.list->size());
  if (value.is(Kind::kMap)) return static_cast<std::int64_t>(value.map->size());
  throw Problem(fmt::format("'{}' has no length", type_name(value)));
}

const Value* lookup(Budget& budget, const Map& map, const Value& key) {
  if (key.is(Kind::kList) || key.is(Kind::kMap))
    throw Problem(fmt::format("'{}' cannot be a key", type_name(key)));
  for (const auto& [k, value] : map)
    if (k.is_text() && key.is_text() ? k.text == key.text : equal(budget, k, key)) return &value;
  budget.step(1 + static_cast<std::int64_t>(map.size()) / 8);
  return nullptr;
}

void assign(Budget& budget, Map& map, const Value& key, Value value) {
  budget.copy(value);
  refuse_cycle(budget, value, &map);
  if (const Value* found = lookup(budget, map, key))
    *const_cast<Value*>(found) = std::move(value);
  else
    map.emplace_back(key, std::move(value));
}

void refuse_cycle(Budget& budget, const Value& value, const void* container) {
  if (!value.list && !value.map) return;
  if (value.list.get() == container || value.map.get() == container)
    throw Problem("a list or dict cannot hold itself");
  const DeeperBy1 deeper(budget);
  if (value.list) {
    budget.step(static_cast<std::int64_t>(value.list->size()));
    for (const Value& item : *value.list) refuse_cycle(budget, item, container);
  }
  if (value.map) {
    budget.step(static_cast<std::int64_t>(value.map->size()));
    for (const auto& [key, item] : *value.map) refuse_cycle(budget, item, container);
  }
}

}  // namespace assay::detail::jinja
