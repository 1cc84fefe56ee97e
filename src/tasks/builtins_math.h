// process_docs of hendrycks_math and minerva_math for one row. No box in the solution: the answer
// is null, where lm-eval would stop.
#pragma once

#include "tasks/rows.h"

namespace assay::detail {

Row hendrycks_math_row(Row row);
Row minerva_math_row(Row row);

}  // namespace assay::detail
