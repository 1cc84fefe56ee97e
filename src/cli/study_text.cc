#include "cli/study_text.h"

#include <algorithm>

#include <fmt/format.h>

#include "compare/compare.h"
#include "core/number_format.h"

namespace assay::cli {
namespace {

const char* words_of(Standing standing) {
  switch (standing) {
    case Standing::kRecommended:
      return "RECOMMENDED";
    case Standing::kRunnerUp:
      return "runner-up";
    case Standing::kQualified:
      return "keeps every rule";
    case Standing::kRuledOut:
      return "ruled out";
    case Standing::kUndecided:
      break;
  }
  return "undecided";
}

const StudyModel* find_model(const StudyFamily& family, const std::string& name) {
  for (const StudyModel& model : family.variants) {
    if (model.name == name) return &model;
  }
  return nullptr;
}

std::string size_text(const StudyModel* model) {
  if (model == nullptr || model->size_bytes <= 0) return "-";
  return format_bytes(model->size_bytes);
}

std::string standing_text(const StudyFamily& family, const VariantStanding& standing) {
  std::string text = fmt::format("  {}: {}, {}\n", standing.variant, words_of(standing.standing),
                                 size_text(find_model(family, standing.variant)));
  for (const StandingReason& reason : standing.reasons)
    text += fmt::format("      {}\n", reason.text);
  if (!standing.would_decide.empty())
    text += fmt::format("      would decide: {}\n", standing.would_decide);
  return text;
}

// "-0.6 pp [-1.9, 0.7]" of each deciding task.
std::string losses_of(const Comparison& comparison) {
  std::string text;
  const auto add = [&](const MetricComparison& row) {
    if (!row.decides || row.kind != ChangeKind::kPoints) return;
    text +=
        fmt::format("{}{} {:+.1f} pp", text.empty() ? "" : "; ", row.task, 100 * row.change.value);
    if (row.change.ci95)
      text += fmt::format(" [{:+.1f}, {:+.1f}]", 100 * row.change.ci95->low,
                          100 * row.change.ci95->high);
  };
  for (const GroupComparison& group : comparison.groups) add(group);
  for (const MetricComparison& row : comparison.metrics) add(row);
  return text;
}

// In percent; of a variant that screening dropped: as far as it was read.
std::string ppl_of(const StudyFamily& family, const std::string& name) {
  const auto percent = [](const Estimate& estimate, double minus) {
    std::string text = fmt::format("{:+.2f} %", 100 * (estimate.value - minus));
    if (estimate.ci95)
      text += fmt::format(" [{:+.2f}, {:+.2f}]", 100 * (estimate.ci95->low - minus),
                          100 * (estimate.ci95->high - minus));
    return text;
  };
  for (const DivergenceReport& report : family.divergences) {
    for (const VariantReport& variant : report.variants) {
      if (variant.name == name) return percent(variant.divergence.ppl_ratio, 1);
    }
  }
  for (const ScreenReport& report : family.screens) {
    for (const ScreenedVariant& variant : report.variants) {
      for (const ScreenCriterion& criterion : variant.criteria) {
        if (variant.name == name && criterion.name == "ppl_increase")
          return percent(criterion.estimate, 0);
      }
    }
  }
  return "-";
}

std::string row_of(const StudyFamily& family, const StudyModel& model) {
  std::string losses = "-", verdict = "-";
  for (const Comparison& comparison : family.comparisons) {
    if (comparison.variant.name == model.name) losses = losses_of(comparison);
  }
  if (family.decision) {
    for (const VariantStanding& standing : family.decision->variants) {
      if (standing.variant == model.name) verdict = words_of(standing.standing);
    }
  }
  const std::string bits =
      model.bits_per_weight > 0 ? fmt::format("{:.2f}", model.bits_per_weight) : "-";
  return fmt::format("| {} | {} | {} | {} | {} | {} |\n", model.name, size_text(&model), bits,
                     ppl_of(family, model.name), losses, verdict);
}

}  // namespace

std::string study_text(const Study& study) {
  std::string text;
  for (const StudyFamily& family : study.families) {
    if (!family.decision) continue;
    text += family.decision->sentence + "\n\n";
    for (const VariantStanding& standing : family.decision->variants)
      text += standing_text(family, standing);
    text += "\n";
  }
  for (const Finding& finding : study.findings) {
    if (finding.state != FindingState::kShown) continue;
    const bool tells = study.families.size() < 2 || finding.family.empty() ||
                       finding.sentence.find(finding.family) != std::string::npos;
    text +=
        tells ? finding.sentence + "\n" : fmt::format("{}: {}\n", finding.family, finding.sentence);
  }
  for (const StudyCommand& command : study.commands)
    text += fmt::format("{}:\n  {}\n", command.purpose, command.command);
  for (const std::string& warning : study.warnings) text += "Note: " + warning + ".\n";
  return text;
}

std::string study_markdown(const Study& study) {
  std::string text;
  for (const StudyFamily& family : study.families) {
    text += fmt::format(
        "Losses against {} ({}):\n\n| file | size | bits per weight | perplexity | accuracy, 95 % "
        "| verdict |\n|---|---:|---:|---:|---|---|\n",
        family.name, size_text(&family.baseline));
    for (const StudyModel& model : family.variants) text += row_of(family, model);
    text += "\n";
  }
  return text + fmt::format(
                    "Measured by Assay {}; a loss in brackets is its 95 % interval, paired "
                    "by item.\n",
                    study.assay_version);
}

}  // namespace assay::cli
