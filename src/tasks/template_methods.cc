// Methods of Python's str, list and dict that templates call, and how arguments are bound.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "tasks/python_text.h"
#include "tasks/template_value.h"

namespace assay::detail::jinja {

Bound::Bound(const std::string& function, Arguments& arguments, std::vector<std::string> names)
    : function_(function), names_(std::move(names)) {
  values_.resize(names_.size());
  present_.resize(names_.size());
  if (arguments.positional.size() > names_.size())
    throw Problem(fmt::format("{}() takes at most {} arguments", function, names_.size()));
  for (std::size_t i = 0; i < arguments.positional.size(); ++i) {
    values_[i] = arguments.positional[i];
    present_[i] = true;
  }
  for (auto& [name, value] : arguments.named) {
    const auto found = std::find(names_.begin(), names_.end(), name);
    if (found == names_.end())
      throw Problem(fmt::format("{}() has no argument '{}'", function, name));
    const std::size_t i = static_cast<std::size_t>(found - names_.begin());
    if (present_[i]) throw Problem(fmt::format("{}() has '{}' twice", function, name));
    values_[i] = value;
    present_[i] = true;
  }
}

const Value& Bound::at(std::size_t i) const {
  if (!present_[i]) throw Problem(fmt::format("{}() needs '{}'", function_, names_[i]));
  if (values_[i].is(Value::Kind::kUndefined))
    throw Problem(
        fmt::format("'{}' is undefined: the row has no such column or field", values_[i].text));
  return values_[i];
}

std::string Bound::text(std::size_t i) const {
  if (!at(i).is_text())
    throw Problem(
        fmt::format("{}() needs a text as '{}', not '{}'", function_, names_[i], type_name(at(i))));
  return at(i).text;
}

std::int64_t Bound::integer(std::size_t i, std::int64_t otherwise) const {
  if (!present_[i]) return otherwise;
  if (!at(i).is_integer())
    throw Problem(fmt::format("{}() needs a whole number as '{}', not '{}'", function_, names_[i],
                              type_name(at(i))));
  return at(i).integer;
}

bool Bound::flag(std::size_t i, bool otherwise) const {
  return present_[i] ? truth(at(i)) : otherwise;
}

namespace {

using Method = Value (*)(Budget&, const Value&, Arguments&);
using Table = std::map<std::string, Method>;

std::optional<std::string> optional_text(const Bound& bound, std::size_t i) {
  if (!bound.has(i) || bound.at(i).is(Value::Kind::kNone)) return std::nullopt;
  return bound.text(i);
}

Value list_of(std::vector<std::string> texts) {
  List list;
  for (std::string& text : texts) list.push_back(Value::of(std::move(text)));
  return Value::of(std::move(list));
}

template <bool left, bool right>
Value strip_method(Budget&, const Value& self, Arguments& a) {
  const Bound bound("strip", a, {"chars"});
  return Value::of(python::strip(self.text, optional_text(bound, 0), left, right));
}

template <bool last>
Value split_method(Budget& budget, const Value& self, Arguments& a) {
  const Bound bound("split", a, {"sep", "maxsplit"});
  const auto separator = optional_text(bound, 0);
  if (separator && separator->empty()) throw Problem("split() needs a separator that is not empty");
  budget.step(static_cast<std::int64_t>(self.text.size()));
  const std::int64_t max = bound.integer(1, -1);
  return list_of(last ? python::rsplit(self.text, separator, max)
                      : python::split(self.text, separator, max));
}

template <bool end>
Value starts_method(Budget&, const Value& self, Arguments& a) {
  const Bound bound(end ? "endswith" : "startswith", a, {"prefix"});
  const auto matches = [&](const Value& part) {
    if (!part.is_text()) throw Problem("startswith() and endswith() need a text");
    return end ? self.text.ends_with(part.text) : self.text.starts_with(part.text);
  };
  if (!bound.at(0).is(Value::Kind::kTuple)) return Value::of(matches(bound.at(0)));
  const List& parts = *bound.at(0).list;
  return Value::of(std::any_of(parts.begin(), parts.end(), matches));
}

template <bool last, bool must>
Value find_method(Budget& budget, const Value& self, Arguments& a) {
  const Bound bound("find", a, {"sub"});
  budget.step(1 + static_cast<std::int64_t>(self.text.size()) / 64);
  const std::int64_t at = python::find(self.text, bound.text(0), last);
  if (must && at < 0) throw Problem("index() did not find the text");
  return Value::of(at);
}

template <bool last>
Value partition_method(Budget& budget, const Value& self, Arguments& a) {
  const Bound bound("partition", a, {"sep"});
  const std::string separator = bound.text(0), &text = self.text;
  if (separator.empty()) throw Problem("partition() needs a separator that is not empty");
  budget.step(1 + static_cast<std::int64_t>(text.size()) / 64);
  const std::size_t at = last ? text.rfind(separator) : text.find(separator);
  if (at == std::string::npos) {
    const List missing =
        last ? List{Value::of(""), Value::of(""), self} : List{self, Value::of(""), Value::of("")};
    return Value::of(missing, true);
  }
  return Value::of(List{Value::of(text.substr(0, at)), Value::of(separator),
                        Value::of(text.substr(at + separator.size()))},
                   true);
}

Value replace_method(Budget& budget, const Value& self, Arguments& a) {
  const Bound bound("replace", a, {"old", "new", "count"});
  const std::string from = bound.text(0), to = bound.text(1);
  const std::int64_t n = python::count(self.text, from);
  budget.step(1 + static_cast<std::int64_t>(self.text.size()) / 16);
  std::int64_t grown = 0;
  if (__builtin_mul_overflow(n, static_cast<std::int64_t>(to.size()), &grown)) grown = -1;
  budget.text(grown);
  return Value::of(python::replace(self.text, from, to, bound.integer(2, -1)));
}

Value join_method(Budget& budget, const Value& self, Arguments& a) {
  const Bound bound("join", a, {"iterable"});
  std::string out;
  bool first = true;
  for (const Value& item : items(budget, bound.at(0))) {
    if (!item.is_text()) throw Problem(fmt::format("join() of '{}'", type_name(item)));
    if (!std::exchange(first, false)) out += self.text;
    budget.text(static_cast<std::int64_t>(self.text.size() + item.text.size()));
    out += item.text;
  }
  return Value::of(std::move(out));
}

// str.format with {}, {0} and {name}; no attributes, no format specifications.
Value format_method(Budget& budget, const Value& self, Arguments& a) {
  std::string out;
  std::size_t next = 0;
  const std::string& format = self.text;
  for (std::size_t at = 0; at < format.size(); ++at) {
    const char c = format[at];
    if ((c == '{' || c == '}') && at + 1 < format.size() && format[at + 1] == c) {
      out += format[at++];
      continue;
    }
    if (c != '{') {
      out += c;
      continue;
    }
    const std::size_t end = format.find('}', at);
    if (end == std::string::npos) throw Problem("format(): a '{' has no '}'");
    const std::string field = format.substr(at + 1, end - at - 1);
    at = end;
    const Value* value = nullptr;
    if (field.empty() || python::is_digits(field)) {
      if (field.size() > 6) throw Problem("format(): a number is too large");
      const std::size_t i = field.empty() ? next++ : std::stoul(field);
      if (i < a.positional.size()) value = &a.positional[i];
    }
    for (const auto& [name, given] : a.named)
      if (name == field) value = &given;
    if (value == nullptr)
      throw Problem("format() does not have or does not support '{" + field + "}'");
    out += str(budget, *value);
    budget.text(static_cast<std::int64_t>(out.size()));
  }
  return Value::of(std::move(out));
}

template <std::string (*change)(std::string_view)>
Value changed(Budget&, const Value& self, Arguments& a) {
  const Bound bound("method", a, {});
  return Value::of(change(self.text));
}

template <bool (*is)(char32_t)>
Value all_are(Budget&, const Value& self, Arguments& a) {
  const Bound bound("method", a, {});
  const std::u32string all = python::decode(self.text);
  return Value::of(!all.empty() && std::all_of(all.begin(), all.end(), is));
}

bool is_digit(char32_t c) { return c >= '0' && c <= '9'; }
bool is_alphanumeric(char32_t c) { return is_digit(c) || python::is_letter(c); }

template <bool end>
Value without_method(Budget&, const Value& self, Arguments& a) {
  const Bound bound("removeprefix", a, {"part"});
  const std::string part = bound.text(0);
  std::string text = self.text;
  if (end ? text.ends_with(part) : text.starts_with(part))
    text.erase(end ? text.size() - part.size() : 0, part.size());
  return Value::of(std::move(text));
}

const Table& text_methods() {
  static const Table table = {
      {"strip", strip_method<true, true>},
      {"lstrip", strip_method<true, false>},
      {"rstrip", strip_method<false, true>},
      {"split", split_method<false>},
      {"rsplit", split_method<true>},
      {"splitlines",
       [](Budget& budget, const Value& self, Arguments& a) {
         const Bound bound("splitlines", a, {});
         budget.step(static_cast<std::int64_t>(self.text.size()));
         return list_of(python::splitlines(self.text));
       }},
      {"startswith", starts_method<false>},
      {"endswith", starts_method<true>},
      {"find", find_method<false, false>},
      {"rfind", find_method<true, false>},
      {"index", find_method<false, true>},
      {"rindex", find_method<true, true>},
      {"count",
       [](Budget&, const Value& self, Arguments& a) {
         const Bound bound("count", a, {"sub"});
         return Value::of(python::count(self.text, bound.text(0)));
       }},
      {"partition", partition_method<false>},
      {"rpartition", partition_method<true>},
      {"replace", replace_method},
      {"join", join_method},
      {"format", format_method},
      {"upper", changed<python::upper>},
      {"lower", changed<python::lower>},
      {"casefold", changed<python::lower>},
      {"title", changed<python::title>},
      {"capitalize", changed<python::capitalize>},
      {"isdigit", all_are<is_digit>},
      {"isnumeric", all_are<is_digit>},
      {"isalpha", all_are<python::is_letter>},
      {"isalnum", all_are<is_alphanumeric>},
      {"isspace", all_are<python::is_space>},
      {"removeprefix", without_method<false>},
      {"removesuffix", without_method<true>},
  };
  return table;
}

const Table& list_methods() {
  static const Table table = {
      {"index",
       [](Budget& budget, const Value& self, Arguments& a) {
         const Bound bound("index", a, {"value"});
         for (std::size_t i = 0; i < self.list->size(); ++i)
           if (equal(budget, (*self.list)[i], bound.at(0)))
             return Value::of(static_cast<std::int64_t>(i));
         throw Problem(repr(budget, bound.at(0)) + " is not in the list");
       }},
      {"count",
       [](Budget& budget, const Value& self, Arguments& a) {
         const Bound bound("count", a, {"value"});
         std::int64_t n = 0;
         for (const Value& item : *self.list) n += equal(budget, item, bound.at(0)) ? 1 : 0;
         return Value::of(n);
       }},
      {"append",
       [](Budget& budget, const Value& self, Arguments& a) {
         const Bound bound("append", a, {"value"});
         budget.step();
         budget.copy(bound.at(0));
         refuse_cycle(budget, bound.at(0), self.list.get());
         self.list->push_back(bound.at(0));
         return Value::none();
       }},
      {"extend",
       [](Budget& budget, const Value& self, Arguments& a) {
         const Bound bound("extend", a, {"values"});
         for (Value& item : items(budget, bound.at(0))) {
           refuse_cycle(budget, item, self.list.get());
           self.list->push_back(std::move(item));
         }
         return Value::none();
       }},
      {"pop",
       [](Budget& budget, const Value& self, Arguments& a) {
         const Bound bound("pop", a, {"index"});
         Value item = subscript(budget, self, Value::of(bound.integer(0, -1)));
         if (item.is(Value::Kind::kUndefined)) throw Problem("pop() finds no such element");
         const std::int64_t at = bound.integer(0, -1);
         self.list->erase(at < 0 ? self.list->end() + at : self.list->begin() + at);
         return item;
       }},
      {"copy", [](Budget&, const Value& self, Arguments&) { return Value::of(List(*self.list)); }},
  };
  return table;
}

Value map_items(Budget& budget, const Value& self, Arguments&) {
  List list;
  budget.step(static_cast<std::int64_t>(self.map->size()));
  for (const auto& [key, value] : *self.map) list.push_back(Value::of(List{key, value}, true));
  return Value::of(std::move(list));
}

const Table& map_methods() {
  static const Table table = {
      {"items", map_items},
      {"keys", [](Budget& budget, const Value& self,
                  Arguments&) { return Value::of(items(budget, self)); }},
      {"values",
       [](Budget& budget, const Value& self, Arguments&) {
         List list;
         budget.step(static_cast<std::int64_t>(self.map->size()));
         for (const auto& [key, value] : *self.map) list.push_back(value);
         return Value::of(std::move(list));
       }},
      {"get",
       [](Budget& budget, const Value& self, Arguments& a) {
         const Bound bound("get", a, {"key", "default"});
         const Value* found = lookup(budget, *self.map, bound.at(0));
         return found != nullptr ? *found : bound.has(1) ? bound.at(1) : Value::none();
       }},
      {"update",
       [](Budget& budget, const Value& self, Arguments& a) {
         for (const Value& other : a.positional) {
           if (!other.is(Value::Kind::kMap)) throw Problem("update() needs a dict");
           const Map copy = *other.map;
           for (const auto& [key, value] : copy) assign(budget, *self.map, key, value);
         }
         for (auto& [name, value] : a.named)
           assign(budget, *self.map, Value::of(name), std::move(value));
         return Value::none();
       }},
  };
  return table;
}

}  // namespace

Value method(const Value& object, const std::string& name) {
  const Table* table = object.is_text()               ? &text_methods()
                       : object.is_sequence()         ? &list_methods()
                       : object.is(Value::Kind::kMap) ? &map_methods()
                                                      : nullptr;
  const auto found = table == nullptr ? Table::const_iterator() : table->find(name);
  if (table == nullptr || found == table->end()) return Value::undefined(name);
  return Value::of(
      [object, run = found->second](Budget& budget, Arguments& arguments) {
        return run(budget, object, arguments);
      },
      name);
}

}  // namespace assay::detail::jinja
