// assay import: runs made by other programs, as Assay's own.
#include <cstdio>
#include <map>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "cli/commands.h"
#include "cli/flags.h"
#include "cli/output.h"
#include "core/error.h"
#include "core/json_run.h"
#include "study/study.h"

namespace assay::cli {
namespace {

struct ImportFlags {
  std::vector<std::string> paths, columns;
  std::string output;
  OutputFlags out;
};

std::map<std::string, std::string> parse_columns(const std::vector<std::string>& texts) {
  std::map<std::string, std::string> columns;
  for (const std::string& text : texts) {
    const std::size_t mark = text.find('=');
    if (mark == std::string::npos || mark == 0 || mark + 1 == text.size()) {
      throw Error(ErrorKind::kUsage, "--columns '" + text + "' names no column", {},
                  "For example --columns id=instance_id,score=exact_match,task=scenario.");
    }
    columns[text.substr(0, mark)] = text.substr(mark + 1);
  }
  return columns;
}

void print_summary(std::vector<Run> runs, const OutputFlags& flags) {
  for (Run& run : runs) {
    std::size_t n = 0;
    for (TaskResult& task : run.tasks) {
      n += task.samples.size();
      task.samples = {};  // not shown: no copy of them is needed
    }
    const std::string& tool = run.header.imported_from;
    if (!flags.csv) {
      fmt::print("{}: {} tasks, {} samples, from {}{}\n\n", run.header.model_name, run.tasks.size(),
                 n, tool.empty() ? "assay " + run.header.assay_version : tool,
                 run.header.started.empty() ? "" : ", " + run.header.started);
    }
    print_report({run}, flags);
    if (!flags.csv && &run != &runs.back()) fmt::print("\n");
  }
}

// True when the files are measurements of speed.
bool import_speeds(const ImportFlags& flags) {
  if (!flags.columns.empty()) return false;
  const std::optional<SpeedResult> speed = import_speed(flags.paths);
  if (!speed) return false;
  if (!flags.output.empty()) {
    write_whole(flags.output, to_json(*speed));
    fmt::print(stderr, "wrote {}\n", flags.output);
  }
  print_report(*speed, flags.out);
  return true;
}

void run_import(const ImportFlags& flags) {
  if (import_speeds(flags)) return;
  std::vector<Run> runs = import_runs(flags.paths, {.columns = parse_columns(flags.columns)});
  if (!flags.output.empty()) {
    write_runs(runs, flags.output);
    fmt::print(stderr, "wrote {}\n", flags.output);
  }
  if (flags.out.json) {
    write_json(runs, [](std::string_view text) { fmt::print("{}", text); });
  } else {
    print_summary(std::move(runs), flags.out);
  }
}

}  // namespace

void add_import_command(CLI::App& app, Context&) {
  auto flags = std::make_shared<ImportFlags>();
  CLI::App* command = app.add_subcommand(
      "import",
      "Read what others measured: lm-evaluation-harness, Inspect, tables of items, llama-bench, "
      "OpenVINO's tools");
  command
      ->add_option(
          "PATH", flags->paths,
          "Files or folders: results_*.json and samples_*.jsonl of lm-evaluation-harness "
          "0.4, logs of Inspect (JSON), output of llama-perplexity, jsonl or CSV with a line per "
          "item; speed: llama-bench's JSON or JSONL, benchmark_app's report, llm_bench's CSV")
      ->required();
  command
      ->add_option("--columns", flags->columns,
                   "Of a table: which column is what, as id=COLUMN,score=COLUMN (also score.NAME, "
                   "task, filter, answer, target, prompt, cluster, model)")
      ->delimiter(',')
      ->allow_extra_args(false);
  command->add_option(
      "-o,--output", flags->output,
      "Write it to this file (JSON, as `assay eval --json` or `assay bench --json`)");
  add_output_flags(*command, flags->out);
  command->callback([flags] { run_import(*flags); });
}

}  // namespace assay::cli
