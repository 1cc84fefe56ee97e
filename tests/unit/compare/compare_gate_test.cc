// Gates on divergence reports, and plans.
#include <gtest/gtest.h>

#include "compare/compare.h"
#include "made_up_runs.h"
#include "stats/stats.h"

namespace assay {
namespace {

using namespace made_up;

DivergenceReport report(double ratio, double error) {
  DivergenceReport r;
  VariantReport variant;
  variant.name = "Q4_0";
  variant.perplexity.n_clusters = 100;
  const double log_ratio = std::log(ratio);
  const double half = student_t_975(99) * error;
  variant.divergence.ln_ppl_ratio = {
      .value = log_ratio, .std_error = error, .ci95 = Interval{log_ratio - half, log_ratio + half}};
  variant.divergence.ppl_ratio = exp_estimate(variant.divergence.ln_ppl_ratio);
  variant.divergence.kld = {.value = 0.05, .std_error = 0.002, .ci95 = Interval{0.046, 0.054}};
  variant.divergence.kld_percentiles.p99_9 = 1.5;
  variant.divergence.kld_p99_9_ci95 = Interval{1.2, 2.0};
  r.variants = {variant};
  return r;
}

TEST(DivergenceGate, DecidesByTheInterval) {
  const DivergenceLimits five{.max_ppl_increase = 0.05};
  EXPECT_EQ(check_divergence(report(1.02, 0.005), five).at(0).verdict, Verdict::kWithinMargin);
  EXPECT_EQ(check_divergence(report(1.10, 0.005), five).at(0).verdict, Verdict::kWorse);
  EXPECT_EQ(check_divergence(report(1.049, 0.005), five).at(0).verdict, Verdict::kUndecided);
  EXPECT_EQ(check_divergence(report(1.051, 0.005), five).at(0).verdict, Verdict::kUndecided);
}

TEST(DivergenceGate, MeanAndTailAreCriteriaOfTheirOwn) {
  const auto checks = check_divergence(report(1.02, 0.005),
                                       {.max_kld = 0.06, .max_kld_p99 = 1, .max_kld_p99_9 = 1.0});
  ASSERT_EQ(checks.size(), 3U);
  EXPECT_EQ(checks[0].criterion, "mean KLD");
  EXPECT_EQ(checks[0].verdict, Verdict::kWithinMargin);
  EXPECT_EQ(checks[1].verdict, Verdict::kUndecided);  // no interval of p99 in this report
  EXPECT_EQ(checks[2].criterion, "p99.9 KLD");
  EXPECT_EQ(checks[2].verdict, Verdict::kWorse);  // the mean is fine, the tail is not
  EXPECT_EQ(check_divergence(report(1.02, 0.005), {.max_kld_p99_9 = 1.6}).at(0).verdict,
            Verdict::kUndecided);
}

TEST(DivergenceGate, IdenticalLogitsAreSaidNotPassed) {
  DivergenceReport r = report(1.001, 0.0005);
  r.variants[0].identical = true;
  const auto checks = check_divergence(r, {.max_ppl_increase = 0.05});
  EXPECT_EQ(checks.at(0).verdict, Verdict::kUndecided);
  EXPECT_NE(checks.at(0).sentence.find("was the optimisation applied?"), std::string::npos);
}

TEST(Plan, PairedNeedsFewerItems) {
  const PlanAnswer answer = plan_items({.margin = 0.01, .power = 0.9, .accuracy = 0.5});
  // (1.644854 + 1.281552)^2 * 0.03 / 0.01^2 = 2569.2
  EXPECT_EQ(answer.n_paired, 2570);
  ASSERT_TRUE(answer.n_unpaired);
  EXPECT_GT(*answer.n_unpaired, 10 * answer.n_paired);
}

TEST(Plan, EqualWeightsOfUnequalTasksNeedMoreItems) {
  const double weights[] = {0.5, 0.5};
  const std::int64_t sizes[] = {100, 300};
  EXPECT_DOUBLE_EQ(design_effect(weights, sizes), 4.0 / 3);  // 400 * (0.25 / 100 + 0.25 / 300)
  const double by_size[] = {0.25, 0.75};
  EXPECT_DOUBLE_EQ(design_effect(by_size, sizes), 1);
  const PlanAnswer answer = plan_items({.margin = 0.01, .power = 0.9, .design_effect = 4.0 / 3});
  EXPECT_EQ(answer.n_paired, 3427);  // 2570 * 4 / 3, upwards
}

TEST(Plan, RunsGiveDiscordanceAccuracyAndTime) {
  MadeUpRun variant = variant_run(1000, 20, 10);
  variant.header.duration_s = 50;
  const auto basis = plan_basis(base_run(1000), variant, {});
  ASSERT_EQ(basis.size(), 1U);
  EXPECT_EQ(basis[0].n_discordant, 30);
  EXPECT_DOUBLE_EQ(basis[0].discordance, clopper_pearson_interval(30, 1000).high);
  EXPECT_DOUBLE_EQ(basis[0].accuracy, 0.7);
  EXPECT_DOUBLE_EQ(basis[0].seconds_per_item, 0.05);
}

}  // namespace
}  // namespace assay
