// Pairs, flips, intervals and verdicts of one task.
#include "compare/compare.h"

#include <gtest/gtest.h>

#include <cmath>

#include "made_up_runs.h"

namespace assay {
namespace {

using namespace made_up;

const MetricComparison& only(const Comparison& comparison) {
  EXPECT_EQ(comparison.metrics.size(), 1U);
  return comparison.metrics.front();
}

TEST(Compare, ARunAgainstItselfIsWithinTheMargin) {
  const MadeUpRun run = base_run(2000);
  const Comparison comparison = compare_runs(run, run, {});
  EXPECT_EQ(comparison.verdict, Verdict::kWithinMargin);
  EXPECT_TRUE(comparison.same_model);
  const MetricComparison& row = only(comparison);
  EXPECT_EQ(row.change.value, 0);
  ASSERT_TRUE(row.minimum_detectable_effect);
  EXPECT_GT(*row.minimum_detectable_effect, 0);  // evalsig says 0 here, and rejects
}

TEST(Compare, TenPointsWorseOn2000ItemsIsWorse) {
  const Comparison comparison = compare_runs(base_run(2000), variant_run(2000, 200, 0), {});
  EXPECT_EQ(comparison.verdict, Verdict::kWorse);
  const MetricComparison& row = only(comparison);
  EXPECT_DOUBLE_EQ(row.change.value, -0.1);
  EXPECT_LT(row.change.ci95->high, -0.08);
  EXPECT_EQ(row.flips->lost, 200);
  EXPECT_EQ(row.lost_ids.size(), 200U);
  EXPECT_EQ(row.lost_ids.front(), "0");
  EXPECT_NE(row.sentence.find("WORSE"), std::string::npos) << row.sentence;
}

TEST(Compare, NoDiscordantPairStillHasAnIntervalOfPositiveWidth) {
  MadeUpRun variant = base_run(20);
  variant.header.model_name = "variant";
  variant.header.model.weights = hash_bytes("other");
  // Likelihoods differ, choices do not.
  for (SampleRecord& sample : variant.tasks[0].samples)
    std::get<LoglikelihoodResult>(sample.responses[0]).loglikelihood -= 0.001;
  const Comparison comparison = compare_runs(base_run(20), variant, {});
  const MetricComparison& row = only(comparison);
  EXPECT_EQ(row.change.value, 0);
  // Tango with no discordant pair: +- z^2 / (n + z^2), by algebra.
  const double z2 = 1.959963984540054 * 1.959963984540054;
  EXPECT_NEAR(row.change.ci95->high, z2 / (20 + z2), 1e-6);
  EXPECT_NEAR(row.change.ci95->low, -z2 / (20 + z2), 1e-6);
  EXPECT_EQ(row.verdict, Verdict::kUndecided);
  ASSERT_TRUE(row.n_further);
  EXPECT_GT(*row.n_further, 100);
}

TEST(Compare, TheSameAccuracyOnManyItemsIsWithinTheMargin) {
  const Comparison comparison = compare_runs(base_run(2000), variant_run(2000, 4, 4), {});
  const MetricComparison& row = only(comparison);
  EXPECT_EQ(row.change.value, 0);
  EXPECT_EQ(row.verdict, Verdict::kWithinMargin) << row.reason;
  EXPECT_DOUBLE_EQ(*row.p_worse, 163.0 / 256);  // P(X >= 4), X ~ Binomial(8, 1/2)
  EXPECT_DOUBLE_EQ(*row.p_two_sided, 1);
}

TEST(Compare, PValuesAreTheExactBinomials) {
  const MetricComparison row =
      only(compare_runs(base_run(100), variant_run(100, 5, 0), {.margin = 0.2}));
  EXPECT_DOUBLE_EQ(*row.p_worse, 1.0 / 32);
  EXPECT_DOUBLE_EQ(*row.p_two_sided, 1.0 / 16);
  EXPECT_DOUBLE_EQ(*row.p_worse_adjusted, 1.0 / 32);
}

TEST(Compare, CountsRightWrongAndAnotherWrong) {
  const MadeUpRun base = run_of("base", {choices("t", 6, [](int i) { return i < 3 ? 0 : 1; })});
  // Items: right, lost, right | gained, same wrong, another wrong.
  const int answers[] = {0, 3, 0, 0, 1, 2};
  const MadeUpRun variant = run_of("variant", {choices("t", 6, [&](int i) { return answers[i]; })});
  const MetricComparison row = only(compare_runs(base, variant, {}));
  EXPECT_EQ(row.flips->both_right, 2);
  EXPECT_EQ(row.flips->lost, 1);
  EXPECT_EQ(row.flips->gained, 1);
  EXPECT_EQ(row.flips->both_wrong, 2);
  EXPECT_EQ(row.flips->churn, 1);
  EXPECT_EQ(row.lost_ids, std::vector<std::string>{"1"});
  EXPECT_EQ(row.gained_ids, std::vector<std::string>{"3"});
}

TEST(Compare, PairsByIdWhateverTheOrder) {
  const MadeUpRun base = base_run(50);
  MadeUpRun variant = variant_run(50, 3, 1);
  std::reverse(variant.tasks[0].samples.begin(), variant.tasks[0].samples.end());
  const MetricComparison row = only(compare_runs(base, variant, {}));
  EXPECT_EQ(row.flips->lost, 3);
  EXPECT_EQ(row.flips->gained, 1);
}

TEST(Compare, RecoveryComesWithItsInterval) {
  const MetricComparison row = only(compare_runs(base_run(1000), variant_run(1000, 70, 0), {}));
  EXPECT_NEAR(row.recovery_percent->value, 90, 1e-9);  // 63 % of 70 %
  EXPECT_NEAR(row.recovery_percent->ci95->low, 100 * (1 + row.change.ci95->low / 0.7), 1e-9);
  EXPECT_LT(row.recovery_percent->ci95->high, 93);
}

TEST(Compare, ClustersWidenTheInterval) {
  // Ten clusters of ten: in one cluster the variant loses everything, else nothing.
  const auto cluster = [](MadeUpRun run) {
    for (SampleRecord& sample : run.tasks[0].samples)
      sample.cluster = "page " + std::to_string(std::stoi(sample.id.key) / 10);
    return run;
  };
  const MadeUpRun base = cluster(base_run(100)), variant = cluster(variant_run(100, 10, 0));
  const MetricComparison row = only(compare_runs(base, variant, {.margin = 0.05}));
  EXPECT_EQ(row.n, 100);
  EXPECT_EQ(row.n_clusters, 10);
  EXPECT_NEAR(row.change.value, -0.1, 1e-12);
  // sqrt(10/9 * (9 * 1^2 + 9^2)) / 100 = 0.1: by hand from the ratio estimator.
  EXPECT_NEAR(*row.change.std_error, 0.1, 1e-12);
  EXPECT_EQ(row.verdict, Verdict::kUndecided);
  const MetricComparison alone =
      only(compare_runs(base_run(100), variant_run(100, 10, 0), {.margin = 0.05}));
  EXPECT_LT(*alone.change.std_error, 0.04);
}

TEST(Compare, PerplexityComparesAsARatio) {
  const auto run = [](const std::string& model, double factor) {
    TaskResult task = task_of("wikitext", {});
    task.output_type = "loglikelihood_rolling";
    task.metrics = {{.metric = "word_perplexity", .filter = "none", .higher_is_better = false}};
    for (int i = 0; i < 40; ++i) {
      SampleRecord sample;
      sample.id = {"wikitext", std::to_string(i)};
      const double words = 100 + i;
      sample.scores = {score(-words * 3 * factor, "word_perplexity"),
                       score(words, "n_words", "weight")};
      task.samples.push_back(sample);
    }
    task.metrics[0].estimate.value = std::exp(3 * factor);
    return run_of(model, {task});
  };
  const MetricComparison row = only(compare_runs(run("base", 1), run("variant", 1.1), {}));
  EXPECT_EQ(row.kind, ChangeKind::kRatio);
  EXPECT_NEAR(row.baseline.value, std::exp(3), 1e-9);
  EXPECT_NEAR(row.variant.value, std::exp(3.3), 1e-9);
  EXPECT_NEAR(row.change.value, std::exp(0.3), 1e-9);
  EXPECT_EQ(row.verdict, Verdict::kWorse) << row.reason;
  EXPECT_EQ(row.margin, 0.05);
  const MetricComparison better = only(compare_runs(run("base", 1), run("variant", 1.01), {}));
  EXPECT_NEAR(better.change.value, std::exp(0.03), 1e-9);
  EXPECT_EQ(better.verdict, Verdict::kWithinMargin) << better.reason;
}

TEST(Compare, LowerIsBetterTurnsTheDirection) {
  const auto run = [](const std::string& model, double shift) {
    TaskResult task = task_of("t", {});
    task.metrics = {{.metric = "brier_score", .filter = "none", .higher_is_better = false}};
    for (int i = 0; i < 100; ++i) {
      SampleRecord sample;
      sample.id = {"t", std::to_string(i)};
      sample.scores = {score(0.3 + 0.001 * (i % 7) + shift + 0.0001 * (i % 3), "brier_score")};
      task.samples.push_back(sample);
    }
    finish(task);
    return run_of(model, {task});
  };
  const MetricComparison worse = only(compare_runs(run("base", 0), run("variant", 0.1), {}));
  EXPECT_NEAR(worse.change.value, 0.1, 1e-9);
  EXPECT_EQ(worse.verdict, Verdict::kWorse) << worse.reason;
  EXPECT_FALSE(worse.recovery_percent);
}

TEST(Compare, ListsThePartsInWhichModelsDiffer) {
  MadeUpRun variant = variant_run(2000, 4, 4);
  variant.header.model.runtime.kv = {.k = "q8_0", .v = "q8_0"};
  const Comparison comparison = compare_runs(base_run(2000), variant, {});
  ASSERT_EQ(comparison.parts.size(), 3U);
  EXPECT_EQ(comparison.parts[0].part, "weights");
  EXPECT_EQ(comparison.parts[1].part, "KV cache");
  EXPECT_EQ(comparison.parts[1].variant, "q8_0");
  ASSERT_FALSE(comparison.warnings.empty());
  EXPECT_NE(comparison.warnings[0].find("2 parts"), std::string::npos);
}

TEST(Compare, ABootstrapIntervalStandsBesideTheOther) {
  const MetricComparison row =
      only(compare_runs(base_run(1000), variant_run(1000, 60, 20), {.n_bootstrap = 2000}));
  ASSERT_TRUE(row.bootstrap_ci95);
  EXPECT_NEAR(row.bootstrap_ci95->low, row.change.ci95->low, 0.004);
  EXPECT_NEAR(row.bootstrap_ci95->high, row.change.ci95->high, 0.004);
}

TEST(Compare, NoiseThatIsAsLargeIsCalledNoise) {
  const MadeUpRun noise = variant_run(2000, 6, 3);
  const Comparison comparison =
      compare_runs(base_run(2000), variant_run(2000, 4, 2), {.noise = &noise});
  const MetricComparison& row = only(comparison);
  EXPECT_EQ(row.noise->n_flips, 9);
  EXPECT_NEAR(row.noise->difference, -0.0015, 1e-12);
  EXPECT_NE(row.sentence.find("noise"), std::string::npos) << row.sentence;
}

}  // namespace
}  // namespace assay
