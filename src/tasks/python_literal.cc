// Python's literals: written as repr does, read as ast.literal_eval does.
#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "tasks/python_text.h"

namespace assay::detail::python {
namespace {

constexpr int kMaxDepth = 100;

bool is_printable(char32_t c) {
  if (c < 0x20 || (c >= 0x7f && c <= 0xa0) || c == 0xad) return false;
  return !(is_space(c) && c != ' ') && !(c >= 0x200b && c <= 0x200f) &&
         !(c >= 0x202a && c <= 0x202e) && !(c >= 0x2060 && c <= 0x206f) && c != 0xfeff &&
         !(c >= 0xd800 && c <= 0xf8ff) && !(c >= 0xfff0 && c <= 0xfffb) && c < 0xe0000;
}

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  std::optional<Json> whole() {
    Json result;
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
    if (!value(result, 0)) return std::nullopt;
    skip();
    if (at_ < text_.size() && text_[at_] == ',') {  // a tuple without brackets
      Json list = Json::array({result});
      ++at_;
      if (!items(list, '\0', 0)) return std::nullopt;
      result = std::move(list);
    }
    skip();
    if (at_ != text_.size()) return std::nullopt;
    return result;
  }

 private:
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  void skip() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' ||
                                  text_[at_] == '\r' || text_[at_] == '\f'))
      ++at_;
  }
  bool word(std::string_view w) {
    if (text_.substr(at_, w.size()) != w) return false;
    const char after = at_ + w.size() < text_.size() ? text_[at_ + w.size()] : '\0';
    if (is_name(after)) return false;
    at_ += w.size();
    return true;
  }
  static bool is_name(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           static_cast<unsigned char>(c) >= 0x80;
  }

  bool value(Json& out, int depth) {
    if (depth > kMaxDepth) return false;
    skip();
    const char c = peek();
    if (c == '[' || c == '(') return sequence(out, depth);
    if (c == '{') return map(out, depth);
    if (word("None")) return out = nullptr, true;
    if (word("True")) return out = true, true;
    if (word("False")) return out = false, true;
    if (c == '\'' || c == '"' || is_prefix()) return texts(out);
    return number(out);
  }

  bool is_prefix() const {
    const char c = peek(), next = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
    return (c == 'r' || c == 'R' || c == 'u' || c == 'U') && (next == '\'' || next == '"');
  }

  bool sequence(Json& out, int depth) {
    const bool round = text_[at_] == '(';
    ++at_;
    out = Json::array();
    bool comma = false;
    if (!items(out, round ? ')' : ']', depth, &comma)) return false;
    ++at_;
    if (round && out.size() == 1 && !comma) {
      Json inner = std::move(out[0]);
      out = std::move(inner);
    }
    return true;
  }

  // Up to `close`, which stays; '\0' is the end of the text.
  bool items(Json& list, char close, int depth, bool* comma = nullptr) {
    for (skip(); peek() != close || (close == '\0' && at_ < text_.size()); skip()) {
      Json item;
      if (!value(item, depth + 1)) return false;
      list.push_back(std::move(item));
      skip();
      if (peek() == ',') {
        if (comma != nullptr) *comma = true;
        ++at_;
      } else if (peek() != close) {
        return false;
      }
    }
    return close == '\0' || at_ < text_.size();
  }

  bool map(Json& out, int depth) {
    ++at_;
    out = Json::object();
    for (skip(); peek() != '}'; skip()) {
      Json key, item;
      if (!value(key, depth + 1)) return false;
      skip();
      if (peek() != ':') return false;
      ++at_;
      if (!value(item, depth + 1)) return false;
      out[str(key)] = std::move(item);
      skip();
      if (peek() == ',')
        ++at_;
      else if (peek() != '}')
        return false;
    }
    ++at_;
    return true;
  }

  bool texts(Json& out) {  // literals side by side are one
    std::string all;
    while (peek() == '\'' || peek() == '"' || is_prefix()) {
      const bool raw = peek() == 'r' || peek() == 'R';
      if (is_prefix()) ++at_;
      if (!one_text(all, raw)) return false;
      skip();
    }
    out = std::move(all);
    return true;
  }

  bool one_text(std::string& out, bool raw) {
    const char quote = text_[at_];
    const bool triple = text_.substr(at_, 3) == std::string(3, quote);
    at_ += triple ? 3 : 1;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (triple ? text_.substr(at_, 3) == std::string(3, quote) : c == quote) {
        at_ += triple ? 3 : 1;
        return true;
      }
      if (c == '\n' && !triple) return false;
      ++at_;
      if (c != '\\') {
        out += c;
      } else if (raw) {
        out += c;
        if (at_ < text_.size()) out += text_[at_++];
      } else if (!escape(out)) {
        return false;
      }
    }
    return false;
  }

  bool escape(std::string& out) {
    if (at_ >= text_.size()) return false;
    const char c = text_[at_++];
    static constexpr std::string_view kNames = "abfnrtv\\'\"", kCodes = "\a\b\f\n\r\t\v\\'\"";
    if (c == '\n') return true;
    if (const std::size_t i = kNames.find(c); i != kNames.npos) return out += kCodes[i], true;
    if (c == 'x') return code(out, 2);
    if (c == 'u') return code(out, 4);
    if (c == 'U') return code(out, 8);
    if (c >= '0' && c <= '7') {
      char32_t octal = 0;
      --at_;
      for (int i = 0; i < 3 && peek() >= '0' && peek() <= '7'; ++i)
        octal = octal * 8 + static_cast<char32_t>(text_[at_++] - '0');
      out += encode(std::u32string(1, octal));
      return true;
    }
    out += '\\';
    out += c;
    return c != 'N';
  }

  bool code(std::string& out, std::size_t n) {
    std::uint32_t value = 0;
    const std::string_view digits = text_.substr(at_, n);
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
    if (digits.size() != n || error != std::errc() || end != digits.data() + n) return false;
    if (value > 0x10ffff) return false;
    at_ += n;
    out += encode(std::u32string(1, value));
    return true;
  }

  bool number(Json& out) {
    bool negative = false;
    for (; peek() == '-' || peek() == '+'; skip()) {
      negative ^= peek() == '-';
      ++at_;
    }
    const std::size_t start = at_;
    while (at_ < text_.size() && (is_name(text_[at_]) || text_[at_] == '.' ||
                                  ((text_[at_] == '-' || text_[at_] == '+') && at_ > start &&
                                   (text_[at_ - 1] == 'e' || text_[at_ - 1] == 'E'))))
      ++at_;
    const std::string digits(text_.substr(start, at_ - start));
    if (is_digits(digits)) {
      if (digits.size() > 1 && digits[0] == '0' && digits.find_first_not_of('0') != digits.npos)
        return false;
      std::int64_t value = 0;
      const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), value);
      if (parsed.ec != std::errc()) return false;
      out = negative ? -value : value;
      return true;
    }
    double value = 0;
    const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    const bool is_number = !digits.empty() && (is_digits(digits.substr(0, 1)) || digits[0] == '.');
    if (!is_number || parsed.ec != std::errc() || parsed.ptr != digits.data() + digits.size())
      return false;
    out = negative ? -value : value;
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

void write(std::string& out, const Json& value) {
  if (value.is_array()) {
    out += '[';
    for (std::size_t i = 0; i < value.size(); ++i) {
      if (i > 0) out += ", ";
      write(out, value[i]);
    }
    out += ']';
  } else if (value.is_object()) {
    out += '{';
    bool first = true;
    for (const auto& [key, item] : value.items()) {
      if (!std::exchange(first, false)) out += ", ";
      out += text_repr(key) + ": ";
      write(out, item);
    }
    out += '}';
  } else if (value.is_string()) {
    out += text_repr(value.get_ref<const std::string&>());
  } else if (value.is_boolean()) {
    out += value.get<bool>() ? "True" : "False";
  } else if (value.is_number_float()) {
    out += repr(value.get<double>());
  } else {
    out += value.is_null() ? "None" : value.dump();
  }
}

}  // namespace

std::string text_repr(std::string_view text) {
  const bool has_single = text.find('\'') != text.npos, has_double = text.find('"') != text.npos;
  const char32_t quote = has_single && !has_double ? '"' : '\'';
  std::string out = encode(std::u32string(1, quote));
  for (const char32_t c : decode(text)) {
    if (c == quote || c == '\\')
      out += {'\\', static_cast<char>(c)};
    else if (c == '\n')
      out += "\\n";
    else if (c == '\r')
      out += "\\r";
    else if (c == '\t')
      out += "\\t";
    else if (is_printable(c))
      out += encode(std::u32string(1, c));
    else
      out += c < 0x100     ? fmt::format("\\x{:02x}", static_cast<unsigned>(c))
             : c < 0x10000 ? fmt::format("\\u{:04x}", static_cast<unsigned>(c))
                           : fmt::format("\\U{:08x}", static_cast<unsigned>(c));
  }
  return out + encode(std::u32string(1, quote));
}

std::string repr(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  std::string text = fmt::format("{}", value);
  if (text.find_first_of(".e") == text.npos) text += ".0";
  return text;
}

std::string repr(const Json& value) {
  std::string out;
  write(out, value);
  return out;
}

std::string str(const Json& value) {
  return value.is_string() ? value.get<std::string>() : repr(value);
}

std::optional<Json> literal(std::string_view text) { return Reader(text).whole(); }

}  // namespace assay::detail::python
