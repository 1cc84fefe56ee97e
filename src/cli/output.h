// Reports on stdout, in the form that was asked for.
#pragma once

#include <string>
#include <vector>

#include "cli/flags.h"
#include "core/comparison.h"
#include "core/divergence.h"
#include "core/run.h"
#include "core/screen.h"
#include "core/speed.h"
#include "core/tradeoff.h"

namespace assay::cli {

void print_report(const PerplexityReport& report, const OutputFlags& flags);
void print_report(const DivergenceReport& report, const OutputFlags& flags);
void print_report(const ScreenReport& report, const OutputFlags& flags);
void print_report(const SpeedResult& result, const OutputFlags& flags);
void print_report(const TradeoffReport& report, const OutputFlags& flags);
void print_report(const std::vector<Run>& runs, const OutputFlags& flags);
// n_flips: newly wrong and newly right items named per task.
void print_report(const std::vector<Comparison>& comparisons, const OutputFlags& flags,
                  int n_flips);
// As write_file does, for names given with -o. First: the document of docs/formats/run.md.
void write_runs(const std::vector<Run>& runs, const std::string& path);
void write_whole(const std::string& path, const std::string& text);

}  // namespace assay::cli
