// Output of llama-perplexity: the final perplexity, or the blocks of --kl-divergence.
#include "store/llama_log_import.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <sstream>

#include <fmt/format.h>

namespace assay::detail {
namespace {

struct Label {
  const char* text;
  const char* metric;
};
// Longer labels before those that begin alike.
constexpr Label kLabels[] = {{"Final estimate: PPL", "perplexity"},
                             {"Mean PPL(Q)/PPL(base)", "ppl_ratio"},
                             {"Mean PPL(Q)-PPL(base)", "ppl_difference"},
                             {"Mean PPL(Q)", "perplexity"},
                             {"Mean PPL(base)", "perplexity_base"},
                             {"Mean ln(PPL(Q)/PPL(base))", "ln_ppl_ratio"},
                             {"Same top p", "same_top_p"}};

std::string trimmed(const std::string& text) {
  const std::size_t first = text.find_first_not_of(" \t\r");
  if (first == std::string::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

// "99.9%   KLD" is kld_p99.9, "Median  Δp" delta_p_median, "Mean    KLD" kld; "" = neither.
std::string percentile_metric(const std::string& label) {
  for (const auto& [unit, name] : {std::pair{"KLD", "kld"}, {"Δp", "delta_p"}}) {
    if (!label.ends_with(unit)) continue;
    const std::string which = trimmed(label.substr(0, label.size() - std::string(unit).size()));
    if (which == "Mean") return name;
    if (which == "Maximum") return fmt::format("{}_max", name);
    if (which == "Minimum") return fmt::format("{}_min", name);
    if (which == "Median") return fmt::format("{}_median", name);
    if (which == "RMS") return fmt::format("{}_rms", name);
    if (!which.ends_with("%")) return {};
    std::string percent = which.substr(0, which.size() - 1);
    if (percent.ends_with(".0")) percent.erase(percent.size() - 2);
    return fmt::format("{}_p{}", name, percent);
  }
  return {};
}

std::string metric_of(const std::string& label) {
  for (const Label& known : kLabels) {
    if (label == known.text) return known.metric;
  }
  return percentile_metric(label);
}

std::optional<double> leading_number(const std::string& text) {
  const std::string start = trimmed(text);
  double value = 0;
  const auto [end, error] = std::from_chars(start.data(), start.data() + start.size(), value);
  if (error != std::errc() || end == start.data()) return std::nullopt;
  return value;
}

// "label: 1.5 ± 0.1 %" or "Final estimate: PPL = 1.5 +/- 0.1".
std::optional<MetricResult> metric_of_line(const std::string& line) {
  std::size_t mark = line.rfind(" = ");
  if (!line.starts_with("Final estimate")) mark = line.rfind(':');
  if (mark == std::string::npos) return std::nullopt;
  const std::string metric = metric_of(trimmed(line.substr(0, mark)));
  const std::string values = line.substr(mark + (line[mark] == ':' ? 1 : 3));
  const auto value = leading_number(values);
  if (metric.empty() || !value) return std::nullopt;
  const double scale = values.find('%') == std::string::npos ? 1 : 0.01;
  Estimate estimate{.value = *value * scale, .reason = "the source states none"};
  for (const std::string mark_of_error : {"±", "+/-"}) {
    const std::size_t at = values.find(mark_of_error);
    if (at == std::string::npos) continue;
    if (const auto error = leading_number(values.substr(at + mark_of_error.size()))) {
      estimate.std_error = *error * scale;
      estimate.reason.clear();
    }
  }
  return MetricResult{.metric = metric,
                      .filter = "none",
                      .estimate = estimate,
                      .higher_is_better = metric == "same_top_p"};
}

std::string between(const std::string& line, const std::string& before, const std::string& after) {
  const std::size_t start = line.find(before);
  if (start == std::string::npos) return {};
  const std::size_t from = start + before.size();
  return line.substr(from, line.find(after, from) - from);
}

std::int64_t count_between(const std::string& line, const std::string& before,
                           const std::string& after) {
  const auto number = leading_number(between(line, before, after));
  return number && *number > 0 && *number < 1e9 ? static_cast<std::int64_t>(*number) : 0;
}

class LogReader {
 public:
  explicit LogReader(const std::string& path) : path_(path) {}

  void add(const std::string& line) {
    if (line.find("loaded meta data") != std::string::npos)
      model_ = between(line, " from ", " (version");
    if (line.starts_with("build: ")) build_ = between(line, "build: ", " with ");
    if (line.starts_with("main: build = ")) build_ = line.substr(14);
    if (const auto n = count_between(line, " over ", " chunks"); n > 0) {
      n_chunks_ = n;
      n_ctx_ = count_between(line, "n_ctx=", ",");
    }
    if (line.find("n_ctx_per_seq") != std::string::npos && n_ctx_ == 0)
      n_ctx_ = count_between(line, "n_ctx_per_seq = ", " ");
    count_row(line);
    const auto metric = metric_of_line(line);
    if (!metric) return;
    for (const MetricResult& known : metrics_) {
      if (known.metric == metric->metric) return;  // some builds print a percentile twice
    }
    metrics_.push_back(*metric);
  }

  ImportedRun read() {
    if (metrics_.empty()) {
      refuse("The output has no final numbers", path_,
             "Was llama-perplexity stopped? Run it to its end.");
    }
    TaskResult task{.task = "llama-perplexity", .alias = "llama-perplexity"};
    task.n_samples = task.n_original = n_chunks_;
    for (MetricResult& metric : metrics_) {
      metric.n_scored = n_chunks_ * std::max<std::int64_t>(0, n_ctx_ - n_ctx_ / 2 - 1);
      task.metrics.push_back(metric);
    }
    task.notes = {
        fmt::format("{} chunks of {} tokens, the second half of each scored", n_chunks_, n_ctx_),
        "errors take tokens as independent"};
    Run run{.header = {.model_name = model_.empty() ? "unknown model" : model_}, .groups = {}};
    run.header.model.path = run.header.model_name;
    run.header.model.runtime.n_ctx = static_cast<int>(n_ctx_);
    run.header.imported_from =
        "llama-perplexity " + (build_.empty() ? "of an unknown build" : "build " + build_);
    run.header.warnings = {
        "The source does not contain: numbers of single chunks or tokens, so nothing can be "
        "paired; "
        "the text's name or digest; digests of weights."};
    run.tasks.push_back(std::move(task));
    return {.run = std::move(run), .aggregations = {{}}, .source = path_};
  }

 private:
  // "  40       3.7488 ±    0.1015 ...": some builds tell the number of chunks by nothing else.
  void count_row(const std::string& line) {
    const bool is_row = !line.empty() && line.find_first_not_of("0123456789") != 0 &&
                        line.find(':') == std::string::npos && line.find("±") != std::string::npos;
    if (!is_row) return;
    const auto number = leading_number(line);
    if (number && *number < 1e9)
      n_chunks_ = std::max(n_chunks_, static_cast<std::int64_t>(*number));
  }

  const std::string& path_;
  std::string model_, build_;
  std::int64_t n_chunks_ = 0, n_ctx_ = 0;
  std::vector<MetricResult> metrics_;
};

}  // namespace

bool is_llama_perplexity_log(const std::string& text) {
  return text.find("Final estimate: PPL = ") != std::string::npos ||
         text.find("Mean PPL(Q)") != std::string::npos ||
         text.find("calculating perplexity over ") != std::string::npos;
}

ImportedRun read_llama_perplexity_log(const std::string& text, const std::string& path) {
  LogReader reader(path);
  std::istringstream lines(text);
  std::string line;
  while (std::getline(lines, line)) reader.add(trimmed(line));
  return reader.read();
}

}  // namespace assay::detail
