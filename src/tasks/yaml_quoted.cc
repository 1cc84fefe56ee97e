// Quoted scalars over several lines, by the folding rules of YAML 1.1 as libyaml applies them.
// yaml-cpp loses line breaks before the closing quote.
#include "tasks/yaml.h"

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace assay::detail {
namespace {

void append_utf8(std::string& text, std::uint32_t code) {
  const auto add = [&](std::uint32_t byte) { text += static_cast<char>(byte); };
  if (code < 0x80) {
    add(code);
  } else if (code < 0x800) {
    add(0xC0 | code >> 6);
  } else if (code < 0x10000) {
    add(0xE0 | code >> 12);
    add(0x80 | (code >> 6 & 0x3F));
  } else {
    add(0xF0 | code >> 18);
    add(0x80 | (code >> 12 & 0x3F));
    add(0x80 | (code >> 6 & 0x3F));
  }
  if (code >= 0x80) add(0x80 | (code & 0x3F));
}

class QuotedReader {
 public:
  QuotedReader(std::string_view text, std::size_t at)
      : text_(text), at_(at + 1), quote_(text[at]) {}

  std::optional<std::string> read() {
    while (at_ < text_.size()) {
      bool escaped_break = false;
      if (!read_words(escaped_break)) return std::nullopt;
      if (at_ >= text_.size()) return std::nullopt;
      if (text_[at_] == quote_) {
        if (!has_break_) return std::nullopt;
        return std::move(result_);
      }
      read_blanks(escaped_break);
    }
    return std::nullopt;
  }

 private:
  static bool is_blank(char c) { return c == ' ' || c == '\t'; }
  static bool is_break(char c) { return c == '\n' || c == '\r'; }

  // Up to a blank, a break or the closing quote.
  bool read_words(bool& escaped_break) {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (is_blank(c) || is_break(c)) return true;
      if (c == quote_) {
        const bool doubled = quote_ == '\'' && at_ + 1 < text_.size() && text_[at_ + 1] == '\'';
        if (!doubled) return true;
        ++at_;
      } else if (c == '\\' && quote_ == '"') {
        if (at_ + 1 < text_.size() && is_break(text_[at_ + 1])) {
          ++at_;
          skip_break();
          escaped_break = true;
          return true;
        }
        if (!read_escape()) return false;
        continue;
      }
      result_ += text_[at_++];
    }
    return true;
  }

  bool read_escape() {
    static constexpr std::string_view kNames = "0abt\tnvfre \"'\\/N_LP";
    static constexpr std::uint32_t kCodes[] = {
        0, 7, 8, 9, 9, 10, 11, 12, 13, 27, ' ', '"', '\'', '\\', '/', 0x85, 0xA0, 0x2028, 0x2029};
    if (at_ + 1 >= text_.size()) return false;
    const char name = text_[at_ + 1];
    at_ += 2;
    if (const std::size_t found = kNames.find(name); found != std::string_view::npos) {
      append_utf8(result_, kCodes[found]);
      return true;
    }
    const std::size_t n = name == 'x' ? 2 : name == 'u' ? 4 : name == 'U' ? 8 : 0;
    if (n == 0 || at_ + n > text_.size()) return false;
    std::uint32_t code = 0;
    const char* begin = text_.data() + at_;
    const auto [end, error] = std::from_chars(begin, begin + n, code, 16);
    const bool is_character = code <= 0x10FFFF && (code < 0xD800 || code > 0xDFFF);
    if (error != std::errc() || end != begin + n || !is_character) return false;
    append_utf8(result_, code);
    at_ += n;
    return true;
  }

  void skip_break() {
    const bool two = text_[at_] == '\r' && at_ + 1 < text_.size() && text_[at_ + 1] == '\n';
    at_ += two ? 2 : 1;
    has_break_ = true;
  }

  // One break becomes a blank, more become one fewer; blanks around breaks go.
  void read_blanks(bool escaped_break) {
    std::string blanks;
    bool on_new_line = escaped_break, folds = false;
    std::size_t n_more = 0;
    while (at_ < text_.size() && (is_blank(text_[at_]) || is_break(text_[at_]))) {
      if (is_blank(text_[at_])) {
        if (!on_new_line) blanks += text_[at_];
        ++at_;
        continue;
      }
      skip_break();
      if (on_new_line) ++n_more;
      if (!on_new_line) folds = on_new_line = true;
    }
    if (!on_new_line) {
      result_ += blanks;
    } else if (folds && n_more == 0) {
      result_ += ' ';
    } else {
      result_.append(n_more, '\n');
    }
  }

  std::string_view text_;
  std::size_t at_;
  char quote_;
  bool has_break_ = false;
  std::string result_;
};

}  // namespace

std::optional<std::string> read_quoted_lines(std::string_view text, std::size_t at) {
  // Before the quote may stand a tag and an anchor.
  while (at < text.size() && (text[at] == '!' || text[at] == '&')) {
    at = std::min(text.find_first_of(" \t\r\n", at), text.size());
    at = std::min(text.find_first_not_of(" \t\r\n", at), text.size());
  }
  if (at >= text.size() || (text[at] != '\'' && text[at] != '"')) return std::nullopt;
  return QuotedReader(text, at).read();
}

}  // namespace assay::detail
