#include "cli/output.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <fmt/format.h>

#include "cli/comparison_table.h"
#include "cli/eval_table.h"
#include "cli/speed_table.h"
#include "cli/table.h"
#include "cli/tradeoff_table.h"
#include "core/files.h"
#include "core/json.h"
#include "core/json_comparison.h"
#include "core/json_run.h"

namespace assay::cli {
namespace {

// Piped output is not cut to any width.
int stdout_width() {
  winsize size{};
  return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 0;
}

TableOptions table_options(const OutputFlags& flags) {
  const TableFormat format = flags.csv        ? TableFormat::kCsv
                             : flags.markdown ? TableFormat::kMarkdown
                                              : TableFormat::kText;
  return {.format = format, .width = stdout_width()};
}

template <typename Report>
void print_as(const Report& report, const OutputFlags& flags) {
  if (flags.json) {
    fmt::print("{}", to_json(report));
    return;
  }
  fmt::print("{}", render(report, table_options(flags)));
}

}  // namespace

void print_report(const PerplexityReport& report, const OutputFlags& flags) {
  print_as(report, flags);
}
void print_report(const DivergenceReport& report, const OutputFlags& flags) {
  print_as(report, flags);
}

void print_report(const ScreenReport& report, const OutputFlags& flags) { print_as(report, flags); }

void print_report(const TradeoffReport& report, const OutputFlags& flags) {
  print_as(report, flags);
}

void print_report(const SpeedResult& result, const OutputFlags& flags) { print_as(result, flags); }

void print_report(const std::vector<Run>& runs, const OutputFlags& flags) { print_as(runs, flags); }

void print_report(const std::vector<Comparison>& comparisons, const OutputFlags& flags,
                  int n_flips) {
  if (flags.json) {
    fmt::print("{}", to_json(comparisons));
    return;
  }
  fmt::print("{}", render(comparisons, {.table = table_options(flags), .n_flips = n_flips}));
}

constexpr const char* kRemedy = "Give another name with -o.";

void write_runs(const std::vector<Run>& runs, const std::string& path) {
  write_file(path, kRemedy, [&](const TextSink& sink) { write_json(runs, sink); });
}

void write_whole(const std::string& path, const std::string& text) {
  write_file(path, kRemedy, text);
}

}  // namespace assay::cli
