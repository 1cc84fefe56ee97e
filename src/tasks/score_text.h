// Inside scores only: text as Python's str sees it, which is what lm-eval compares. Text is UTF-8.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/unicode_text.h"  // strip, replace_all, count_words

namespace assay::detail::score {

// Bytes that are not UTF-8 become U+FFFD, so that all that follows works on characters.
std::string valid_utf8(std::string_view text);
std::u32string characters(std::string_view valid_utf8);
std::string utf8(std::u32string_view characters);

std::vector<std::string> split(std::string_view text, std::string_view separator);

// Full mappings of Unicode 14.0 (Python 3.11), special ones included: "İ" has two characters in
// lower case, a final sigma is "ς". The tables are made by scripts/unicode_tables.py.
std::string lower(std::string_view text);
std::string upper(std::string_view text);
bool is_punctuation(char32_t c);  // category P*

// str.translate with the ASCII punctuation, or the ASCII digits, deleted.
std::string without_ascii_punctuation(std::string_view text);
std::string without_ascii_digits(std::string_view text);
std::string without_punctuation(std::string_view text);  // all of category P*

}  // namespace assay::detail::score
