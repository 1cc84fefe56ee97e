// assay study: from candidates to a decision, in one command that can be stopped anywhere.
#include <filesystem>
#include <iostream>
#include <memory>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "cli/assemble_study.h"
#include "cli/commands.h"
#include "cli/progress.h"
#include "cli/study_command.h"
#include "cli/study_phases.h"
#include "cli/study_plan.h"
#include "cli/study_text.h"
#include "core/error.h"
#include "core/number_format.h"

namespace assay::cli {
namespace {

namespace fs = std::filesystem;

std::string folder_of(const StudyFlags& flags, const FamilyNames& family) {
  if (flags.families.size() == 1) return flags.output;
  return (fs::path(flags.output) / fs::path(family.baseline).stem()).string();
}

AssembleOptions to_assemble(const StudyFlags& flags) {
  AssembleOptions options{.compare = flags.compare, .rules = {}, .title = flags.title};
  options.rules.objective = flags.objective;
  if (flags.max_size_mib > 0)
    options.rules.max_size_bytes = static_cast<std::int64_t>(flags.max_size_mib * kMebibyte);
  if (flags.min_speed > 0) options.rules.min_tokens_per_second = flags.min_speed;
  return options;
}

// What both the page and the text are made of.
Study conclude(const StudyFlags& flags, const std::vector<FamilyResult>& results) {
  std::vector<std::string> documents;
  for (const FamilyResult& result : results)
    documents.insert(documents.end(), result.documents.begin(), result.documents.end());
  Study study = assemble_study(documents, to_assemble(flags));
  for (const FamilyResult& result : results) {
    for (const std::string& name : result.passed)
      study.warnings.push_back(fmt::format(
          "{} passed screening and was not evaluated: only the {} smallest were (--keep)", name,
          flags.keep));
  }
  return study;
}

}  // namespace

void run_study(StudyFlags& flags, CLI::App& command, const Context& context) {
  settle_study_flags(flags, command);
  const std::string plan = plan_text(plan_study(flags, context.stop));
  if (flags.dry_run) {
    fmt::print("{}", plan);
    return;
  }
  fmt::print(stderr, "{}", plan);
  Store store = open_store(flags.store);
  std::vector<FamilyResult> results;
  {
    ProgressLine progress;
    for (const FamilyNames& family : flags.families)
      results.push_back(
          measure_family(flags, family, folder_of(flags, family), store, progress, context.stop));
  }
  const Study study = conclude(flags, results);
  const std::string page = write_study(study, flags.output);
  if (flags.json) {
    std::cout << to_json(study);
  } else {
    fmt::print("{}", flags.markdown ? study_markdown(study) : study_text(study));
  }
  fmt::print(stderr, "{}\n",
             page.empty()
                 ? "No page was written: this program was built without it (npm was missing)."
                 : "Report: " + page);
}

void add_study_command(CLI::App& app, Context& context) {
  auto flags = std::make_shared<StudyFlags>();
  CLI::App* command = app.add_subcommand(
      "study", "From candidates to a decision: screen, evaluate, decide, report");
  command
      ->add_option("FILE_OR_MODELS", flags->inputs,
                   "A study's YAML file (docs/study.md), or a baseline and its variants")
      ->required();
  add_study_flags(*command, *flags);
  command->callback([flags, command, &context] { run_study(*flags, *command, context); });
}

}  // namespace assay::cli
