#include "core/json_comparison.h"
#include "core/json_values.h"
#include "core/tradeoff.h"

namespace assay {
namespace {

using json::exact_text;
using json::Json;
using json::optional_number;
using json::texts;

Json optional_estimate(const std::optional<Estimate>& estimate, const char* field) {
  return estimate ? json::estimate(*estimate, field) : Json(nullptr);
}

Json row(const TradeoffRow& r) {
  return {{"name", exact_text(r.name)},
          {"is_baseline", r.is_baseline},
          {"size_bytes", r.size_bytes},
          {"decode_tps", optional_number(r.decode_tps, "decode_tps")},
          {"prefill_tps", optional_number(r.prefill_tps, "prefill_tps")},
          {"first_token_ms", optional_number(r.first_token_ms, "first_token_ms")},
          {"memory_bytes", optional_number(r.memory_bytes, "memory_bytes")},
          {"decode_ratio", optional_estimate(r.decode_ratio, "decode_ratio")},
          {"prefill_ratio", optional_estimate(r.prefill_ratio, "prefill_ratio")},
          {"accuracy", optional_estimate(r.accuracy, "accuracy")},
          {"verdict", r.verdict ? Json(name_of(*r.verdict)) : Json(nullptr)},
          {"broken_limits", texts(r.broken)},
          {"dominated_by", texts(r.dominated_by)},
          {"on_front", r.on_front},
          {"failure", r.failure.empty() ? Json(nullptr) : exact_text(r.failure)}};
}

}  // namespace

std::string to_json(const TradeoffReport& report) {
  Json rows = Json::array();
  for (const TradeoffRow& r : report.rows) rows.push_back(row(r));
  const TradeoffLimits& limits = report.limits;
  const Json document{
      {"schema", kTradeoffSchema},
      {"decode_test", report.decode_test},
      {"prefill_test", report.prefill_test},
      {"request_test", report.request_test},
      {"accuracy_of", exact_text(report.accuracy_of)},
      {"limits",
       {{"min_decode_tps", optional_number(limits.min_decode_tps, "min_decode_tps")},
        {"min_prefill_tps", optional_number(limits.min_prefill_tps, "min_prefill_tps")},
        {"max_first_token_ms", optional_number(limits.max_first_token_ms, "max_first_token_ms")},
        {"max_memory_bytes", optional_number(limits.max_memory_bytes, "max_memory_bytes")},
        {"n_ctx", limits.n_ctx ? Json(*limits.n_ctx) : Json(nullptr)}}},
      {"rows", rows},
      {"warnings", texts(report.warnings)}};
  return json::dump(document, 2) + "\n";
}

}  // namespace assay
