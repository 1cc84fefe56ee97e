// Speed results for people.
#pragma once

#include <string>

#include "cli/table.h"
#include "core/speed.h"

namespace assay {

// kText: what was measured per test, what each setup takes, the machine, then what to doubt.
// kMarkdown and kCsv: the first table only.
std::string render(const SpeedResult& result, const TableOptions& options);

// Count, duration, latencies and throughput of each setup and test, as OpenVINO's benchmark_app
// says them.
std::string latency_summary(const SpeedResult& result);

}  // namespace assay
