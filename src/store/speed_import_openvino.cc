// Speed that OpenVINO's tools measured: benchmark_app's report and llm_bench's CSV.
#include <algorithm>
#include <regex>

#include <fmt/format.h>

#include "store/speed_import.h"
#include "store/table_import.h"

namespace assay::detail {
namespace {

constexpr double kNsPerMs = 1e6, kNsPerS = 1e9, kMsPerS = 1e3;

std::optional<double> positive(const Json& row, const std::string& key) {
  const auto at = row.find(key);
  const std::optional<double> value = at == row.end() ? std::nullopt : number_of(*at);
  return value && *value > 0 ? value : std::nullopt;
}

// ---- benchmark_app ----

// Tokens of one inference, from "-data_shape" or "-shape": "input_ids[1,64],..." or "[1,64]".
std::optional<int> tokens_of(const Json& options) {
  static const std::regex kIds(R"(input_ids\s*\[\s*(\d{1,6})\s*,\s*(\d{1,6})\s*\])");
  for (const char* key : {"-data_shape", "-shape"}) {
    const std::string shape = text_or(options, key);
    std::smatch match;
    if (std::regex_search(shape, match, kIds)) return std::stoi(match[1]) * std::stoi(match[2]);
  }
  return std::nullopt;
}

// Its throughput is the mean; the others follow from latencies, where it ran one request at a time.
SpeedMeasure measure_of(const Json& found, double per_second, std::optional<int> n_tokens) {
  const double n = n_tokens.value_or(1), mean = per_second * n;
  const auto speed = [&](const char* key) {
    const std::optional<double> ms = positive(found, key);
    return ms ? kMsPerS * n / *ms : mean;
  };
  return {.name = n_tokens ? "tokens_per_s" : "inferences_per_s",
          .median = speed("latency (ms)"),
          .mean = mean,
          .min = speed("max latency"),
          .max = speed("min latency")};
}

// ---- llm_bench ----

constexpr const char* kFirstColumns = "iteration,model,framework,device";

// "max_rss_mem(MB)" or "(GiB)" in bytes.
std::optional<std::int64_t> memory_of(const Json& row) {
  constexpr double kMb = 1 << 20, kGib = 1 << 30;  // its MB are 2^20 bytes
  for (const auto& [key, value] : row.items()) {
    if (!key.starts_with("max_rss_mem(")) continue;
    const std::optional<double> amount = number_of(value);
    if (!amount || !(*amount > 0)) return std::nullopt;
    const double unit = key.find("GiB") != std::string::npos ? kGib : kMb;
    return static_cast<std::int64_t>(*amount * unit);
  }
  return std::nullopt;
}

constexpr const char* kRemedy = "Give what llm_bench's benchmark.py -r wrote.";

class LlmBenchReader {
 public:
  void add(const Json& row, const std::string& where) {
    static const std::regex kNumber("[0-9]{1,6}");
    const std::string iteration = text_or(row, "iteration");
    if (!std::regex_match(iteration, kNumber)) return;  // averages, and remarks at the end
    const auto n_in = positive(row, "input_size"), n_out = positive(row, "output_size");
    const auto first_ms = positive(row, "1st_latency(ms)");
    constexpr double kMostTokens = 1e9;
    if (!n_in || !n_out || !first_ms || *n_in > kMostTokens || *n_out > kMostTokens)
      refuse("The line has no tokens or no time", where, kRemedy);
    describe(row);
    const int n_prompt = static_cast<int>(*n_in), n_gen = static_cast<int>(*n_out);
    const int round = std::stoi(iteration) - 1;  // the first iteration warms up
    const std::int64_t first_ns = ns(*first_ms * kNsPerMs);
    if (const auto total_s = positive(row, "generation_time(s)"))
      samples_.push_back({{.n_prompt = n_prompt, .n_gen = n_gen, .request = true},
                          {.round = round,
                           .duration_ns = ns(*total_s * kNsPerS),
                           .prompt_ns = first_ns,
                           .n_prompt = n_prompt,
                           .n_gen = n_gen}});
    samples_.push_back(
        {{.n_prompt = n_prompt}, {.round = round, .duration_ns = first_ns, .n_prompt = n_prompt}});
    if (const auto next_ms = positive(row, "2nd_avg_latency(ms)"); next_ms && n_gen > 1)
      samples_.push_back({{.n_gen = n_gen - 1},
                          {.round = round,
                           .duration_ns = ns(*next_ms * kNsPerMs * (n_gen - 1)),
                           .n_gen = n_gen - 1}});
  }

  void give(const std::string& path, SpeedCollector& speed) {
    if (samples_.empty()) refuse("No iteration is in the file", path, kRemedy);
    speed.set_source("llm_bench", device_, started_);
    for (auto& [test, sample] : samples_) speed.series(setup_, test).samples.push_back(sample);
  }

 private:
  static std::int64_t ns(double value) {
    constexpr double kLongest = 9e18;  // of 64 bits
    return static_cast<std::int64_t>(std::min(value, kLongest));
  }

  void describe(const Json& row) {
    const std::string model = text_or(row, "model"), precision = text_or(row, "precision");
    setup_.name = model;
    if (!precision.empty() && precision != "unknown" && model.find(precision) == std::string::npos)
      setup_.name += " " + precision;
    setup_.info.description = model;
    device_ = text_or(row, "device");
    setup_.info.engine = text_or(row, "framework") + ", " + device_;
    if (const auto bytes = memory_of(row))
      setup_.peak_bytes = std::max(setup_.peak_bytes.value_or(0), *bytes);
    if (const auto load_s = positive(row, "pretrain_time(s)"))
      setup_.load_ns = {ns(*load_s * kNsPerS)};
    if (started_.empty()) started_ = text_or(row, "start");
  }

  SpeedSetup setup_;
  std::string device_, started_;
  std::vector<std::pair<SpeedTest, SpeedSample>> samples_;
};

}  // namespace

bool is_benchmark_app(const Json& document) {
  return document.is_object() && document.contains("cmd_options") &&
         document.contains("execution_results");
}

void read_benchmark_app(const Json& document, const std::string& path, SpeedCollector& speed) {
  const Json& options = document["cmd_options"];
  const Json& found = document["execution_results"];
  const Json& configuration = document.value("configuration_setup", Json::object());
  const std::optional<double> per_second = positive(found, "throughput");
  if (!per_second)
    refuse("The report has no throughput", path, "Give benchmark_app's benchmark_report.json.");
  SpeedSetup setup;
  setup.name = stem_of(text_or(options, "-m"));
  setup.info.path = text_or(options, "-m");
  setup.info.description = text_or(configuration, "topology");
  setup.info.engine = "OpenVINO, " + text_or(configuration, "target device");
  for (const char* key : {"read model time (ms)", "compile model time (ms)"}) {
    if (const auto ms = positive(found, key)) {
      if (setup.load_ns.empty()) setup.load_ns.push_back(0);
      setup.load_ns.back() += static_cast<std::int64_t>(*ms * kNsPerMs);
    }
  }
  speed.set_source("benchmark_app", text_or(configuration, "target device"), "");
  const std::optional<int> n_tokens = tokens_of(options);
  SpeedTest test{.inference = !n_tokens};
  if (n_tokens) (*n_tokens == 1 ? test.n_gen : test.n_prompt) = *n_tokens;
  SpeedSeries& series = speed.series(setup, test);
  if (!series.measures.empty())
    refuse("A second report of the same model and test", path, "Give each once.");
  series.measures.push_back(measure_of(found, *per_second, n_tokens));
  if (const auto n = positive(found, "total number of iterations"))
    series.n_rounds = static_cast<int>(std::min(*n, 1e9));
  speed.add_warning(
      "benchmark_app does not reset a model's state between inferences: with a KV cache its "
      "context "
      "grows, and its figures are of no one length");
  if (text_or(configuration, "API") == "async")
    speed.add_warning(
        "benchmark_app ran several requests at once: latencies are longer than one's");
}

bool is_llm_bench(const std::string& first_line) { return first_line.starts_with(kFirstColumns); }

void read_llm_bench(const std::string& path, SpeedCollector& speed) {
  LlmBenchReader reader;
  for_each_csv_row(path, [&](Json&& row, const std::string& where) { reader.add(row, where); });
  reader.give(path, speed);
}

}  // namespace assay::detail
