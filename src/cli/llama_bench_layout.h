// Speed results in the layouts of llama-bench, so that what reads its output reads ours.
#pragma once

#include <string>

#include "core/speed.h"

namespace assay {

// format: csv, json, jsonl, md or sql. Requests and parallel sequences, which llama-bench does not
// have, are left out, as are setups that were not measured. Times are those of all counted
// repetitions.
std::string llama_bench_layout(const SpeedResult& result, const std::string& format);

}  // namespace assay
