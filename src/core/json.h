// Reports as JSON documents (docs/formats/) and back where something reads them. Absent values are
// null with a reason; a number that is not finite is null too.
#pragma once

#include <string>

#include "core/divergence.h"

namespace assay {

std::string to_json(const PerplexityReport& report);  // schema assay-perplexity/1
std::string to_json(const DivergenceReport& report);  // schema assay-divergence/1

std::string to_json(const ModelInfo& info);  // one line; kept in the store
ModelInfo model_info_from_json(const std::string& text);

}  // namespace assay
