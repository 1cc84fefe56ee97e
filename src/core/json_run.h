// Runs and their samples as JSON (docs/formats/run.md). The rules of core/json.h hold here too.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/run.h"

namespace assay {

inline constexpr const char* kRunSchema = "assay-run/1";
inline constexpr const char* kRunsSchema = "assay-runs/1";

// One line each; reading gives back every field to the last bit.
std::string to_json(const Response& response);
std::string to_json(const SampleRecord& sample);
Response response_from_json(std::string_view text);
SampleRecord sample_from_json(std::string_view text);

// The whole run, indented, without the samples' requests (their digests stay).
std::string to_json(const Run& run);
Run run_from_json(std::string_view text);
// Several runs of one command: {"schema": ..., "runs": [...]}; a document of one run reads too.
std::string to_json(const std::vector<Run>& runs);
// The same text piece by piece, a sample at a time: memory does not grow with their number.
void write_json(const std::vector<Run>& runs, const std::function<void(std::string_view)>& write);
std::vector<Run> runs_from_json(std::string_view text);

}  // namespace assay
