#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "stats/stats.h"
#include "study/candidates.h"
#include "study/study.h"

namespace assay {
namespace {

using detail::Prepared;
using Records = std::span<const std::vector<TokenDivergence>>;

// One limit as a mean per token that must stay below `limit` (nats): a window adds the sum of its
// tokens' values.
struct Limit {
  std::string name;
  double limit_nats = 0;
  double (*value)(const TokenDivergence&) = nullptr;
};

double nll_increase(const TokenDivergence& t) {
  return static_cast<double>(t.nll) - static_cast<double>(t.nll_baseline);
}
double kld(const TokenDivergence& t) { return static_cast<double>(t.kld); }

std::vector<Limit> limits_of(const ScreenOptions& options) {
  std::vector<Limit> limits;
  const auto require = [](double value, const char* flag) {
    if (std::isfinite(value) && value > 0) return;
    throw Error(ErrorKind::kUsage, std::string("The limit of ") + flag + " must be above 0");
  };
  if (options.max_ppl_increase) {
    require(*options.max_ppl_increase, "--max-ppl-increase");
    limits.push_back({"ppl_increase", std::log1p(*options.max_ppl_increase), nll_increase});
  }
  if (options.max_kld) {
    require(*options.max_kld, "--max-kld");
    limits.push_back({"kld", *options.max_kld, kld});
  }
  if (limits.empty())
    throw Error(ErrorKind::kUsage, "No limit was given", {},
                "For example --max-ppl-increase 5% or --max-kld 0.05.");
  return limits;
}

double in_unit(const Limit& limit, double nats) {
  return limit.name == "ppl_increase" ? std::expm1(nats) : nats;
}

// Windows are unlike in length: the mean of (sum - limit * n) is above 0 exactly when the mean per
// token is above the limit, whatever the lengths.
ScreenCriterion judge(const Limit& limit, Records windows, double confidence, bool whole_text) {
  StudentSequence sequence(confidence);
  double sum = 0, n = 0;
  for (const std::vector<TokenDivergence>& window : windows) {
    double of_window = 0;
    for (const TokenDivergence& token : window) of_window += limit.value(token);
    const double n_here = static_cast<double>(window.size());
    sequence.add(of_window - limit.limit_nats * n_here);
    sum += of_window;
    n += n_here;
  }
  ScreenCriterion result{.name = limit.name, .limit = in_unit(limit, limit.limit_nats)};
  const double mean = n > 0 ? sum / n : 0;
  result.estimate.value = in_unit(limit, mean);
  const std::optional<Interval> interval = sequence.interval();
  result.estimate.reason = "its interval holds at every window at once and has no standard error";
  if (!interval) return result;
  const double n_per_window = n / static_cast<double>(windows.size());
  const double half = (interval->high - interval->low) / 2 / n_per_window;
  result.estimate.ci95 = Interval{in_unit(limit, mean - half), in_unit(limit, mean + half)};
  if (sequence.n() < kFewestScreenWindows && !whole_text) return result;
  if (interval->low > 0) result.verdict = ScreenVerdict::kDropped;
  if (interval->high < 0) result.verdict = ScreenVerdict::kPassed;
  return result;
}

ScreenVerdict together(const std::vector<ScreenCriterion>& criteria) {
  const auto is = [](ScreenVerdict verdict) {
    return [verdict](const ScreenCriterion& c) { return c.verdict == verdict; };
  };
  if (std::any_of(criteria.begin(), criteria.end(), is(ScreenVerdict::kDropped)))
    return ScreenVerdict::kDropped;
  if (std::all_of(criteria.begin(), criteria.end(), is(ScreenVerdict::kPassed)))
    return ScreenVerdict::kPassed;
  return ScreenVerdict::kUndecided;
}

// Neighbouring windows are alike: in a random order the first ones stand for the whole text.
void shuffle_windows(std::vector<Window>& windows, std::uint64_t seed) {
  std::vector<Window> shuffled;
  for (const std::int64_t i : random_order(static_cast<std::int64_t>(windows.size()), seed))
    shuffled.push_back(std::move(windows[static_cast<std::size_t>(i)]));
  windows = std::move(shuffled);
}

class Screening {
 public:
  // One limit of several may be broken by chance: the error is shared among them.
  Screening(const ScreenOptions& options, const WindowPlan& plan)
      : limits_(limits_of(options)),
        n_windows_(plan.windows.size()),
        confidence_(1 - (1 - options.confidence) / static_cast<double>(limits_.size())) {}

  std::vector<ScreenCriterion> criteria(Records windows) const {
    std::vector<ScreenCriterion> result;
    for (const Limit& limit : limits_)
      result.push_back(judge(limit, windows, confidence_, windows.size() == n_windows_));
    return result;
  }
  bool is_decided(Records windows) const {
    return together(criteria(windows)) != ScreenVerdict::kUndecided;
  }

 private:
  std::vector<Limit> limits_;
  std::size_t n_windows_;
  double confidence_;
};

ScreenReport report_of(const ScreenOptions& options, const WindowPlan& plan,
                       const Screening& screening, const std::vector<Prepared>& variants,
                       const LockstepResult& result) {
  ScreenReport report{.convention = plan.convention,
                      .confidence = options.confidence,
                      .seed = options.seed,
                      .n_windows = static_cast<std::int64_t>(plan.windows.size()),
                      .warnings = plan.notes};
  std::size_t n_most = 0;
  for (std::size_t v = 0; v < variants.size(); ++v) {
    const Records windows = Records(result.variants[v]).first(result.n_windows[v]);
    ScreenedVariant screened{.name = variants[v].candidate.name,
                             .criteria = screening.criteria(windows),
                             .n_windows = static_cast<std::int64_t>(windows.size()),
                             .size_bytes = result.infos[v + 1].size_bytes};
    for (const auto& window : windows)
      screened.n_scored_tokens += static_cast<std::int64_t>(window.size());
    screened.verdict = together(screened.criteria);
    report.n_window_runs += screened.n_windows;
    n_most = std::max(n_most, windows.size());
    report.variants.push_back(std::move(screened));
  }
  report.n_window_runs += static_cast<std::int64_t>(n_most);
  report.warnings.insert(report.warnings.end(), result.notes.begin(), result.notes.end());
  return report;
}

}  // namespace

ScreenReport screen_variants(const ScreenOptions& options) {
  const MeasureOptions& measure = options.measure;
  if (measure.variants.empty()) throw Error(ErrorKind::kUsage, "No variant was given to screen");
  if (!(options.confidence > 0.5 && options.confidence < 1))
    throw Error(ErrorKind::kUsage, "The confidence must lie between 50 % and 100 %", {},
                "For example --confidence 95%.");
  limits_of(options);  // refused before models are made
  const Prepared baseline = detail::prepare_baseline(measure);
  std::vector<Prepared> variants;
  for (const std::string& text : measure.variants)
    variants.push_back(detail::prepare_variant(measure, parse_variant(text), &baseline));
  WindowPlan plan = plan_windows(
      measure.corpus, *open_llama({.path = baseline.path, .vocabulary_only = true}), measure.plan);
  shuffle_windows(plan.windows, options.seed);
  const Screening screening(options, plan);
  std::vector<Candidate> candidates;
  for (const Prepared& variant : variants) candidates.push_back(variant.candidate);
  LockstepOptions lockstep = detail::lockstep_options(measure, "screening");
  lockstep.is_decided = [&](std::size_t, Records windows) { return screening.is_decided(windows); };
  const LockstepResult result = run_lockstep(plan, baseline.candidate, candidates, lockstep);
  ScreenReport report = report_of(options, plan, screening, variants, result);
  report.baseline = baseline.candidate.name;
  const std::vector<std::string> notes = detail::baseline_notes(baseline);
  report.warnings.insert(report.warnings.begin(), notes.begin(), notes.end());
  return report;
}

}  // namespace assay
