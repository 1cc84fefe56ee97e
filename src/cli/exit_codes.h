// docs/exit-codes.md, in one place.
#pragma once

#include <vector>

#include "core/comparison.h"
#include "core/error.h"

namespace assay::cli {

int exit_code_of(ErrorKind kind);

// 1 when one is worse, else 10 when one is undecided or there is none, else 0.
int exit_code_of(const std::vector<Verdict>& verdicts);

}  // namespace assay::cli
