#include "bench/wire.h"

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/json.h"

namespace assay::detail {
namespace {

using Json = nlohmann::json;

// Paths need not be UTF-8.
std::string line_of(const Json& json) {
  return json.dump(-1, ' ', true, Json::error_handler_t::strict);
}
Json bytes_of(const std::string& text) { return std::vector<int>(text.begin(), text.end()); }
std::string text_of(const Json& json) {
  std::string text;
  for (const int byte : json.get<std::vector<int>>()) text += static_cast<char>(byte);
  return text;
}

template <typename Read>
auto checked(Read read) {
  try {
    return read();
  } catch (const Json::exception& error) {
    throw Error(ErrorKind::kBadInput, std::string("A message between the processes of a "
                                                  "measurement is damaged: ") +
                                          error.what());
  }
}

// The answer, or the child's error.
Json answered(const std::string& line) {
  Json json = Json::parse(line);
  if (!json.at("ok").get<bool>()) {
    throw Error(static_cast<ErrorKind>(json.at("kind").get<int>()), text_of(json.at("message")));
  }
  return json;
}

Json optional_integer(const std::optional<std::int64_t>& value) {
  return value ? Json(*value) : Json(nullptr);
}
std::optional<std::int64_t> read_optional(const Json& json) {
  if (json.is_null()) return std::nullopt;
  return json.get<std::int64_t>();
}

ModelOptions read_open(const Json& j) {
  ModelOptions options;
  options.path = text_of(j.at("path"));
  options.runtime = {
      .kv = {.k = j.at("kv_k").get<std::string>(), .v = j.at("kv_v").get<std::string>()},
      .flash_attention = j.at("flash_attention").get<std::string>(),
      .n_threads = j.at("n_threads").get<int>(),
      .n_ubatch = j.at("n_ubatch").get<int>(),
      .n_gpu_layers = j.at("n_gpu_layers").get<int>()};
  options.n_ctx = j.at("n_ctx").get<int>();
  options.n_seq_max = j.at("n_seq_max").get<int>();
  options.n_rows_max = j.at("n_rows_max").get<int>();
  return options;
}

RunRequest read_run(const Json& j) {
  RunRequest request;
  request.test = {.n_prompt = j.at("n_prompt").get<int>(),
                  .n_gen = j.at("n_gen").get<int>(),
                  .n_depth = j.at("n_depth").get<int>(),
                  .n_parallel = j.at("n_parallel").get<int>(),
                  .request = j.at("request").get<bool>()};
  request.n_batch = j.at("n_batch").get<int>();
  request.seed = j.at("seed").get<std::uint64_t>();
  request.prompt = j.at("prompt").get<std::vector<Token>>();
  request.stop_at_end = j.at("stop_at_end").get<bool>();
  request.warm_up = j.at("warm_up").get<bool>();
  request.fill_ns = j.at("fill_ns").get<std::int64_t>();
  return request;
}

}  // namespace

std::string open_message(const ModelOptions& options) {
  const RuntimeRequest& runtime = options.runtime;
  return line_of({{"do", "open"},
                  {"path", bytes_of(options.path)},
                  {"kv_k", runtime.kv.k},
                  {"kv_v", runtime.kv.v},
                  {"flash_attention", runtime.flash_attention},
                  {"n_threads", runtime.n_threads},
                  {"n_ubatch", runtime.n_ubatch},
                  {"n_gpu_layers", runtime.n_gpu_layers},
                  {"n_ctx", options.n_ctx},
                  {"n_seq_max", options.n_seq_max},
                  {"n_rows_max", options.n_rows_max}});
}

std::string run_message(const RunRequest& request) {
  return line_of({{"do", "run"},
                  {"n_prompt", request.test.n_prompt},
                  {"n_gen", request.test.n_gen},
                  {"n_depth", request.test.n_depth},
                  {"n_parallel", request.test.n_parallel},
                  {"request", request.test.request},
                  {"n_batch", request.n_batch},
                  {"seed", request.seed},
                  {"prompt", request.prompt},
                  {"stop_at_end", request.stop_at_end},
                  {"warm_up", request.warm_up},
                  {"fill_ns", request.fill_ns}});
}

std::string memory_message() { return line_of({{"do", "memory"}}); }

WireMessage read_message(const std::string& line) {
  return checked([&] {
    const Json json = Json::parse(line);
    const std::string what = json.at("do").get<std::string>();
    WireMessage message;
    if (what == "open") {
      message.kind = WireMessage::Kind::kOpen;
      message.open = read_open(json);
    } else if (what == "run") {
      message.kind = WireMessage::Kind::kRun;
      message.run = read_run(json);
    }
    return message;
  });
}

std::string answer(const Opened& opened) {
  return line_of(
      {{"ok", true}, {"load_ns", opened.load_ns}, {"info", bytes_of(to_json(opened.info))}});
}

std::string answer(const Ran& ran) {
  Json samples = Json::array();
  for (const SpeedSample& sample : ran.samples) samples.push_back(to_json(sample));
  return line_of({{"ok", true}, {"samples", samples}, {"stable", ran.stable}});
}

std::string answer(const ProcessMemory& memory) {
  return line_of({{"ok", true},
                  {"peak_bytes", optional_integer(memory.peak_bytes)},
                  {"steady_bytes", optional_integer(memory.steady_bytes)},
                  {"mapped_bytes", optional_integer(memory.mapped_bytes)},
                  {"gpu_bytes", optional_integer(memory.gpu_bytes)}});
}

std::string error_answer(int kind, const std::string& message) {
  return line_of({{"ok", false}, {"kind", kind}, {"message", bytes_of(message)}});
}

Opened read_opened(const std::string& line) {
  return checked([&] {
    const Json json = answered(line);
    return Opened{.load_ns = json.at("load_ns").get<std::int64_t>(),
                  .info = model_info_from_json(text_of(json.at("info")))};
  });
}

Ran read_ran(const std::string& line) {
  return checked([&] {
    const Json json = answered(line);
    Ran ran{.stable = json.at("stable").get<bool>()};
    for (const Json& sample : json.at("samples"))
      ran.samples.push_back(speed_sample_from_json(sample.get<std::string>()));
    return ran;
  });
}

ProcessMemory read_memory(const std::string& line) {
  return checked([&] {
    const Json json = answered(line);
    return ProcessMemory{.peak_bytes = read_optional(json.at("peak_bytes")),
                         .steady_bytes = read_optional(json.at("steady_bytes")),
                         .mapped_bytes = read_optional(json.at("mapped_bytes")),
                         .gpu_bytes = read_optional(json.at("gpu_bytes"))};
  });
}

}  // namespace assay::detail
