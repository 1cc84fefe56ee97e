// Expressions, with Jinja2's precedence: if, or, and, not, comparisons, + -, ~, * / // %, **, sign,
// then attributes, calls, filters and tests.
#include "tasks/template_parser.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>

namespace assay::detail::jinja {
namespace {

constexpr int kMaxDepth = 60, kMaxHeight = 500;
using Kind = Node::Kind;

struct Deeper {
  explicit Deeper(int& depth) : depth_(depth) { ++depth_; }
  ~Deeper() { --depth_; }
  Deeper(const Deeper&) = delete;
  Deeper& operator=(const Deeper&) = delete;
  int& depth_;
};

}  // namespace

bool Parser::is_operator(std::string_view text) const {
  return now().kind == Token::Kind::kOperator && now().text == text;
}
bool Parser::is_name(std::string_view text) const {
  return now().kind == Token::Kind::kName && now().text == text;
}
bool Parser::skip_operator(std::string_view text) {
  if (!is_operator(text)) return false;
  take();
  return true;
}
bool Parser::skip_name(std::string_view text) {
  if (!is_name(text)) return false;
  take();
  return true;
}
void Parser::expect_operator(std::string_view text) {
  if (!skip_operator(text))
    fail(fmt::format("expected '{}', found '{}'", text,
                     now().text.empty() ? "the end of the tag" : now().text));
}
std::string Parser::expect_name() {
  if (now().kind != Token::Kind::kName) fail(fmt::format("expected a name at '{}'", now().text));
  return take().text;
}
void Parser::expect(Token::Kind kind, const char* what) {
  if (now().kind != kind) fail(fmt::format("expected {} at '{}'", what, now().text));
  take();
}
void Parser::fail(const std::string& message) const {
  Problem problem(message);
  problem.line = now().line;
  throw problem;
}

Node Parser::make(Kind kind, std::vector<Node> children, std::string text) const {
  Node node{.kind = kind, .line = now().line, .text = std::move(text)};
  if (!children.empty()) node.line = children.front().line;
  for (const Node& child : children) node.height = std::max(node.height, child.height + 1);
  if (node.height > kMaxHeight) fail("an expression is too long");
  node.children = std::move(children);
  return node;
}

namespace {

std::vector<Node> pair(Node a, Node b) {
  std::vector<Node> nodes;
  nodes.push_back(std::move(a));
  nodes.push_back(std::move(b));
  return nodes;
}
std::vector<Node> one(Node a) {
  std::vector<Node> nodes;
  nodes.push_back(std::move(a));
  return nodes;
}

}  // namespace

Node Parser::expression() {
  const Deeper deeper(depth_);
  if (depth_ > kMaxDepth) fail("an expression is nested too deeply");
  Node node = or_expression();
  while (skip_name("if")) {
    std::vector<Node> parts = pair(std::move(node), or_expression());
    if (skip_name("else")) parts.push_back(expression());
    node = make(Kind::kCondition, std::move(parts));
  }
  return node;
}

Node Parser::or_expression() {
  Node node = and_expression();
  while (skip_name("or")) node = make(Kind::kOr, pair(std::move(node), and_expression()));
  return node;
}

Node Parser::and_expression() {
  Node node = not_expression();
  while (skip_name("and")) node = make(Kind::kAnd, pair(std::move(node), not_expression()));
  return node;
}

Node Parser::not_expression() {
  if (!skip_name("not")) return comparison();
  const Deeper deeper(depth_);
  if (depth_ > kMaxDepth) fail("an expression is nested too deeply");
  return make(Kind::kNot, one(not_expression()));
}

Node Parser::comparison() {
  std::vector<Node> operands = one(sum());
  std::vector<std::string> operators;
  while (true) {
    static constexpr std::string_view kOperators[] = {"==", "!=", "<", "<=", ">", ">="};
    const bool compares = std::any_of(std::begin(kOperators), std::end(kOperators),
                                      [&](std::string_view op) { return is_operator(op); });
    if (compares) {
      operators.push_back(take().text);
    } else if (skip_name("in")) {
      operators.emplace_back("in");
    } else if (is_name("not") && tokens_[at_ + 1].kind == Token::Kind::kName &&
               tokens_[at_ + 1].text == "in") {
      take();
      take();
      operators.emplace_back("not in");
    } else {
      break;
    }
    operands.push_back(sum());
  }
  if (operators.empty()) return std::move(operands.front());
  Node node = make(Kind::kCompare, std::move(operands));
  node.operators = std::move(operators);
  return node;
}

Node Parser::sum() {
  Node node = concatenation();
  while (is_operator("+") || is_operator("-")) {
    std::string op = take().text;
    node = make(Kind::kBinary, pair(std::move(node), concatenation()), std::move(op));
  }
  return node;
}

Node Parser::concatenation() {
  std::vector<Node> parts = one(product());
  while (skip_operator("~")) parts.push_back(product());
  return parts.size() == 1 ? std::move(parts.front()) : make(Kind::kConcat, std::move(parts));
}

Node Parser::product() {
  Node node = power();
  while (is_operator("*") || is_operator("/") || is_operator("//") || is_operator("%")) {
    std::string op = take().text;
    node = make(Kind::kBinary, pair(std::move(node), power()), std::move(op));
  }
  return node;
}

Node Parser::power() {
  Node node = unary(true);
  while (skip_operator("**")) node = make(Kind::kBinary, pair(std::move(node), unary(true)), "**");
  return node;
}

Node Parser::unary(bool with_filters) {
  const Deeper deeper(depth_);
  if (depth_ > kMaxDepth) fail("an expression is nested too deeply");
  Node node;
  if (skip_operator("-"))
    node = make(Kind::kNegate, one(unary(false)));
  else if (skip_operator("+"))
    node = make(Kind::kPositive, one(unary(false)));
  else
    node = primary();
  node = postfix(std::move(node));
  return with_filters ? filters(std::move(node)) : node;
}

Node Parser::primary() {
  const Token token = take();
  Node node = make(Kind::kConstant);
  node.line = token.line;
  if (token.kind == Token::Kind::kName) {
    const std::string& name = token.text;
    if (name == "true" || name == "True" || name == "false" || name == "False")
      node.constant = Value::of(name == "true" || name == "True");
    else if (name == "none" || name == "None")
      node.constant = Value::none();
    else
      return node.kind = Kind::kName, node.text = name, node;
  } else if (token.kind == Token::Kind::kText) {
    std::string text = token.text;
    while (now().kind == Token::Kind::kText) text += take().text;
    node.constant = Value::of(std::move(text));
  } else if (token.kind == Token::Kind::kInteger) {
    std::int64_t value = 0;
    const char* end = token.text.data() + token.text.size();
    if (std::from_chars(token.text.data(), end, value).ec != std::errc())
      fail("a number exceeds 64 bits");
    node.constant = Value::of(value);
  } else if (token.kind == Token::Kind::kFloat) {
    node.constant = Value::of(std::strtod(token.text.c_str(), nullptr));
  } else if (token.kind == Token::Kind::kOperator && token.text == "(") {
    node = tuple(true, true);
    expect_operator(")");
  } else if (token.kind == Token::Kind::kOperator && token.text == "[") {
    return list();
  } else if (token.kind == Token::Kind::kOperator && token.text == "{") {
    return dict();
  } else {
    fail(
        fmt::format("unexpected {}", token.text.empty() ? "end of a tag" : "'" + token.text + "'"));
  }
  return node;
}

Node Parser::tuple(bool with_condition, bool may_be_empty) {
  std::vector<Node> parts;
  bool is_tuple = false;
  const auto ends = [&] {
    return now().kind == Token::Kind::kOutputEnd || now().kind == Token::Kind::kBlockEnd ||
           is_operator(")") || is_name("in");
  };
  while (!ends()) {
    parts.push_back(with_condition ? expression() : or_expression());
    if (!skip_operator(",")) break;
    is_tuple = true;
  }
  if (parts.size() == 1 && !is_tuple) return std::move(parts.front());
  if (parts.empty() && !may_be_empty) fail("expected an expression");
  return make(Kind::kTuple, std::move(parts));
}

Node Parser::list() {
  std::vector<Node> items;
  while (!is_operator("]")) {
    items.push_back(expression());
    if (!skip_operator(",")) break;
  }
  expect_operator("]");
  return make(Kind::kList, std::move(items));
}

Node Parser::dict() {
  std::vector<Node> items;
  while (!is_operator("}")) {
    items.push_back(expression());
    expect_operator(":");
    items.push_back(expression());
    if (!skip_operator(",")) break;
  }
  expect_operator("}");
  return make(Kind::kDict, std::move(items));
}

Node Parser::postfix(Node node) {
  while (true) {
    if (skip_operator("."))
      node = attribute(std::move(node));
    else if (skip_operator("["))
      node = subscript(std::move(node));
    else if (skip_operator("("))
      node = make(Kind::kCall, arguments(one(std::move(node))));
    else
      return node;
  }
}

Node Parser::attribute(Node object) {
  if (now().kind == Token::Kind::kName)
    return make(Kind::kAttribute, one(std::move(object)), take().text);
  if (now().kind != Token::Kind::kInteger) fail("expected a name after '.'");
  return make(Kind::kItem, pair(std::move(object), primary()));
}

Node Parser::slice_part() {
  if (is_operator(":") || is_operator("]") || is_operator(",")) {
    Node node = make(Kind::kConstant);
    node.constant = Value::none();
    return node;
  }
  return expression();
}

Node Parser::subscript(Node object) {
  Node first = slice_part();
  if (!is_operator(":")) {
    if (is_operator(",")) fail("an index of several parts is not supported");
    expect_operator("]");
    return make(Kind::kItem, pair(std::move(object), std::move(first)));
  }
  std::vector<Node> parts = pair(std::move(object), std::move(first));
  take();
  parts.push_back(slice_part());
  skip_operator(":");
  parts.push_back(slice_part());
  expect_operator("]");
  return make(Kind::kSlice, std::move(parts));
}

std::vector<Node> Parser::arguments(std::vector<Node> before) {
  while (!is_operator(")")) {
    if (is_operator("*") || is_operator("**")) fail("arguments by * are not supported");
    const Token& next = tokens_[std::min(at_ + 1, tokens_.size() - 1)];
    if (now().kind == Token::Kind::kName && next.kind == Token::Kind::kOperator &&
        next.text == "=") {
      std::string name = take().text;
      take();
      before.push_back(make(Kind::kKeyword, one(expression()), std::move(name)));
    } else {
      before.push_back(expression());
    }
    if (!skip_operator(",")) break;
  }
  expect_operator(")");
  return before;
}

Node Parser::filters(Node node, bool first_is_name) {
  while (true) {
    if (first_is_name || skip_operator("|")) {
      first_is_name = false;
      const std::string name = expect_name();
      if (!has_filter(name)) fail("there is no filter '" + name + "'");
      std::vector<Node> parts = one(std::move(node));
      if (skip_operator("(")) parts = arguments(std::move(parts));
      node = make(Kind::kFilter, std::move(parts), name);
    } else if (skip_name("is")) {
      node = test(std::move(node));
    } else if (skip_operator("(")) {
      node = make(Kind::kCall, arguments(one(std::move(node))));
    } else {
      return node;
    }
  }
}

Node Parser::test(Node node) {
  const bool negate = skip_name("not");
  const std::string name = now().kind == Token::Kind::kOperator ? take().text : expect_name();
  if (!has_test(name)) fail("there is no test '" + name + "'");
  std::vector<Node> parts = one(std::move(node));
  const bool has_argument =
      (now().kind == Token::Kind::kName && !is_name("else") && !is_name("or") && !is_name("and")) ||
      now().kind == Token::Kind::kText || now().kind == Token::Kind::kInteger ||
      now().kind == Token::Kind::kFloat || is_operator("[") || is_operator("{");
  if (skip_operator("(")) {
    parts = arguments(std::move(parts));
  } else if (has_argument) {
    if (is_name("is")) fail("tests cannot be chained with 'is'");
    parts.push_back(postfix(primary()));
  }
  Node result = make(Kind::kTest, std::move(parts), name);
  return negate ? make(Kind::kNot, one(std::move(result))) : result;
}

}  // namespace assay::detail::jinja
