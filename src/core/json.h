// Results and identities as JSON (docs/formats/divergence.md, docs/formats/perplexity.md).
// Everything is text here so that no other folder compiles the JSON library.
//
// What cannot be computed is null, with a "reason" beside it. A NaN, or an infinity without a
// reason, in a result is our bug: Error{kEngine} naming the field, never a silent null.
// Reading: Error{kBadInput} naming the field or the offset.
#pragma once

#include <string>
#include <string_view>

#include "core/convention.h"
#include "core/divergence.h"
#include "core/estimate.h"
#include "core/model_info.h"

namespace assay {

inline constexpr const char* kDivergenceSchema = "assay-divergence/1";
inline constexpr const char* kPerplexitySchema = "assay-perplexity/1";

// One line each. model_info_from_json(to_json(info)) == info in every field, also for strings that
// are not UTF-8 (stored as {"bytes_hex": "..."}).
std::string to_json(const ModelInfo& info);
std::string to_json(const Convention& convention);
std::string to_json(const Estimate& estimate);
ModelInfo model_info_from_json(std::string_view text);
Convention convention_from_json(std::string_view text);
Estimate estimate_from_json(std::string_view text);  // a null value reads as infinity

// Indented by two spaces, with a newline at the end.
std::string to_json(const PerplexityReport& report);
std::string to_json(const DivergenceReport& report);
PerplexityReport perplexity_report_from_json(std::string_view text);
DivergenceReport divergence_report_from_json(std::string_view text);

}  // namespace assay
