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
#include "cli/gate_models.h"
#include "cli/gate_report.h"
#include "cli/load_runs.h"
#include "core/error.h"
#include "core/json.h"

namespace assay::cli {
namespace {

struct GateFlags {
  std::vector<std::string> paths;  // of runs or reports; or models
  GateModels models;
  CompareFlags compare;
  double max_kld = -1, max_kld_p99 = -1, max_kld_p999 = -1;  // nats; below 0: not asked for
  std::string junit, markdown, github_output;
  bool dry_run = false;
};

// In place, not by write_file: $GITHUB_STEP_SUMMARY and its like belong to the runner.
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
  return schema_of(read_input(path)) == kDivergenceSchema;
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
  const std::string text = read_input(path);
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
                  {}, "Give a report of `assay diverge --json` or, with models, --text FILE.");
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

// The tasks' runs are this command's: its --tasks chose them, every one of them counts.
GateResult judge_tasks(const GateFlags& flags, const Context& context) {
  std::vector<Run> runs = run_gate_tasks(flags.models, context.stop);
  ComparedRuns compared;
  compared.baselines.push_back(std::move(runs.front()));
  for (std::size_t i = 1; i < runs.size(); ++i)
    compared.variants.emplace_back().push_back(std::move(runs[i]));
  CompareFlags compare = flags.compare;
  compare.tasks.clear();
  compare.n_threads = std::max(1, flags.models.engine.n_threads);
  return gate_of(compare_loaded(compared, compare));
}

GateResult judge_models(const GateFlags& flags, const Context& context) {
  const bool asks = !flags.models.ask.tasks.empty();
  if (flags.models.text.text.empty()) return judge_tasks(flags, context);
  const DivergenceReport report = run_gate_text(flags.models, context.stop);
  GateResult by_text = gate_of(check_divergence(report, to_limits(flags)));
  return asks ? joined(std::move(by_text), judge_tasks(flags, context)) : by_text;
}

void require_models(const GateFlags& flags) {
  if (flags.models.names.size() < 2) {
    throw Error(ErrorKind::kUsage, "There is one model only: nothing to compare", {},
                "Give variants, too: files, types (Q4_K_M) or kv=q8_0.");
  }
  const bool asks = !flags.models.ask.tasks.empty();
  if (!asks && flags.models.text.text.empty()) {
    throw Error(ErrorKind::kUsage, "Models were given, but nothing to judge them by", {},
                "Give --tasks NAMES, --text FILE, or both.");
  }
  if (flags.compare.repeats) {
    throw Error(ErrorKind::kUsage, "--repeats is for finished runs", {},
                "Run `assay eval` with each seed, then give the runs.");
  }
  if (flags.models.text.text.empty()) refuse_divergence_flags(flags);
}

GateModels to_models(const GateFlags& flags) {
  GateModels models = flags.models;
  models.names = flags.paths;
  models.ask.tasks = flags.compare.tasks;
  models.ask.seed = flags.compare.seed;
  models.ask.max_length = models.text.n_ctx;
  return models;
}

GateResult judge(GateFlags flags, const Context& context, std::string& dry) {
  if (is_model(flags.paths.front())) {
    flags.models = to_models(flags);
    require_models(flags);
    if (!flags.dry_run) return judge_models(flags, context);
    dry = "dry run: files, tasks and data are there; no model was loaded\n" +
          check_gate_models(flags.models, context.stop);
    return {};
  }
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
    const GateResult result = judge(flags, context, dry);
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
      "gate", "Pass or fail models, finished runs or a divergence report by exit code: 0, 1, 10");
  command
      ->add_option("RUNS", flags->paths,
                   "Baseline's run, then the variants'; or reports of `assay diverge --json`; or a "
                   "GGUF file and its variants, to be run on --tasks, on --text or on both")
      ->required();
  add_compare_flags(*command, flags->compare);
  add_gate_model_flags(*command, flags->models);
  command->add_option("--max-kld", flags->max_kld, "Text: largest mean KL divergence, nats");
  command->add_option("--max-kld-p99", flags->max_kld_p99, "Text: largest 99th percentile, nats");
  command->add_option("--max-kld-p999", flags->max_kld_p999,
                      "Text: largest 99.9th percentile, nats");
  command->add_option("--junit", flags->junit, "JUnit XML: a case per variant and task");
  command->add_option("--markdown", flags->markdown,
                      "GitHub Markdown, for a pull request or $GITHUB_STEP_SUMMARY");
  command->add_option("--github-output", flags->github_output,
                      "Appends key=value lines, as $GITHUB_OUTPUT takes them");
  command->add_flag("--dry-run", flags->dry_run, "Check files and settings, judge nothing");
  command->callback([flags, &context] { run_gate(*flags, context); });
}

}  // namespace assay::cli
