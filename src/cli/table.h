// Reports as text for people and for other programs. Nothing is printed here.
#pragma once

#include <string>

#include "core/divergence.h"
#include "core/screen.h"

namespace assay {

enum class TableFormat {
  kText,      // aligned columns, then sentences, notes, warnings and the convention
  kMarkdown,  // the same with a GitHub table
  kCsv,       // raw numbers with a header line (RFC 4180 quoting, lines end in \n); empty = unknown
};

struct TableOptions {
  TableFormat format = TableFormat::kText;
  int width = 0;  // columns of the terminal, for kText; 0 = as wide as needed
};

// Errors in tables are clustered standard errors; intervals are 95 %. In kText, columns that do not
// fit are left out, least important first, and named below; if name, perplexity and divergence do
// not fit either, each model becomes a block of lines.
std::string render(const DivergenceReport& report, const TableOptions& options);
std::string render(const PerplexityReport& report, const TableOptions& options);
std::string render(const ScreenReport& report, const TableOptions& options);

// Columns a terminal needs for UTF-8 `text`: combining marks none, East Asian wide characters two.
int display_width(const std::string& text);

}  // namespace assay
