// Inside tasks only: the YAML of mappings and of README headers.
#pragma once

#include <string>

#include "tasks/rows.h"

namespace assay::detail {

// The tree of a YAML text; `file` is its name for messages. Errors: kBadInput with file and line.
Json parse_mapping(const std::string& text, const std::string& file);
// The header between the "---" lines at the start of a README.md; null when there is none, or
// when it is no YAML (a README's mistakes must not hide the data).
Json parse_readme_header(const std::string& text);
// The mapping that is part of the program, parsed once.
const Json& shipped_mapping();

}  // namespace assay::detail
