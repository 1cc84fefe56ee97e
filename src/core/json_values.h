// Inside core only: the pieces of which json.cc and json_report.cc make documents.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/json.h"

namespace assay::json {

using Json = nlohmann::ordered_json;

// The number itself; Error{kEngine} naming `field` when it is NaN or infinite.
Json number(double value, const char* field);
Json optional_number(const std::optional<double>& value, const char* field);
// A string kept byte for byte: as it is when UTF-8, else {"bytes_hex": "..."}.
Json exact_text(const std::string& text);
Json texts(const std::vector<std::string>& values);  // each as exact_text
Json estimate(const Estimate& estimate, const char* field);
Json convention(const Convention& convention);
Json model_info(const ModelInfo& info);
std::string dump(const Json& json, int indent);

Json parse(std::string_view text);
// Runs `read`; what the JSON library throws becomes Error{kBadInput} that says what was expected.
template <typename Read>
auto checked(const char* what, Read read) {
  try {
    return read();
  } catch (const nlohmann::json::exception& error) {
    throw Error(ErrorKind::kBadInput,
                std::string("Not the JSON of a ") + what + ": " + error.what(), {},
                "Was it written by another version of assay?");
  }
}
std::string read_exact_text(const Json& json);
std::vector<std::string> read_texts(const Json& json);
std::optional<double> read_optional_number(const Json& json);
Estimate read_estimate(const Json& json, const char* value_field = "value");
Convention read_convention(const Json& json);
ModelInfo read_model_info(const Json& json);

}  // namespace assay::json
