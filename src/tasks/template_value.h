// Values while a template is rendered: Python's, as Jinja2 sees them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "tasks/rows.h"

namespace assay::detail::jinja {

// What a template does wrong with a row. `line` counts from 1 inside the template.
struct Problem : std::runtime_error {
  explicit Problem(const std::string& message, bool never_ends = false)
      : std::runtime_error(message), exceeds_limits(never_ends) {}
  bool exceeds_limits;
  int line = 0;
};

struct Value;

// What one rendering may use, so that a hostile template ends. Every evaluated node and every
// element touched is a step; every byte of text made is counted.
struct Budget {
  std::int64_t steps = 1'000'000;
  std::int64_t bytes = std::int64_t{256} << 20;
  int depth = 0;
  void step(std::int64_t n = 1);
  void text(std::int64_t n);
  void copy(const Value& value);  // of a text that is kept
};
struct DeeperBy1 {  // recursion: macros, nested values
  explicit DeeperBy1(Budget& budget);
  ~DeeperBy1() { --budget_.depth; }
  DeeperBy1(const DeeperBy1&) = delete;
  DeeperBy1& operator=(const DeeperBy1&) = delete;

 private:
  Budget& budget_;
};

using List = std::vector<Value>;
using Map = std::vector<std::pair<Value, Value>>;  // in the order of insertion

struct Arguments {
  List positional;
  std::vector<std::pair<std::string, Value>> named;
};
using Function = std::function<Value(Budget&, Arguments&)>;

struct Value {
  enum class Kind {
    kUndefined,
    kNone,
    kBool,
    kInt,
    kFloat,
    kText,
    kList,
    kTuple,
    kMap,
    kNamespace,
    kFunction
  };
  Kind kind = Kind::kUndefined;
  std::int64_t integer = 0;  // kBool too
  double number = 0;
  std::string text;  // kUndefined: the name
  std::shared_ptr<List> list;
  std::shared_ptr<Map> map;  // kNamespace too
  std::shared_ptr<Function> function;

  static Value undefined(std::string name);
  static Value none();
  static Value of(bool value);
  static Value of(std::int64_t value);
  static Value of(double value);
  static Value of(std::string value);
  static Value of(const char* value) { return of(std::string(value)); }
  static Value of(List items, bool tuple = false);
  static Value of(Map items);
  static Value of(Function call, std::string name);
  static Value from_json(Budget& budget, const Json& json);

  bool is(Kind k) const { return kind == k; }
  bool is_text() const { return kind == Kind::kText; }
  bool is_sequence() const { return kind == Kind::kList || kind == Kind::kTuple; }
  bool is_integer() const { return kind == Kind::kInt || kind == Kind::kBool; }
  bool is_number() const { return is_integer() || kind == Kind::kFloat; }
  double as_number() const { return kind == Kind::kFloat ? number : static_cast<double>(integer); }
};

// Errors of all of these: Problem. An undefined value is an error in each, as Jinja2's
// StrictUndefined has it.
const char* type_name(const Value& value);  // Python's: "str"
bool truth(const Value& value);
std::string str(Budget& budget, const Value& value);
std::string repr(Budget& budget, const Value& value);
std::string json(Budget& budget, const Value& value, int indent);  // the filter tojson
bool equal(Budget& budget, const Value& a, const Value& b);
bool less(Budget& budget, const Value& a, const Value& b);
bool contains(Budget& budget, const Value& container, const Value& item);
List items(Budget& budget, const Value& value);  // what a loop goes over
std::int64_t size(const Value& value);
const Value* lookup(Budget& budget, const Map& map, const Value& key);
void assign(Budget& budget, Map& map, const Value& key, Value value);
// Throws Problem when `value` is or holds `container` (a List or a Map): put into it, it would
// never be freed. Python allows it; no prompt needs it.
void refuse_cycle(Budget& budget, const Value& value, const void* container);
Value binary(Budget& budget, const std::string& op, const Value& a, const Value& b);
Value negated(const Value& value);
// object[key]; undefined when there is none.
Value subscript(Budget& budget, const Value& object, const Value& key);
Value slice(Budget& budget, const Value& object, const Value& start, const Value& stop,
            const Value& step);
std::string percent_format(Budget& budget, const std::string& format, const List& arguments);

// A method of a text, list or map as a function; undefined when there is none.
Value method(const Value& object, const std::string& name);
// Errors: Problem for an unknown filter or test.
Value apply_filter(Budget& budget, const std::string& name, Value input, Arguments& arguments);
bool apply_test(Budget& budget, const std::string& name, const Value& input, Arguments& arguments);
bool has_filter(const std::string& name);
bool has_test(const std::string& name);

// Reads the arguments of a function by position or name, as Python binds them.
class Bound {
 public:
  // names: of the parameters, in order. Problem for too many or unknown ones.
  Bound(const std::string& function, Arguments& arguments, std::vector<std::string> names);
  bool has(std::size_t i) const { return present_[i]; }
  const Value& at(std::size_t i) const;  // Problem when it was not given
  std::string text(std::size_t i) const;
  std::int64_t integer(std::size_t i, std::int64_t otherwise) const;
  bool flag(std::size_t i, bool otherwise) const;

 private:
  std::string function_;
  std::vector<std::string> names_;
  List values_;
  std::vector<bool> present_;
};

}  // namespace assay::detail::jinja
