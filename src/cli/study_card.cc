#include "cli/study_card.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "cli/xml_text.h"
#include "core/convention.h"
#include "core/number_format.h"

namespace assay::cli {
namespace {

// White text on each has a contrast of at least 4.5.
constexpr const char *kDark = "#2b3440", *kGrey = "#5b6573", *kGreen = "#1f7a3d", *kRed = "#b3261e";

// A YAML string in double quotes.
std::string yaml_quoted(const std::string& text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      quoted += {'\\', c};
    } else if (static_cast<unsigned char>(c) < 0x20) {
      quoted += fmt::format("\\x{:02x}", static_cast<unsigned>(c));
    } else {
      quoted += c;
    }
  }
  return quoted + "\"";
}

// "cais/mmlu anatomy test" of each task, as the method's facts say it.
std::map<std::string, std::string> datasets_of(const Study& study) {
  std::map<std::string, std::string> datasets;
  for (const MethodFact& fact : study.method) {
    if (fact.field != "data set" || !fact.subject.starts_with("task ")) continue;
    datasets[fact.subject.substr(5)] = fact.value.substr(0, fact.value.find(' '));
  }
  return datasets;
}

// A group stands for its tasks where it decides.
std::vector<const MetricComparison*> deciding_rows(const Comparison& comparison) {
  std::vector<const MetricComparison*> rows;
  for (const GroupComparison& group : comparison.groups) {
    if (group.decides) rows.push_back(&group);
  }
  for (const MetricComparison& row : comparison.metrics) {
    if (row.decides) rows.push_back(&row);
  }
  return rows;
}

std::string change_text(const MetricComparison& row) {
  const bool points = row.kind == ChangeKind::kPoints;
  const double zero = points ? 0 : 1;
  const char* unit = points ? "pp" : "%";
  std::string text = fmt::format("{:+.2f} {}", kPercent * (row.change.value - zero), unit);
  if (row.change.ci95)
    text += fmt::format(" [{:+.2f}, {:+.2f}]", kPercent * (row.change.ci95->low - zero),
                        kPercent * (row.change.ci95->high - zero));
  return text;
}

std::string result_yaml(const MetricComparison& row, const std::string& baseline,
                        const std::map<std::string, std::string>& datasets) {
  const auto dataset = datasets.find(row.task);
  const std::string name = fmt::format("{} of {} items, {} against {} (95 %, paired)", row.metric,
                                       row.n, change_text(row), baseline);
  return fmt::format(
      "  - task:\n      type: text-generation\n    dataset:\n      type: {}\n      name: {}\n"
      "    metrics:\n    - type: {}\n      value: {:.6g}\n      name: {}\n",
      yaml_quoted(dataset == datasets.end() ? row.task : dataset->second), yaml_quoted(row.task),
      yaml_quoted(row.metric), row.variant.value, yaml_quoted(name));
}

struct BadgeText {
  std::string label, value;
  const char* color = kGrey;
};

BadgeText divergence_badge(const DivergenceReport& report, const VariantReport& variant) {
  const Convention& convention = report.baseline.convention;
  const Estimate& kld = variant.divergence.kld;
  const Estimate& ratio = variant.divergence.ppl_ratio;
  std::string value = fmt::format("KLD {:.4f}", kld.value);
  if (kld.std_error) value += fmt::format(" ± {:.4f}", *kld.std_error);
  value += fmt::format(" nats, ppl {:+.2f} %", kPercent * (ratio.value - 1));
  if (ratio.ci95)
    value += fmt::format(" [{:+.2f}, {:+.2f}]", kPercent * (ratio.ci95->low - 1),
                         kPercent * (ratio.ci95->high - 1));
  return {.label = fmt::format("{}, {}", convention.corpus, to_string(convention.name)),
          .value = std::move(value)};
}

// "1 pp", "5 % ppl" of the rows: each kind of metric has a margin of its own.
std::string margins_of(const std::vector<const MetricComparison*>& rows) {
  std::vector<std::string> margins;
  for (const MetricComparison* row : rows) {
    std::string margin = fmt::format("{:.3g} {}", kPercent * row->margin,
                                     row->kind == ChangeKind::kPoints ? "pp" : "% ppl");
    if (std::find(margins.begin(), margins.end(), margin) == margins.end())
      margins.push_back(std::move(margin));
  }
  return fmt::format("{}", fmt::join(margins, ", "));
}

BadgeText verdict_badge(const Comparison& comparison) {
  const std::vector<const MetricComparison*> rows = deciding_rows(comparison);
  std::string tasks;
  for (const MetricComparison* row : rows) tasks += (tasks.empty() ? "" : ", ") + row->task;
  const std::string margin = margins_of(rows);
  switch (comparison.verdict) {
    case Verdict::kWithinMargin:
      return {.label = tasks, .value = "loses at most " + margin, .color = kGreen};
    case Verdict::kWorse:
      return {.label = tasks, .value = "loses more than " + margin, .color = kRed};
    case Verdict::kUndecided:
      break;
  }
  return {.label = tasks, .value = "undecided at " + margin};
}

// The recommended variant, else the first of which anything is known.
std::string badge_variant(const StudyFamily& family) {
  if (family.decision && !family.decision->recommended.empty()) return family.decision->recommended;
  return family.variants.empty() ? std::string() : family.variants.front().name;
}

std::vector<BadgeText> badges_of(const StudyFamily& family, const std::string& variant) {
  std::vector<BadgeText> badges;
  for (const DivergenceReport& report : family.divergences) {
    for (const VariantReport& v : report.variants) {
      if (v.name == variant) badges.push_back(divergence_badge(report, v));
    }
  }
  for (const Comparison& comparison : family.comparisons) {
    if (comparison.variant.name == variant && !deciding_rows(comparison).empty())
      badges.push_back(verdict_badge(comparison));
  }
  return badges;
}

// Characters of a sans-serif of 11 pixels are about so wide.
double width_of(const std::string& text) {
  constexpr double kCharacter = 6.3, kPadding = 12;
  const auto is_first_byte = [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80; };
  return kPadding +
         kCharacter * static_cast<double>(std::count_if(text.begin(), text.end(), is_first_byte));
}

std::string svg_of(const std::vector<std::pair<std::string, std::string>>& parts) {
  constexpr int kHeight = 20, kBaseline = 14;
  std::string shapes, words, title;
  double x = 0;
  for (const auto& [text, color] : parts) {
    const double width = width_of(text);
    shapes += fmt::format("<rect x=\"{:.1f}\" width=\"{:.1f}\" height=\"{}\" fill=\"{}\"/>", x,
                          width, kHeight, color);
    words += fmt::format("<text x=\"{:.1f}\" y=\"{}\" textLength=\"{:.1f}\">{}</text>",
                         x + width / 2, kBaseline, width - 12, xml_text(text));
    title += (title.empty() ? "" : ": ") + text;
    x += width;
  }
  return fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0:.0f}\" height=\"{1}\" role=\"img\" "
      "aria-label=\"{2}\"><title>{2}</title>{3}<g fill=\"#fff\" text-anchor=\"middle\" "
      "font-family=\"Verdana,DejaVu Sans,sans-serif\" font-size=\"11\">{4}</g></svg>\n",
      x, kHeight, xml_text(title), shapes, words);
}

}  // namespace

std::string model_index_yaml(const Study& study) {
  const std::map<std::string, std::string> datasets = datasets_of(study);
  std::string yaml = "model-index:\n";
  bool any = false;
  for (const StudyFamily& family : study.families) {
    for (const Comparison& comparison : family.comparisons) {
      std::string results;
      for (const MetricComparison* row : deciding_rows(comparison))
        results += result_yaml(*row, comparison.baseline.name, datasets);
      if (results.empty()) continue;
      any = true;
      yaml +=
          fmt::format("- name: {}\n  results:\n{}", yaml_quoted(comparison.variant.name), results);
    }
  }
  return any ? yaml : std::string();
}

std::string badge_svg(const Study& study) {
  std::vector<std::pair<std::string, std::string>> parts;
  for (const StudyFamily& family : study.families) {
    const std::string variant = badge_variant(family);
    const std::vector<BadgeText> badges = badges_of(family, variant);
    if (badges.empty()) continue;
    parts.emplace_back("Assay: " + variant, kDark);
    for (const BadgeText& badge : badges) {
      if (!badge.label.empty()) parts.emplace_back(badge.label, kDark);
      parts.emplace_back(badge.value, badge.color);
    }
  }
  return parts.empty() ? std::string() : svg_of(parts);
}

}  // namespace assay::cli
