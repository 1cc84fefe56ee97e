#include "core/json_samples.h"

#include "core/json_run.h"

namespace assay {
namespace json {
namespace {

template <class... Ts>
struct Overloaded : Ts... {
  using Ts::operator()...;
};
template <class... Ts>
Overloaded(Ts...) -> Overloaded<Ts...>;

const char* name_of(StopReason stop) {
  switch (stop) {
    case StopReason::kStopString:
      return "stop_string";
    case StopReason::kEndOfSequence:
      return "end_of_sequence";
    case StopReason::kLength:
      return "length";
  }
  return "length";
}

StopReason read_stop(const std::string& name) {
  if (name == "stop_string") return StopReason::kStopString;
  if (name == "end_of_sequence") return StopReason::kEndOfSequence;
  if (name == "length") return StopReason::kLength;
  throw Error(ErrorKind::kBadInput, "'" + name + "' is no reason to stop", "stop",
              "Use stop_string, end_of_sequence or length.");
}

Json response(const Response& response) {
  return std::visit(Overloaded{[](const LoglikelihoodResult& r) -> Json {
                                 return {
                                     {"loglikelihood", number(r.loglikelihood, "loglikelihood")},
                                     {"is_greedy", r.is_greedy},
                                     {"token_logprobs", r.token_logprobs},
                                     {"top_margin", number(r.top_margin, "top_margin")},
                                     {"n_context_tokens", r.n_context_tokens},
                                     {"n_truncated_tokens", r.n_truncated_tokens},
                                     {"joined", r.joined}};
                               },
                               [](const GenerateResult& r) -> Json {
                                 return {{"text", exact_text(r.text)},
                                         {"tokens", r.tokens},
                                         {"stop", name_of(r.stop)},
                                         {"n_context_tokens", r.n_context_tokens},
                                         {"n_truncated_tokens", r.n_truncated_tokens},
                                         {"n_near_ties", r.n_near_ties},
                                         {"n_drafted", r.n_drafted},
                                         {"n_accepted", r.n_accepted}};
                               },
                               [](const RequestError& r) -> Json {
                                 return {{"error", exact_text(r.message)}};
                               }},
                    response);
}

Response read_response(const Json& json) {
  if (json.contains("error")) return RequestError{read_exact_text(json.at("error"))};
  if (json.contains("loglikelihood")) {
    return LoglikelihoodResult{
        .loglikelihood = json.at("loglikelihood").get<double>(),
        .is_greedy = json.at("is_greedy").get<bool>(),
        .token_logprobs = json.at("token_logprobs").get<std::vector<float>>(),
        .top_margin = json.at("top_margin").get<double>(),
        .n_context_tokens = json.at("n_context_tokens").get<std::int32_t>(),
        .n_truncated_tokens = json.at("n_truncated_tokens").get<std::int32_t>(),
        .joined = json.at("joined").get<bool>()};
  }
  return GenerateResult{.text = read_exact_text(json.at("text")),
                        .tokens = json.at("tokens").get<std::vector<Token>>(),
                        .stop = read_stop(json.at("stop").get<std::string>()),
                        .n_context_tokens = json.at("n_context_tokens").get<std::int32_t>(),
                        .n_truncated_tokens = json.at("n_truncated_tokens").get<std::int32_t>(),
                        .n_near_ties = json.at("n_near_ties").get<std::int32_t>(),
                        .n_drafted = json.at("n_drafted").get<std::int32_t>(),
                        .n_accepted = json.at("n_accepted").get<std::int32_t>()};
}

Json request(const Request& request) {
  Json json = {{"index", request.index}};
  std::visit(Overloaded{[&](const Loglikelihood& r) {
                          json["context"] = exact_text(r.context);
                          json["continuation"] = exact_text(r.continuation);
                        },
                        [&](const LoglikelihoodRolling& r) { json["text"] = exact_text(r.text); },
                        [&](const GenerateUntil& r) {
                          json["context"] = exact_text(r.context);
                          json["until"] = texts(r.until);
                          json["max_new_tokens"] = r.max_new_tokens;
                          json["temperature"] = r.sampling.temperature;
                          json["top_p"] = r.sampling.top_p;
                          json["top_k"] = r.sampling.top_k;
                          json["seed"] = r.sampling.seed;
                        }},
             request.body);
  return json;
}

Request read_request(const Json& json) {
  Request request{.index = json.at("index").get<int>(), .body = LoglikelihoodRolling{}};
  if (json.contains("text")) {
    request.body = LoglikelihoodRolling{read_exact_text(json.at("text"))};
  } else if (json.contains("until")) {
    request.body = GenerateUntil{.context = read_exact_text(json.at("context")),
                                 .until = read_texts(json.at("until")),
                                 .max_new_tokens = json.at("max_new_tokens").get<int>(),
                                 .sampling = {.temperature = json.at("temperature").get<double>(),
                                              .top_p = json.at("top_p").get<double>(),
                                              .top_k = json.at("top_k").get<int>(),
                                              .seed = json.at("seed").get<std::uint64_t>()}};
  } else {
    request.body = Loglikelihood{read_exact_text(json.at("context")),
                                 read_exact_text(json.at("continuation"))};
  }
  return request;
}

Json score(const Score& score) {
  Json json = {{"metric", exact_text(score.metric)},
               {"filter", exact_text(score.filter)},
               {"value", optional_number(score.value, "score")}};
  if (!score.reason.empty()) json["reason"] = exact_text(score.reason);
  return json;
}

Score read_score(const Json& json) {
  return {.metric = read_exact_text(json.at("metric")),
          .filter = read_exact_text(json.at("filter")),
          .value = read_optional_number(json.at("value")),
          .reason = json.contains("reason") ? read_exact_text(json.at("reason")) : ""};
}

}  // namespace

Json sample(const SampleRecord& sample, Requests requests) {
  Json json = {{"task", exact_text(sample.id.task)},   {"id", exact_text(sample.id.key)},
               {"doc", exact_text(sample.doc_json)},   {"target", exact_text(sample.target)},
               {"choices", texts(sample.choices)},     {"gold", sample.gold},
               {"cluster", exact_text(sample.cluster)}};
  const auto add_list = [&](const char* name, const auto& values, const auto& convert) {
    json[name] = Json::array();
    for (const auto& value : values) json[name].push_back(convert(value));
  };
  if (requests == Requests::kKeep) add_list("requests", sample.requests, request);
  add_list("responses", sample.responses, response);
  add_list("request_digests", sample.request_digests, [](const Digest& d) { return d.hex(); });
  const SourceHashes& hashes = sample.source_hashes;
  if (hashes != SourceHashes{}) {
    json["source_hashes"] = {
        {"doc", hashes.doc}, {"prompt", hashes.prompt}, {"target", hashes.target}};
  }
  add_list("filtered", sample.filtered, [](const FilteredAnswers& f) -> Json {
    return {{"filter", exact_text(f.filter)}, {"answers", texts(f.answers)}};
  });
  add_list("scores", sample.scores, score);
  return json;
}

SampleRecord read_sample(const Json& json) {
  SampleRecord sample{.id = {read_exact_text(json.at("task")), read_exact_text(json.at("id"))},
                      .doc_json = read_exact_text(json.at("doc")),
                      .target = read_exact_text(json.at("target")),
                      .choices = read_texts(json.at("choices")),
                      .gold = json.at("gold").get<std::vector<int>>(),
                      .cluster = read_exact_text(json.at("cluster"))};
  if (json.contains("requests")) {
    for (const Json& value : json.at("requests")) sample.requests.push_back(read_request(value));
  }
  for (const Json& value : json.at("responses")) sample.responses.push_back(read_response(value));
  for (const Json& value : json.at("request_digests")) {
    sample.request_digests.push_back(Digest::from_hex(value.get<std::string>()));
  }
  if (json.contains("source_hashes")) {
    const Json& hashes = json.at("source_hashes");
    sample.source_hashes = {.doc = hashes.at("doc").get<std::string>(),
                            .prompt = hashes.at("prompt").get<std::string>(),
                            .target = hashes.at("target").get<std::string>()};
  }
  for (const Json& value : json.at("filtered")) {
    sample.filtered.push_back(
        {read_exact_text(value.at("filter")), read_texts(value.at("answers"))});
  }
  for (const Json& value : json.at("scores")) sample.scores.push_back(read_score(value));
  return sample;
}

}  // namespace json

std::string to_json(const Response& response) { return json::dump(json::response(response), -1); }
std::string to_json(const SampleRecord& sample) {
  return json::dump(json::sample(sample, json::Requests::kKeep), -1);
}
Response response_from_json(std::string_view text) {
  return json::checked("response", [&] { return json::read_response(json::parse(text)); });
}
SampleRecord sample_from_json(std::string_view text) {
  return json::checked("sample", [&] { return json::read_sample(json::parse(text)); });
}

}  // namespace assay
