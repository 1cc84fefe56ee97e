// lm-eval's wikitext detokeniser, step by step in its order. Its regular expressions are simple
// enough to be written out, and a backtracking engine would overflow its stack on pages of 100 kB.
#include "core/unicode_text.h"

namespace assay {
namespace {

// re.sub(r"/' [0-9]/", r"/'[0-9]/", text): the replacement is taken literally, as lm-eval has it.
std::string replace_quoted_digit(const std::string& text) {
  std::string result;
  std::size_t start = 0;
  for (std::size_t at = 0; (at = text.find("/' ", at)) != std::string::npos;) {
    const bool matches =
        at + 4 < text.size() && text[at + 3] >= '0' && text[at + 3] <= '9' && text[at + 4] == '/';
    if (!matches) {
      ++at;
      continue;
    }
    result.append(text, start, at - start).append("/'[0-9]/");
    start = at += 5;
  }
  return result.append(text, start);
}

// re.sub(r"OPEN\s*([^CLOSE]*?)\s*CLOSE", r"OPEN\1CLOSE", text): white space inside the brackets
// goes.
void tighten(std::string& text, char open, char close) {
  std::string result;
  std::size_t start = 0;
  while (true) {
    const std::size_t left = text.find(open, start);
    const std::size_t right = left == std::string::npos ? left : text.find(close, left + 1);
    if (right == std::string::npos) break;
    result.append(text, start, left + 1 - start);
    result.append(detail::strip(std::string_view(text).substr(left + 1, right - left - 1)));
    result += close;
    start = right + 1;
  }
  result.append(text, start);
  text = std::move(result);
}

}  // namespace

std::string wikitext_detokenize(const std::string& page) {
  std::string text = page;
  const auto replace = [&text](std::string_view from, std::string_view to) {
    text = detail::replace_all(text, from, to);
  };
  replace("s '", "s'");
  text = replace_quoted_digit(text);
  replace(" @-@ ", "-");
  replace(" @,@ ", ",");
  replace(" @.@ ", ".");
  for (const char* mark : {":", ";", ".", "!", "?", ","}) {
    replace(std::string(" ") + mark + " ", std::string(mark) + " ");
  }
  tighten(text, '(', ')');
  tighten(text, '[', ']');
  tighten(text, '{', '}');
  tighten(text, '"', '"');
  tighten(text, '\'', '\'');
  replace("= = = =", "====");
  replace("= = =", "===");
  replace("= =", "==");
  replace(" \xc2\xb0 ", "\xc2\xb0");
  replace(" \n", "\n");
  replace("\n ", "\n");
  replace(" N ", " 1 ");
  replace(" 's", "'s");
  return text;
}

}  // namespace assay
