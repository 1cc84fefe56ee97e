// Inside core only: samples as JSON values.
#pragma once

#include "core/json_values.h"
#include "core/run.h"

namespace assay::json {

enum class Requests { kKeep, kDrop };
Json sample(const SampleRecord& sample, Requests requests);
SampleRecord read_sample(const Json& json);

}  // namespace assay::json
