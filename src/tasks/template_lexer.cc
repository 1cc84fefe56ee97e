#include <fmt/format.h>

#include <algorithm>

#include "tasks/python_text.h"
#include "tasks/template_nodes.h"

namespace assay::detail::jinja {
namespace {

using Kind = Token::Kind;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || is_digit(c) ||
         static_cast<unsigned char>(c) >= 0x80;
}
bool is_white(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

std::string with_plain_newlines(std::string_view source) {
  return python::replace(python::replace(source, "\r\n", "\n"), "\r", "\n");
}

class Lexer {
 public:
  explicit Lexer(std::string_view source) : source_(with_plain_newlines(source)) {}

  std::vector<Token> run() {
    while (at_ < source_.size()) data();
    add(Kind::kEnd, "");
    return std::move(tokens_);
  }

 private:
  [[noreturn]] void fail(const std::string& message) const {
    Problem problem(message);
    problem.line = line();
    throw problem;
  }
  int line() const {
    const std::size_t end = std::min(at_, source_.size());
    line_ += static_cast<int>(std::count(source_.begin() + static_cast<std::ptrdiff_t>(counted_),
                                         source_.begin() + static_cast<std::ptrdiff_t>(end), '\n'));
    counted_ = end;
    return line_;
  }
  void add(Kind kind, std::string text) { tokens_.push_back({kind, std::move(text), line()}); }
  bool has(std::string_view what) const { return source_.compare(at_, what.size(), what) == 0; }

  // Text up to the next tag, then the tag.
  void data() {
    std::size_t tag = at_;
    while (tag < source_.size() && !opens(tag)) ++tag;
    std::string text = source_.substr(at_, tag - at_);
    const bool trims = tag + 2 < source_.size() && source_[tag + 2] == '-';
    if (trims) text = python::strip(text, {}, false, true);
    if (!text.empty()) add(Kind::kData, std::move(text));
    at_ = tag;
    if (at_ >= source_.size()) return;
    const char type = source_[at_ + 1];
    at_ += 2;
    if (at_ < source_.size() && (source_[at_] == '-' || source_[at_] == '+')) ++at_;
    if (type == '#') return comment();
    if (type == '%' && raw()) return;
    add(type == '%' ? Kind::kBlockBegin : Kind::kOutputBegin, "");
    expression(type == '%' ? "%}" : "}}");
  }

  bool opens(std::size_t at) const {
    return source_[at] == '{' && at + 1 < source_.size() &&
           (source_[at + 1] == '%' || source_[at + 1] == '{' || source_[at + 1] == '#');
  }

  void skip_white() {
    while (at_ < source_.size() && is_white(source_[at_])) ++at_;
  }

  void comment() {
    const std::size_t end = source_.find("#}", at_);
    if (end == std::string::npos) fail("a comment has no end");
    const bool trims = source_[end - 1] == '-' && end > at_;
    at_ = end + 2;
    if (trims) skip_white();
  }

  // After "{%": {% raw %} ... {% endraw %} as text.
  bool raw() {
    const std::size_t start = at_;
    skip_white();
    if (!has("raw") || (at_ + 3 < source_.size() && is_name(source_[at_ + 3]))) {
      at_ = start;
      return false;
    }
    at_ += 3;
    skip_white();
    if (!close("%}")) fail("{% raw %} takes no arguments");
    for (std::size_t tag = source_.find("{%", at_); tag != std::string::npos;
         tag = source_.find("{%", tag + 2)) {
      const std::size_t text_start = at_;
      at_ = tag + 2;
      const bool trims = has("-");
      if (trims || has("+")) ++at_;
      skip_white();
      if (has("endraw")) {
        std::string text = source_.substr(text_start, tag - text_start);
        if (trims) text = python::strip(text, {}, false, true);
        if (!text.empty()) add(Kind::kData, std::move(text));
        at_ += 6;
        skip_white();
        if (!close("%}")) fail("{% endraw %} takes no arguments");
        return true;
      }
      at_ = text_start;
    }
    fail("{% raw %} has no end");
  }

  bool close(std::string_view end) {
    const bool trims = at_ < source_.size() && source_[at_] == '-';
    const bool marked = trims || (at_ < source_.size() && source_[at_] == '+' && end == "%}");
    if (source_.compare(at_ + (marked ? 1 : 0), 2, end) != 0) return false;
    at_ += marked ? 3 : 2;
    if (trims) skip_white();
    return true;
  }

  void expression(std::string_view end) {
    std::string open;  // brackets
    while (true) {
      skip_white();
      if (at_ >= source_.size()) fail("the template ends inside a tag");
      if (open.empty() && close(end)) {
        add(end == "%}" ? Kind::kBlockEnd : Kind::kOutputEnd, "");
        return;
      }
      const char c = source_[at_];
      if (c == '"' || c == '\'') {
        text(c);
      } else if (is_digit(c)) {
        number();
      } else if (is_name(c)) {
        const std::size_t start = at_;
        while (at_ < source_.size() && is_name(source_[at_])) ++at_;
        add(Kind::kName, source_.substr(start, at_ - start));
      } else {
        operation(open);
      }
    }
  }

  void text(char quote) {
    const std::size_t start = at_++;
    while (at_ < source_.size() && source_[at_] != quote) at_ += source_[at_] == '\\' ? 2 : 1;
    if (at_ >= source_.size()) fail("a text has no end");
    ++at_;
    // Line ends may stand in it, unlike in Python.
    const auto value =
        python::literal(python::replace(source_.substr(start, at_ - start), "\n", "\\n"));
    if (!value || !value->is_string()) fail("a text has a wrong escape");
    add(Kind::kText, value->get<std::string>());
  }

  void number() {
    const std::size_t start = at_;
    const auto digits = [&] {
      while (at_ < source_.size() && (is_digit(source_[at_]) || source_[at_] == '_')) ++at_;
    };
    digits();
    bool real = false;
    if (at_ + 1 < source_.size() && source_[at_] == '.' && is_digit(source_[at_ + 1]) &&
        !(start > 0 && source_[start - 1] == '.')) {
      real = true;
      ++at_;
      digits();
    }
    if (at_ < source_.size() && (source_[at_] == 'e' || source_[at_] == 'E')) {
      std::size_t exponent = at_ + 1;
      if (exponent < source_.size() && (source_[exponent] == '+' || source_[exponent] == '-'))
        ++exponent;
      if (exponent < source_.size() && is_digit(source_[exponent])) {
        real = true;
        at_ = exponent;
        digits();
      }
    }
    add(real ? Kind::kFloat : Kind::kInteger,
        python::replace(source_.substr(start, at_ - start), "_", ""));
  }

  void operation(std::string& open) {
    static const std::vector<std::string> kOperators = {
        "//", "**", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[",
        "]",  "(",  ")",  "{",  "}",  ">",  "<", "=", ".", ":", "|", ",", ";"};
    const auto found = std::find_if(kOperators.begin(), kOperators.end(),
                                    [&](const std::string& op) { return has(op); });
    if (found == kOperators.end()) fail(fmt::format("unexpected '{}'", source_[at_]));
    const char c = (*found)[0];
    if (c == '(' || c == '[' || c == '{') open += c;
    if (c == ')' || c == ']' || c == '}') {
      const char needed = c == ')' ? '(' : c == ']' ? '[' : '{';
      if (open.empty() || open.back() != needed) fail(fmt::format("unexpected '{}'", c));
      open.pop_back();
    }
    add(Kind::kOperator, *found);
    at_ += found->size();
  }

  std::string source_;
  std::size_t at_ = 0;
  mutable std::size_t counted_ = 0;
  mutable int line_ = 1;
  std::vector<Token> tokens_;
};

}  // namespace

std::vector<Token> tokenize(std::string_view source) { return Lexer(source).run(); }

}  // namespace assay::detail::jinja
