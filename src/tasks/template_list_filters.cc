// Jinja2's filters on lists.
#include <fmt/format.h>

#include <algorithm>

#include "tasks/python_text.h"
#include "tasks/template_filters.h"

namespace assay::detail::jinja {
namespace {

using Kind = Value::Kind;

// "a.b.0" reaches into objects as Jinja2's make_attrgetter does.
Value attribute(Budget& budget, Value value, const Value& path) {
  if (path.is_integer()) return subscript(budget, value, path);
  for (const std::string& part : python::split(path.text, ".")) {
    const bool index = python::is_digits(part) && part.size() < 10;
    value = subscript(budget, value,
                      index ? Value::of(std::int64_t{std::stoll(part)}) : Value::of(part));
  }
  return value;
}

Value sort_key(Budget& budget, const Value& value, const Bound& bound, std::size_t attribute_at,
               bool case_sensitive) {
  Value key = bound.has(attribute_at) && !bound.at(attribute_at).is(Kind::kNone)
                  ? attribute(budget, value, bound.at(attribute_at))
                  : value;
  if (!case_sensitive && key.is_text()) key.text = python::lower(key.text);
  return key;
}

List sorted(Budget& budget, List list, const List& keys, bool reverse) {
  std::vector<std::size_t> order(list.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return reverse ? less(budget, keys[b], keys[a]) : less(budget, keys[a], keys[b]);
  });
  List result;
  for (const std::size_t i : order) result.push_back(list[i]);
  return result;
}

Value sort_filter(Budget& budget, const Value& input, Arguments& a) {
  const Bound bound("sort", a, {"reverse", "case_sensitive", "attribute"});
  List list = items(budget, input), keys;
  for (const Value& item : list)
    keys.push_back(sort_key(budget, item, bound, 2, bound.flag(1, false)));
  return Value::of(sorted(budget, std::move(list), keys, bound.flag(0, false)));
}

Value dictsort_filter(Budget& budget, const Value& input, Arguments& a) {
  const Bound bound("dictsort", a, {"case_sensitive", "by", "reverse"});
  if (!input.is(Kind::kMap)) throw Problem("dictsort needs a dict");
  const bool by_value = bound.has(1) && bound.text(1) == "value";
  List list, keys;
  for (const auto& [key, value] : *input.map) {
    list.push_back(Value::of(List{key, value}, true));
    Value by = by_value ? value : key;
    if (!bound.flag(0, false) && by.is_text()) by.text = python::lower(by.text);
    keys.push_back(std::move(by));
  }
  return Value::of(sorted(budget, std::move(list), keys, bound.flag(2, false)));
}

Value unique_filter(Budget& budget, const Value& input, Arguments& a) {
  const Bound bound("unique", a, {"case_sensitive", "attribute"});
  List result, seen;
  for (Value& item : items(budget, input)) {
    Value key = sort_key(budget, item, bound, 1, bound.flag(0, false));
    const bool known = std::any_of(seen.begin(), seen.end(),
                                   [&](const Value& other) { return equal(budget, key, other); });
    if (known) continue;
    seen.push_back(std::move(key));
    result.push_back(std::move(item));
  }
  return Value::of(std::move(result));
}

template <bool largest>
Value extreme_filter(Budget& budget, const Value& input, Arguments& a) {
  const Bound bound("min", a, {"case_sensitive", "attribute"});
  Value best = Value::undefined("the extreme of an empty list"), best_key = best;
  for (const Value& item : items(budget, input)) {
    Value key = sort_key(budget, item, bound, 1, bound.flag(0, false));
    const bool better = best.is(Kind::kUndefined) ||
                        (largest ? less(budget, best_key, key) : less(budget, key, best_key));
    if (!better) continue;
    best = item;
    best_key = std::move(key);
  }
  return best;
}

Value sum_filter(Budget& budget, const Value& input, Arguments& a) {
  const Bound bound("sum", a, {"attribute", "start"});
  Value total = bound.has(1) ? bound.at(1) : Value::of(std::int64_t{0});
  for (const Value& item : items(budget, input))
    total = binary(budget, "+", total, bound.has(0) ? attribute(budget, item, bound.at(0)) : item);
  return total;
}

Value join_filter(Budget& budget, const Value& input, Arguments& a) {
  const Bound bound("join", a, {"d", "attribute"});
  const std::string between = bound.has(0) ? str(budget, bound.at(0)) : "";
  std::string out;
  bool first = true;
  for (const Value& item : items(budget, input)) {
    if (!std::exchange(first, false)) out += between;
    const std::string text =
        str(budget, bound.has(1) ? attribute(budget, item, bound.at(1)) : item);
    budget.text(static_cast<std::int64_t>(between.size() + text.size()));
    out += text;
  }
  return Value::of(std::move(out));
}

template <bool last>
Value end_filter(Budget& budget, const Value& input, Arguments&) {
  const List list = items(budget, input);
  if (list.empty()) return Value::undefined("the end of an empty list");
  return last ? list.back() : list.front();
}

Value reverse_filter(Budget& budget, const Value& input, Arguments&) {
  List list = items(budget, input);
  std::reverse(list.begin(), list.end());
  if (!input.is_text()) return Value::of(std::move(list));
  std::string out;
  for (const Value& item : list) out += item.text;
  return Value::of(std::move(out));
}

Value batch_filter(Budget& budget, const Value& input, Arguments& a) {
  const Bound bound("batch", a, {"linecount", "fill_with"});
  const std::int64_t n = bound.integer(0, 0);
  if (n <= 0) throw Problem("batch needs a count above zero");
  List rows, row;
  for (Value& item : items(budget, input)) {
    if (static_cast<std::int64_t>(row.size()) == n)
      rows.push_back(Value::of(std::exchange(row, List())));
    row.push_back(std::move(item));
  }
  for (; !row.empty() && bound.has(1) && static_cast<std::int64_t>(row.size()) < n; budget.step())
    row.push_back(bound.at(1));
  if (!row.empty()) rows.push_back(Value::of(std::move(row)));
  return Value::of(std::move(rows));
}

Value slice_filter(Budget& budget, const Value& input, Arguments& a) {
  const Bound bound("slice", a, {"slices", "fill_with"});
  const List list = items(budget, input);
  const std::int64_t n = bound.integer(0, 0), total = static_cast<std::int64_t>(list.size());
  if (n <= 0) throw Problem("slice needs a count above zero");
  List rows;
  auto next = list.begin();
  for (std::int64_t i = 0; i < n; ++i) {
    budget.step();
    const bool longer = i < total % n;
    const std::int64_t length = total / n + (longer ? 1 : 0);
    List row(next, next + length);
    next += length;
    if (bound.has(1) && !longer && total % n != 0) row.push_back(bound.at(1));
    rows.push_back(Value::of(std::move(row)));
  }
  return Value::of(std::move(rows));
}

// map("upper"), map("replace", "a", "b"), map(attribute="text", default="")
Value map_filter(Budget& budget, const Value& input, Arguments& a) {
  List result;
  const bool by_attribute = !a.named.empty() && a.positional.empty();
  for (const Value& item : items(budget, input)) {
    Arguments rest = a;
    if (by_attribute) {
      const Bound bound("map", rest, {"attribute", "default"});
      Value found = attribute(budget, item, bound.at(0));
      result.push_back(found.is(Kind::kUndefined) && bound.has(1) ? bound.at(1) : found);
      continue;
    }
    if (rest.positional.empty() || !rest.positional[0].is_text())
      throw Problem("map needs the name of a filter");
    const std::string name = rest.positional[0].text;
    rest.positional.erase(rest.positional.begin());
    result.push_back(apply_filter(budget, name, item, rest));
  }
  return Value::of(std::move(result));
}

template <bool keep, bool by_attribute>
Value select_filter(Budget& budget, const Value& input, Arguments& a) {
  List result;
  for (const Value& item : items(budget, input)) {
    Arguments rest = a;
    Value tested = item;
    if (by_attribute) {
      if (rest.positional.empty()) throw Problem("selectattr needs the name of an attribute");
      tested = attribute(budget, item, rest.positional[0]);
      rest.positional.erase(rest.positional.begin());
    }
    bool passes = false;
    if (rest.positional.empty()) {
      passes = truth(tested);
    } else {
      const std::string name = str(budget, rest.positional[0]);
      rest.positional.erase(rest.positional.begin());
      passes = apply_test(budget, name, tested, rest);
    }
    if (passes == keep) result.push_back(item);
  }
  return Value::of(std::move(result));
}

}  // namespace

const FilterTable& list_filters() {
  static const FilterTable table = {
      {"sort", sort_filter},
      {"dictsort", dictsort_filter},
      {"unique", unique_filter},
      {"min", extreme_filter<false>},
      {"max", extreme_filter<true>},
      {"sum", sum_filter},
      {"join", join_filter},
      {"first", end_filter<false>},
      {"last", end_filter<true>},
      {"reverse", reverse_filter},
      {"batch", batch_filter},
      {"slice", slice_filter},
      {"map", map_filter},
      {"select", select_filter<true, false>},
      {"reject", select_filter<false, false>},
      {"selectattr", select_filter<true, true>},
      {"rejectattr", select_filter<false, true>},
      {"list",
       [](Budget& budget, const Value& v, Arguments&) { return Value::of(items(budget, v)); }},
      {"items",
       [](Budget& budget, const Value& v, Arguments& a) {
         if (!v.is(Kind::kMap)) throw Problem("items needs a dict");
         return (*method(v, "items").function)(budget, a);
       }},
      {"attr",
       [](Budget& budget, const Value& v, Arguments& a) {
         const Bound bound("attr", a, {"name"});
         Value found = method(v, bound.text(0));
         if (found.is(Kind::kUndefined) && v.is(Kind::kNamespace))
           found = subscript(budget, v, bound.at(0));
         return found;
       }},
  };
  return table;
}

}  // namespace assay::detail::jinja
