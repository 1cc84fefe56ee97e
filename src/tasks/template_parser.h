// The parser of templates, in two files: expressions and statements.
#pragma once

#include "tasks/template_nodes.h"

namespace assay::detail::jinja {

class Parser {
 public:
  explicit Parser(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}
  std::vector<Node> whole();

 private:
  // Tokens
  const Token& now() const { return tokens_[at_]; }
  Token take() { return at_ + 1 < tokens_.size() ? tokens_[at_++] : tokens_[at_]; }
  bool is_operator(std::string_view text) const;
  bool is_name(std::string_view text) const;
  bool skip_operator(std::string_view text);
  bool skip_name(std::string_view text);
  void expect_operator(std::string_view text);
  std::string expect_name();
  void expect(Token::Kind kind, const char* what);
  [[noreturn]] void fail(const std::string& message) const;
  Node make(Node::Kind kind, std::vector<Node> children = {}, std::string text = {}) const;

  // Expressions (template_parser.cc)
  Node expression();
  Node or_expression();
  Node and_expression();
  Node not_expression();
  Node comparison();
  Node sum();
  Node concatenation();
  Node product();
  Node power();
  Node unary(bool with_filters);
  Node primary();
  Node postfix(Node node);
  Node attribute(Node object);
  Node subscript(Node object);
  Node slice_part();
  Node filters(Node node, bool first_is_name = false);
  Node test(Node node);
  Node tuple(bool with_condition, bool may_be_empty = false);
  Node list();
  Node dict();
  std::vector<Node> arguments(std::vector<Node> before);

  // Statements (template_statements.cc)
  std::vector<Node> statements(std::vector<std::string_view> ends);
  Node statement();
  Node if_statement();
  Node for_statement();
  Node set_statement();
  Node macro_statement();
  Node with_statement();
  Node filter_statement();
  Node target(bool with_tuple, bool with_namespace);
  void end_block(const char* what);

  std::vector<Token> tokens_;
  std::size_t at_ = 0;
  int depth_ = 0;
};

}  // namespace assay::detail::jinja
