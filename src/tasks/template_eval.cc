// Rendering a template's tree for one row.
#include <fmt/format.h>

#include <deque>
#include <map>

#include "tasks/template_nodes.h"

namespace assay::detail::jinja {
namespace {

using Kind = Node::Kind;

// Names set at one level: in a loop's pass, a macro's body; inner levels see the outer ones.
struct Scope {
  const Scope* outer = nullptr;
  std::map<std::string, Value> values;
};

Value range_function(Budget& budget, Arguments& a) {
  const Bound bound("range", a, {"start", "stop", "step"});
  const std::int64_t first = bound.integer(0, 0), step = bound.integer(2, 1);
  const std::int64_t start = bound.has(1) ? first : 0,
                     stop = bound.has(1) ? bound.integer(1, 0) : first;
  if (!bound.has(0)) throw Problem("range() needs a number");
  if (step == 0) throw Problem("the step of range() cannot be zero");
  List list;
  for (std::int64_t i = start; step > 0 ? i < stop : i > stop;) {
    budget.step();
    list.push_back(Value::of(i));
    if (__builtin_add_overflow(i, step, &i)) break;
  }
  return Value::of(std::move(list));
}

Value map_function(Budget& budget, Arguments& a) {
  Map map;
  for (const Value& given : a.positional) {
    if (!given.is(Value::Kind::kMap)) throw Problem("dict() takes a dict and named values");
    for (const auto& [key, value] : *given.map) assign(budget, map, key, value);
  }
  for (auto& [name, value] : a.named) assign(budget, map, Value::of(name), std::move(value));
  return Value::of(std::move(map));
}

Value namespace_function(Budget& budget, Arguments& a) {
  Value result = map_function(budget, a);
  result.kind = Value::Kind::kNamespace;
  return result;
}

Value global(const std::string& name) {
  if (name == "range") return Value::of(Function(range_function), name);
  if (name == "dict") return Value::of(Function(map_function), name);
  if (name == "namespace") return Value::of(Function(namespace_function), name);
  return Value::undefined(name);
}

class Rendering {
 public:
  explicit Rendering(const Row& row) : row_(row) {}

  std::string run(const std::vector<Node>& nodes) {
    std::string out;
    write(nodes, *open(nullptr), out);
    return out;
  }

 private:
  Scope* open(const Scope* outer) {
    budget_.step(30);
    return &scopes_.emplace_back(Scope{.outer = outer});
  }

  // Runs `work`; what goes wrong in it gets this node's line unless an inner one has named its own.
  template <typename Work>
  auto at(const Node& node, Work work) {
    try {
      const DeeperBy1 deeper(budget_);
      budget_.step();
      return work();
    } catch (Problem& problem) {
      if (problem.line == 0) problem.line = node.line;
      throw;
    }
  }

  void write(const std::vector<Node>& nodes, Scope& scope, std::string& out) {
    for (const Node& node : nodes) at(node, [&] { write(node, scope, out); });
  }

  std::string block(const std::vector<Node>& nodes, const Scope& scope) {
    std::string out;
    write(nodes, *open(&scope), out);
    return out;
  }

  void put(std::string& out, const std::string& text) {
    budget_.text(static_cast<std::int64_t>(text.size()));
    out += text;
  }

  void write(const Node& node, Scope& scope, std::string& out) {
    const auto& parts = node.children;
    const auto inside = [&](std::size_t filters) {
      return filtered(parts[filters], block(node.body, scope), scope);
    };
    if (node.kind == Kind::kData)
      put(out, node.text);
    else if (node.kind == Kind::kIf)
      write(truth(value(parts[0], scope)) ? node.body : node.otherwise, scope, out);
    else if (node.kind == Kind::kFor)
      loop(node, scope, out);
    else if (node.kind == Kind::kSet)
      set(parts[0], value(parts[1], scope), scope);
    else if (node.kind == Kind::kSetBlock)
      set(parts[0], inside(1), scope);
    else if (node.kind == Kind::kFilterBlock)
      put(out, str(budget_, inside(0)));
    else if (node.kind == Kind::kMacro)
      scope.values[node.text] = macro(node, scope);
    else if (node.kind == Kind::kWith)
      with(node, scope, out);
    else
      put(out, str(budget_, value(parts[0], scope)));
  }

  void with(const Node& node, const Scope& scope, std::string& out) {
    Scope& inner = *open(&scope);
    for (std::size_t i = 0; i + 1 < node.children.size(); i += 2)
      set(node.children[i], value(node.children[i + 1], scope), inner);
    write(node.body, inner, out);
  }

  void set(const Node& target, Value given, Scope& scope) {
    if (target.kind == Kind::kName) {
      budget_.copy(given);
      scope.values[target.text] = std::move(given);
    } else if (target.kind == Kind::kAttribute) {
      const Value object = value(target.children[0], scope);
      if (!object.is(Value::Kind::kNamespace))
        throw Problem("only attributes of a namespace can be set");
      assign(budget_, *object.map, Value::of(target.text), std::move(given));
    } else {
      const List parts = items(budget_, given);
      if (parts.size() != target.children.size())
        throw Problem(fmt::format("{} values for {} names", parts.size(), target.children.size()));
      for (std::size_t i = 0; i < parts.size(); ++i) set(target.children[i], parts[i], scope);
    }
  }

  void loop(const Node& node, const Scope& scope, std::string& out) {
    List list = items(budget_, value(node.children[1], scope));
    if (node.children.size() > 2) {
      List kept;
      for (Value& item : list) {
        Scope& inner = *open(&scope);
        set(node.children[0], item, inner);
        if (truth(value(node.children[2], inner))) kept.push_back(std::move(item));
      }
      list = std::move(kept);
    }
    for (std::size_t i = 0; i < list.size(); ++i) {
      Scope& inner = *open(&scope);
      inner.values["loop"] = loop_object(list, i);
      budget_.copy(list[i]);  // the neighbours too have it
      budget_.copy(list[i]);
      set(node.children[0], list[i], inner);
      write(node.body, inner, out);
    }
    if (list.empty()) write(node.otherwise, *open(&scope), out);
  }

  static Value loop_object(const List& list, std::size_t at) {
    const auto n = static_cast<std::int64_t>(list.size()), i = static_cast<std::int64_t>(at);
    const auto cycle = [i](Budget&, Arguments& a) {
      if (a.positional.empty()) throw Problem("loop.cycle() needs values");
      return a.positional[static_cast<std::size_t>(i) % a.positional.size()];
    };
    Map map;
    const auto add = [&](const char* name, Value given) {
      map.emplace_back(Value::of(name), std::move(given));
    };
    add("index", Value::of(i + 1));
    add("index0", Value::of(i));
    add("revindex", Value::of(n - i));
    add("revindex0", Value::of(n - i - 1));
    add("first", Value::of(i == 0));
    add("last", Value::of(i == n - 1));
    add("length", Value::of(n));
    add("previtem", i > 0 ? list[at - 1] : Value::undefined("previtem"));
    add("nextitem", i + 1 < n ? list[at + 1] : Value::undefined("nextitem"));
    add("cycle", Value::of(Function(cycle), "cycle"));
    Value object = Value::of(std::move(map));
    object.kind = Value::Kind::kNamespace;
    return object;
  }

  Value macro(const Node& node, const Scope& scope) {
    const auto call = [this, &node, &scope](Budget&, Arguments& a) {
      std::vector<std::string> names;
      for (const Node& parameter : node.children) names.push_back(parameter.text);
      const Bound bound(node.text, a, names);
      Scope& inner = *open(&scope);
      for (std::size_t i = 0; i < names.size(); ++i) {
        const bool has_default = node.children[i].kind == Kind::kKeyword;
        inner.values[names[i]] = bound.has(i)  ? bound.at(i)
                                 : has_default ? value(node.children[i].children[0], inner)
                                               : Value::undefined(names[i]);
        budget_.copy(inner.values[names[i]]);
      }
      std::string out;
      write(node.body, inner, out);
      return Value::of(std::move(out));
    };
    return Value::of(Function(call), node.text);
  }

  // `filters` around the text of a block.
  Value filtered(const Node& filters, std::string text, const Scope& scope) {
    Value before = std::exchange(block_, Value::of(std::move(text)));
    Value result = value(filters, scope);
    block_ = std::move(before);
    return result;
  }

  Value name(const std::string& text, const Scope& scope) {
    for (const Scope* s = &scope; s != nullptr; s = s->outer) {
      const auto found = s->values.find(text);
      if (found != s->values.end()) return found->second;
    }
    const auto known = columns_.find(text);
    if (known != columns_.end()) return known->second;
    const auto column = row_.find(text);
    if (column == row_.end()) return global(text);
    return columns_[text] = Value::from_json(budget_, *column);
  }

  Value value(const Node& node, const Scope& scope) {
    return at(node, [&] { return evaluated(node, scope); });
  }

  Value evaluated(const Node& node, const Scope& scope) {
    const auto is = [&](Kind kind) { return node.kind == kind; };
    const auto child = [&](std::size_t i) { return value(node.children[i], scope); };
    if (is(Kind::kConstant))
      return node.constant.is(Value::Kind::kUndefined) ? block_ : node.constant;
    if (is(Kind::kName)) return name(node.text, scope);
    if (is(Kind::kNegate)) return negated(child(0));
    if (is(Kind::kPositive)) return negated(negated(child(0)));
    if (is(Kind::kNot)) return Value::of(!truth(child(0)));
    if (is(Kind::kAnd) || is(Kind::kOr)) {
      Value left = child(0);
      return truth(left) == is(Kind::kOr) ? left : child(1);
    }
    if (is(Kind::kCondition)) {
      if (truth(child(1))) return child(0);
      return node.children.size() > 2 ? child(2) : Value::of("");  // not strict in Jinja2
    }
    if (is(Kind::kBinary)) {
      const Value left = child(0);
      return binary(budget_, node.text, left, child(1));
    }
    if (is(Kind::kAttribute)) return attribute(child(0), node.text);
    if (is(Kind::kItem)) {
      const Value object = child(0);
      return item(object, child(1));
    }
    if (is(Kind::kSlice)) return slice(budget_, child(0), child(1), child(2), child(3));
    return compound(node, scope);
  }

  Value compound(const Node& node, const Scope& scope) {
    if (node.kind == Kind::kList || node.kind == Kind::kTuple) {
      List list;
      for (const Node& part : node.children) {
        list.push_back(value(part, scope));
        budget_.copy(list.back());
      }
      return Value::of(std::move(list), node.kind == Kind::kTuple);
    }
    if (node.kind == Kind::kDict) {
      Map map;
      for (std::size_t i = 0; i + 1 < node.children.size(); i += 2)
        assign(budget_, map, value(node.children[i], scope), value(node.children[i + 1], scope));
      return Value::of(std::move(map));
    }
    if (node.kind == Kind::kConcat) {
      std::string text;
      for (const Node& part : node.children) put(text, str(budget_, value(part, scope)));
      return Value::of(std::move(text));
    }
    if (node.kind == Kind::kCompare) return compared(node, scope);
    if (node.kind == Kind::kCall) return called(node, scope);
    Value input = value(node.children[0], scope);
    Arguments given = arguments(node, scope);
    if (node.kind == Kind::kFilter)
      return apply_filter(budget_, node.text, std::move(input), given);
    return Value::of(apply_test(budget_, node.text, input, given));
  }

  Value compared(const Node& node, const Scope& scope) {
    Value left = value(node.children[0], scope);
    for (std::size_t i = 0; i < node.operators.size(); ++i) {
      Value right = value(node.children[i + 1], scope);
      if (!truth(binary(budget_, node.operators[i], left, right))) return Value::of(false);
      left = std::move(right);
    }
    return Value::of(true);
  }

  Arguments arguments(const Node& node, const Scope& scope) {
    Arguments result;
    for (std::size_t i = 1; i < node.children.size(); ++i) {
      const Node& argument = node.children[i];
      if (argument.kind == Kind::kKeyword)
        result.named.emplace_back(argument.text, value(argument.children[0], scope));
      else
        result.positional.push_back(value(argument, scope));
    }
    return result;
  }

  Value called(const Node& node, const Scope& scope) {
    const Value callee = value(node.children[0], scope);
    if (!callee.is(Value::Kind::kFunction))
      throw Problem(callee.is(Value::Kind::kUndefined)
                        ? "'" + callee.text + "' is not known or not supported"
                        : fmt::format("a value of type {} cannot be called", type_name(callee)));
    Arguments given = arguments(node, scope);
    return (*callee.function)(budget_, given);
  }

  // object.name: a method comes before an element; object["name"]: the other way round.
  Value attribute(const Value& object, const std::string& text) {
    Value found = method(object, text);
    return found.is(Value::Kind::kUndefined) ? subscript(budget_, object, Value::of(text)) : found;
  }
  Value item(const Value& object, const Value& key) {
    Value found = subscript(budget_, object, key);
    return found.is(Value::Kind::kUndefined) && key.is_text() ? method(object, key.text) : found;
  }

  const Row& row_;
  Budget budget_;
  std::deque<Scope> scopes_;  // all that were opened: macros may still see them
  std::map<std::string, Value> columns_;
  Value block_;
};

}  // namespace

std::string render(const std::vector<Node>& nodes, const Row& row) {
  return Rendering(row).run(nodes);
}

}  // namespace assay::detail::jinja
