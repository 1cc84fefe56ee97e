// Several tasks: groups, multiplicity, classes, and what speaks for the whole.
#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <cstdlib>

#include "compare/compare.h"
#include "made_up_runs.h"

namespace assay {
namespace {

using namespace made_up;

// Task "a" of 400 items and "b" of 100, each 80 % right, each losing so many.
MadeUpRun two_tasks(const char* model, int lost_a, int lost_b) {
  const auto task = [](const char* name, int n, int lost) {
    return choices(name, n, [=](int i) { return i < lost ? 2 : i < n * 8 / 10 ? 0 : 1; });
  };
  return run_of(model, {task("a", 400, lost_a), task("b", 100, lost_b)});
}

void add_group(MadeUpRun& run, bool by_size) {
  const double a = run.tasks[0].metrics[0].estimate.value;
  const double b = run.tasks[1].metrics[0].estimate.value;
  MetricResult metric{.metric = "acc", .filter = "none", .n_scored = 500};
  metric.estimate.value = by_size ? (400 * a + 100 * b) / 500 : (a + b) / 2;
  run.groups = {{.group = "both", .tasks = {"a", "b"}, .metrics = {metric}, .n_samples = 500}};
}

TEST(CompareGroup, WeightsAreFoundFromTheNumbers) {
  for (const bool by_size : {true, false}) {
    MadeUpRun base = two_tasks("base", 0, 0), variant = two_tasks("variant", 20, 20);
    variant.tasks[0].metrics[0].estimate.value = 0.75;
    base.tasks[1].samples[0].scores[0].value = 0;  // so that the two weightings differ
    finish(base.tasks[1]);
    add_group(base, by_size);
    add_group(variant, by_size);
    const Comparison comparison = compare_runs(base, variant, {});
    ASSERT_EQ(comparison.groups.size(), 1U) << comparison.warnings.front();
    const GroupComparison& group = comparison.groups[0];
    EXPECT_EQ(group.weighting, by_size ? "by size" : "equal");
    const double a = -20.0 / 400, b = -19.0 / 100;
    EXPECT_NEAR(group.change.value, by_size ? (400 * a + 100 * b) / 500 : (a + b) / 2, 1e-12);
    EXPECT_NEAR(group.weights[0], by_size ? 0.8 : 0.5, 1e-12);
    EXPECT_EQ(group.flips->lost, 39);
    EXPECT_EQ(group.lost_ids.back(), "b/19");
    EXPECT_TRUE(group.decides);
    EXPECT_FALSE(comparison.metrics[0].decides);
    if (by_size) continue;
    // Strata of equal weight: sqrt(sum of (w * se)^2), by hand.
    const double se_a = *comparison.metrics[0].change.std_error;
    const double se_b = *comparison.metrics[1].change.std_error;
    EXPECT_NEAR(*group.change.std_error, std::sqrt(se_a * se_a + se_b * se_b) / 2, 1e-12);
    EXPECT_NE(group.method.find("strata"), std::string::npos);
  }
}

TEST(CompareGroup, AGroupWhoseWeightsCannotBeToldIsLeftOutAndSaid) {
  MadeUpRun base = two_tasks("base", 0, 0), variant = two_tasks("variant", 20, 20);
  add_group(base, true);
  add_group(variant, true);
  base.groups[0].metrics[0].estimate.value = 0.123;
  const Comparison comparison = compare_runs(base, variant, {});
  EXPECT_TRUE(comparison.groups.empty());
  EXPECT_NE(comparison.warnings.front().find("how it weighs its tasks"), std::string::npos);
  EXPECT_TRUE(comparison.metrics[0].decides);
}

TEST(CompareGroup, PValuesOfWhatDecidesAreAdjusted) {
  const Comparison comparison =
      compare_runs(two_tasks("base", 0, 0), two_tasks("variant", 3, 6), {});
  const MetricComparison& a = comparison.metrics[0];
  const MetricComparison& b = comparison.metrics[1];
  EXPECT_DOUBLE_EQ(*a.p_worse, 1.0 / 8);
  EXPECT_DOUBLE_EQ(*b.p_worse, 1.0 / 64);
  EXPECT_DOUBLE_EQ(*b.p_worse_adjusted, 2.0 / 64);  // Holm: smallest times 2
  EXPECT_DOUBLE_EQ(*a.p_worse_adjusted, 1.0 / 8);
  const Comparison plain = compare_runs(two_tasks("base", 0, 0), two_tasks("variant", 3, 6),
                                        {.adjustment = Adjustment::kNone});
  EXPECT_DOUBLE_EQ(*plain.metrics[1].p_worse_adjusted, 1.0 / 64);
  EXPECT_EQ(plain.settings.adjustment, "none");
}

TEST(CompareGroup, OneWorseTaskMakesTheWholeWorse) {
  const Comparison comparison =
      compare_runs(two_tasks("base", 0, 0), two_tasks("variant", 0, 30), {});
  EXPECT_EQ(comparison.verdict, Verdict::kWorse);
  EXPECT_EQ(comparison.reason, "worse on b");
}

TEST(CompareGroup, ClassesAreComparedWithAnInterval) {
  MadeUpRun base = two_tasks("base", 0, 0), variant = two_tasks("variant", 4, 30);
  for (MadeUpRun* run : {&base, &variant}) {
    run->tasks[0].task_class = "knowledge";
    run->tasks[1].task_class = "code";
  }
  const Comparison comparison = compare_runs(base, variant, {});
  ASSERT_EQ(comparison.classes.size(), 2U);
  EXPECT_EQ(comparison.classes[0].task_class, "code");
  EXPECT_NEAR(comparison.classes[0].change.value, -0.3, 1e-12);
  EXPECT_NEAR(comparison.classes[1].change.value, -0.01, 1e-12);
  ASSERT_EQ(comparison.class_differences.size(), 1U);
  const ClassDifference& difference = comparison.class_differences[0];
  EXPECT_NEAR(difference.difference.value, -0.29, 1e-12);
  // Square and add, by hand from the two intervals.
  const Estimate& a = comparison.classes[0].change;
  const Estimate& b = comparison.classes[1].change;
  EXPECT_NEAR(difference.difference.ci95->low,
              -0.29 - std::hypot(a.value - a.ci95->low, b.ci95->high - b.value), 1e-12);
  EXPECT_LT(difference.difference.ci95->high, 0);
  EXPECT_LT(difference.p_adjusted, 0.001);
}

TEST(CompareGroup, AClassMayHaveAMarginOfItsOwn) {
  MadeUpRun base = base_run(2000), variant = variant_run(2000, 30, 0);
  base.tasks[0].task_class = variant.tasks[0].task_class = "code";
  EXPECT_NE(compare_runs(base, variant, {}).verdict, Verdict::kWithinMargin);
  const Comparison comparison = compare_runs(base, variant, {.class_margins = {{"code", 0.05}}});
  EXPECT_EQ(comparison.metrics[0].margin, 0.05);
  EXPECT_EQ(comparison.verdict, Verdict::kWithinMargin);
}

// The figure: 15,000 items over 60 tasks with 10,000 replicates in under 2 s.
TEST(CompareGroup, SixtyTasksWithABootstrap) {
  const bool all = std::getenv("ASSAY_LONG_TESTS") != nullptr;
  const int n_replicates = all ? 10000 : 100;
  const auto tasks = [](int lost) {
    std::vector<TaskResult> made;
    for (int t = 0; t < 60; ++t) {
      made.push_back(choices("t" + std::to_string(t), 250, [=](int i) {
        return i < lost ? 2 : i < 180 ? 0 : 1;
      }));
    }
    return made;
  };
  const MadeUpRun base = run_of("base", tasks(0)), variant = run_of("variant", tasks(5));
  const auto started = std::chrono::steady_clock::now();
  const Comparison comparison =
      compare_runs(base, variant, {.n_bootstrap = n_replicates, .n_threads = 2});
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - started;
  EXPECT_EQ(comparison.metrics.size(), 60U);
  EXPECT_TRUE(comparison.metrics[59].bootstrap_ci95);
  RecordProperty("seconds", std::to_string(taken.count()));
  if (all) {
    EXPECT_LT(taken.count(), 10);  // 2 s where the machine is quiet and the build a release
  }
}

}  // namespace
}  // namespace assay
