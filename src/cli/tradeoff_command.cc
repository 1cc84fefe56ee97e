// assay tradeoff: what each variant costs in accuracy beside what it buys in speed and memory.
#include <algorithm>
#include <cstdlib>
#include <memory>

#include <CLI/CLI.hpp>

#include "cli/commands.h"
#include "cli/load_runs.h"
#include "cli/output.h"
#include "cli/tradeoff_plot.h"
#include "core/error.h"
#include "core/json_comparison.h"
#include "core/number_format.h"

namespace assay::cli {
namespace {

struct TradeoffFlags {
  std::string speed;
  std::vector<std::string> comparisons;
  double min_decode_tps = 0, min_prefill_tps = 0, max_first_token_ms = 0;
  std::string max_memory;
  int n_ctx = 0;
  std::string svg;
  OutputFlags output;
};

// What is wrong in a document is said with the file's name.
template <typename Read>
auto read_document(const std::string& path, Read read) {
  const std::string content = read_input(path);
  try {
    return read(content);
  } catch (const Error& error) {
    throw Error(error.kind(), error.what(), path);
  }
}

// "600M", "600MiB", "1.5G"; a plain number is GiB, as in the other commands.
double bytes_of(const std::string& text) {
  constexpr double kGib = 1 << 30;
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  const std::string unit(end);
  const bool mib = unit == "M" || unit == "MiB";
  const bool known = mib || unit.empty() || unit == "G" || unit == "GiB";
  if (end == text.c_str() || !known || !(value > 0)) {
    throw Error(ErrorKind::kUsage, "--max-memory '" + text + "' is no amount of memory", {},
                "For example --max-memory 600M or 1.5G.");
  }
  return value * (mib ? kMebibyte : kGib);
}

TradeoffLimits limits_of(const TradeoffFlags& flags) {
  TradeoffLimits limits;
  if (flags.min_decode_tps > 0) limits.min_decode_tps = flags.min_decode_tps;
  if (flags.min_prefill_tps > 0) limits.min_prefill_tps = flags.min_prefill_tps;
  if (flags.max_first_token_ms > 0) limits.max_first_token_ms = flags.max_first_token_ms;
  if (!flags.max_memory.empty()) limits.max_memory_bytes = bytes_of(flags.max_memory);
  if (flags.n_ctx > 0) limits.n_ctx = flags.n_ctx;
  return limits;
}

// Other programs know files, comparisons know names.
SpeedResult speed_of(const std::string& path, const std::vector<Comparison>& comparisons) {
  std::optional<SpeedResult> foreign = import_speed(std::span(&path, 1));
  if (!foreign) return read_document(path, speed_result_from_json);
  std::vector<std::string> variants;
  for (const Comparison& comparison : comparisons) variants.push_back(comparison.variant.name);
  if (!comparisons.empty()) adopt_names(*foreign, comparisons.front().baseline.name, variants);
  return std::move(*foreign);
}

void run(const TradeoffFlags& flags, Context& context) {
  std::vector<Comparison> comparisons;
  for (const std::string& path : flags.comparisons) {
    std::vector<Comparison> more = read_document(path, comparisons_from_json);
    std::move(more.begin(), more.end(), std::back_inserter(comparisons));
  }
  const SpeedResult speed = speed_of(flags.speed, comparisons);
  const TradeoffReport report = trade_off(speed, comparisons, limits_of(flags));
  if (!flags.svg.empty()) write_whole(flags.svg, tradeoff_svg(report));
  print_report(report, flags.output);
  const bool any = std::any_of(report.rows.begin(), report.rows.end(),
                               [](const TradeoffRow& row) { return row.on_front; });
  context.exit_code = any ? 0 : 1;
}

}  // namespace

void add_tradeoff_command(CLI::App& app, Context& context) {
  auto flags = std::make_shared<TradeoffFlags>();
  CLI::App* command = app.add_subcommand(
      "tradeoff", "Accuracy beside speed and memory: which variants nothing else beats");
  command
      ->add_option("SPEED", flags->speed, "Of `assay bench --json`, or of llama-bench or llm_bench")
      ->required();
  command->add_option("COMPARISONS", flags->comparisons, "Of `assay compare --json`");
  command->add_option("--min-decode-tps", flags->min_decode_tps, "Least tokens/s of decoding")
      ->check(CLI::NonNegativeNumber);
  command->add_option("--min-prefill-tps", flags->min_prefill_tps, "Least tokens/s of the prompt")
      ->check(CLI::NonNegativeNumber);
  command->add_option("--max-ttft", flags->max_first_token_ms, "Longest time to first token, ms")
      ->check(CLI::NonNegativeNumber);
  command->add_option("--max-memory", flags->max_memory,
                      "Most resident memory: 600M, 1.5G; a plain number is GiB");
  command
      ->add_option("-c,--ctx", flags->n_ctx,
                   "Tokens in the context for which memory counts the KV cache (0: as measured)")
      ->check(CLI::NonNegativeNumber);
  command->add_option("--svg", flags->svg, "Also write the plot to this file");
  add_output_flags(*command, flags->output);
  command->callback([flags, &context] { run(*flags, context); });
}

}  // namespace assay::cli
