#include "tasks/score_target_list.h"

#include <cstdlib>

#include "tasks/score_text.h"

namespace assay::detail::score {
namespace {

class ListReader {
 public:
  explicit ListReader(std::string_view text) : text_(text) {}

  std::optional<std::vector<std::string>> read() {
    std::vector<std::string> out;
    if (!take('[')) return std::nullopt;
    while (!take(']')) {
      if (!out.empty() && !take(',')) return std::nullopt;
      if (!out.empty() && take(']')) break;  // a comma may stand last
      std::optional<std::string> item = quoted();
      if (!item) return std::nullopt;
      out.push_back(std::move(*item));
    }
    skip();
    if (at_ != text_.size()) return std::nullopt;
    return out;
  }

 private:
  void skip() {
    while (at_ < text_.size() && std::string_view(" \t\n\r").find(text_[at_]) != text_.npos) ++at_;
  }
  bool take(char c) {
    skip();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  std::optional<std::string> quoted() {
    skip();
    if (at_ >= text_.size() || (text_[at_] != '\'' && text_[at_] != '"')) return std::nullopt;
    const char quote = text_[at_++];
    std::string out;
    while (at_ < text_.size() && text_[at_] != quote) {
      if (text_[at_] == '\\') {
        if (!escape(out)) return std::nullopt;
      } else {
        out += text_[at_++];
      }
    }
    if (at_ >= text_.size()) return std::nullopt;
    ++at_;
    return out;
  }

  bool escape(std::string& out) {
    constexpr std::string_view kFrom = "nrtabfv\\'\"", kTo = "\n\r\t\a\b\f\v\\'\"";
    if (at_ + 1 >= text_.size()) return false;
    const char c = text_[at_ + 1];
    at_ += 2;
    if (const std::size_t i = kFrom.find(c); i != kFrom.npos) {
      out += kTo[i];
      return true;
    }
    const std::size_t n = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
    if (n == 0) {
      out += '\\';
      out += c;
      return true;
    }
    const std::string digits(text_.substr(at_, n));
    char* end = nullptr;
    const unsigned long code = std::strtoul(digits.c_str(), &end, 16);
    if (digits.size() != n || end != digits.c_str() + n) return false;
    at_ += n;
    const auto character = static_cast<char32_t>(code);
    out += utf8(std::u32string_view(&character, 1));
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

std::optional<std::vector<std::string>> python_texts(std::string_view literal) {
  return ListReader(literal).read();
}

std::optional<std::vector<std::string>> target_list(const TaskValue& doc_to_target, const Row& doc,
                                                    const std::string& target) {
  const auto column =
      doc_to_target.kind == TaskValue::Kind::kText ? doc.find(doc_to_target.text) : doc.end();
  if (column == doc.end()) return python_texts(target);
  if (!column->is_array()) return std::nullopt;  // a text that looks like a list is a text
  std::vector<std::string> out;
  for (const Json& item : *column)
    if (item.is_string()) out.push_back(item.get<std::string>());
  return out;
}

}  // namespace assay::detail::score
