// Comparisons as JSON (docs/formats/comparison.md). The rules of core/json.h hold here too.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/comparison.h"

namespace assay {

inline constexpr const char* kComparisonSchema = "assay-comparison/1";

// "within_margin", "worse", "undecided".
const char* name_of(Verdict verdict);

// {"schema": ..., "comparisons": [...]}: one per variant, indented. Reading gives back every field.
std::string to_json(const std::vector<Comparison>& comparisons);
std::vector<Comparison> comparisons_from_json(std::string_view text);

}  // namespace assay
