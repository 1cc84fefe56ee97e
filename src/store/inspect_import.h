// Inside imports only: logs of Inspect (inspect_ai), as JSON.
#pragma once

#include <string>

#include "store/import.h"

namespace assay::detail {

// Drops transcripts while a log is parsed: they are most of it.
bool is_wanted_of_inspect(int depth, Json::parse_event_t event, const Json& value);
bool is_inspect_log(const Json& json);
// One task of one model. Epochs of an item are answers of one sample. Error{kBadInput}.
ImportedRun read_inspect_log(const Json& json, const std::string& path);

}  // namespace assay::detail
