#include <fmt/format.h>

#include <algorithm>

#include "tasks/template_parser.h"

namespace assay::detail::jinja {
namespace {

using Kind = Node::Kind;

std::string names(const std::vector<std::string_view>& ends) {
  std::string all;
  for (const std::string_view end : ends) all += (all.empty() ? "" : " or ") + std::string(end);
  return all;
}

}  // namespace

std::vector<Node> Parser::whole() { return statements({}); }

std::vector<Node> Parser::statements(std::vector<std::string_view> ends) {
  if (++depth_ > 50) fail("blocks are nested too deeply");
  std::vector<Node> nodes;
  while (now().kind != Token::Kind::kEnd) {
    if (now().kind == Token::Kind::kData) {
      Node node = make(Kind::kData);
      node.text = take().text;
      nodes.push_back(std::move(node));
    } else if (now().kind == Token::Kind::kOutputBegin) {
      take();
      std::vector<Node> children;
      children.push_back(tuple(true));
      nodes.push_back(make(Kind::kOutput, std::move(children)));
      expect(Token::Kind::kOutputEnd, "'}}'");
    } else {
      take();
      if (std::any_of(ends.begin(), ends.end(), [&](auto end) { return is_name(end); })) {
        --depth_;
        return nodes;
      }
      nodes.push_back(statement());
    }
  }
  if (!ends.empty()) fail("the template ends before " + names(ends));
  --depth_;
  return nodes;
}

void Parser::end_block(const char* what) { expect(Token::Kind::kBlockEnd, what); }

Node Parser::statement() {
  const std::string name = expect_name();
  if (name == "if") return if_statement();
  if (name == "for") return for_statement();
  if (name == "set") return set_statement();
  if (name == "macro") return macro_statement();
  if (name == "with") return with_statement();
  if (name == "filter") return filter_statement();
  fail(fmt::format("the tag '{}' is not known here", name));
}

Node Parser::if_statement() {
  std::vector<Node> children;
  children.push_back(tuple(false));
  Node node = make(Kind::kIf, std::move(children));
  end_block("'%}' after if");
  node.body = statements({"elif", "else", "endif"});
  const std::string name = expect_name();
  if (name == "elif") {
    if (++depth_ > 50) fail("if has too many branches");
    node.otherwise.push_back(if_statement());
    --depth_;
    return node;
  }
  if (name == "else") {
    end_block("'%}' after else");
    node.otherwise = statements({"endif"});
    take();
  }
  end_block("'%}' after endif");
  return node;
}

Node Parser::target(bool with_tuple, bool with_namespace) {
  std::vector<Node> parts;
  bool is_tuple = false;
  do {
    if (!parts.empty() && (is_name("in") || is_operator("="))) break;
    const bool bracket = skip_operator("(");
    Node part = bracket ? target(true, false) : make(Kind::kName);
    if (bracket)
      expect_operator(")");
    else
      part.text = expect_name();
    if (with_namespace && skip_operator(".")) {
      std::vector<Node> object;
      object.push_back(std::move(part));
      part = make(Kind::kAttribute, std::move(object), expect_name());
    }
    parts.push_back(std::move(part));
    is_tuple = is_tuple || is_operator(",");
  } while (with_tuple && skip_operator(","));
  return is_tuple ? make(Kind::kTuple, std::move(parts)) : std::move(parts.front());
}

Node Parser::for_statement() {
  std::vector<Node> children;
  children.push_back(target(true, false));
  if (!skip_name("in")) fail("expected 'in'");
  children.push_back(tuple(false));
  if (skip_name("if")) children.push_back(expression());
  if (is_name("recursive")) fail("recursive loops are not supported");
  Node node = make(Kind::kFor, std::move(children));
  end_block("'%}' after for");
  node.body = statements({"else", "endfor"});
  if (expect_name() == "else") {
    end_block("'%}' after else");
    node.otherwise = statements({"endfor"});
    take();
  }
  end_block("'%}' after endfor");
  return node;
}

Node Parser::set_statement() {
  std::vector<Node> children;
  children.push_back(target(true, true));
  if (skip_operator("=")) {
    children.push_back(tuple(true));
    end_block("'%}' after set");
    return make(Kind::kSet, std::move(children));
  }
  Node empty = make(Kind::kConstant);
  children.push_back(filters(std::move(empty)));
  Node node = make(Kind::kSetBlock, std::move(children));
  end_block("'%}' after set");
  node.body = statements({"endset"});
  take();
  end_block("'%}' after endset");
  return node;
}

Node Parser::filter_statement() {
  Node empty = make(Kind::kConstant);
  std::vector<Node> children;
  children.push_back(filters(std::move(empty), true));
  Node node = make(Kind::kFilterBlock, std::move(children));
  end_block("'%}' after filter");
  node.body = statements({"endfilter"});
  take();
  end_block("'%}' after endfilter");
  return node;
}

Node Parser::macro_statement() {
  std::string name = expect_name();
  std::vector<Node> parameters;
  expect_operator("(");
  while (!is_operator(")")) {
    Node parameter = make(Kind::kName);
    parameter.text = expect_name();
    if (skip_operator("=")) {
      std::vector<Node> value;
      value.push_back(expression());
      parameter = make(Kind::kKeyword, std::move(value), parameter.text);
    }
    parameters.push_back(std::move(parameter));
    if (!skip_operator(",")) break;
  }
  expect_operator(")");
  Node node = make(Kind::kMacro, std::move(parameters), std::move(name));
  end_block("'%}' after macro");
  node.body = statements({"endmacro"});
  take();
  end_block("'%}' after endmacro");
  return node;
}

Node Parser::with_statement() {
  std::vector<Node> children;
  while (now().kind != Token::Kind::kBlockEnd) {
    children.push_back(target(false, false));
    expect_operator("=");
    children.push_back(expression());
    if (!skip_operator(",")) break;
  }
  Node node = make(Kind::kWith, std::move(children));
  end_block("'%}' after with");
  node.body = statements({"endwith"});
  take();
  end_block("'%}' after endwith");
  return node;
}

std::vector<Node> parse(std::string_view source) { return Parser(tokenize(source)).whole(); }

}  // namespace assay::detail::jinja
