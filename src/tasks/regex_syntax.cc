// Python's syntax of regular expressions, rewritten where PCRE2 reads it differently.
#include <fmt/format.h>

#include <cctype>

#include "tasks/regex.h"

namespace assay::detail {
namespace {

// str.isspace as the inside of a class, and its complement; PCRE2's \s has neither U+001C..1F nor
// Python's view of U+180E.
constexpr std::string_view kSpace =
    R"(\t-\r\x1c-\x20\x85\xa0\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000})";
constexpr std::string_view kNotSpace =
    R"(\x00-\x08\x0e-\x1b\x21-\x84\x86-\x9f\xa1-\x{167f}\x{1681}-\x{1fff}\x{200b}-\x{2027})"
    R"(\x{202a}-\x{202e}\x{2030}-\x{205e}\x{2060}-\x{2fff}\x{3001}-\x{10ffff})";
constexpr std::string_view kAsciiSpace = R"(\t-\r\x20)";
constexpr std::string_view kNotAsciiSpace = R"(\x00-\x08\x0e-\x1f\x21-\x{10ffff})";

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_octal(char c) { return c >= '0' && c <= '7'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

class Translator {
 public:
  Translator(std::string_view pattern, RegexFlags& flags) : in_(pattern), flags_(flags) {}

  std::string run() {
    global_flags();
    while (at_ < in_.size()) step();
    return std::move(out_);
  }

 private:
  [[noreturn]] void fail(const std::string& why) const {
    throw RegexError(fmt::format("not a regular expression: \"{}\": {}", in_, why));
  }
  char peek(std::size_t ahead = 0) const {
    return at_ + ahead < in_.size() ? in_[at_ + ahead] : '\0';
  }
  void copy(std::size_t n) {
    out_ += in_.substr(at_, n);
    at_ += n;
  }

  void set_flag(char c) {
    switch (c) {
      case 'i':
        flags_.ignore_case = true;
        break;
      case 'm':
        flags_.multi_line = true;
        break;
      case 's':
        flags_.dot_all = true;
        break;
      case 'x':
        flags_.verbose = true;
        break;
      case 'a':
        flags_.ascii = true;
        break;
      case 'u':
        break;
      default:
        fail(fmt::format("unknown flag \"{}\"", c));
    }
  }

  void global_flags() {
    while (in_.substr(at_, 2) == "(?") {
      std::size_t end = at_ + 2;
      while (end < in_.size() && is_letter(in_[end])) ++end;
      if (end == at_ + 2 || end >= in_.size() || in_[end] != ')' || in_[at_ + 2] == 'P') return;
      for (std::size_t i = at_ + 2; i < end; ++i) set_flag(in_[i]);
      at_ = end + 1;
    }
  }

  void step() {
    const char c = peek();
    if (c == '\\') {
      escape(false);
    } else if (c == '[') {
      character_class();
    } else if (c == '(') {
      group();
    } else if (c == '{') {
      brace();
    } else if (c == '#' && flags_.verbose) {
      while (at_ < in_.size() && peek() != '\n') ++at_;
    } else {
      copy(1);
    }
  }

  void group() {
    if (peek(1) == '*') {  // "(*" starts a verb of PCRE2; in Python it is an error
      fail("nothing to repeat");
    }
    if (peek(1) != '?') return copy(1);
    const char c = peek(2);
    if (c == '#') {
      const std::size_t end = in_.find(')', at_);
      if (end == std::string_view::npos) fail("missing ), unterminated comment");
      at_ = end + 1;
      return;
    }
    if (c == 'P') {
      if (peek(3) != '<' && peek(3) != '=') fail("unknown extension ?P");
      return copy(4);
    }
    if (c == '<') {
      if (peek(3) != '=' && peek(3) != '!') fail("unknown extension ?<");
      return copy(4);
    }
    if (c == ':' || c == '=' || c == '!' || c == '>') return copy(3);
    if (c == '(') return copy(2);  // a condition: its own parenthesis is next
    scoped_flags();
  }

  void scoped_flags() {
    std::size_t end = at_ + 2;
    while (end < in_.size() && in_[end] != ':' && in_[end] != ')') {
      if (std::string_view("imsx-").find(in_[end]) == std::string_view::npos)
        fail("unsupported extension in a group");
      ++end;
    }
    if (end >= in_.size()) fail("missing :");
    if (in_[end] == ')') fail("global flags not at the start of the expression");
    copy(end + 1 - at_);
  }

  // A quantifier, else a literal brace. PCRE2 before 10.43 knows no {,n}.
  void brace() {
    std::size_t i = at_ + 1;
    std::string low, high;
    while (i < in_.size() && is_digit(in_[i])) low += in_[i++];
    const bool comma = i < in_.size() && in_[i] == ',';
    if (comma) ++i;
    while (comma && i < in_.size() && is_digit(in_[i])) high += in_[i++];
    if (i >= in_.size() || in_[i] != '}' || (low.empty() && !comma)) {
      out_ += "\\{";
      ++at_;
      return;
    }
    out_ += fmt::format("{{{}{}{}}}", low.empty() ? "0" : low, comma ? "," : "", high);
    at_ = i + 1;
  }

  std::string hex(std::size_t n) {
    const std::string_view digits = in_.substr(at_ + 2, n);
    if (digits.size() != n) fail("incomplete escape");
    for (const char c : digits)
      if (std::isxdigit(static_cast<unsigned char>(c)) == 0) fail("incomplete escape");
    at_ += 2 + n;
    return std::string(digits);
  }

  void octal(std::size_t max) {  // at_ is on the backslash
    std::size_t i = at_ + 1;
    unsigned value = 0;
    while (i < in_.size() && i < at_ + 1 + max && is_octal(in_[i]))
      value = value * 8 + static_cast<unsigned>(in_[i++] - '0');
    if (value > 0377) fail("octal escape value outside of range 0-0o377");
    out_ += fmt::format("\\x{{{:x}}}", value);
    at_ = i;
  }

  void digit_escape(bool in_class) {
    if (peek(1) == '0') return octal(3);
    const bool three = is_octal(peek(1)) && is_octal(peek(2)) && is_octal(peek(3));
    if (three || in_class) {
      if (!is_octal(peek(1))) fail("bad escape");
      return octal(3);
    }
    std::size_t n = is_digit(peek(2)) ? 2 : 1;
    out_ += fmt::format("\\g{{{}}}", in_.substr(at_ + 1, n));
    at_ += 1 + n;
  }

  void space(bool negated, bool in_class) {
    const std::string_view inside =
        flags_.ascii ? (negated ? kNotAsciiSpace : kAsciiSpace) : (negated ? kNotSpace : kSpace);
    out_ += in_class ? std::string(inside) : fmt::format("[{}]", inside);
    at_ += 2;
  }

  void escape(bool in_class) {
    const char c = peek(1);
    if (at_ + 1 >= in_.size()) fail("bad escape (end of pattern)");
    if (is_digit(c)) return digit_escape(in_class);
    if (!is_letter(c)) {
      // A backslash before a character of several bytes: the character itself.
      if (static_cast<unsigned char>(c) >= 0x80) ++at_;
      return copy(static_cast<unsigned char>(c) >= 0x80 ? 1 : 2);
    }
    letter_escape(c, in_class);
  }

  void letter_escape(char c, bool in_class) {
    constexpr std::string_view kSame = "dDwWafnrt";
    if (kSame.find(c) != std::string_view::npos) return copy(2);
    if (c == 's' || c == 'S') return space(c == 'S', in_class);
    if (c == 'v') {
      out_ += "\\x0b";
      at_ += 2;
    } else if (c == 'x' || c == 'u' || c == 'U') {
      const std::string digits = hex(c == 'x' ? 2 : c == 'u' ? 4 : 8);
      out_ += fmt::format("\\x{{{}}}", digits);
    } else if (c == 'b' && in_class) {
      out_ += "\\x08";
      at_ += 2;
    } else if ((c == 'b' || c == 'B' || c == 'A') && !in_class) {
      copy(2);
    } else if (c == 'Z' && !in_class) {
      out_ += "\\z";
      at_ += 2;
    } else {
      fail(fmt::format("bad escape \\{}", c));
    }
  }

  void character_class() {
    copy(1);
    if (peek() == '^') copy(1);
    if (peek() == ']') {
      out_ += "\\]";
      ++at_;
    }
    while (peek() != ']') {
      if (at_ >= in_.size()) fail("unterminated character set");
      if (peek() == '\\') {
        escape(true);
      } else if (peek() == '[') {  // "[:" would be a POSIX class
        out_ += "\\[";
        ++at_;
      } else {
        copy(1);
      }
    }
    copy(1);
  }

  std::string_view in_;
  RegexFlags& flags_;
  std::size_t at_ = 0;
  std::string out_;
};

}  // namespace

std::string translate_python_regex(std::string_view pattern, RegexFlags& flags) {
  return Translator(pattern, flags).run();
}

}  // namespace assay::detail
