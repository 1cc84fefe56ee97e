#include "bench/summary.h"

#include <gtest/gtest.h>

#include <cmath>

#include "bench/bench.h"

namespace assay::detail {
namespace {

SpeedSample sample(int round, std::int64_t duration_ns, int n_gen = 10) {
  return {.round = round, .duration_ns = duration_ns, .n_gen = n_gen};
}

SpeedResult two_setups(std::vector<SpeedSample> base, std::vector<SpeedSample> variant) {
  SpeedResult result;
  result.setups.resize(2);
  result.tests = {{.n_gen = 10}};
  result.series = {{.setup = 0, .samples = std::move(base)},
                   {.setup = 1, .samples = std::move(variant)}};
  summarize_speed(result);
  return result;
}

TEST(SpeedRatio, IsTheGeometricMeanOfPairedRounds) {
  const ByRound base{{0, 100}, {1, 400}, {2, 100}}, variant{{0, 50}, {1, 100}, {3, 1}};
  const Estimate ratio = speed_ratio(base, variant, false);
  EXPECT_NEAR(ratio.value, std::sqrt(2.0 * 4.0), 1e-12);
}

TEST(SpeedRatio, ASingleRoundHasNoInterval) {
  const Estimate ratio = speed_ratio({{0, 100}}, {{0, 50}}, false);
  EXPECT_DOUBLE_EQ(ratio.value, 2);
  EXPECT_FALSE(ratio.ci95);
  EXPECT_FALSE(ratio.reason.empty());
}

TEST(SpeedRatio, AMachineThatSlowsDownChangesNothing) {
  ByRound base, variant;
  for (int round = 0; round < 20; ++round) {
    base[round] = 100.0 * std::pow(1.1, round);
    variant[round] = 80.0 * std::pow(1.1, round);
  }
  const Estimate ratio = speed_ratio(base, variant, false);
  EXPECT_NEAR(ratio.value, 1.25, 1e-9);
  EXPECT_NEAR(ratio.ci95->low, 1.25, 1e-6);
}

TEST(SpeedRatio, AFixedNumberOfRoundsHasStudentsInterval) {
  // Log ratios 0.1, 0.2, 0.3: mean 0.2, sd 0.1, t(2) = 4.302653.
  ByRound base, variant;
  for (int round = 0; round < 3; ++round) {
    base[round] = 100 * std::exp(0.1 * (round + 1));
    variant[round] = 100;
  }
  const Estimate ratio = speed_ratio(base, variant, true);
  EXPECT_NEAR(std::log(ratio.ci95->low), 0.2 - 4.302653 * 0.1 / std::sqrt(3), 1e-6);
  EXPECT_NEAR(std::log(ratio.ci95->high), 0.2 + 4.302653 * 0.1 / std::sqrt(3), 1e-6);
  EXPECT_FALSE(speed_ratio(base, variant, false).ci95);
}

TEST(Summary, WarmUpDoesNotCountAndRoundsAreMedians) {
  const SpeedResult result = two_setups(
      {sample(-1, 9000), sample(0, 1000), sample(0, 1100), sample(0, 5000), sample(1, 1000)}, {});
  const SpeedMeasure& speed = result.series[0].measures.front();
  EXPECT_EQ(result.series[0].n_rounds, 2);
  EXPECT_NEAR(speed.max, 1e9 / 100, 1e-6);  // 1000 ns for 10 tokens
  EXPECT_NEAR(speed.min, 1e9 / 110, 1e-6);
  EXPECT_FALSE(speed.ratio);
  EXPECT_TRUE(result.series[1].measures.empty());
}

TEST(Summary, WideSpreadAndSleepAreFlaggedAndOutliersCounted) {
  std::vector<SpeedSample> samples;
  for (int round = 0; round < 10; ++round) samples.push_back(sample(round, 1000 + round));
  samples[3].duration_ns = 3000;
  samples[4].slept = true;
  const SpeedResult result = two_setups(std::move(samples), {});
  EXPECT_EQ(result.series[0].n_outliers, 1);
  EXPECT_EQ(result.series[0].n_rounds, 10);
  ASSERT_EQ(result.series[0].flags.size(), 2U);
  EXPECT_NE(result.series[0].flags[0].find("spread"), std::string::npos);
  EXPECT_NE(result.series[0].flags[1].find("slept"), std::string::npos);
}

TEST(Summary, LatenciesAreOfAllTokensInMilliseconds) {
  SpeedSample one = sample(0, 100);
  for (int i = 1; i <= 100; ++i) one.token_ns.push_back(i * 1'000'000);
  const SpeedResult result = two_setups({one}, {});
  const Latencies& l = *result.series[0].between_tokens;
  EXPECT_EQ(l.n, 100);
  EXPECT_NEAR(l.median, 50.5, 1e-9);
  EXPECT_NEAR(l.p90, 90.1, 1e-9);
  EXPECT_NEAR(l.p99, 99.01, 1e-9);
  EXPECT_NEAR(l.max, 100, 1e-9);
}

TEST(Summary, ARequestHasFirstAndLaterTokens) {
  SpeedResult result;
  result.setups.resize(1);
  result.tests = {{.n_prompt = 8, .n_gen = 3, .request = true}};
  result.series = {{.samples = {{.round = 0,
                                 .duration_ns = 10'000'000,
                                 .prompt_ns = 6'000'000,
                                 .token_ns = {1'000'000, 3'000'000},
                                 .n_prompt = 8,
                                 .n_gen = 3}}}};
  summarize_speed(result);
  const auto& measures = result.series[0].measures;
  ASSERT_EQ(measures.size(), 3U);
  EXPECT_EQ(measures[1].name, "first_token_ms");
  EXPECT_DOUBLE_EQ(measures[1].median, 6);
  EXPECT_EQ(measures[2].name, "token_ms");
  EXPECT_DOUBLE_EQ(measures[2].median, 2);
}

TEST(Summary, SharesOfTheMachine) {
  SpeedResult result;
  result.setups.resize(1);
  result.setups[0].info.size_bytes = 1'000'000;
  result.setups[0].kv_bytes_per_token = 1000;
  result.setups[0].info.n_weights = 600'000;
  result.setups[0].info.n_vocab = 1000;
  result.setups[0].info.n_embd = 100;
  result.machine.bandwidth_bytes_per_s = 1e9;
  result.machine.flops = 1e9;
  result.tests = {{.n_gen = 100, .n_depth = 50}, {.n_prompt = 100}};
  // 100 tokens per second decoded, 200 of a prompt.
  result.series = {
      {.test = 0, .samples = {sample(0, 1'000'000'000, 100)}},
      {.test = 1, .samples = {{.round = 0, .duration_ns = 500'000'000, .n_prompt = 100}}}};
  summarize_speed(result);
  EXPECT_NEAR(*result.series[0].bandwidth_share, 100 * (1e6 + 1000 * 100) / 1e9, 1e-9);
  EXPECT_NEAR(*result.series[1].compute_share, 2.0 * 200 * 500'000 / 1e9, 1e-9);
}

}  // namespace
}  // namespace assay::detail
