// Verdicts on a finished divergence report: every criterion by its interval.
#include <cmath>

#include <fmt/format.h>

#include "compare/compare.h"
#include "core/number_format.h"
#include "stats/stats.h"

namespace assay {
namespace {

// "less is better": the loss against the limit, by Student's t over chunks or documents.
Verdict decide(const Estimate& loss, double limit, std::int64_t n_clusters, double alpha) {
  if (!loss.std_error || !std::isfinite(loss.value)) return Verdict::kUndecided;
  // In units of twice the limit: t does not depend on the unit, and margins are fractions.
  const double unit = 2 * limit;
  const Estimate gain{.value = -loss.value / unit, .std_error = *loss.std_error / unit};
  const MarginTest test = margin_test(gain, n_clusters, limit / unit);
  if (test.p_inferior < alpha) return Verdict::kWorse;
  return test.p_noninferior < alpha ? Verdict::kWithinMargin : Verdict::kUndecided;
}

Verdict by_interval(const std::optional<Interval>& interval, double limit) {
  if (!interval) return Verdict::kUndecided;
  if (interval->low > limit) return Verdict::kWorse;
  return interval->high < limit ? Verdict::kWithinMargin : Verdict::kUndecided;
}

const char* relation(Verdict verdict) {
  switch (verdict) {
    case Verdict::kWithinMargin:
      return "is below the limit of";
    case Verdict::kWorse:
      return "is ABOVE the limit of";
    case Verdict::kUndecided:
      break;
  }
  return "is neither shown to be below nor above the limit of";
}

class Checks {
 public:
  Checks(const VariantReport& report, const DivergenceLimits& limits)
      : report_(report), limits_(limits) {}

  void perplexity() {
    if (!limits_.max_ppl_increase) return;
    const double limit = *limits_.max_ppl_increase;
    Estimate increase = report_.divergence.ppl_ratio;
    increase.value = kPercent * (increase.value - 1);
    if (increase.ci95) {
      increase.ci95 =
          Interval{kPercent * (increase.ci95->low - 1), kPercent * (increase.ci95->high - 1)};
    }
    if (increase.std_error) *increase.std_error *= kPercent;
    add("perplexity increase", kPercent * limit, increase, "%",
        decide(report_.divergence.ln_ppl_ratio, std::log1p(limit), n_clusters(), limits_.alpha));
  }

  void mean_divergence() {
    if (!limits_.max_kld) return;
    const Estimate& kld = report_.divergence.kld;
    add("mean KLD", *limits_.max_kld, kld, "nats",
        decide(kld, *limits_.max_kld, n_clusters(), limits_.alpha));
  }

  void tail(const char* name, const std::optional<double>& limit, double value,
            const std::optional<Interval>& interval) {
    if (!limit) return;
    Estimate estimate{.value = value, .ci95 = interval};
    estimate.reason = interval ? "a percentile has an interval only"
                               : "too few tokens for an interval, or a report of an older assay";
    add(name, *limit, estimate, "nats", by_interval(interval, *limit));
  }

  std::vector<DivergenceCheck> take() { return std::move(checks_); }

 private:
  std::int64_t n_clusters() const { return report_.perplexity.n_clusters; }

  void add(const char* criterion, double limit, const Estimate& value, const char* unit,
           Verdict verdict) {
    Verdict said = verdict;
    std::string note;
    if (report_.identical && verdict == Verdict::kWithinMargin) {
      said = Verdict::kUndecided;
      note = " Every logit equals the baseline's: was the optimisation applied?";
    }
    checks_.push_back({.variant = report_.name,
                       .criterion = criterion,
                       .limit = limit,
                       .value = value,
                       .verdict = said,
                       .sentence = fmt::format("{}: {} {} {} {:g} {}.{}", report_.name, criterion,
                                               format_with_interval(value.value, value.ci95, unit),
                                               relation(verdict), limit, unit, note)});
  }

  const VariantReport& report_;
  const DivergenceLimits& limits_;
  std::vector<DivergenceCheck> checks_;
};

}  // namespace

std::vector<DivergenceCheck> check_divergence(const DivergenceReport& report,
                                              const DivergenceLimits& limits) {
  std::vector<DivergenceCheck> all;
  for (const VariantReport& variant : report.variants) {
    const DivergenceStatistics& statistics = variant.divergence;
    Checks checks(variant, limits);
    checks.perplexity();
    checks.mean_divergence();
    checks.tail("p99 KLD", limits.max_kld_p99, statistics.kld_percentiles.p99,
                statistics.kld_p99_ci95);
    checks.tail("p99.9 KLD", limits.max_kld_p99_9, statistics.kld_percentiles.p99_9,
                statistics.kld_p99_9_ci95);
    for (DivergenceCheck& check : checks.take()) all.push_back(std::move(check));
  }
  return all;
}

}  // namespace assay
