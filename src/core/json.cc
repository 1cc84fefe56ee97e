#include "core/json.h"

#include <cmath>
#include <limits>
#include <utility>

#include "core/json_values.h"

namespace assay::json {
namespace {

bool is_utf8(const std::string& text) {
  try {
    Json(text).dump();  // strict by default
    return true;
  } catch (const Json::type_error&) {
    return false;
  }
}

std::string hex_of(const std::string& bytes) {
  constexpr const char* kDigits = "0123456789abcdef";
  std::string hex;
  for (const char byte : bytes) {
    const auto value = static_cast<unsigned char>(byte);
    hex += {kDigits[value >> 4], kDigits[value & 15]};
  }
  return hex;
}

std::string bytes_of(const std::string& hex) {
  if (hex.size() % 2 != 0 || hex.find_first_not_of("0123456789abcdef") != std::string::npos) {
    throw Error(ErrorKind::kBadInput, "bytes_hex '" + hex + "' is not hexadecimal");
  }
  std::string bytes;
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  }
  return bytes;
}

Json kv_types(const KvTypes& kv) { return {{"k", exact_text(kv.k)}, {"v", exact_text(kv.v)}}; }

Json runtime(const RuntimeEffective& runtime) {
  return {{"flash_attention", runtime.flash_attention},
          {"kv_rotated", runtime.kv_rotated},
          {"n_threads", runtime.n_threads},
          {"n_ubatch", runtime.n_ubatch},
          {"n_ctx", runtime.n_ctx},
          {"n_seq_max", runtime.n_seq_max},
          {"n_gpu_layers", runtime.n_gpu_layers}};
}

RuntimeEffective read_runtime(const Json& json, const Json& kv) {
  return {.kv = {.k = read_exact_text(kv.at("k")), .v = read_exact_text(kv.at("v"))},
          .flash_attention = json.at("flash_attention").get<bool>(),
          .kv_rotated = json.at("kv_rotated").get<bool>(),
          .n_threads = json.at("n_threads").get<int>(),
          .n_ubatch = json.at("n_ubatch").get<int>(),
          .n_ctx = json.at("n_ctx").get<int>(),
          .n_seq_max = json.at("n_seq_max").get<int>(),
          .n_gpu_layers = json.at("n_gpu_layers").get<int>()};
}

Json tensor_types(const std::vector<TensorTypeCount>& types) {
  Json json = Json::array();
  for (const TensorTypeCount& count : types) {
    json.push_back({{"type", exact_text(count.type)},
                    {"n_tensors", count.n_tensors},
                    {"n_weights", count.n_weights},
                    {"size_bytes", count.size_bytes}});
  }
  return json;
}

std::vector<TensorTypeCount> read_tensor_types(const Json& json) {
  std::vector<TensorTypeCount> types;
  for (const Json& count : json) {
    types.push_back({.type = read_exact_text(count.at("type")),
                     .n_tensors = count.at("n_tensors").get<std::int64_t>(),
                     .n_weights = count.at("n_weights").get<std::int64_t>(),
                     .size_bytes = count.at("size_bytes").get<std::int64_t>()});
  }
  return types;
}

Json token(const std::optional<Token>& token) { return token ? Json(*token) : Json(nullptr); }

std::optional<Token> read_token(const Json& json) {
  if (json.is_null()) return std::nullopt;
  return json.get<Token>();
}

}  // namespace

Json number(double value, const char* field) {
  if (!std::isfinite(value)) {
    throw Error(ErrorKind::kEngine,
                std::string("The result '") + field + "' is not a finite number", {},
                "Please report this with the command that gave it.");
  }
  return value;
}

Json optional_number(const std::optional<double>& value, const char* field) {
  return value ? number(*value, field) : Json(nullptr);
}

Json exact_text(const std::string& text) {
  if (is_utf8(text)) return text;
  return {{"bytes_hex", hex_of(text)}};
}

Json texts(const std::vector<std::string>& values) {
  Json json = Json::array();
  for (const std::string& value : values) json.push_back(exact_text(value));
  return json;
}

Json estimate(const Estimate& estimate, const char* field) {
  const bool overflow = std::isinf(estimate.value) && !estimate.reason.empty();
  Json json = {{"value", overflow ? Json(nullptr) : number(estimate.value, field)},
               {"std_error", optional_number(estimate.std_error, field)}};
  json["ci95"] =
      estimate.ci95
          ? Json::array({number(estimate.ci95->low, field), number(estimate.ci95->high, field)})
          : Json(nullptr);
  json["reason"] = estimate.reason.empty() ? Json(nullptr) : exact_text(estimate.reason);
  return json;
}

Json convention(const Convention& convention) {
  return {{"name", to_string(convention.name)},
          {"corpus", exact_text(convention.corpus)},
          {"corpus_digest", convention.corpus_digest.hex()},
          {"join_rule", exact_text(convention.join_rule)},
          {"window", convention.window},
          {"scored", exact_text(convention.scored)},
          {"bos_rule", exact_text(convention.bos_rule)},
          {"unit", exact_text(convention.unit)},
          {"n_windows_limit", convention.n_windows_limit},
          {"id", exact_text(convention.id())}};
}

Json model_info(const ModelInfo& info) {
  return {{"path", exact_text(info.path)},
          {"size_bytes", info.size_bytes},
          {"bits_per_weight", number(info.bits_per_weight, "bits_per_weight")},
          {"tensor_types", tensor_types(info.tensor_types)},
          {"kv_types", kv_types(info.runtime.kv)},
          {"architecture", exact_text(info.architecture)},
          {"description", exact_text(info.description)},
          {"weights", info.weights.hex()},
          {"n_weights", info.n_weights},
          {"vocabulary", info.vocabulary.hex()},
          {"n_vocab", info.n_vocab},
          {"n_ctx_train", info.n_ctx_train},
          {"n_layer", info.n_layer},
          {"n_embd", info.n_embd},
          {"bos", token(info.bos)},
          {"eos", token(info.eos)},
          {"adds_bos", info.adds_bos},
          {"chat_template", exact_text(info.chat_template)},
          {"runtime", runtime(info.runtime)},
          {"engine", exact_text(info.engine)}};
}

std::string dump(const Json& json, int indent) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

Json parse(std::string_view text) {
  try {
    return Json::parse(text);
  } catch (const Json::parse_error& error) {
    throw Error(ErrorKind::kBadInput, "Not JSON: " + std::string(error.what()),
                "byte " + std::to_string(error.byte));
  }
}

std::string read_exact_text(const Json& json) {
  if (json.is_object()) return bytes_of(json.at("bytes_hex").get<std::string>());
  return json.get<std::string>();
}

std::vector<std::string> read_texts(const Json& json) {
  std::vector<std::string> values;
  for (const Json& value : json) values.push_back(read_exact_text(value));
  return values;
}

std::optional<double> read_optional_number(const Json& json) {
  if (json.is_null()) return std::nullopt;
  return json.get<double>();
}

Estimate read_estimate(const Json& json, const char* value_field) {
  Estimate estimate;
  estimate.value =
      read_optional_number(json.at(value_field)).value_or(std::numeric_limits<double>::infinity());
  estimate.std_error = read_optional_number(json.at("std_error"));
  const Json& interval = json.at("ci95");
  if (!interval.is_null()) {
    estimate.ci95 = Interval{interval.at(0).get<double>(), interval.at(1).get<double>()};
  }
  if (!json.at("reason").is_null()) estimate.reason = read_exact_text(json.at("reason"));
  return estimate;
}

Convention read_convention(const Json& json) {
  return {.name = convention_from_string(json.at("name").get<std::string>()),
          .corpus = read_exact_text(json.at("corpus")),
          .corpus_digest = Digest::from_hex(json.at("corpus_digest").get<std::string>()),
          .join_rule = read_exact_text(json.at("join_rule")),
          .window = json.at("window").get<int>(),
          .scored = read_exact_text(json.at("scored")),
          .bos_rule = read_exact_text(json.at("bos_rule")),
          .unit = read_exact_text(json.at("unit")),
          .n_windows_limit = json.at("n_windows_limit").get<int>()};
}

ModelInfo read_model_info(const Json& json) {
  return {.path = read_exact_text(json.at("path")),
          .architecture = read_exact_text(json.at("architecture")),
          .description = read_exact_text(json.at("description")),
          .weights = Digest::from_hex(json.at("weights").get<std::string>()),
          .size_bytes = json.at("size_bytes").get<std::int64_t>(),
          .n_weights = json.at("n_weights").get<std::int64_t>(),
          .bits_per_weight = json.at("bits_per_weight").get<double>(),
          .tensor_types = read_tensor_types(json.at("tensor_types")),
          .vocabulary = Digest::from_hex(json.at("vocabulary").get<std::string>()),
          .n_vocab = json.at("n_vocab").get<int>(),
          .n_ctx_train = json.at("n_ctx_train").get<int>(),
          .n_layer = json.at("n_layer").get<int>(),
          .n_embd = json.at("n_embd").get<int>(),
          .bos = read_token(json.at("bos")),
          .eos = read_token(json.at("eos")),
          .adds_bos = json.at("adds_bos").get<bool>(),
          .chat_template = read_exact_text(json.at("chat_template")),
          .runtime = read_runtime(json.at("runtime"), json.at("kv_types")),
          .engine = read_exact_text(json.at("engine"))};
}

}  // namespace assay::json

namespace assay {

std::string to_json(const ModelInfo& info) { return json::dump(json::model_info(info), -1); }
std::string to_json(const Convention& convention) {
  return json::dump(json::convention(convention), -1);
}
std::string to_json(const Estimate& estimate) {
  return json::dump(json::estimate(estimate, "estimate"), -1);
}

ModelInfo model_info_from_json(std::string_view text) {
  return json::checked("model", [&] { return json::read_model_info(json::parse(text)); });
}
Convention convention_from_json(std::string_view text) {
  return json::checked("convention", [&] { return json::read_convention(json::parse(text)); });
}
Estimate estimate_from_json(std::string_view text) {
  return json::checked("estimate", [&] { return json::read_estimate(json::parse(text)); });
}

}  // namespace assay
