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

ScreenVerdict read_verdict(const Json& json) {
  const std::string text = json.get<std::string>();
  for (const ScreenVerdict verdict :
       {ScreenVerdict::kPassed, ScreenVerdict::kDropped, ScreenVerdict::kUndecided}) {
    if (text == to_string(verdict)) return verdict;
  }
  throw Error(ErrorKind::kBadInput, "'" + text + "' is no verdict of a screening", "verdict");
}

ScreenedVariant read_variant(const Json& in) {
  ScreenedVariant v{.name = json::read_exact_text(in.at("name")),
                    .verdict = read_verdict(in.at("verdict")),
                    .n_windows = in.at("n_windows").get<std::int64_t>(),
                    .n_scored_tokens = in.at("n_scored_tokens").get<std::int64_t>(),
                    .size_bytes = in.at("size_bytes").get<std::int64_t>()};
  for (const Json& c : in.at("criteria")) {
    v.criteria.push_back({.name = c.at("name").get<std::string>(),
                          .limit = c.at("limit").get<double>(),
                          .estimate = json::read_estimate(c.at("estimate")),
                          .verdict = read_verdict(c.at("verdict"))});
  }
  return v;
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

ScreenReport screen_report_from_json(std::string_view text) {
  return json::checked("screening", [&] {
    const Json in = json::parse(text);
    if (in.value("schema", "") != kScreenSchema) {
      throw Error(ErrorKind::kBadInput, std::string("Not a document of schema ") + kScreenSchema,
                  {}, "Give what `assay screen --json` printed.");
    }
    ScreenReport report{.baseline = json::read_exact_text(in.at("baseline")),
                        .convention = json::read_convention(in.at("convention")),
                        .confidence = in.at("confidence").get<double>(),
                        .seed = in.at("seed").get<std::uint64_t>(),
                        .n_windows = in.at("n_windows").get<std::int64_t>(),
                        .n_window_runs = in.at("n_window_runs").get<std::int64_t>()};
    for (const Json& v : in.at("variants")) report.variants.push_back(read_variant(v));
    for (const Json& w : in.at("warnings")) report.warnings.push_back(json::read_exact_text(w));
    return report;
  });
}

}  // namespace assay
