// lm-eval's wikitext detokeniser, step by step in its order. Its regular expressions are simple
// enough to be written out, and a backtracking engine would overflow its stack on pages of 100 kB.
#include "eval/eval.h"
#include "eval/unicode_text.h"

namespace assay {
namespace {

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  std::string result;
  std::size_t start = 0;
  for (std::size_t at; (at = text.find(from, start)) != std::string::npos;
       start = at + from.size()) {
    result.append(text, start, at - start).append(to);
  }
  result.append(text, start);
  text = std::move(result);
}

// re.sub(r"/' [0-9]/", r"/'[0-9]/", text): the replacement is taken literally, as lm-eval has it.
void replace_quoted_digit(std::string& text) {
  for (std::size_t at = 0; (at = text.find("/' ", at)) != std::string::npos; ++at) {
    const bool matches =
        at + 4 < text.size() && text[at + 3] >= '0' && text[at + 3] <= '9' && text[at + 4] == '/';
    if (matches) text.replace(at, 5, "/'[0-9]/");
  }
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
  replace_all(text, "s '", "s'");
  replace_quoted_digit(text);
  replace_all(text, " @-@ ", "-");
  replace_all(text, " @,@ ", ",");
  replace_all(text, " @.@ ", ".");
  for (const char* mark : {":", ";", ".", "!", "?", ","}) {
    replace_all(text, std::string(" ") + mark + " ", std::string(mark) + " ");
  }
  tighten(text, '(', ')');
  tighten(text, '[', ']');
  tighten(text, '{', '}');
  tighten(text, '"', '"');
  tighten(text, '\'', '\'');
  replace_all(text, "= = = =", "====");
  replace_all(text, "= = =", "===");
  replace_all(text, "= =", "==");
  replace_all(text, " \xc2\xb0 ", "\xc2\xb0");
  replace_all(text, " \n", "\n");
  replace_all(text, "\n ", "\n");
  replace_all(text, " N ", " 1 ");
  replace_all(text, " 's", "'s");
  return text;
}

}  // namespace assay
