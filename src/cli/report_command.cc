// assay report: what was measured, as one page that opens offline.
#include <iostream>
#include <memory>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "cli/assemble_study.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/study_card.h"
#include "core/error.h"
#include "core/number_format.h"
#include "report/report.h"

namespace assay::cli {
namespace {

struct ReportFlags {
  std::vector<std::string> inputs;
  AssembleOptions assemble;
  std::string output = "report.html";
  std::string model_index, badge;
  double max_size_mib = 0, min_speed = 0;
  bool json = false;
};

void write_page(const std::string& path, const std::string& page) {
  if (path == "-") {
    std::cout << page;
    return;
  }
  write_whole(path, page);
}

// path: empty when it was not asked for.
void write_card(const std::string& path, const std::string& text, const char* why_empty) {
  if (path.empty()) return;
  if (text.empty())
    throw Error(ErrorKind::kUsage, why_empty, path, "Give results of `assay eval` or `diverge`.");
  write_whole(path, text);
}

void run_report(ReportFlags flags) {
  // Said before long work: a program without the page can write the document only.
  if (!flags.json && report_template().empty()) report_page({}, {});
  DecisionRules& rules = flags.assemble.rules;
  if (flags.max_size_mib > 0)
    rules.max_size_bytes = static_cast<std::int64_t>(flags.max_size_mib * kMebibyte);
  if (flags.min_speed > 0) rules.min_tokens_per_second = flags.min_speed;
  const Study study = assemble_study(flags.inputs, flags.assemble);
  write_card(flags.model_index, model_index_yaml(study), "No variant was compared on tasks");
  write_card(flags.badge, badge_svg(study), "Nothing was measured that a badge could say");
  const std::string document = to_json(study);
  if (flags.json) {
    std::cout << document;
    return;
  }
  write_page(flags.output, report_page(report_template(), document));
  for (const StudyFamily& family : study.families)
    fmt::print("{}\n", family.decision ? family.decision->sentence : "");
  if (flags.output != "-") fmt::print("Report: {}\n", flags.output);
}

}  // namespace

void add_report_command(CLI::App& app, Context&) {
  auto flags = std::make_shared<ReportFlags>();
  CLI::App* command =
      app.add_subcommand("report", "One HTML page of finished results: decision, losses, flips");
  command
      ->add_option("INPUT", flags->inputs,
                   "What eval, compare, diverge, screen or report printed with --json, or runs of "
                   "lm-evaluation-harness; runs are compared: the first is the baseline")
      ->required();
  command->add_option("-o,--output", flags->output, "The page; - is standard output")
      ->capture_default_str();
  command->add_flag("--json", flags->json, "Print the study document (docs/formats/study.md)");
  command->add_option("--model-index", flags->model_index,
                      "Also write the model-index of a Hugging Face model card (YAML)");
  command->add_option("--badge", flags->badge,
                      "Also write a badge (SVG): text, convention and verdict of the recommended "
                      "variant, else of the first");
  command->add_option("--title", flags->assemble.title, "Default: the baselines' names");
  command->add_option("--max-size", flags->max_size_mib, "Largest accepted file, MiB")
      ->check(CLI::PositiveNumber);
  command
      ->add_option("--min-speed", flags->min_speed, "Slowest accepted decoding, tokens per second")
      ->check(CLI::PositiveNumber);
  command
      ->add_option("--objective", flags->assemble.rules.objective,
                   "Of all that keep the rules, recommend the one of smallest size or of greatest "
                   "speed")
      ->check(CLI::IsMember({"size", "speed"}))
      ->capture_default_str();
  add_compare_flags(*command, flags->assemble.compare);
  command->callback([flags] { run_report(*flags); });
}

}  // namespace assay::cli
