// assay tasks show: a part of the command `tasks`.
#pragma once

#include "cli/commands.h"

namespace assay::cli {

void add_tasks_show(CLI::App& tasks, Context& context);

}  // namespace assay::cli
