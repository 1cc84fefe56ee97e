#include "cli/speed_table.h"

#include <algorithm>

#include <fmt/format.h>

#include "cli/text_layout.h"
#include "core/number_format.h"

namespace assay {
namespace {

constexpr double kKib = 1 << 10, kNsPerS = 1e9;

const SpeedMeasure* find(const SpeedSeries& series, const std::string& name) {
  for (const SpeedMeasure& measure : series.measures) {
    if (measure.name == name) return &measure;
  }
  return nullptr;
}

std::string ratio_text(const SpeedMeasure& measure) {
  if (!measure.ratio) return "1";
  const Estimate& ratio = *measure.ratio;
  if (!ratio.ci95) return fmt::format("{:.2f} [?]", ratio.value);
  return fmt::format("{:.3f} [{:.3f}, {:.3f}]", ratio.value, ratio.ci95->low, ratio.ci95->high);
}

std::string verdict_text(const SpeedMeasure& measure, bool imported) {
  if (!measure.ratio) return "baseline";
  if (!measure.ratio->ci95) return imported ? "not paired" : "too few rounds";
  if (measure.ratio->ci95->low > 1) return "faster";
  if (measure.ratio->ci95->high < 1) return "slower";
  return "no difference shown";
}

std::string speed_text(const SpeedMeasure& measure) {
  if (measure.name == "inferences_per_s")
    return format_significant(measure.median, 4) + " inferences/s";
  return measure.sd ? fmt::format("{} ± {}", format_significant(measure.median, 4),
                                  format_significant(*measure.sd, 2))
                    : format_significant(measure.median, 4);
}

std::string share_text(const SpeedSeries& series) {
  if (series.bandwidth_share)
    return fmt::format("{:.0f} % of memory", kPercent * *series.bandwidth_share);
  if (series.compute_share) return fmt::format("{:.0f} % of f32", kPercent * *series.compute_share);
  return "-";
}

std::string ms_text(double ms) { return format_significant(ms, 3); }

std::string tail_text(const SpeedSeries& series) {
  if (!series.between_tokens) return "-";
  const Latencies& l = *series.between_tokens;
  return fmt::format("{} / {} / {} / {} / {}", ms_text(l.median), ms_text(l.p90), ms_text(l.p95),
                     ms_text(l.p99), ms_text(l.max));
}

std::string measure_ms(const SpeedSeries& series, const char* name) {
  const SpeedMeasure* measure = find(series, name);
  return measure == nullptr ? "-" : ms_text(measure->median);
}

std::vector<std::string> cells_of(const SpeedResult& result, const SpeedSeries& series) {
  const SpeedSetup& setup = result.setups[static_cast<std::size_t>(series.setup)];
  const std::string test = to_string(result.tests[static_cast<std::size_t>(series.test)]);
  if (series.measures.empty()) {
    return {test,
            printable(setup.name),
            "-",
            "-",
            setup.failure.empty() ? "not measured" : "failed",
            "0",
            "-",
            "-",
            "-",
            "-",
            "-"};
  }
  const SpeedMeasure& speed = series.measures.front();
  return {test,
          printable(setup.name),
          speed_text(speed),
          ratio_text(speed),
          verdict_text(speed, !result.imported_from.empty()),
          std::to_string(series.n_rounds),
          tail_text(series),
          measure_ms(series, "first_token_ms"),
          measure_ms(series, "token_ms"),
          share_text(series),
          series.cpu_load > 0 ? fmt::format("{:.1f}", series.cpu_load) : "-"};
}

std::vector<Column> speed_columns(const SpeedResult& result) {
  std::vector<Column> columns{{.title = "test", .align = Align::kLeft},
                              {.title = "model", .align = Align::kLeft},
                              {.title = "tokens/s"},
                              {.title = "times as fast"},
                              {.title = "verdict", .align = Align::kLeft},
                              {.title = "rounds", .priority = 2},
                              {.title = "ms between tokens p50/90/95/99/max", .priority = 3},
                              {.title = "first token ms", .priority = 1},
                              {.title = "ms per token", .priority = 1},
                              {.title = "of the machine", .priority = 4},
                              {.title = "busy threads", .priority = 5}};
  for (const SpeedSeries& series : result.series) {
    const std::vector<std::string> cells = cells_of(result, series);
    for (std::size_t i = 0; i < columns.size(); ++i) columns[i].cells.push_back(cells[i]);
  }
  return columns;
}

std::string mib_text(const std::optional<std::int64_t>& bytes) {
  return bytes ? fmt::format("{:.1f}", static_cast<double>(*bytes) / kMebibyte) : "-";
}

std::string load_text(const SpeedSetup& setup) {
  if (setup.load_ns.empty()) return "-";
  const std::int64_t fastest = *std::min_element(setup.load_ns.begin(), setup.load_ns.end());
  return format_significant(static_cast<double>(fastest) / kNsPerS, 3);
}

std::vector<Column> setup_columns(const SpeedResult& result) {
  std::vector<Column> columns{{.title = "model", .align = Align::kLeft},
                              {.title = "file MiB"},
                              {.title = "peak MiB"},
                              {.title = "steady MiB", .priority = 1},
                              {.title = "of it mapped", .priority = 3},
                              {.title = "KV KiB/token"},
                              {.title = "load s", .priority = 2}};
  const bool has_gpu = std::any_of(result.setups.begin(), result.setups.end(),
                                   [](const SpeedSetup& s) { return s.gpu_bytes.has_value(); });
  if (has_gpu) columns.push_back({.title = "GPU MiB"});
  for (const SpeedSetup& setup : result.setups) {
    const std::string cells[] = {
        printable(setup.name),
        mib_text(setup.info.size_bytes),
        mib_text(setup.peak_bytes),
        mib_text(setup.steady_bytes),
        mib_text(setup.mapped_bytes),
        setup.kv_bytes_per_token > 0 ? fmt::format("{:.2f}", setup.kv_bytes_per_token / kKib) : "-",
        load_text(setup),
        mib_text(setup.gpu_bytes)};
    for (std::size_t i = 0; i < columns.size(); ++i) columns[i].cells.push_back(cells[i]);
  }
  return columns;
}

std::string machine_text(const SpeedResult& result) {
  const MachineRecord& machine = result.machine;
  const int n_threads = result.setups.front().info.runtime.n_threads;
  std::string text =
      fmt::format("{}, {} of {} cores used, {:.1f} GiB of memory", machine.cpu, n_threads,
                  machine.n_cores, static_cast<double>(machine.memory_bytes) / (kMebibyte * 1024));
  if (machine.bandwidth_bytes_per_s && machine.flops) {
    text += fmt::format("; it reads {:.1f} GB/s and computes {:.0f} GFLOP/s in f32",
                        *machine.bandwidth_bytes_per_s / 1e9, *machine.flops / 1e9);
  }
  return text + ".";
}

std::string ending_text(const SpeedResult& result) {
  if (result.ended == "precise") {
    return fmt::format("Repeated until every ratio was known to {:.3g} % ({:.0f} s).",
                       kPercent * result.precision, result.elapsed_s);
  }
  if (result.ended == "budget") {
    return fmt::format(
        "The budget of {:.0f} s ended it; ratios with wider intervals than {:.3g} % need a longer "
        "--budget.",
        result.budget_s, kPercent * result.precision);
  }
  if (result.ended == "interrupted") return "PARTIAL: interrupted before it was done.";
  return fmt::format("{} rounds ({:.0f} s).", result.n_repetitions, result.elapsed_s);
}

// How the figures came about.
std::string method_text(const SpeedResult& result) {
  if (!result.imported_from.empty()) {
    return fmt::format(
        "Measured by {} on {}{}{}, one model after the other: the ratios are of medians, and "
        "without intervals, since a drift of the machine is in them.",
        result.imported_from, result.machine.cpu, result.started.empty() ? "" : " at ",
        result.started);
  }
  const bool fixed = result.n_repetitions > 0 && !result.partial;
  const std::string brackets = fixed
                                   ? "brackets are Student's 95 % intervals over the rounds"
                                   : "brackets are 95 % intervals that hold at every round at once";
  return "Times as fast: against the baseline in the same rounds, in random order within each; " +
         brackets + ". Median ± standard deviation over rounds. " + ending_text(result) + " " +
         machine_text(result);
}

std::string remarks(const SpeedResult& result, int width) {
  std::string text = wrap(method_text(result), width);
  for (const SpeedSetup& setup : result.setups) {
    const std::string name = printable(setup.name);
    if (!setup.failure.empty()) text += wrap(name + " failed: " + setup.failure, width, 2);
    for (const std::string& note : setup.notes) text += wrap(name + ": " + note, width, 2);
  }
  for (const SpeedSeries& series : result.series) {
    const std::string name = printable(result.setups[static_cast<std::size_t>(series.setup)].name) +
                             ", " + to_string(result.tests[static_cast<std::size_t>(series.test)]);
    for (const std::string& flag : series.flags) text += wrap(name + ": " + flag, width, 2);
    if (series.n_outliers > 0) {
      text += wrap(fmt::format("{}: {} of {} rounds lie far from the median; they count", name,
                               series.n_outliers, series.n_rounds),
                   width, 2);
    }
  }
  for (const std::string& warning : result.warnings) text += wrap(warning, width, 2);
  return text;
}

}  // namespace

std::string render(const SpeedResult& result, const TableOptions& options) {
  switch (options.format) {
    case TableFormat::kCsv:
      return csv_table(speed_columns(result));
    case TableFormat::kMarkdown:
      return markdown_table(speed_columns(result));
    case TableFormat::kText:
      break;
  }
  return text_table(speed_columns(result), options.width) + "\n" +
         text_table(setup_columns(result), options.width) + "\n" + remarks(result, options.width);
}

}  // namespace assay
