// Where the tasks' data sets are looked for, as flags: shared by all commands that load them.
#pragma once

#include <stop_token>
#include <string>

#include "hub/hub.h"
#include "tasks/tasks.h"

namespace CLI {
class App;
}

namespace assay::cli {

struct DatasetFlags {
  std::string mapping_file;  // --data
};
void add_dataset_flags(CLI::App& app, DatasetFlags& flags);

// --data, $ASSAY_DATA, and the hub as `hub` says (endpoint, cache folder, offline, progress, stop).
// Each repository is listed once and each file asked for once, however many tasks share them.
DatasetSources dataset_sources(const DatasetFlags& flags, const HubOptions& hub);

}  // namespace assay::cli
