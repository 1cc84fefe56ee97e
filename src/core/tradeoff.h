// What each variant costs in accuracy and buys in speed and memory, side by side: plain data.
// Written by `assay tradeoff` (docs/formats/tradeoff.md).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/comparison.h"
#include "core/estimate.h"

namespace assay {

inline constexpr const char* kTradeoffSchema = "assay-tradeoff/1";

// What a variant must reach to be taken into account.
struct TradeoffLimits {
  std::optional<double> min_decode_tps, min_prefill_tps;  // tokens per second
  std::optional<double> max_first_token_ms;
  std::optional<double> max_memory_bytes;  // peak, with KV of n_ctx tokens
  std::optional<int> n_ctx;  // tokens in the context for the memory; absent: as measured
};

struct TradeoffRow {
  std::string name;
  bool is_baseline = false;
  std::int64_t size_bytes = 0;
  // Tokens per second and how many times as fast as the baseline; absent where it was not measured.
  std::optional<double> decode_tps, prefill_tps, first_token_ms, memory_bytes;
  std::optional<Estimate> decode_ratio, prefill_ratio;  // absent for the baseline
  // Change against the baseline, a fraction, negative when it is worse: of the deciding metric, or
  // the plain mean over several, whose errors are taken as independent. Absent without comparison.
  std::optional<Estimate> accuracy;
  std::optional<Verdict> verdict;         // of the comparison
  std::vector<std::string> broken;        // limits that it breaks, in words
  std::vector<std::string> dominated_by;  // rows that are at least as good in everything
  bool on_front = false;                  // keeps the limits and is not dominated
  std::string failure;                    // why its speed was not measured
};

struct TradeoffReport {
  std::string decode_test, prefill_test, request_test;  // names of the tests that were used
  std::string accuracy_of;                              // "arc_easy acc", "mean of 3 metrics"
  TradeoffLimits limits;
  std::vector<TradeoffRow> rows;  // as measured; the baseline first
  std::vector<std::string> warnings;
};

std::string to_json(const TradeoffReport& report);

}  // namespace assay
