#include "cli/comparison_table.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "cli/text_layout.h"
#include "compare/compare.h"
#include "core/json_comparison.h"
#include "core/number_format.h"

namespace assay {
namespace {

constexpr const char* kNone = "-";

std::optional<Interval> in_percent(const std::optional<Interval>& interval, double offset = 0) {
  if (!interval) return std::nullopt;
  return Interval{kPercent * (interval->low - offset), kPercent * (interval->high - offset)};
}

std::string value_text(const MetricComparison& row, const Estimate& side) {
  if (!std::isfinite(side.value)) return kNone;
  if (row.kind == ChangeKind::kRatio) return format_significant(side.value, 4);
  return fmt::format("{:.2f} %", kPercent * side.value);
}

std::string change_text(const MetricComparison& row) {
  if (!std::isfinite(row.change.value)) return kNone;
  if (row.kind == ChangeKind::kRatio) {
    return format_with_interval(kPercent * (row.change.value - 1), in_percent(row.change.ci95, 1),
                                "%");
  }
  return format_with_interval(kPercent * row.change.value, in_percent(row.change.ci95), "pp");
}

std::string p_text(const std::optional<double>& p) {
  if (!p) return kNone;
  if (*p < 0.001) return "<0.001";
  return fmt::format("{:.3f}", *p);
}

// Verdicts that do not count for the whole stand in brackets.
std::string verdict_text(const MetricComparison& row) {
  const std::string words = verdict_words(row.verdict);
  return row.decides ? words : "(" + words + ")";
}

std::string flips_text(const MetricComparison& row, std::int64_t FlipTable::*member) {
  return row.flips ? std::to_string(*row.flips.*member) : kNone;
}

std::vector<const MetricComparison*> lines_of(const Comparison& comparison) {
  std::vector<const MetricComparison*> lines;
  for (const GroupComparison& group : comparison.groups) lines.push_back(&group);
  for (const MetricComparison& row : comparison.metrics) lines.push_back(&row);
  return lines;
}

std::vector<Column> columns_of(const Comparison& comparison) {
  std::vector<Column> columns{{.title = "task", .align = Align::kLeft},
                              {.title = "metric", .align = Align::kLeft, .priority = 1},
                              {.title = "filter", .align = Align::kLeft, .priority = 4},
                              {.title = "n", .priority = 2},
                              {.title = "baseline", .priority = 1},
                              {.title = "variant", .priority = 1},
                              {.title = "change [95 %]"},
                              {.title = "lost", .priority = 2},
                              {.title = "gained", .priority = 2},
                              {.title = "recovery", .priority = 6},
                              {.title = "sees", .priority = 5},
                              {.title = "p worse", .priority = 3},
                              {.title = "verdict", .align = Align::kLeft}};
  for (const MetricComparison* row : lines_of(comparison)) {
    const std::string cells[] = {
        row->task,
        row->metric,
        row->filter,
        std::to_string(row->n),
        value_text(*row, row->baseline),
        value_text(*row, row->variant),
        change_text(*row),
        flips_text(*row, &FlipTable::lost),
        flips_text(*row, &FlipTable::gained),
        row->recovery_percent
            ? format_with_interval(row->recovery_percent->value, row->recovery_percent->ci95, "%")
            : kNone,
        row->minimum_detectable_effect
            ? fmt::format("{} {}",
                          format_significant(kPercent * *row->minimum_detectable_effect, 2),
                          row->kind == ChangeKind::kRatio ? "%" : "pp")
            : kNone,
        p_text(row->p_worse_adjusted),
        verdict_text(*row)};
    for (std::size_t i = 0; i < std::size(cells); ++i) columns[i].cells.push_back(cells[i]);
  }
  return columns;
}

std::string ids_text(const char* what, const std::vector<std::string>& ids, int n_shown) {
  if (ids.empty()) return {};
  const auto n = std::min(ids.size(), static_cast<std::size_t>(n_shown));
  const std::vector<std::string> shown(ids.begin(), ids.begin() + static_cast<std::ptrdiff_t>(n));
  return fmt::format("{}: {}{}", what, fmt::join(shown, ", "),
                     ids.size() > n ? fmt::format(" ... ({} in all)", ids.size()) : "");
}

std::string flips_of(const Comparison& comparison, const ComparisonTableOptions& options) {
  std::string text;
  for (const MetricComparison* row : lines_of(comparison)) {
    if (!row->decides || options.n_flips <= 0) continue;
    for (const std::string& line : {ids_text("newly wrong", row->lost_ids, options.n_flips),
                                    ids_text("newly right", row->gained_ids, options.n_flips)}) {
      if (!line.empty()) text += wrap(row->task + ", " + line, options.table.width, 2);
    }
  }
  return text;
}

std::string sentences_of(const Comparison& comparison, int width) {
  std::string text;
  for (const MetricComparison* row : lines_of(comparison)) {
    if (row->decides) text += wrap(printable(row->sentence), width, 2);
  }
  return text;
}

std::string points(const Estimate& estimate) {
  return format_with_interval(kPercent * estimate.value, in_percent(estimate.ci95), "points");
}

std::string classes_of(const Comparison& comparison, int width) {
  std::string text;
  const std::vector<ClassComparison>& classes = comparison.classes;
  if (classes.size() == 1 && classes.front().tasks.size() == 1) return text;  // the task itself
  for (const ClassComparison& c : classes) {
    text += wrap(fmt::format("Class {}: {} on {} items of {}.", c.task_class, points(c.change), c.n,
                             fmt::join(c.tasks, ", ")),
                 width, 2);
  }
  for (const ClassDifference& d : comparison.class_differences) {
    const bool shown = d.p_adjusted < comparison.settings.alpha;
    const bool first_loses = d.difference.value < 0;
    text += wrap(
        shown ? fmt::format("{} loses more than {}: by {} (p {}).",
                            first_loses ? d.first : d.second, first_loses ? d.second : d.first,
                            points({.value = std::abs(d.difference.value)}), p_text(d.p_adjusted))
              : fmt::format("Whether {} or {} loses more is not shown: difference {} (p {}).",
                            d.first, d.second, points(d.difference), p_text(d.p_adjusted)),
        width, 2);
  }
  return text;
}

std::string texts_of(const Comparison& comparison, int width) {
  std::string text;
  for (const TextComparison& t : comparison.texts) {
    std::string line = fmt::format(
        "{}: {} of {} texts identical ({}); length changes by {}", t.task, t.n_identical, t.n,
        format_with_interval(kPercent * t.identical.value, in_percent(t.identical.ci95), "%"),
        format_with_interval(t.length_drift.value, t.length_drift.ci95, t.unit));
    if (t.first_divergent)
      line += fmt::format("; those that differ part after {:g} {} (median)", *t.first_divergent,
                          t.unit);
    text += wrap(line + ".", width, 2);
  }
  return text;
}

std::string repeats_of(const Comparison& comparison, int width) {
  std::string text;
  for (const MetricComparison& row : comparison.metrics) {
    for (const auto& [side, repeats] : {std::pair{"baseline", &row.baseline_repeats},
                                        std::pair{"variant", &row.variant_repeats}}) {
      if (!*repeats) continue;
      const Repeats& r = **repeats;
      std::string line = fmt::format(
          "{}, {}, {}: mean {} over {} answers to each item", row.task, row.metric, side,
          format_with_error(kPercent * r.mean,
                            r.std_error ? std::optional(kPercent * *r.std_error) : std::nullopt) +
              " %",
          r.n_runs);
      if (r.between_items && r.within_item)
        line +=
            fmt::format("; variance between items {}, within an item (sampling) {}",
                        format_significant(*r.between_items), format_significant(*r.within_item));
      text += wrap(line + ".", width, 2);
    }
  }
  return text;
}

std::string beside(const Comparison& comparison, int width) {
  std::string text;
  if (!comparison.comparable) {
    text += wrap("NOT COMPARABLE: the runs ask different questions (--allow-mismatch):", width);
    text += describe(comparison.mismatches);
  }
  for (const PartDifference& part : comparison.parts) {
    text += wrap(fmt::format("Differs in {}, {}: {} | {}", part.part, part.field,
                             printable(part.baseline), printable(part.variant)),
                 width, 2);
  }
  for (const std::string& warning : comparison.warnings)
    text += wrap(printable(warning) + ".", width, 2);
  return text;
}

std::string footnote(const Comparison& comparison, int width) {
  return wrap(
      fmt::format(
          "Change is variant minus baseline, paired by item; pp = percentage points. \"within "
          "margin\" and \"WORSE\" are shown (one-sided error {:g}); \"undecided\" is neither, and "
          "not the same as equal. Verdicts in brackets do not count for the whole. p worse: of any "
          "loss at all, {} over the tests of its kind. sees: the smallest loss these items show "
          "with {:g} % power.",
          comparison.settings.alpha,
          comparison.settings.adjustment == "none"
              ? "not adjusted"
              : "adjusted (" + comparison.settings.adjustment + ")",
          kPercent * comparison.settings.power),
      width);
}

std::string as_text(const std::vector<Comparison>& comparisons,
                    const ComparisonTableOptions& options) {
  const bool markdown = options.table.format == TableFormat::kMarkdown;
  const int width = options.table.width;
  std::string text;
  for (const Comparison& comparison : comparisons) {
    if (!text.empty()) text += "\n";
    text += markdown ? "### " + headline(comparison) + "\n\n" : wrap(headline(comparison), width);
    text += markdown ? markdown_table(columns_of(comparison))
                     : text_table(columns_of(comparison), width);
    const std::string parts[] = {sentences_of(comparison, width), flips_of(comparison, options),
                                 classes_of(comparison, width),   texts_of(comparison, width),
                                 repeats_of(comparison, width),   beside(comparison, width)};
    for (const std::string& part : parts) {
      if (!part.empty()) text += "\n" + part;
    }
  }
  return text + "\n" + footnote(comparisons.front(), width);
}

std::string raw(const std::optional<double>& value) {
  return value && std::isfinite(*value) ? fmt::format("{}", *value) : "";
}

std::string as_csv(const std::vector<Comparison>& comparisons) {
  std::vector<Column> columns;
  for (const char* title : {"baseline_model",
                            "variant_model",
                            "task",
                            "metric",
                            "filter",
                            "decides",
                            "n",
                            "baseline",
                            "variant",
                            "kind",
                            "change",
                            "change_low",
                            "change_high",
                            "lost",
                            "gained",
                            "p_worse",
                            "p_within",
                            "p_beyond_adjusted",
                            "margin",
                            "verdict"})
    columns.push_back({.title = title});
  for (const Comparison& comparison : comparisons) {
    for (const MetricComparison* row : lines_of(comparison)) {
      const auto& interval = row->change.ci95;
      const std::string cells[] = {comparison.baseline.name,
                                   comparison.variant.name,
                                   row->task,
                                   row->metric,
                                   row->filter,
                                   row->decides ? "1" : "0",
                                   std::to_string(row->n),
                                   raw(row->baseline.value),
                                   raw(row->variant.value),
                                   row->kind == ChangeKind::kRatio ? "ratio" : "points",
                                   raw(row->change.value),
                                   interval ? raw(interval->low) : "",
                                   interval ? raw(interval->high) : "",
                                   row->flips ? std::to_string(row->flips->lost) : "",
                                   row->flips ? std::to_string(row->flips->gained) : "",
                                   raw(row->p_worse),
                                   raw(row->p_within),
                                   raw(row->p_beyond_adjusted),
                                   raw(row->margin),
                                   name_of(row->verdict)};
      for (std::size_t i = 0; i < std::size(cells); ++i) columns[i].cells.push_back(cells[i]);
    }
  }
  return csv_table(columns);
}

}  // namespace

std::string headline(const Comparison& comparison) {
  return fmt::format("{} against {}: {}: {}", printable(comparison.variant.name),
                     printable(comparison.baseline.name), verdict_words(comparison.verdict),
                     comparison.reason);
}

std::string render(const std::vector<Comparison>& comparisons,
                   const ComparisonTableOptions& options) {
  if (options.table.format == TableFormat::kCsv) return as_csv(comparisons);
  return as_text(comparisons, options);
}

}  // namespace assay
