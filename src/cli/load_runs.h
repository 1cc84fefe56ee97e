// Finished runs from files, whatever wrote them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/run.h"

namespace assay::cli {

// The runs in `path`: what `assay eval --json` printed (docs/formats/run.md), or a file or folder
// of another program (docs/formats/import.md). Errors: kIo when it cannot be read, kBadInput when
// it is no run, has no run or a run without tasks.
std::vector<Run> load_runs(const std::string& path);

// read_file, "-" is standard input.
std::string read_input(const std::string& path);

// The "schema" at the beginning of one of our documents; "" where there is none.
std::string schema_of(std::string_view document);

}  // namespace assay::cli
