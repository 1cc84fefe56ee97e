// From verdicts to one variant: every rule on every variant, then the best that keeps all.
#include <algorithm>

#include <fmt/format.h>

#include "compare/compare.h"
#include "compare/study_rows.h"
#include "compare/verdict.h"
#include "core/number_format.h"

namespace assay {
namespace {

enum class Outcome { kKept, kBroken, kUnknown };

struct Judged {
  std::int64_t size_bytes = 0;
  double speed = 0;
  VariantStanding standing;
  bool broken = false, unknown = false;

  void add(Outcome outcome, std::string rule, std::string text) {
    broken = broken || outcome == Outcome::kBroken;
    unknown = unknown || outcome == Outcome::kUnknown;
    standing.reasons.push_back({std::move(rule), std::move(text)});
  }
};

std::string screened_text(const ScreenCriterion& c) {
  const bool increase = c.name == "ppl_increase";
  const double scale = increase ? 100 : 1;
  std::optional<Interval> interval = c.estimate.ci95;
  if (interval) interval = Interval{scale * interval->low, scale * interval->high};
  const std::string unit = increase ? "%" : "nats";
  return fmt::format("{} {}, the limit {:g} {}", increase ? "perplexity increase" : "mean KLD",
                     format_with_interval(scale * c.estimate.value, interval, unit),
                     scale * c.limit, unit);
}

void judge_screens(const StudyFamily& family, Judged& judged) {
  for (const ScreenReport& screen : family.screens) {
    for (const ScreenedVariant& v : screen.variants) {
      if (v.name != judged.standing.variant || v.verdict != ScreenVerdict::kDropped) continue;
      for (const ScreenCriterion& c : v.criteria) {
        if (c.verdict != ScreenVerdict::kDropped) continue;
        judged.add(Outcome::kBroken, "screen", "dropped by screening: " + screened_text(c));
      }
    }
  }
}

// The row that speaks most against the variant: the lowest end of an interval.
const MetricComparison* weakest(const Comparison& c) {
  const MetricComparison* found = nullptr;
  const auto low = [](const MetricComparison& row) {
    return row.change.ci95 ? row.change.ci95->low : row.change.value;
  };
  for (const MetricComparison* row : detail::deciding_points(c)) {
    const bool same_verdict = c.verdict == Verdict::kWithinMargin || row->verdict == c.verdict;
    if (same_verdict && (!found || low(*row) < low(*found))) found = row;
  }
  return found;
}

void judge_tasks(const Comparison& c, Judged& judged) {
  if (c.same_answers) {
    judged.add(Outcome::kUnknown, "identical", "answers every item with the baseline's bits");
    return;
  }
  const MetricComparison* row = weakest(c);
  const std::string evidence = row ? fmt::format("{} {} on {} items", row->task,
                                                 detail::points_with_interval(row->change), row->n)
                                   : c.reason;
  switch (c.verdict) {
    case Verdict::kWithinMargin:
      judged.add(Outcome::kKept, "margin", "within the margin on every task: " + evidence);
      return;
    case Verdict::kWorse:
      judged.add(Outcome::kBroken, "margin", "loses more than the margin: " + evidence);
      return;
    case Verdict::kUndecided:
      break;
  }
  // Without a number of items that would decide, something else stands in the way.
  const bool by_items = row && row->n_further;
  judged.add(Outcome::kUnknown, "margin",
             "undecided at the margin: " + evidence +
                 (row && !by_items && !row->reason.empty() ? "; " + row->reason : ""));
  if (by_items) {
    judged.standing.would_decide =
        fmt::format("about {} more items of {}", detail::two_digits(*row->n_further), row->task);
  }
}

void judge_perplexity(const StudyFamily& family, double limit, Judged& judged) {
  const detail::VariantDivergence found = detail::divergence_of(family, judged.standing.variant);
  if (!found.variant) {
    judged.add(Outcome::kUnknown, "not measured", "neither tasks nor perplexity were measured");
    return;
  }
  const Estimate& ratio = found.variant->divergence.ppl_ratio;
  const std::string evidence = fmt::format("perplexity {}, the limit {:g} %",
                                           detail::ratio_with_interval(ratio), 100 * limit);
  if (ratio.ci95 && ratio.ci95->high < 1 + limit) {
    judged.add(Outcome::kKept, "perplexity", "within the limit: " + evidence);
  } else if (ratio.ci95 && ratio.ci95->low > 1 + limit) {
    judged.add(Outcome::kBroken, "perplexity", "beyond the limit: " + evidence);
  } else {
    judged.add(Outcome::kUnknown, "perplexity", "undecided: " + evidence);
    judged.standing.would_decide = "more text";
  }
}

void judge_constraints(const DecisionRules& rules, Judged& judged) {
  if (rules.max_size_bytes && judged.size_bytes > *rules.max_size_bytes) {
    judged.add(Outcome::kBroken, "size",
               fmt::format("{} is larger than {}", format_bytes(judged.size_bytes),
                           format_bytes(*rules.max_size_bytes)));
  }
  if (!rules.min_tokens_per_second) return;
  if (judged.speed <= 0) {
    judged.add(Outcome::kUnknown, "speed", "its speed was not measured");
    judged.standing.would_decide = "a speed measurement";
  } else if (judged.speed < *rules.min_tokens_per_second) {
    judged.add(Outcome::kBroken, "speed",
               fmt::format("{:.3g} tokens per second, {:.3g} wanted", judged.speed,
                           *rules.min_tokens_per_second));
  }
}

std::int64_t size_of(const StudyFamily& family, const std::string& name) {
  for (const StudyModel& model : family.variants) {
    if (model.name == name) return model.size_bytes;
  }
  return 0;
}

std::string sentence_of(const Decision& decision, const StudyFamily& family) {
  const std::string only =
      decision.evidence == "perplexity" ? " Judged by perplexity only: no task was asked." : "";
  if (decision.recommended.empty()) {
    const bool any_undecided =
        std::any_of(decision.variants.begin(), decision.variants.end(),
                    [](const auto& v) { return v.standing == Standing::kUndecided; });
    return fmt::format("No variant of {} is shown to keep every rule{}.{}", family.name,
                       any_undecided ? "; some are undecided" : "", only);
  }
  for (const VariantStanding& v : decision.variants) {
    if (v.variant != decision.recommended) continue;
    return fmt::format("Use {}: the {} variant that is shown to keep every rule ({}).{}", v.variant,
                       decision.rules.objective == "speed" ? "fastest" : "smallest",
                       v.reasons.empty() ? "" : v.reasons.front().text, only);
  }
  return {};
}

Judged judge(const StudyFamily& family, const std::string& name, const DecisionRules& rules,
             double speed, double max_ppl_increase) {
  Judged judged{.size_bytes = size_of(family, name), .speed = speed};
  judged.standing.variant = name;
  judge_screens(family, judged);
  if (const Comparison* c = detail::comparison_of(family, name)) {
    judge_tasks(*c, judged);
  } else if (family.comparisons.empty()) {
    judge_perplexity(family, max_ppl_increase, judged);
  } else if (!judged.broken) {
    judged.add(Outcome::kUnknown, "not measured", "no task was asked");
    judged.standing.would_decide = "the tasks";
  }
  judge_constraints(rules, judged);
  judged.standing.standing = judged.broken    ? Standing::kRuledOut
                             : judged.unknown ? Standing::kUndecided
                                              : Standing::kQualified;
  return judged;
}

// The best of those that keep every rule first.
std::vector<Judged*> ranked(std::vector<Judged>& all, const std::string& objective) {
  std::vector<Judged*> kept;
  for (Judged& judged : all) {
    if (judged.standing.standing == Standing::kQualified) kept.push_back(&judged);
  }
  std::stable_sort(kept.begin(), kept.end(), [&](const Judged* a, const Judged* b) {
    return objective == "speed" ? a->speed > b->speed : a->size_bytes < b->size_bytes;
  });
  return kept;
}

}  // namespace

Decision decide(const StudyFamily& family, const DecisionRules& rules,
                const std::map<std::string, double>& tokens_per_second, double max_ppl_increase) {
  Decision decision{.rules = rules};
  if (!family.comparisons.empty()) {
    decision.evidence = "tasks";
  } else if (!family.divergences.empty()) {
    decision.evidence = "perplexity";
  }
  std::vector<Judged> all;
  for (const std::string& name : detail::variant_names(family)) {
    const auto speed = tokens_per_second.find(name);
    all.push_back(judge(family, name, rules, speed == tokens_per_second.end() ? 0 : speed->second,
                        max_ppl_increase));
  }
  const std::vector<Judged*> kept = ranked(all, rules.objective);
  if (!kept.empty()) {
    kept[0]->standing.standing = Standing::kRecommended;
    decision.recommended = kept[0]->standing.variant;
  }
  if (kept.size() > 1) {
    kept[1]->standing.standing = Standing::kRunnerUp;
    decision.runner_up = kept[1]->standing.variant;
  }
  for (Judged& judged : all) decision.variants.push_back(std::move(judged.standing));
  decision.sentence = sentence_of(decision, family);
  return decision;
}

}  // namespace assay
