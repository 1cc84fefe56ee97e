#include "core/json.h"

#include <cmath>

#include <nlohmann/json.hpp>

#include "core/error.h"

namespace assay {
namespace {

using Json = nlohmann::ordered_json;

Json number(double value) {
  if (!std::isfinite(value)) return nullptr;
  return value;
}

Json optional_number(const std::optional<double>& value) {
  return value ? number(*value) : Json(nullptr);
}

Json to_document(const std::optional<Interval>& interval) {
  return interval ? Json::array({number(interval->low), number(interval->high)}) : Json(nullptr);
}

Json to_document(const Estimate& e) {
  Json json{{"value", number(e.value)},
            {"std_error", optional_number(e.std_error)},
            {"ci95", to_document(e.ci95)}};
  if (!e.reason.empty()) json["reason"] = e.reason;
  return json;
}

Json with_iid(const Estimate& e, const std::optional<double>& iid) {
  Json json = to_document(e);
  json["std_error_iid"] = optional_number(iid);
  return json;
}

Json to_document(const Percentiles& p) {
  return {{"min", number(p.min)},       {"p001", number(p.p0_1)}, {"p01", number(p.p1)},
          {"p05", number(p.p5)},        {"p10", number(p.p10)},   {"p25", number(p.p25)},
          {"median", number(p.median)}, {"p75", number(p.p75)},   {"p90", number(p.p90)},
          {"p95", number(p.p95)},       {"p99", number(p.p99)},   {"p999", number(p.p99_9)},
          {"max", number(p.max)}};
}

Json to_document(const Convention& c) {
  return {{"name", to_string(c.name)},
          {"corpus", c.corpus},
          {"corpus_digest", c.corpus_digest.hex()},
          {"join_rule", c.join_rule},
          {"window", c.window},
          {"scored", c.scored},
          {"bos_rule", c.bos_rule},
          {"unit", c.unit},
          {"n_windows_limit", c.n_windows_limit},
          {"id", c.id()}};
}

Json to_document(const PerplexityStatistics& p, const Convention& convention) {
  Json json = with_iid(p.perplexity, p.std_error_iid);
  if (p.word_perplexity) json["word_perplexity"] = to_document(*p.word_perplexity);
  if (p.byte_perplexity) json["byte_perplexity"] = to_document(*p.byte_perplexity);
  if (p.bits_per_byte) json["bits_per_byte"] = to_document(*p.bits_per_byte);
  json["n_clusters"] = p.n_clusters;
  json["convention"] = to_document(convention);
  return json;
}

Json to_document(const std::vector<TensorTypeCount>& counts) {
  Json json = Json::array();
  for (const TensorTypeCount& c : counts) {
    json.push_back({{"type", c.type},
                    {"n_tensors", c.n_tensors},
                    {"n_weights", c.n_weights},
                    {"size_bytes", c.size_bytes}});
  }
  return json;
}

Json to_document(const RuntimeEffective& r) {
  return {{"kv_k", r.kv.k},
          {"kv_v", r.kv.v},
          {"flash_attention", r.flash_attention},
          {"kv_rotated", r.kv_rotated},
          {"n_threads", r.n_threads},
          {"n_ubatch", r.n_ubatch},
          {"n_ctx", r.n_ctx},
          {"n_seq_max", r.n_seq_max},
          {"n_gpu_layers", r.n_gpu_layers}};
}

Json to_document(const ModelReport& m) {
  return {{"name", m.name},
          {"path", m.info.path},
          {"weights_digest", m.info.weights.hex()},
          {"architecture", m.info.architecture},
          {"size_bytes", m.info.size_bytes},
          {"n_weights", m.info.n_weights},
          {"bits_per_weight", number(m.info.bits_per_weight)},
          {"tensor_types", to_document(m.info.tensor_types)},
          {"kv_types", {{"k", m.info.runtime.kv.k}, {"v", m.info.runtime.kv.v}}},
          {"runtime", to_document(m.info.runtime)},
          {"engine", m.info.engine},
          {"perplexity", to_document(m.perplexity, m.convention)},
          {"n_scored_tokens", m.perplexity.n_scored_tokens},
          {"n_chunks", m.perplexity.n_chunks},
          {"notes", m.notes}};
}

Json to_document(const WorstToken& w) {
  return {{"document", w.document},
          {"window", w.window},
          {"position", w.position},
          {"kld", number(w.kld)},
          {"context", w.context},
          {"target", w.target},
          {"top_baseline", w.top_baseline},
          {"top", w.top},
          {"p_baseline", number(w.p_baseline)},
          {"p", number(w.p)}};
}

void add_divergence(const DivergenceStatistics& d, Json& json) {
  json["ln_ppl_ratio"] = with_iid(d.ln_ppl_ratio, d.ln_ppl_ratio_std_error_iid);
  json["ppl_ratio"] = to_document(d.ppl_ratio);
  json["ppl_difference"] = to_document(d.ppl_difference);
  json["ln_ppl_correlation"] = optional_number(d.ln_ppl_correlation);
  Json kld = with_iid(d.kld, d.kld_std_error_iid);
  kld["mean"] = kld["value"];
  kld.erase("value");
  kld.update(to_document(d.kld_percentiles));
  json["kld"] = kld;
  Json delta = with_iid(d.delta_p, d.delta_p_std_error_iid);
  delta["mean"] = delta["value"];
  delta.erase("value");
  delta["rms"] = with_iid(d.delta_p_rms, d.delta_p_rms_std_error_iid);
  delta.update(to_document(d.delta_p_percentiles));
  json["delta_p"] = delta;
  json["same_top_p"] = with_iid(d.same_top_p, d.same_top_p_std_error_iid);
  json["top5_overlap"] = to_document(d.top5_overlap);
  json["top10_overlap"] = to_document(d.top10_overlap);
  json["by_position"] = Json::array();
  for (const PositionBin& b : d.by_position) {
    json["by_position"].push_back({{"first", b.first},
                                   {"last", b.last},
                                   {"n_tokens", b.n_tokens},
                                   {"kld", to_document(b.kld)}});
  }
  json["by_document"] = Json::array();
  for (const DocumentDivergence& x : d.by_document) {
    json["by_document"].push_back({{"document", x.document},
                                   {"name", x.name},
                                   {"n_tokens", x.n_tokens},
                                   {"kld_mean", number(x.kld_mean)}});
  }
  json["worst"] = Json::array();
  for (const WorstToken& w : d.worst) json["worst"].push_back(to_document(w));
}

// Pieces of characters (a token may end inside one) are replaced, never refused.
std::string dump(const Json& json, int indent) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

template <typename T>
T field(const Json& json, const char* name) {
  const auto found = json.find(name);
  if (found == json.end())
    throw Error(ErrorKind::kBadInput, std::string("The record has no \"") + name + "\"");
  return found->get<T>();
}

}  // namespace

std::string to_json(const PerplexityReport& report) {
  const Json json{{"schema", "assay-perplexity/1"},
                  {"assay_version", ASSAY_VERSION},
                  {"model", to_document(report.model)},
                  {"warnings", report.warnings}};
  return dump(json, 2);
}

std::string to_json(const DivergenceReport& report) {
  Json json{{"schema", "assay-divergence/1"},
            {"assay_version", ASSAY_VERSION},
            {"baseline", to_document(report.baseline)},
            {"variants", Json::array()},
            {"split", Json::array()},
            {"warnings", report.warnings},
            {"base_file_bytes_avoided", report.base_file_bytes_avoided}};
  for (const VariantReport& variant : report.variants) {
    Json document = to_document(static_cast<const ModelReport&>(variant));
    add_divergence(variant.divergence, document);
    document["identical"] = variant.identical;
    document["sentence"] = variant.sentence;
    json["variants"].push_back(std::move(document));
  }
  for (const LossSplit& s : report.split) {
    json["split"].push_back({{"variant", s.variant},
                             {"kld_weights", number(s.weights)},
                             {"kld_kernels", number(s.kernels)},
                             {"kld_kv_cache", number(s.kv_cache)}});
  }
  return dump(json, 2);
}

std::string to_json(const ModelInfo& info) {
  const Json json{{"path", info.path},
                  {"architecture", info.architecture},
                  {"description", info.description},
                  {"weights", info.weights.hex()},
                  {"size_bytes", info.size_bytes},
                  {"n_weights", info.n_weights},
                  {"bits_per_weight", info.bits_per_weight},
                  {"tensor_types", to_document(info.tensor_types)},
                  {"vocabulary", info.vocabulary.hex()},
                  {"n_vocab", info.n_vocab},
                  {"n_ctx_train", info.n_ctx_train},
                  {"n_layer", info.n_layer},
                  {"n_embd", info.n_embd},
                  {"bos", info.bos ? Json(*info.bos) : Json(nullptr)},
                  {"eos", info.eos ? Json(*info.eos) : Json(nullptr)},
                  {"adds_bos", info.adds_bos},
                  {"chat_template", info.chat_template},
                  {"runtime", to_document(info.runtime)},
                  {"engine", info.engine}};
  return dump(json, -1);
}

ModelInfo model_info_from_json(const std::string& text) {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object())
    throw Error(ErrorKind::kBadInput, "The model record in the store is not JSON");
  ModelInfo info{.path = field<std::string>(json, "path"),
                 .architecture = field<std::string>(json, "architecture"),
                 .description = field<std::string>(json, "description"),
                 .weights = Digest::from_hex(field<std::string>(json, "weights")),
                 .size_bytes = field<std::int64_t>(json, "size_bytes"),
                 .n_weights = field<std::int64_t>(json, "n_weights"),
                 .bits_per_weight = field<double>(json, "bits_per_weight"),
                 .vocabulary = Digest::from_hex(field<std::string>(json, "vocabulary")),
                 .n_vocab = field<int>(json, "n_vocab"),
                 .n_ctx_train = field<int>(json, "n_ctx_train"),
                 .n_layer = field<int>(json, "n_layer"),
                 .n_embd = field<int>(json, "n_embd"),
                 .adds_bos = field<bool>(json, "adds_bos"),
                 .chat_template = field<std::string>(json, "chat_template"),
                 .engine = field<std::string>(json, "engine")};
  for (const Json& t : json.at("tensor_types")) {
    info.tensor_types.push_back({field<std::string>(t, "type"), field<std::int64_t>(t, "n_tensors"),
                                 field<std::int64_t>(t, "n_weights"),
                                 field<std::int64_t>(t, "size_bytes")});
  }
  if (!json.at("bos").is_null()) info.bos = json.at("bos").get<Token>();
  if (!json.at("eos").is_null()) info.eos = json.at("eos").get<Token>();
  const Json& r = json.at("runtime");
  info.runtime = {.kv = {field<std::string>(r, "kv_k"), field<std::string>(r, "kv_v")},
                  .flash_attention = field<bool>(r, "flash_attention"),
                  .kv_rotated = field<bool>(r, "kv_rotated"),
                  .n_threads = field<int>(r, "n_threads"),
                  .n_ubatch = field<int>(r, "n_ubatch"),
                  .n_ctx = field<int>(r, "n_ctx"),
                  .n_seq_max = field<int>(r, "n_seq_max"),
                  .n_gpu_layers = field<int>(r, "n_gpu_layers")};
  return info;
}

}  // namespace assay
