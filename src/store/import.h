// Inside imports only: reading text and JSON that others wrote.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/store.h"

namespace assay::detail {

using Json = nlohmann::ordered_json;

// "file:line"; a whole file is line 0.
std::string place(const std::string& file, std::int64_t line);
[[noreturn]] void refuse(const std::string& what, const std::string& where,
                         const std::string& remedy);

// Python writes NaN and Infinity, which JSON has not: they are read as null. Error{kBadInput}
// naming `file` and the line in it, counted from first_line.
Json parse_foreign(const std::string& text, const std::string& file, std::int64_t first_line = 1,
                   const Json::parser_callback_t& keep = nullptr);
// Every line, without its end; numbers count from 1. Error{kIo}.
void for_each_line(const std::string& path,
                   const std::function<void(const std::string& line, std::int64_t number)>& use);
// The objects of a file that is jsonl, or one JSON array (harness 0.4.0 to 0.4.2), one at a time.
void for_each_object(const std::string& path,
                     const std::function<void(Json&& object, const std::string& where)>& use);

// A number, a truth value, or either as text; nullopt for all else.
std::optional<double> number_of(const Json& value);
// As Python's str(): texts as they are, True, None, [1, 'a'].
std::string python_text(const Json& value);
// What stands there, or an empty object where nothing or null does.
const Json& part(const Json& object, const std::string& key);
std::string text_or(const Json& object, const char* key, const std::string& otherwise = {});

// An answer of which nothing but the text is known.
Response text_response(std::string text);

// UTC, from seconds since 1970.
std::string utc_text(double seconds);

}  // namespace assay::detail
