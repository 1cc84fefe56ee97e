#include "core/json_values.h"
#include "core/screen.h"

namespace assay {
namespace {

using json::Json;

Json criterion(const ScreenCriterion& c) {
  return {{"name", c.name},
          {"limit", json::number(c.limit, "limit")},
          {"estimate", json::estimate(c.estimate, "estimate")},
          {"verdict", to_string(c.verdict)}};
}

Json variant(const ScreenedVariant& v) {
  Json criteria = Json::array();
  for (const ScreenCriterion& c : v.criteria) criteria.push_back(criterion(c));
  return {{"name", json::exact_text(v.name)},
          {"verdict", to_string(v.verdict)},
          {"criteria", criteria},
          {"n_windows", v.n_windows},
          {"n_scored_tokens", v.n_scored_tokens},
          {"size_bytes", v.size_bytes}};
}

}  // namespace

const char* to_string(ScreenVerdict verdict) {
  switch (verdict) {
    case ScreenVerdict::kPassed:
      return "passed";
    case ScreenVerdict::kDropped:
      return "dropped";
    case ScreenVerdict::kUndecided:
      break;
  }
  return "undecided";
}

std::string to_json(const ScreenReport& report) {
  Json variants = Json::array(), warnings = Json::array();
  for (const ScreenedVariant& v : report.variants) variants.push_back(variant(v));
  for (const std::string& w : report.warnings) warnings.push_back(json::exact_text(w));
  const Json document{{"schema", kScreenSchema},
                      {"baseline", json::exact_text(report.baseline)},
                      {"convention", json::convention(report.convention)},
                      {"confidence", json::number(report.confidence, "confidence")},
                      {"seed", report.seed},
                      {"n_windows", report.n_windows},
                      {"n_window_runs", report.n_window_runs},
                      {"variants", variants},
                      {"warnings", warnings}};
  return json::dump(document, 2) + "\n";
}

}  // namespace assay
