// assay gate: verdicts as exit codes, for continuous integration.
#include <cmath>
#include <filesystem>
#include <fstream>
#include <memory>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "cli/commands.h"
#include "cli/compare_flags.h"
#include "cli/exit_codes.h"
#include "cli/gate_report.h"
#include "cli/load_runs.h"
#include "core/error.h"
#include "core/json.h"

namespace assay::cli {
namespace {

struct GateFlags {
  std::vector<std::string> paths;
  CompareFlags compare;
  double max_kld = -1, max_kld_p99 = -1, max_kld_p999 = -1;  // nats; below 0: not asked for
  std::string junit, markdown, github_output;
  bool dry_run = false;
};

void write(const std::string& path, const std::string& text, std::ios::openmode mode) {
  if (path.empty()) return;
  std::ofstream file(path, std::ios::binary | mode);
  file << text;
  file.close();
  if (!file) throw Error(ErrorKind::kIo, "Cannot write the file", path);
}

void write_files(const GateFlags& flags, const GateResult& result) {
  if (flags.dry_run) return;
  write(flags.junit, junit_xml(result), std::ios::trunc);
  write(flags.markdown, gate_markdown(result), std::ios::trunc);
  write(flags.github_output, key_values(result), std::ios::app);  // other steps write there too
}

bool is_divergence(const std::string& path) {
  std::error_code error;
  if (path == "-" || std::filesystem::is_directory(path, error)) return false;
  return schema_of(read_file(path)) == kDivergenceSchema;
}

std::optional<double> limit_of(double value, const char* flag) {
  if (value == -1) return std::nullopt;
  if (!(value > 0) || !std::isfinite(value)) {
    throw Error(ErrorKind::kUsage, fmt::format("{} {} is not above 0", flag, value), {},
                "Nats per token, for example 0.05.");
  }
  return value;
}

DivergenceLimits to_limits(const GateFlags& flags) {
  return {.max_ppl_increase = parse_margin(flags.compare.max_ppl_increase, "--max-ppl-increase"),
          .max_kld = limit_of(flags.max_kld, "--max-kld"),
          .max_kld_p99 = limit_of(flags.max_kld_p99, "--max-kld-p99"),
          .max_kld_p99_9 = limit_of(flags.max_kld_p999, "--max-kld-p999"),
          .alpha = flags.compare.alpha};
}

DivergenceReport load_divergence(const std::string& path) {
  const std::string text = read_file(path);
  DivergenceReport report;
  try {
    report = divergence_report_from_json(text);
  } catch (const Error& error) {
    throw Error(error.kind(), error.what(), path);
  }
  if (report.variants.empty()) throw Error(ErrorKind::kBadInput, "The report has no variant", path);
  return report;
}

GateResult judge_divergence(const GateFlags& flags) {
  std::vector<DivergenceCheck> checks;
  for (const std::string& path : flags.paths) {
    const DivergenceReport report = load_divergence(path);
    for (DivergenceCheck& check : check_divergence(report, to_limits(flags)))
      checks.push_back(std::move(check));
  }
  return gate_of(checks);
}

void refuse_divergence_flags(const GateFlags& flags) {
  for (const double limit : {flags.max_kld, flags.max_kld_p99, flags.max_kld_p999}) {
    if (limit != -1) {
      throw Error(ErrorKind::kUsage, "Runs of tasks hold no divergence: --max-kld has no meaning",
                  {}, "Give a report of `assay diverge --json`, or leave it out.");
    }
  }
}

std::string checked_text(const std::vector<Comparison>& comparisons) {
  std::string text = "dry run: the files are readable and comparable; nothing was judged\n";
  for (const Comparison& comparison : comparisons) {
    const auto add = [&](const MetricComparison& row) {
      if (!row.decides) return;
      text += fmt::format("{}, {}, {}: {} items, margin {:g}\n", comparison.variant.name, row.task,
                          row.metric, row.n, row.margin);
    };
    for (const GroupComparison& group : comparison.groups) add(group);
    for (const MetricComparison& row : comparison.metrics) add(row);
  }
  return text;
}

GateResult judge(const GateFlags& flags, std::string& dry) {
  if (is_divergence(flags.paths.front())) {
    GateResult result = judge_divergence(flags);
    dry = fmt::format("dry run: the reports are readable; {} criteria\n", result.cases.size());
    return result;
  }
  refuse_divergence_flags(flags);
  const ComparedRuns runs = load_compared(flags.paths, flags.compare.repeats);
  const std::vector<Comparison> comparisons = compare_loaded(runs, flags.compare);
  dry = checked_text(comparisons);
  return gate_of(comparisons);
}

void run_gate(const GateFlags& flags, Context& context) {
  to_compare_options(flags.compare);
  to_limits(flags);
  try {
    std::string dry;
    const GateResult result = judge(flags, dry);
    if (flags.dry_run) {
      fmt::print("{}", dry);
      return;
    }
    fmt::print("{}", gate_text(result, 0));
    write_files(flags, result);
    context.exit_code = result.exit_code;
  } catch (const Error& error) {
    // CI must see that nothing was judged, not the files of an earlier run.
    write_files(flags, gate_error(error.what(), exit_code_of(error.kind())));
    throw;
  }
}

}  // namespace

void add_gate_command(CLI::App& app, Context& context) {
  auto flags = std::make_shared<GateFlags>();
  CLI::App* command = app.add_subcommand(
      "gate", "Pass or fail finished runs, or a divergence report, by exit code: 0, 1, 10");
  command
      ->add_option("RUNS", flags->paths,
                   "Baseline's run, then the variants'; or reports of `assay diverge --json`")
      ->required();
  add_compare_flags(*command, flags->compare);
  command->add_option("--max-kld", flags->max_kld, "Reports: largest mean KL divergence, nats");
  command->add_option("--max-kld-p99", flags->max_kld_p99,
                      "Reports: largest 99th percentile, nats");
  command->add_option("--max-kld-p999", flags->max_kld_p999,
                      "Reports: largest 99.9th percentile, nats");
  command->add_option("--junit", flags->junit, "JUnit XML: a case per variant and task");
  command->add_option("--markdown", flags->markdown,
                      "GitHub Markdown, for a pull request or $GITHUB_STEP_SUMMARY");
  command->add_option("--github-output", flags->github_output,
                      "Appends key=value lines, as $GITHUB_OUTPUT takes them");
  command->add_flag("--dry-run", flags->dry_run, "Check files and settings, judge nothing");
  command->callback([flags, &context] { run_gate(*flags, context); });
}

}  // namespace assay::cli
