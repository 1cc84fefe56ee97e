#include <fmt/format.h>

#include "cli/table.h"
#include "cli/text_layout.h"
#include "core/number_format.h"
#include "core/screen.h"

namespace assay {
namespace {

bool is_increase(const ScreenCriterion& criterion) { return criterion.name == "ppl_increase"; }

std::string interval_text(const ScreenCriterion& c) {
  const bool increase = is_increase(c);
  const auto number = [&](double value) {
    return increase ? fmt::format("{:+.2f}", kPercent * value) : fmt::format("{:.4f}", value);
  };
  std::string text = number(c.estimate.value);
  if (c.estimate.ci95)
    text += fmt::format(" [{}, {}]", number(c.estimate.ci95->low), number(c.estimate.ci95->high));
  return text + (increase ? " %" : "");
}

std::vector<Column> columns_of(const ScreenReport& report) {
  std::vector<Column> columns{{.title = "variant", .align = Align::kLeft},
                              {.title = "verdict", .align = Align::kLeft}};
  for (const ScreenCriterion& c : report.variants.front().criteria) {
    columns.push_back(
        {.title = is_increase(c) ? fmt::format("PPL increase (limit {:.4g} %)", kPercent * c.limit)
                                 : fmt::format("KLD (limit {:.4g})", c.limit)});
  }
  columns.push_back({.title = "windows"});
  columns.push_back({.title = "of the text", .priority = 1});
  for (const ScreenedVariant& v : report.variants) {
    std::size_t i = 0;
    columns[i++].cells.push_back(printable(v.name));
    columns[i++].cells.push_back(to_string(v.verdict));
    for (const ScreenCriterion& c : v.criteria) columns[i++].cells.push_back(interval_text(c));
    columns[i++].cells.push_back(std::to_string(v.n_windows));
    columns[i].cells.push_back(fmt::format("{:.1f} %", kPercent * static_cast<double>(v.n_windows) /
                                                           static_cast<double>(report.n_windows)));
  }
  return columns;
}

std::string explanation(const ScreenReport& report, int width) {
  const double full =
      static_cast<double>(report.n_windows) * static_cast<double>(report.variants.size() + 1);
  std::string text =
      wrap(fmt::format(
               "Brackets hold at every window at once ({:.4g} %), so stopping on them is honest. "
               "This took {:.1f} % of the windows that scoring all of the text on all models "
               "takes.",
               kPercent * report.confidence,
               kPercent * static_cast<double>(report.n_window_runs) / full),
           width);
  for (const std::string& warning : report.warnings) text += wrap(warning, width, 2);
  return text;
}

}  // namespace

std::string render(const ScreenReport& report, const TableOptions& options) {
  switch (options.format) {
    case TableFormat::kCsv:
      return csv_table(columns_of(report));
    case TableFormat::kMarkdown:
      return markdown_table(columns_of(report));
    case TableFormat::kText:
      break;
  }
  return text_table(columns_of(report), options.width) + "\n" + explanation(report, options.width);
}

}  // namespace assay
