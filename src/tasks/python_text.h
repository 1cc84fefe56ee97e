// Python's str as templates and task functions use it: texts are UTF-8, positions are characters.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tasks/rows.h"

namespace assay::detail::python {

// Characters of a text; bytes that are not UTF-8 count one each.
std::u32string decode(std::string_view text);
std::string encode(std::u32string_view text);
std::int64_t length(std::string_view text);

// chars absent: white space.
std::string strip(std::string_view text, const std::optional<std::string>& chars = {},
                  bool left = true, bool right = true);
// separator absent: at runs of white space. max < 0: no limit.
std::vector<std::string> split(std::string_view text, const std::optional<std::string>& separator,
                               std::int64_t max = -1);
std::vector<std::string> rsplit(std::string_view text, const std::optional<std::string>& separator,
                                std::int64_t max = -1);
std::vector<std::string> splitlines(std::string_view text);
std::string replace(std::string_view text, std::string_view from, std::string_view to,
                    std::int64_t max = -1);
// Position in characters, -1 when it is not there.
std::int64_t find(std::string_view text, std::string_view part, bool last = false);
std::int64_t count(std::string_view text, std::string_view part);

// Unicode's full mappings.
std::string upper(std::string_view text);
std::string lower(std::string_view text);
std::string title(std::string_view text);  // str.title: after every character that is no letter
std::string capitalize(std::string_view text);
bool is_space(char32_t c);
bool is_letter(char32_t c);
bool is_digits(std::string_view text);  // str.isdigit for ASCII digits

std::string text_repr(std::string_view text);  // repr of a text: with quotes and escapes
std::string repr(double value);
std::string repr(const Json& value);  // lists, maps, True, None as Python writes them
std::string str(const Json& value);   // as repr, but a text stands for itself

// ast.literal_eval: lists, tuples (as lists), maps, texts, numbers, True, False, None, signs.
// nullopt when it is not one.
std::optional<Json> literal(std::string_view text);

// Slice bounds as Python clips them, for a sequence of `size`: first position and how many.
struct Slice {
  std::int64_t start = 0, step = 1, n = 0;
};
Slice slice(std::int64_t size, std::optional<std::int64_t> start, std::optional<std::int64_t> stop,
            std::int64_t step);

}  // namespace assay::detail::python
