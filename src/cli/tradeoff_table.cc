#include "cli/tradeoff_table.h"

#include <algorithm>

#include <fmt/format.h>

#include "cli/text_layout.h"
#include "cli/tradeoff_plot.h"
#include "core/number_format.h"

namespace assay {
namespace {

constexpr int kPlotWidth = 76, kPlotHeight = 17;

std::string ratio_text(const TradeoffRow& row, const std::optional<double>& value,
                       const std::optional<Estimate>& ratio) {
  if (!value) return "-";
  if (row.is_baseline) return "1";
  if (!ratio) return "-";
  if (!ratio->ci95) return fmt::format("{:.2f} [?]", ratio->value);
  return fmt::format("{:.2f} [{:.2f}, {:.2f}]", ratio->value, ratio->ci95->low, ratio->ci95->high);
}

std::string accuracy_text(const TradeoffRow& row) {
  if (row.is_baseline) return "0";
  if (!row.accuracy) return "-";
  const Estimate& a = *row.accuracy;
  if (!a.ci95) return fmt::format("{:+.2f} [?]", kPercent * a.value);
  return fmt::format("{:+.2f} [{:+.2f}, {:+.2f}]", kPercent * a.value, kPercent * a.ci95->low,
                     kPercent * a.ci95->high);
}

const char* verdict_text(Verdict verdict) {
  switch (verdict) {
    case Verdict::kWithinMargin:
      return "within margin";
    case Verdict::kWorse:
      return "worse";
    case Verdict::kUndecided:
      break;
  }
  return "undecided";
}

std::string number(const std::optional<double>& value, double unit = 1) {
  return value ? format_significant(*value / unit, 4) : "-";
}

std::string standing(const TradeoffRow& row) {
  if (!row.failure.empty()) return "failed";
  if (!row.broken.empty()) return fmt::format("out: {}", fmt::join(row.broken, "; "));
  if (!row.dominated_by.empty())
    return printable(fmt::format("dominated by {}", fmt::join(row.dominated_by, ", ")));
  return "on the front";
}

std::vector<Column> columns_of(const TradeoffReport& report) {
  std::vector<Column> columns{{.title = "model", .align = Align::kLeft},
                              {.title = "file MiB"},
                              {.title = "accuracy, points"},
                              {.title = "verdict", .align = Align::kLeft, .priority = 2},
                              {.title = "decode, times as fast"},
                              {.title = "tokens/s", .priority = 1},
                              {.title = "prompt, times as fast", .priority = 1},
                              {.title = "first token ms", .priority = 3},
                              {.title = "peak MiB"},
                              {.title = "standing", .align = Align::kLeft}};
  for (const TradeoffRow& row : report.rows) {
    const std::string cells[] = {
        printable(row.name),
        fmt::format("{:.1f}", static_cast<double>(row.size_bytes) / kMebibyte),
        accuracy_text(row),
        row.verdict ? verdict_text(*row.verdict) : "-",
        ratio_text(row, row.decode_tps, row.decode_ratio),
        number(row.decode_tps),
        ratio_text(row, row.prefill_tps, row.prefill_ratio),
        number(row.first_token_ms),
        number(row.memory_bytes, kMebibyte),
        standing(row)};
    for (std::size_t i = 0; i < columns.size(); ++i) columns[i].cells.push_back(cells[i]);
  }
  return columns;
}

std::string remarks(const TradeoffReport& report, int width) {
  std::string text =
      "A row is dominated when another that keeps the limits is at least as good in "
      "accuracy, decoding, prompt speed and memory, and better in one, by the "
      "figures themselves; where brackets overlap that order is not shown.";
  if (!report.accuracy_of.empty()) text += " Accuracy: " + report.accuracy_of + ".";
  text +=
      fmt::format(" Decode: {}; prompt: {}.", report.decode_test.empty() ? "-" : report.decode_test,
                  report.prefill_test.empty() ? "-" : report.prefill_test);
  text = wrap(text, width);
  for (const TradeoffRow& row : report.rows) {
    if (!row.failure.empty())
      text += wrap(printable(row.name) + " failed: " + row.failure, width, 2);
  }
  for (const std::string& warning : report.warnings) text += wrap(printable(warning), width, 2);
  return text;
}

}  // namespace

std::string render(const TradeoffReport& report, const TableOptions& options) {
  switch (options.format) {
    case TableFormat::kCsv:
      return csv_table(columns_of(report));
    case TableFormat::kMarkdown:
      return markdown_table(columns_of(report));
    case TableFormat::kText:
      break;
  }
  const int width = options.width > 0 ? std::min(options.width, kPlotWidth) : kPlotWidth;
  const std::string plot = tradeoff_plot(report, width, kPlotHeight);
  return text_table(columns_of(report), options.width) + "\n" + plot + (plot.empty() ? "" : "\n") +
         remarks(report, options.width);
}

}  // namespace assay
