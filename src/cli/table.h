// Reports as text: an aligned table for terminals, Markdown, CSV. No I/O.
#pragma once

#include <string>

#include "core/divergence.h"

namespace assay::cli {

// width: columns of the terminal; 0 = unlimited. Long notes and sentences are wrapped to it, tables
// are not cut.
std::string render_text(const PerplexityReport& report, int width);
std::string render_text(const DivergenceReport& report, int width);
std::string render_markdown(const PerplexityReport& report);
std::string render_markdown(const DivergenceReport& report);
std::string render_csv(const PerplexityReport& report);
std::string render_csv(const DivergenceReport& report);

// "31.46 ± 0.42": the error has two significant digits and decides the value's.
std::string value_with_error(double value, const std::optional<double>& error);

}  // namespace assay::cli
