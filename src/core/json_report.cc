#include <limits>
#include <utility>

#include "core/json_values.h"

namespace assay {
namespace {

using json::Json;
using json::number;
using json::optional_number;

constexpr std::pair<const char*, double Percentiles::*> kPercentiles[] = {
    {"min", &Percentiles::min},       {"p001", &Percentiles::p0_1}, {"p1", &Percentiles::p1},
    {"p5", &Percentiles::p5},         {"p10", &Percentiles::p10},   {"p25", &Percentiles::p25},
    {"median", &Percentiles::median}, {"p75", &Percentiles::p75},   {"p90", &Percentiles::p90},
    {"p95", &Percentiles::p95},       {"p99", &Percentiles::p99},   {"p999", &Percentiles::p99_9},
    {"max", &Percentiles::max}};

void add_percentiles(Json& json, const Percentiles& values) {
  for (const auto& [name, member] : kPercentiles) {
    json[name] = number(values.*member, name);
  }
}

Percentiles read_percentiles(const Json& json) {
  Percentiles values;
  for (const auto& [name, member] : kPercentiles) {
    values.*member = json.at(name).get<double>();
  }
  return values;
}

Json interval(const std::optional<Interval>& interval) {
  if (!interval) return nullptr;
  return Json::array({number(interval->low, "ci95"), number(interval->high, "ci95")});
}

// Absent in reports of older versions.
std::optional<Interval> read_interval(const Json& json, const char* name) {
  if (!json.contains(name) || json.at(name).is_null()) return std::nullopt;
  return Interval{json.at(name).at(0).get<double>(), json.at(name).at(1).get<double>()};
}

// An estimate whose value has a name of its own, such as "mean".
Json named_estimate(const char* name, const Estimate& estimate,
                    const std::optional<double>& std_error_iid) {
  const Json plain = json::estimate(estimate, name);
  return {{name, plain.at("value")},
          {"std_error", plain.at("std_error")},
          {"std_error_iid", optional_number(std_error_iid, name)},
          {"ci95", plain.at("ci95")},
          {"reason", plain.at("reason")}};
}

Json optional_estimate(const std::optional<Estimate>& estimate, const char* field) {
  if (estimate) return json::estimate(*estimate, field);
  return {{"value", nullptr},
          {"std_error", nullptr},
          {"ci95", nullptr},
          {"reason", "only the lm-eval convention defines it"}};
}

// Infinity comes with a standard error of nothing too: an absent estimate is told from one that
// overflowed by its reason.
std::optional<Estimate> read_optional_estimate(const Json& json) {
  if (json == optional_estimate(std::nullopt, "")) return std::nullopt;
  return json::read_estimate(json);
}

Json likelihoods(const std::vector<DocumentLikelihood>& values) {
  Json json = Json::array();
  for (const DocumentLikelihood& value : values) {
    json.push_back({{"name", json::exact_text(value.name)},
                    {"n_scored_tokens", value.n_scored_tokens},
                    {"n_words", value.n_words ? Json(*value.n_words) : Json(nullptr)},
                    {"n_bytes", value.n_bytes ? Json(*value.n_bytes) : Json(nullptr)},
                    {"loglikelihood", number(value.log_likelihood, "documents.loglikelihood")}});
  }
  return json;
}

std::vector<DocumentLikelihood> read_likelihoods(const Json& json) {
  const auto count = [](const Json& value) {
    return value.is_null() ? std::nullopt : std::optional(value.get<std::int64_t>());
  };
  std::vector<DocumentLikelihood> values;
  for (const Json& value : json) {
    values.push_back({.name = json::read_exact_text(value.at("name")),
                      .n_scored_tokens = value.at("n_scored_tokens").get<std::int64_t>(),
                      .n_words = count(value.at("n_words")),
                      .n_bytes = count(value.at("n_bytes")),
                      .log_likelihood = value.at("loglikelihood").get<double>()});
  }
  return values;
}

Json perplexity(const PerplexityStatistics& statistics, const Convention& convention) {
  Json json = named_estimate("value", statistics.perplexity, statistics.std_error_iid);
  json["n_scored_tokens"] = statistics.n_scored_tokens;
  json["n_chunks"] = statistics.n_chunks;
  json["n_clusters"] = statistics.n_clusters;
  json["word_perplexity"] = optional_estimate(statistics.word_perplexity, "word_perplexity");
  json["byte_perplexity"] = optional_estimate(statistics.byte_perplexity, "byte_perplexity");
  json["bits_per_byte"] = optional_estimate(statistics.bits_per_byte, "bits_per_byte");
  json["documents"] = likelihoods(statistics.documents);
  json["convention"] = json::convention(convention);
  return json;
}

PerplexityStatistics read_perplexity(const Json& json) {
  return {.perplexity = json::read_estimate(json),
          .std_error_iid = json::read_optional_number(json.at("std_error_iid")),
          .n_scored_tokens = json.at("n_scored_tokens").get<std::int64_t>(),
          .n_chunks = json.at("n_chunks").get<int>(),
          .n_clusters = json.at("n_clusters").get<int>(),
          .word_perplexity = read_optional_estimate(json.at("word_perplexity")),
          .byte_perplexity = read_optional_estimate(json.at("byte_perplexity")),
          .bits_per_byte = read_optional_estimate(json.at("bits_per_byte")),
          .documents = read_likelihoods(json.value("documents", Json::array()))};
}

Json model_report(const ModelReport& report) {
  Json json = {{"name", json::exact_text(report.name)}};
  json.update(json::model_info(report.info));
  json["perplexity"] = perplexity(report.perplexity, report.convention);
  json["notes"] = report.notes;
  return json;
}

ModelReport read_model_report(const Json& json) {
  return {.name = json::read_exact_text(json.at("name")),
          .info = json::read_model_info(json),
          .perplexity = read_perplexity(json.at("perplexity")),
          .convention = json::read_convention(json.at("perplexity").at("convention")),
          .notes = json.at("notes").get<std::vector<std::string>>()};
}

Json positions(const std::vector<PositionBin>& bins) {
  Json json = Json::array();
  for (const PositionBin& bin : bins) {
    json.push_back({{"first", bin.first},
                    {"last", bin.last},
                    {"n_tokens", bin.n_tokens},
                    {"kld", json::estimate(bin.kld, "by_position.kld")}});
  }
  return json;
}

Json documents(const std::vector<DocumentDivergence>& values) {
  Json json = Json::array();
  for (const DocumentDivergence& value : values) {
    json.push_back({{"document", value.document},
                    {"name", json::exact_text(value.name)},
                    {"n_tokens", value.n_tokens},
                    {"kld_mean", number(value.kld_mean, "by_document.kld_mean")}});
  }
  return json;
}

Json worst_tokens(const std::vector<WorstToken>& tokens) {
  Json json = Json::array();
  for (const WorstToken& token : tokens) {
    json.push_back({{"document", token.document},
                    {"window", token.window},
                    {"position", token.position},
                    {"kld", number(token.kld, "worst.kld")},
                    {"context", json::exact_text(token.context)},
                    {"target", json::exact_text(token.target)},
                    {"top_baseline", json::exact_text(token.top_baseline)},
                    {"top", json::exact_text(token.top)},
                    {"p_baseline", number(token.p_baseline, "worst.p_baseline")},
                    {"p", number(token.p, "worst.p")}});
  }
  return json;
}

Json delta_p(const DivergenceStatistics& statistics) {
  Json json = named_estimate("mean", statistics.delta_p, statistics.delta_p_std_error_iid);
  const Json rms =
      named_estimate("rms", statistics.delta_p_rms, statistics.delta_p_rms_std_error_iid);
  json["rms"] = rms.at("rms");
  for (const char* field : {"std_error", "std_error_iid", "ci95", "reason"}) {
    json[std::string("rms_") + field] = rms.at(field);
  }
  add_percentiles(json, statistics.delta_p_percentiles);
  return json;
}

Json correlation(const std::optional<double>& value) {
  const char* reason = "fewer than two tokens, or all have the same log-likelihood";
  return {{"value", optional_number(value, "ln_ppl_correlation")},
          {"reason", value ? Json(nullptr) : Json(reason)}};
}

Json variant(const VariantReport& report) {
  const DivergenceStatistics& statistics = report.divergence;
  Json json = model_report(report);
  json["identical"] = report.identical;
  json["ppl_ratio"] = json::estimate(statistics.ppl_ratio, "ppl_ratio");
  json["ln_ppl_ratio"] =
      named_estimate("value", statistics.ln_ppl_ratio, statistics.ln_ppl_ratio_std_error_iid);
  json["ppl_difference"] = json::estimate(statistics.ppl_difference, "ppl_difference");
  json["ln_ppl_correlation"] = correlation(statistics.ln_ppl_correlation);
  json["kld"] = named_estimate("mean", statistics.kld, statistics.kld_std_error_iid);
  add_percentiles(json["kld"], statistics.kld_percentiles);
  json["kld"]["p99_ci95"] = interval(statistics.kld_p99_ci95);
  json["kld"]["p999_ci95"] = interval(statistics.kld_p99_9_ci95);
  json["delta_p"] = delta_p(statistics);
  json["same_top_p"] =
      named_estimate("value", statistics.same_top_p, statistics.same_top_p_std_error_iid);
  json["top5_overlap"] = json::estimate(statistics.top5_overlap, "top5_overlap");
  json["top10_overlap"] = json::estimate(statistics.top10_overlap, "top10_overlap");
  json["by_position"] = positions(statistics.by_position);
  json["by_document"] = documents(statistics.by_document);
  json["worst"] = worst_tokens(statistics.worst);
  json["sentence"] = report.sentence;
  return json;
}

void read_lists(const Json& json, DivergenceStatistics& statistics) {
  for (const Json& bin : json.at("by_position")) {
    statistics.by_position.push_back({.first = bin.at("first").get<int>(),
                                      .last = bin.at("last").get<int>(),
                                      .n_tokens = bin.at("n_tokens").get<std::int64_t>(),
                                      .kld = json::read_estimate(bin.at("kld"))});
  }
  for (const Json& value : json.at("by_document")) {
    statistics.by_document.push_back({.document = value.at("document").get<int>(),
                                      .name = json::read_exact_text(value.at("name")),
                                      .n_tokens = value.at("n_tokens").get<std::int64_t>(),
                                      .kld_mean = value.at("kld_mean").get<double>()});
  }
  for (const Json& token : json.at("worst")) {
    statistics.worst.push_back({.document = token.at("document").get<int>(),
                                .window = token.at("window").get<int>(),
                                .position = token.at("position").get<int>(),
                                .kld = token.at("kld").get<double>(),
                                .context = json::read_exact_text(token.at("context")),
                                .target = json::read_exact_text(token.at("target")),
                                .top_baseline = json::read_exact_text(token.at("top_baseline")),
                                .top = json::read_exact_text(token.at("top")),
                                .p_baseline = token.at("p_baseline").get<double>(),
                                .p = token.at("p").get<double>()});
  }
}

Estimate read_rms(const Json& delta_p) {
  Json json;
  for (const char* field : {"std_error", "ci95", "reason"}) {
    json[field] = delta_p.at(std::string("rms_") + field);
  }
  json["value"] = delta_p.at("rms");
  return json::read_estimate(json);
}

DivergenceStatistics read_divergence(const Json& json) {
  const Json& kld = json.at("kld");
  const Json& delta = json.at("delta_p");
  DivergenceStatistics statistics{
      .ln_ppl_ratio = json::read_estimate(json.at("ln_ppl_ratio")),
      .ln_ppl_ratio_std_error_iid =
          json::read_optional_number(json.at("ln_ppl_ratio").at("std_error_iid")),
      .ppl_ratio = json::read_estimate(json.at("ppl_ratio")),
      .ppl_difference = json::read_estimate(json.at("ppl_difference")),
      .ln_ppl_correlation = json::read_optional_number(json.at("ln_ppl_correlation").at("value")),
      .kld = json::read_estimate(kld, "mean"),
      .kld_std_error_iid = json::read_optional_number(kld.at("std_error_iid")),
      .kld_percentiles = read_percentiles(kld),
      .kld_p99_ci95 = read_interval(kld, "p99_ci95"),
      .kld_p99_9_ci95 = read_interval(kld, "p999_ci95"),
      .delta_p = json::read_estimate(delta, "mean"),
      .delta_p_std_error_iid = json::read_optional_number(delta.at("std_error_iid")),
      .delta_p_rms = read_rms(delta),
      .delta_p_rms_std_error_iid = json::read_optional_number(delta.at("rms_std_error_iid")),
      .delta_p_percentiles = read_percentiles(delta),
      .same_top_p = json::read_estimate(json.at("same_top_p")),
      .same_top_p_std_error_iid =
          json::read_optional_number(json.at("same_top_p").at("std_error_iid")),
      .top5_overlap = json::read_estimate(json.at("top5_overlap")),
      .top10_overlap = json::read_estimate(json.at("top10_overlap"))};
  read_lists(json, statistics);
  return statistics;
}

VariantReport read_variant(const Json& json) {
  VariantReport report;
  static_cast<ModelReport&>(report) = read_model_report(json);
  report.divergence = read_divergence(json);
  report.identical = json.at("identical").get<bool>();
  report.sentence = json.at("sentence").get<std::string>();
  return report;
}

Json noise_floor(const std::optional<NoiseFloor>& noise) {
  if (!noise) return nullptr;
  return {{"n_batch", noise->n_batch},
          {"n_chunks", noise->n_chunks},
          {"n_scored_tokens", noise->n_scored_tokens},
          {"kld_mean", number(noise->kld_mean, "noise_floor.kld_mean")},
          {"same_top_p", number(noise->same_top_p, "noise_floor.same_top_p")}};
}

std::optional<NoiseFloor> read_noise_floor(const Json& json) {
  if (json.is_null()) return std::nullopt;
  return NoiseFloor{.n_batch = json.at("n_batch").get<int>(),
                    .n_chunks = json.at("n_chunks").get<int>(),
                    .n_scored_tokens = json.at("n_scored_tokens").get<std::int64_t>(),
                    .kld_mean = json.at("kld_mean").get<double>(),
                    .same_top_p = json.at("same_top_p").get<double>()};
}

Json parse_schema(std::string_view text, const char* schema) {
  Json json = json::parse(text);
  const std::string found = json.at("schema").get<std::string>();
  if (found == schema) return json;
  throw Error(ErrorKind::kBadInput, "Schema '" + found + "' instead of '" + schema + "'");
}

}  // namespace

std::string to_json(const PerplexityReport& report) {
  const Json json = {{"schema", kPerplexitySchema},
                     {"assay_version", ASSAY_VERSION},
                     {"baseline", model_report(report.model)},
                     {"variants", Json::array()},
                     {"warnings", report.warnings}};
  return json::dump(json, 2) + "\n";
}

std::string to_json(const DivergenceReport& report) {
  Json json = {{"schema", kDivergenceSchema},
               {"assay_version", ASSAY_VERSION},
               {"baseline", model_report(report.baseline)},
               {"variants", Json::array()},
               {"split", Json::array()},
               {"noise_floor", noise_floor(report.noise)},
               {"warnings", report.warnings},
               {"base_file_bytes_avoided", report.base_file_bytes_avoided}};
  for (const VariantReport& value : report.variants) json["variants"].push_back(variant(value));
  for (const LossSplit& split : report.split) {
    json["split"].push_back({{"variant", split.variant},
                             {"kld_weights", split.weights},
                             {"kld_kernels", split.kernels},
                             {"kld_kv_cache", split.kv_cache}});
  }
  return json::dump(json, 2) + "\n";
}

PerplexityReport perplexity_report_from_json(std::string_view text) {
  return json::checked("perplexity report", [&] {
    const Json json = parse_schema(text, kPerplexitySchema);
    return PerplexityReport{.model = read_model_report(json.at("baseline")),
                            .warnings = json.at("warnings").get<std::vector<std::string>>()};
  });
}

DivergenceReport divergence_report_from_json(std::string_view text) {
  return json::checked("divergence report", [&] {
    const Json json = parse_schema(text, kDivergenceSchema);
    DivergenceReport report{
        .baseline = read_model_report(json.at("baseline")),
        .variants = {},
        .split = {},
        .noise = read_noise_floor(json.value("noise_floor", Json())),
        .warnings = json.at("warnings").get<std::vector<std::string>>(),
        .base_file_bytes_avoided = json.at("base_file_bytes_avoided").get<std::int64_t>()};
    for (const Json& value : json.at("variants")) report.variants.push_back(read_variant(value));
    for (const Json& value : json.at("split")) {
      report.split.push_back({.variant = value.at("variant").get<std::string>(),
                              .weights = value.at("kld_weights").get<double>(),
                              .kernels = value.at("kld_kernels").get<double>(),
                              .kv_cache = value.at("kld_kv_cache").get<double>()});
    }
    return report;
  });
}

}  // namespace assay
