// Python's operators on the values of a template.
#include <fmt/format.h>

#include <cmath>

#include "tasks/python_text.h"
#include "tasks/template_value.h"

namespace assay::detail::jinja {
namespace {

using Kind = Value::Kind;

Problem no_operator(const std::string& op, const Value& a, const Value& b) {
  for (const Value* value : {&a, &b}) {
    if (value->is(Kind::kUndefined))
      return Problem(
          fmt::format("'{}' is undefined: the row has no such column or field", value->text));
  }
  return Problem(
      fmt::format("'{}' is not possible between '{}' and '{}'", op, type_name(a), type_name(b)));
}

Problem too_large() { return Problem("a whole number exceeds 64 bits"); }
Problem division_by_zero() { return Problem("division by zero"); }

std::int64_t floor_divided(std::int64_t a, std::int64_t b) {
  if (b == 0) throw division_by_zero();
  if (b == -1) {
    if (a == INT64_MIN) throw too_large();
    return -a;
  }
  const std::int64_t q = a / b;
  return q * b != a && (a < 0) != (b < 0) ? q - 1 : q;
}

std::int64_t power(Budget& budget, std::int64_t base, std::int64_t exponent) {
  std::int64_t result = 1;
  if (base == 0 || base == 1) return exponent == 0 ? 1 : base;
  if (base == -1) return exponent % 2 == 0 ? 1 : -1;
  for (; exponent > 0; --exponent) {
    budget.step();
    if (__builtin_mul_overflow(result, base, &result)) throw too_large();
  }
  return result;
}

Value whole(Budget& budget, const std::string& op, const Value& a, const Value& b) {
  std::int64_t result = 0;
  const std::int64_t x = a.integer, y = b.integer;
  if (op == "+"   ? __builtin_add_overflow(x, y, &result)
      : op == "-" ? __builtin_sub_overflow(x, y, &result)
      : op == "*" ? __builtin_mul_overflow(x, y, &result)
                  : false)
    throw too_large();
  if (op == "//") result = floor_divided(x, y);
  if (op == "%") {
    if (y == 0) throw division_by_zero();
    result = y == -1 ? 0 : x - floor_divided(x, y) * y;
  }
  if (op == "**") {
    if (y < 0) return Value::of(std::pow(a.as_number(), b.as_number()));
    result = power(budget, x, y);
  }
  return Value::of(result);
}

Value arithmetic(Budget& budget, const std::string& op, const Value& a, const Value& b) {
  const bool both_whole = a.is_integer() && b.is_integer();
  const double x = a.as_number(), y = b.as_number();
  if (op == "/") {
    if (y == 0) throw division_by_zero();
    return Value::of(x / y);
  }
  if (both_whole) return whole(budget, op, a, b);
  if (op == "+") return Value::of(x + y);
  if (op == "-") return Value::of(x - y);
  if (op == "*") return Value::of(x * y);
  if (op == "**") return Value::of(std::pow(x, y));
  if (y == 0) throw division_by_zero();
  const double quotient = std::floor(x / y);
  if (op == "//") return Value::of(quotient);
  double rest = std::fmod(x, y);
  if (rest != 0 && (rest < 0) != (y < 0)) rest += y;
  return Value::of(rest);
}

Value repeated(Budget& budget, const Value& value, std::int64_t n) {
  n = std::max<std::int64_t>(n, 0);
  if (value.is_text()) {
    std::int64_t total = 0;
    if (__builtin_mul_overflow(n, static_cast<std::int64_t>(value.text.size()), &total))
      throw too_large();
    budget.text(total);
    std::string result;
    result.reserve(static_cast<std::size_t>(total));
    for (std::int64_t i = 0; total > 0 && i < n; ++i) result += value.text;
    return Value::of(std::move(result));
  }
  List result;
  for (std::int64_t i = 0; !value.list->empty() && i < n; ++i) {
    budget.step(static_cast<std::int64_t>(value.list->size()));
    for (const Value& item : *value.list) budget.copy(item);
    result.insert(result.end(), value.list->begin(), value.list->end());
  }
  return Value::of(std::move(result), value.is(Kind::kTuple));
}

Value added(Budget& budget, const Value& a, const Value& b) {
  if (a.is_text() && b.is_text()) {
    budget.text(static_cast<std::int64_t>(a.text.size() + b.text.size()));
    return Value::of(a.text + b.text);
  }
  if (!a.is_sequence() || a.kind != b.kind) throw no_operator("+", a, b);
  budget.step(static_cast<std::int64_t>(a.list->size() + b.list->size()));
  List result = *a.list;
  for (const List* list : {a.list.get(), b.list.get()})
    for (const Value& item : *list) budget.copy(item);
  result.insert(result.end(), b.list->begin(), b.list->end());
  return Value::of(std::move(result), a.is(Kind::kTuple));
}

std::optional<std::int64_t> bound(const Value& value) {
  if (value.is(Kind::kNone)) return std::nullopt;
  if (!value.is_integer()) throw Problem("the bounds of a slice must be whole numbers");
  return value.integer;
}

// One conversion of a format such as "%-5.2f".
struct Conversion {
  std::string flags;
  int width = 0, precision = -1;
  char type = 's';
};

Conversion read_conversion(const std::string& format, std::size_t& at) {
  Conversion result;
  while (at < format.size() && std::string_view("-+ #0").find(format[at]) != std::string::npos)
    result.flags += format[at++];
  const auto number = [&] {
    int n = 0;
    while (at < format.size() && format[at] >= '0' && format[at] <= '9') {
      n = n * 10 + (format[at++] - '0');
      if (n > 100000) throw Problem("a width in a format is too large", true);
    }
    return n;
  };
  result.width = number();
  if (at < format.size() && format[at] == '.') {
    ++at;
    result.precision = number();
  }
  if (at >= format.size()) throw Problem("a format ends inside a conversion");
  result.type = format[at++];
  return result;
}

std::string converted(Budget& budget, const Conversion& c, const Value& value) {
  std::string text;
  if (c.type == 's' || c.type == 'r') {
    text = c.type == 's' ? str(budget, value) : repr(budget, value);
    if (c.precision >= 0)
      text = python::encode(python::decode(text).substr(0, std::size_t(c.precision)));
  } else if (!value.is_number()) {
    throw Problem(fmt::format("%{} needs a number, not '{}'", c.type, type_name(value)));
  } else {
    const std::string sign = c.flags.find('+') != std::string::npos ? "+" : "-";
    if (c.type == 'd' || c.type == 'i') {
      const std::int64_t n =
          value.is_integer() ? value.integer : static_cast<std::int64_t>(value.number);
      text = sign == "+" ? fmt::format("{:+}", n) : fmt::format("{}", n);
    } else if (std::string_view("feg").find(c.type) != std::string_view::npos) {
      text = fmt::format(
          fmt::runtime("{:" + sign + "." + std::to_string(c.precision < 0 ? 6 : c.precision) +
                       c.type + "}"),
          value.as_number());
    } else {
      throw Problem(fmt::format("the conversion %{} is not supported", c.type));
    }
  }
  const std::int64_t missing = c.width - python::length(text);
  if (missing <= 0) return text;
  const std::size_t n = static_cast<std::size_t>(missing);
  if (c.flags.find('-') != std::string::npos) return text + std::string(n, ' ');
  const bool zeros = c.flags.find('0') != std::string::npos && c.type != 's' && c.type != 'r';
  const bool has_sign = !text.empty() && (text[0] == '-' || text[0] == '+');
  if (zeros && has_sign) return text.substr(0, 1) + std::string(n, '0') + text.substr(1);
  return std::string(n, zeros ? '0' : ' ') + text;
}

}  // namespace

Value binary(Budget& budget, const std::string& op, const Value& a, const Value& b) {
  if (op == "==") return Value::of(equal(budget, a, b));
  if (op == "!=") return Value::of(!equal(budget, a, b));
  if (op == "<") return Value::of(less(budget, a, b));
  if (op == ">") return Value::of(less(budget, b, a));
  if (op == "<=") return Value::of(less(budget, a, b) || equal(budget, a, b));
  if (op == ">=") return Value::of(less(budget, b, a) || equal(budget, a, b));
  if (op == "in") return Value::of(contains(budget, b, a));
  if (op == "not in") return Value::of(!contains(budget, b, a));
  if (op == "~") {
    std::string text = str(budget, a) + str(budget, b);
    budget.text(static_cast<std::int64_t>(text.size()));
    return Value::of(std::move(text));
  }
  if (a.is_number() && b.is_number()) return arithmetic(budget, op, a, b);
  if (op == "+") return added(budget, a, b);
  if (op == "*") {
    if ((a.is_text() || a.is_sequence()) && b.is_integer()) return repeated(budget, a, b.integer);
    if ((b.is_text() || b.is_sequence()) && a.is_integer()) return repeated(budget, b, a.integer);
  }
  if (op == "%" && a.is_text()) {
    if (b.is(Kind::kUndefined)) throw no_operator(op, a, b);
    const List one{b};
    return Value::of(percent_format(budget, a.text, b.is(Kind::kTuple) ? *b.list : one));
  }
  throw no_operator(op, a, b);
}

Value negated(const Value& value) {
  if (value.is(Kind::kFloat)) return Value::of(-value.number);
  if (!value.is_integer())
    throw Problem(fmt::format("'-' is not possible for '{}'", type_name(value)));
  if (value.integer == INT64_MIN) throw too_large();
  return Value::of(-value.integer);
}

Value subscript(Budget& budget, const Value& object, const Value& key) {
  const std::string name = key.is_text() ? key.text : "element " + repr(budget, key);
  if (object.is(Kind::kUndefined)) throw no_operator("[]", object, key);
  if (object.is(Kind::kMap) || object.is(Kind::kNamespace)) {
    const Value* found = lookup(budget, *object.map, key);
    return found != nullptr ? *found : Value::undefined(name);
  }
  if (!key.is_integer() || !(object.is_sequence() || object.is_text()))
    return Value::undefined(name);
  const std::int64_t n = size(object);
  const std::int64_t at = key.integer < 0 ? key.integer + n : key.integer;
  if (at < 0 || at >= n) return Value::undefined(name);
  if (object.is_sequence()) return (*object.list)[static_cast<std::size_t>(at)];
  budget.step(1 + n / 64);
  return Value::of(
      python::encode(std::u32string(1, python::decode(object.text)[static_cast<std::size_t>(at)])));
}

Value slice(Budget& budget, const Value& object, const Value& start, const Value& stop,
            const Value& step) {
  const std::int64_t width = bound(step).value_or(1);
  if (width == 0) throw Problem("the step of a slice cannot be zero");
  if (!object.is_text() && !object.is_sequence())
    throw Problem(fmt::format("'{}' cannot be sliced", type_name(object)));
  const auto part = python::slice(size(object), bound(start), bound(stop), width);
  budget.step(1 + part.n / 8);
  if (object.is_text()) {
    const std::u32string all = python::decode(object.text);
    std::u32string result;
    for (std::int64_t i = 0; i < part.n; ++i)
      result += all[static_cast<std::size_t>(part.start + i * part.step)];
    return Value::of(python::encode(result));
  }
  List result;
  for (std::int64_t i = 0; i < part.n; ++i)
    result.push_back((*object.list)[static_cast<std::size_t>(part.start + i * part.step)]);
  return Value::of(std::move(result), object.is(Kind::kTuple));
}

std::string percent_format(Budget& budget, const std::string& format, const List& arguments) {
  std::string out;
  std::size_t next = 0;
  for (std::size_t at = 0; at < format.size();) {
    if (format[at] != '%') {
      out += format[at++];
      continue;
    }
    if (++at < format.size() && format[at] == '%') {
      out += format[at++];
      continue;
    }
    const Conversion conversion = read_conversion(format, at);
    if (next >= arguments.size()) throw Problem("not enough arguments for a format");
    out += converted(budget, conversion, arguments[next++]);
    budget.text(static_cast<std::int64_t>(out.size()));
  }
  if (next != arguments.size()) throw Problem("too many arguments for a format");
  return out;
}

}  // namespace assay::detail::jinja
