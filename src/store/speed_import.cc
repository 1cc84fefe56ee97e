// Speed that llama-bench measured, and what the readers of all such files share.
#include "store/speed_import.h"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "core/files.h"

namespace assay {
namespace detail {
namespace {

constexpr const char* kKnown =
    "Known are llama-bench's JSON or JSONL (-o json), benchmark_app's report (-report_type "
    "no_counters -json_stats) and llm_bench's CSV (-r).";

template <typename T>
int index_of(const std::vector<T>& known, const auto& is_same) {
  return static_cast<int>(std::find_if(known.begin(), known.end(), is_same) - known.begin());
}

std::string text_at(const Json& row, const char* key) {
  const auto at = row.find(key);
  if (at == row.end() || at->is_null()) return {};
  return python_text(*at);
}

std::int64_t integer_at(const Json& row, const char* key, const std::string& where) {
  const auto at = row.find(key);
  const std::optional<double> value = at == row.end() ? std::nullopt : number_of(*at);
  constexpr double kLargest = 9e15;  // whole numbers are exact until there
  if (!value || !(*value >= -1 && *value < kLargest))
    refuse(fmt::format("'{}' is no count", key), where, kKnown);
  return static_cast<std::int64_t>(*value);
}

int count_at(const Json& row, const char* key, const std::string& where) {
  const std::int64_t value = integer_at(row, key, where);
  if (value > 1 << 30) refuse(fmt::format("'{}' is too large", key), where, kKnown);
  return static_cast<int>(value);
}

// Settings in which a file's tests differ tell its setups apart.
constexpr const char* kSettings[] = {"n_threads", "n_batch", "n_ubatch", "n_gpu_layers",
                                     "flash_attn"};

std::string name_of(const Json& rows, const Json& row) {
  std::string name = stem_of(text_at(row, "model_filename"));
  const std::string k = text_at(row, "type_k"), v = text_at(row, "type_v");
  if (k != "f16" || v != "f16") name += k == v ? "+kv=" + k : fmt::format("+kv={}/{}", k, v);
  std::string label;
  for (const char* setting : kSettings) {
    const bool varies = std::any_of(rows.begin(), rows.end(), [&](const Json& other) {
      return other.value("model_filename", "") == row.value("model_filename", "") &&
             text_at(other, setting) != text_at(row, setting);
    });
    if (varies)
      label += fmt::format("{}{}={}", label.empty() ? "" : " ", setting, text_at(row, setting));
  }
  return label.empty() ? name : name + " [" + label + "]";
}

SpeedSetup setup_of(const Json& rows, const Json& row, const std::string& where) {
  SpeedSetup setup;
  setup.name = name_of(rows, row);
  setup.info.path = text_at(row, "model_filename");
  setup.info.description = text_at(row, "model_type");
  setup.info.size_bytes = integer_at(row, "model_size", where);
  setup.info.n_weights = integer_at(row, "model_n_params", where);
  setup.info.engine = "llama.cpp " + text_at(row, "build_commit");
  setup.info.runtime.kv = {.k = text_at(row, "type_k"), .v = text_at(row, "type_v")};
  setup.info.runtime.n_threads = count_at(row, "n_threads", where);
  setup.n_batch = count_at(row, "n_batch", where);
  setup.n_ubatch = count_at(row, "n_ubatch", where);
  return setup;
}

void add_llama_bench(const Json& rows, const Json& row, const std::string& where,
                     SpeedCollector& speed) {
  const SpeedTest test{.n_prompt = count_at(row, "n_prompt", where),
                       .n_gen = count_at(row, "n_gen", where),
                       .n_depth = row.contains("n_depth") ? count_at(row, "n_depth", where) : 0};
  const std::string gpu = text_at(row, "gpu_info");
  speed.set_source("llama-bench " + text_at(row, "build_commit"),
                   text_at(row, "cpu_info") + (gpu.empty() ? "" : ", " + gpu),
                   text_at(row, "test_time"));
  SpeedSeries& series = speed.series(setup_of(rows, row, where), test);
  const auto samples = row.find("samples_ns");
  const bool has_samples = samples != row.end() && samples->is_array() && !samples->empty();
  const Json durations = has_samples ? *samples : Json::array({row.value("avg_ns", Json())});
  for (const Json& duration : durations) {
    const std::optional<double> ns = number_of(duration);
    constexpr double kLongest = 9e18;  // of 64 bits
    if (!ns || !(*ns > 0 && *ns < kLongest)) refuse("A test has no duration", where, kKnown);
    series.samples.push_back({.round = static_cast<int>(series.samples.size()),
                              .duration_ns = static_cast<std::int64_t>(*ns),
                              .n_prompt = test.n_prompt,
                              .n_gen = test.n_gen});
  }
}

}  // namespace

std::string stem_of(const std::string& path) { return std::filesystem::path(path).stem().string(); }

SpeedSeries& SpeedCollector::series(SpeedSetup setup, const SpeedTest& test) {
  const int s = index_of(result_.setups, [&](const SpeedSetup& k) { return k.name == setup.name; });
  if (s == static_cast<int>(result_.setups.size())) result_.setups.push_back(std::move(setup));
  const int t = index_of(result_.tests, [&](const SpeedTest& known) { return known == test; });
  if (t == static_cast<int>(result_.tests.size())) result_.tests.push_back(test);
  for (SpeedSeries& known : result_.series) {
    if (known.setup == s && known.test == t) return known;
  }
  return result_.series.emplace_back(SpeedSeries{.setup = s, .test = t});
}

void SpeedCollector::add_warning(const std::string& text) {
  std::vector<std::string>& all = result_.warnings;
  if (std::find(all.begin(), all.end(), text) == all.end()) all.push_back(text);
}

void SpeedCollector::set_source(const std::string& tool, const std::string& cpu,
                                const std::string& started) {
  if (result_.imported_from.empty()) {
    result_.imported_from = tool;
    result_.machine.cpu = cpu;
    result_.started = started;
    result_.ended = "imported";
    return;
  }
  if (result_.imported_from != tool)
    add_warning("measured by different programs: " + result_.imported_from + " and " + tool);
  if (result_.machine.cpu != cpu)
    add_warning("measured on different machines: '" + result_.machine.cpu + "' and '" + cpu + "'");
}

SpeedResult SpeedCollector::take() {
  // By test, then setup, as every speed result.
  std::stable_sort(result_.series.begin(), result_.series.end(),
                   [](const SpeedSeries& a, const SpeedSeries& b) {
                     return std::pair(a.test, a.setup) < std::pair(b.test, b.setup);
                   });
  return std::move(result_);
}

bool is_llama_bench(const Json& row) {
  return row.is_object() && row.contains("model_filename") && row.contains("n_prompt") &&
         row.contains("avg_ns");
}

void read_llama_bench(const Json& rows, const std::string& path, SpeedCollector& speed) {
  const auto where = [&](std::size_t i) { return fmt::format("{}, test {}", path, i + 1); };
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (!is_llama_bench(rows[i])) refuse("Not one of llama-bench's tests", where(i), kKnown);
  }
  for (std::size_t i = 0; i < rows.size(); ++i) add_llama_bench(rows, rows[i], where(i), speed);
}

namespace {

// Of a file that begins with '[' or '{': false when it is none of these.
bool read_json_speed(const std::string& path, const std::string& text, SpeedCollector& speed) {
  if (path.ends_with(".jsonl")) {
    Json rows = Json::array();
    for_each_object(path, [&](Json&& object, const std::string&) {
      if (rows.empty() && !is_llama_bench(object)) object = nullptr;
      rows.push_back(std::move(object));
    });
    if (rows.empty() || rows[0].is_null()) return false;
    read_llama_bench(rows, path, speed);
    return true;
  }
  const Json document = parse_foreign(text, path);
  if (is_benchmark_app(document)) {
    read_benchmark_app(document, path, speed);
    return true;
  }
  if (!document.is_array() || document.empty() || !is_llama_bench(document[0])) return false;
  read_llama_bench(document, path, speed);
  return true;
}

}  // namespace
}  // namespace detail

std::optional<SpeedResult> read_foreign_speed(std::span<const std::string> paths) {
  detail::SpeedCollector speed;
  std::size_t n_read = 0;
  for (const std::string& path : paths) {
    std::error_code error;
    if (!std::filesystem::is_regular_file(path, error)) continue;
    const std::string text = read_file(path);
    const std::size_t start = text.find_first_not_of(" \t\r\n");
    const char first = start == std::string::npos ? '\0' : text[start];
    if (detail::is_llm_bench(text.substr(0, text.find('\n')))) {
      detail::read_llm_bench(path, speed);
      ++n_read;
    } else if (first == '{' || first == '[') {
      n_read += detail::read_json_speed(path, text, speed) ? 1 : 0;
    }
  }
  if (n_read == 0) return std::nullopt;
  if (n_read < paths.size()) {
    detail::refuse("Speed and other results were given together", paths.front(),
                   "Import them one by one.");
  }
  return speed.take();
}

}  // namespace assay
