#include <fmt/format.h>

#include "core/json_values.h"
#include "core/speed.h"

namespace assay {
namespace {

using json::exact_text;
using json::Json;
using json::number;
using json::optional_number;
using json::read_exact_text;
using json::read_texts;
using json::texts;

template <typename T>
Json optional_integer(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

std::optional<std::int64_t> read_optional_integer(const Json& j) {
  if (j.is_null()) return std::nullopt;
  return j.get<std::int64_t>();
}

Json sample(const SpeedSample& s) {
  return {{"round", s.round},
          {"start_s", number(s.start_s, "start_s")},
          {"duration_ns", s.duration_ns},
          {"prompt_ns", s.prompt_ns},
          {"token_ns", s.token_ns},
          {"cpu_ns", s.cpu_ns},
          {"energy_j", optional_number(s.energy_j, "energy_j")},
          {"n_prompt", s.n_prompt},
          {"n_gen", s.n_gen},
          {"slept", s.slept}};
}

SpeedSample read_sample(const Json& j) {
  return {.round = j.at("round").get<int>(),
          .start_s = j.at("start_s").get<double>(),
          .duration_ns = j.at("duration_ns").get<std::int64_t>(),
          .prompt_ns = j.at("prompt_ns").get<std::int64_t>(),
          .token_ns = j.at("token_ns").get<std::vector<std::int64_t>>(),
          .cpu_ns = j.at("cpu_ns").get<std::int64_t>(),
          .energy_j = json::read_optional_number(j.at("energy_j")),
          .n_prompt = j.at("n_prompt").get<int>(),
          .n_gen = j.at("n_gen").get<int>(),
          .slept = j.at("slept").get<bool>()};
}

Json test(const SpeedTest& t) {
  return {{"name", to_string(t)},    {"n_prompt", t.n_prompt},     {"n_gen", t.n_gen},
          {"n_depth", t.n_depth},    {"n_parallel", t.n_parallel}, {"request", t.request},
          {"inference", t.inference}};
}

SpeedTest read_test(const Json& j) {
  return {.n_prompt = j.at("n_prompt").get<int>(),
          .n_gen = j.at("n_gen").get<int>(),
          .n_depth = j.at("n_depth").get<int>(),
          .n_parallel = j.at("n_parallel").get<int>(),
          .request = j.at("request").get<bool>(),
          .inference = j.value("inference", false)};
}

Json setup(const SpeedSetup& s) {
  return {{"name", exact_text(s.name)},
          {"baseline", s.baseline},
          {"model", json::model_info(s.info)},
          {"n_batch", s.n_batch},
          {"n_ubatch", s.n_ubatch},
          {"flash_attention", s.flash_attention},
          {"kv_bytes_per_token", number(s.kv_bytes_per_token, "kv_bytes_per_token")},
          {"load_ns", s.load_ns},
          {"peak_bytes", optional_integer(s.peak_bytes)},
          {"steady_bytes", optional_integer(s.steady_bytes)},
          {"mapped_bytes", optional_integer(s.mapped_bytes)},
          {"gpu_bytes", optional_integer(s.gpu_bytes)},
          {"failure", s.failure.empty() ? Json(nullptr) : exact_text(s.failure)},
          {"notes", texts(s.notes)}};
}

SpeedSetup read_setup(const Json& j) {
  return {.name = read_exact_text(j.at("name")),
          .baseline = j.at("baseline").get<int>(),
          .info = json::read_model_info(j.at("model")),
          .n_batch = j.at("n_batch").get<int>(),
          .n_ubatch = j.at("n_ubatch").get<int>(),
          .flash_attention = j.at("flash_attention").get<std::string>(),
          .kv_bytes_per_token = j.at("kv_bytes_per_token").get<double>(),
          .load_ns = j.at("load_ns").get<std::vector<std::int64_t>>(),
          .peak_bytes = read_optional_integer(j.at("peak_bytes")),
          .steady_bytes = read_optional_integer(j.at("steady_bytes")),
          .mapped_bytes = read_optional_integer(j.at("mapped_bytes")),
          .gpu_bytes = read_optional_integer(j.value("gpu_bytes", Json())),
          .failure = j.at("failure").is_null() ? std::string() : read_exact_text(j.at("failure")),
          .notes = read_texts(j.at("notes"))};
}

Json measure(const SpeedMeasure& m) {
  return {{"name", m.name},
          {"median", number(m.median, "median")},
          {"mean", number(m.mean, "mean")},
          {"sd", optional_number(m.sd, "sd")},
          {"min", number(m.min, "min")},
          {"max", number(m.max, "max")},
          {"ratio", m.ratio ? json::estimate(*m.ratio, "ratio") : Json(nullptr)}};
}

SpeedMeasure read_measure(const Json& j) {
  SpeedMeasure m{.name = j.at("name").get<std::string>(),
                 .median = j.at("median").get<double>(),
                 .mean = j.at("mean").get<double>(),
                 .sd = json::read_optional_number(j.at("sd")),
                 .min = j.at("min").get<double>(),
                 .max = j.at("max").get<double>()};
  if (!j.at("ratio").is_null()) m.ratio = json::read_estimate(j.at("ratio"));
  return m;
}

Json latencies(const std::optional<Latencies>& l) {
  if (!l) return nullptr;
  return {{"n", l->n},
          {"mean_ms", number(l->mean, "mean_ms")},
          {"median_ms", number(l->median, "median_ms")},
          {"p90_ms", number(l->p90, "p90_ms")},
          {"p95_ms", number(l->p95, "p95_ms")},
          {"p99_ms", number(l->p99, "p99_ms")},
          {"max_ms", number(l->max, "max_ms")}};
}

std::optional<Latencies> read_latencies(const Json& j) {
  if (j.is_null()) return std::nullopt;
  return Latencies{.n = j.at("n").get<std::int64_t>(),
                   .mean = j.at("mean_ms").get<double>(),
                   .median = j.at("median_ms").get<double>(),
                   .p90 = j.at("p90_ms").get<double>(),
                   .p95 = j.at("p95_ms").get<double>(),
                   .p99 = j.at("p99_ms").get<double>(),
                   .max = j.at("max_ms").get<double>()};
}

Json series(const SpeedSeries& s) {
  Json measures = Json::array(), samples = Json::array();
  for (const SpeedMeasure& m : s.measures) measures.push_back(measure(m));
  for (const SpeedSample& one : s.samples) samples.push_back(sample(one));
  return {{"setup", s.setup},
          {"test", s.test},
          {"n_rounds", s.n_rounds},
          {"measures", measures},
          {"between_tokens", latencies(s.between_tokens)},
          {"cpu_load", number(s.cpu_load, "cpu_load")},
          {"joules_per_token", optional_number(s.joules_per_token, "joules_per_token")},
          {"bandwidth_share", optional_number(s.bandwidth_share, "bandwidth_share")},
          {"compute_share", optional_number(s.compute_share, "compute_share")},
          {"n_outliers", s.n_outliers},
          {"flags", texts(s.flags)},
          {"samples", samples}};
}

SpeedSeries read_series(const Json& j) {
  SpeedSeries s{.setup = j.at("setup").get<int>(), .test = j.at("test").get<int>()};
  for (const Json& one : j.at("samples")) s.samples.push_back(read_sample(one));
  s.n_rounds = j.at("n_rounds").get<int>();
  for (const Json& m : j.at("measures")) s.measures.push_back(read_measure(m));
  s.between_tokens = read_latencies(j.at("between_tokens"));
  s.cpu_load = j.at("cpu_load").get<double>();
  s.joules_per_token = json::read_optional_number(j.at("joules_per_token"));
  s.bandwidth_share = json::read_optional_number(j.at("bandwidth_share"));
  s.compute_share = json::read_optional_number(j.at("compute_share"));
  s.n_outliers = j.at("n_outliers").get<int>();
  s.flags = read_texts(j.at("flags"));
  return s;
}

Json machine(const MachineRecord& m) {
  return {{"cpu", exact_text(m.cpu)},
          {"n_cores", m.n_cores},
          {"n_hardware_threads", m.n_hardware_threads},
          {"governor", m.governor.empty() ? Json(nullptr) : exact_text(m.governor)},
          {"memory_bytes", m.memory_bytes},
          {"available_bytes", m.available_bytes},
          {"load_before", number(m.load_before, "load_before")},
          {"load_after", number(m.load_after, "load_after")},
          {"throttled", m.throttled},
          {"other_load", number(m.other_load, "other_load")},
          {"stolen_share", number(m.stolen_share, "stolen_share")},
          {"system", exact_text(m.system)},
          {"bandwidth_bytes_per_s", optional_number(m.bandwidth_bytes_per_s, "bandwidth")},
          {"flops", optional_number(m.flops, "flops")}};
}

MachineRecord read_machine(const Json& j) {
  return {
      .cpu = read_exact_text(j.at("cpu")),
      .n_cores = j.at("n_cores").get<int>(),
      .n_hardware_threads = j.at("n_hardware_threads").get<int>(),
      .governor = j.at("governor").is_null() ? std::string() : read_exact_text(j.at("governor")),
      .memory_bytes = j.at("memory_bytes").get<std::int64_t>(),
      .available_bytes = j.at("available_bytes").get<std::int64_t>(),
      .load_before = j.at("load_before").get<double>(),
      .load_after = j.at("load_after").get<double>(),
      .throttled = j.at("throttled").get<std::int64_t>(),
      .other_load = j.at("other_load").get<double>(),
      .stolen_share = j.at("stolen_share").get<double>(),
      .system = read_exact_text(j.at("system")),
      .bandwidth_bytes_per_s = json::read_optional_number(j.at("bandwidth_bytes_per_s")),
      .flops = json::read_optional_number(j.at("flops"))};
}

void require_indices(const SpeedResult& result) {
  const auto inside = [](int index, std::size_t size) {
    return index >= 0 && static_cast<std::size_t>(index) < size;
  };
  bool sound = true;
  for (const SpeedSetup& s : result.setups)
    sound = sound && inside(s.baseline, result.setups.size());
  for (const SpeedSeries& s : result.series) {
    sound = sound && inside(s.setup, result.setups.size()) && inside(s.test, result.tests.size());
  }
  if (!sound)
    throw Error(ErrorKind::kBadInput, "A speed result names a setup or test that it does not have");
}

}  // namespace

std::string to_string(const SpeedTest& test) {
  std::string name;
  if (test.inference) return "inference";
  if (test.request) {
    name = fmt::format("request {}+{}", test.n_prompt, test.n_gen);
  } else if (test.n_gen == 0) {
    name = fmt::format("pp{}", test.n_prompt);
  } else if (test.n_prompt == 0) {
    name = fmt::format("tg{}", test.n_gen);
  } else {
    name = fmt::format("pp{}+tg{}", test.n_prompt, test.n_gen);
  }
  if (test.n_depth > 0) name += fmt::format(" @ d{}", test.n_depth);
  if (test.n_parallel > 1) name += fmt::format(" x {}", test.n_parallel);
  return name;
}

std::string to_json(const SpeedResult& result) {
  Json setups = Json::array(), tests = Json::array(), all = Json::array();
  for (const SpeedSetup& s : result.setups) setups.push_back(setup(s));
  for (const SpeedTest& t : result.tests) tests.push_back(test(t));
  for (const SpeedSeries& s : result.series) all.push_back(series(s));
  const Json document{{"schema", kSpeedSchema},
                      {"imported_from", result.imported_from},
                      {"started", result.started},
                      {"ended", result.ended},
                      {"partial", result.partial},
                      {"precision", number(result.precision, "precision")},
                      {"budget_s", number(result.budget_s, "budget_s")},
                      {"elapsed_s", number(result.elapsed_s, "elapsed_s")},
                      {"n_repetitions", result.n_repetitions},
                      {"seed", result.seed},
                      {"machine", machine(result.machine)},
                      {"setups", setups},
                      {"tests", tests},
                      {"series", all},
                      {"warnings", texts(result.warnings)}};
  return json::dump(document, 2) + "\n";
}

SpeedResult speed_result_from_json(std::string_view text) {
  const Json document = json::parse(text);
  return json::checked("speed result", [&] {
    const std::string schema = document.at("schema").get<std::string>();
    if (schema != kSpeedSchema) {
      throw Error(ErrorKind::kBadInput, "The document is '" + schema + "', not a speed result", {},
                  "`assay bench --json` writes one.");
    }
    SpeedResult result;
    for (const Json& s : document.at("setups")) result.setups.push_back(read_setup(s));
    for (const Json& t : document.at("tests")) result.tests.push_back(read_test(t));
    for (const Json& s : document.at("series")) result.series.push_back(read_series(s));
    result.machine = read_machine(document.at("machine"));
    result.imported_from = document.value("imported_from", std::string());
    result.started = document.at("started").get<std::string>();
    result.precision = document.at("precision").get<double>();
    result.budget_s = document.at("budget_s").get<double>();
    result.elapsed_s = document.at("elapsed_s").get<double>();
    result.n_repetitions = document.at("n_repetitions").get<int>();
    result.seed = document.at("seed").get<std::uint64_t>();
    result.ended = document.at("ended").get<std::string>();
    result.partial = document.at("partial").get<bool>();
    result.warnings = read_texts(document.at("warnings"));
    require_indices(result);
    return result;
  });
}

std::string to_json(const SpeedSample& s) { return json::dump(sample(s), -1); }
SpeedSample speed_sample_from_json(std::string_view text) {
  const Json j = json::parse(text);
  return json::checked("speed sample", [&] { return read_sample(j); });
}

}  // namespace assay
