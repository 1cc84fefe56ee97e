#include "cli/study_flags.h"

#include <filesystem>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "cli/bench_flags.h"
#include "cli/calibration_flags.h"
#include "core/error.h"

namespace assay::cli {
namespace {

bool is_study_file(const std::string& name) {
  const std::string extension = std::filesystem::path(name).extension().string();
  return extension == ".yaml" || extension == ".yml";
}

void add_rule_flags(CLI::App& command, StudyFlags& flags) {
  command
      .add_option("--margin,--max-drop", flags.compare.margin,
                  "Largest accepted loss of an accuracy: 1pp, 1% or 0.01 (points, not relative)")
      ->capture_default_str();
  command
      .add_option("--max-ppl-increase", flags.compare.max_ppl_increase,
                  "Largest accepted increase of perplexity; screening drops what has more")
      ->capture_default_str();
  command.add_option("--max-kld", flags.max_kld,
                     "Screening drops what has a larger mean KL divergence (nats per token)");
  command.add_option("--confidence", flags.confidence, "Of screening and of stopping early")
      ->capture_default_str();
  command
      .add_option("--floor", flags.compare.floors,
                  "The baseline must be shown to score above it: 0.3, 30% or TASK=0.3")
      ->allow_extra_args(false);
  command
      .add_option("--class-margin", flags.compare.class_margins,
                  "Another margin for a class of tasks: code=2pp; repeatable")
      ->allow_extra_args(false);
  command
      .add_option("--metric", flags.compare.metrics, "What decides (default: each task's first)")
      ->allow_extra_args(false);
  command.add_option("--max-size", flags.max_size_mib, "Largest accepted file, MiB")
      ->check(CLI::PositiveNumber);
  command
      .add_option("--min-speed", flags.min_speed, "Slowest accepted decoding, tokens per second")
      ->check(CLI::PositiveNumber);
  command
      .add_option("--objective", flags.objective,
                  "Of all that keep the rules, recommend the smallest or the fastest")
      ->check(CLI::IsMember({"size", "speed"}))
      ->capture_default_str();
}

void add_phase_flags(CLI::App& command, StudyFlags& flags) {
  command
      .add_option("--keep", flags.keep,
                  "Variants that are evaluated after screening: the N smallest that were not "
                  "dropped, or all")
      ->capture_default_str();
  command.add_flag("--stop-early", flags.stop_early,
                   "End a variant's task as soon as its loss is shown to be below or above "
                   "--margin");
  command
      .add_option("--repeats", flags.n_repeats, "Runs with different seeds, for sampled answers")
      ->check(CLI::Range(1, 100))
      ->capture_default_str();
  command
      .add_option("--speed-budget", flags.speed_budget,
                  "Longest time that speed and memory are measured: 90s, 2m")
      ->capture_default_str();
  command.add_flag("--no-speed", flags.no_speed, "Leave speed and memory out");
  command.add_flag("--dry-run", flags.dry_run, "Print the plan with its estimated time only");
}

int parse_keep(const std::string& text) {
  if (text == "all") return 0;
  std::size_t used = 0;
  int n = 0;
  try {
    n = std::stoi(text, &used);
  } catch (const std::exception&) {
    used = 0;
  }
  if (used != text.size() || n < 1)
    throw Error(ErrorKind::kUsage, "--keep '" + text + "' is neither a number nor 'all'", {},
                "For example --keep 3.");
  return n;
}

}  // namespace

void add_study_flags(CLI::App& command, StudyFlags& flags) {
  add_task_names(command, flags.ask);
  add_task_flags(command, flags.ask);
  command.add_option("--seed", flags.ask.seed, "Of few-shot choice, sampling and orders")
      ->capture_default_str();
  add_rule_flags(command, flags);
  add_phase_flags(command, flags);
  add_calibration_flag(command, flags.compare.calibration);
  add_text_flags(command, flags.text);
  add_engine_flags(command, flags.engine);
  add_recipe_flags(command, flags.recipe);
  add_store_flags(command, flags.store);
  command.add_option("--title", flags.title, "Of the report (default: the baselines' names)");
  command
      .add_option("-o,--output", flags.output, "Folder for report.html, study.json and the rest")
      ->capture_default_str();
  command.add_flag("--json", flags.json, "Print the study document (docs/formats/study.md)");
  command.add_flag("--markdown", flags.markdown, "Print a table for a model card");
}

void settle_study_flags(StudyFlags& flags, CLI::App& command) {
  if (flags.inputs.size() == 1 && is_study_file(flags.inputs.front())) {
    flags.families = read_study_file(flags.inputs.front(), command).families;
  } else {
    flags.families = {{.baseline = flags.inputs.front(),
                       .variants = {flags.inputs.begin() + 1, flags.inputs.end()}}};
  }
  for (const FamilyNames& family : flags.families) {
    if (family.variants.empty())
      throw Error(ErrorKind::kUsage, "The study has no variants of " + family.baseline, {},
                  "Give some: files, types (Q4_K_M) or kv=q8_0.");
    for (const std::string& variant : family.variants) parse_variant(variant);
  }
  if (flags.text.text.empty() && flags.ask.tasks.empty())
    throw Error(ErrorKind::kUsage, "The study has neither a text nor tasks", {},
                "Give --text FILE, --tasks NAMES, or both.");
  parse_keep(flags.keep);
  parse_confidence(flags.confidence);
  parse_duration(flags.speed_budget, "--speed-budget");
  flags.compare.seed = flags.ask.seed;
  to_compare_options(flags.compare);
}

}  // namespace assay::cli
