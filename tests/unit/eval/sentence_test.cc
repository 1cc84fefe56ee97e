#include <gtest/gtest.h>

#include <limits>

#include "eval/eval.h"

namespace assay {
namespace {

Estimate estimate(double value, double low, double high) {
  return {.value = value, .std_error = (high - low) / 4, .ci95 = Interval{low, high}};
}

VariantReport q4(const Estimate& ratio) {
  VariantReport variant;
  variant.name = "Q4_K_M";
  variant.divergence.ppl_ratio = ratio;
  variant.divergence.same_top_p = estimate(0.917, 0.911, 0.923);
  variant.divergence.kld = estimate(0.031, 0.028, 0.034);
  variant.divergence.kld_percentiles.p99_9 = 2.31;
  return variant;
}

void expect_part(const std::string& text, const std::string& part) {
  EXPECT_NE(text.find(part), std::string::npos) << text;
}

TEST(CostSentence, WorseWithItsInterval) {
  const std::string text = cost_sentence(q4(estimate(1.012, 1.008, 1.016)), {});
  expect_part(text, "Q4_K_M: perplexity is worse by 1.20 % [0.80, 1.60]");
  expect_part(text, "changes the most likely token at 8.30 % [7.70, 8.90] of positions");
  expect_part(text, "mean KL divergence 0.031 nats");
  expect_part(text, "1 token in 1000 above 2.3.");
}

TEST(CostSentence, NoDifferenceSaysThatZeroIsInside) {
  const std::string text = cost_sentence(q4(estimate(1.001, 0.997, 1.005)), {});
  expect_part(text, "perplexity shows no difference: 0.10 % [-0.30, 0.50], zero is inside");
}

TEST(CostSentence, LowerPerplexityIsNotSoldAsImprovement) {
  const std::string text = cost_sentence(q4(estimate(0.98, 0.976, 0.984)), {});
  expect_part(text, "perplexity is lower by 2.00 % [1.60, 2.40]");
  expect_part(text, "no improvement");
}

TEST(CostSentence, IdenticalAndUnknownError) {
  VariantReport variant = q4({.value = 1});
  variant.identical = true;
  expect_part(cost_sentence(variant, {}), "bit-identical to the baseline");
  const std::string text = cost_sentence(q4({.value = 1.012, .reason = "one window"}), {});
  expect_part(text, "changes by +1.20 % (error unknown: one window)");
}

TEST(Warnings, PathologicalPerplexityPointsToDivergenceAndChat) {
  ModelReport baseline;
  baseline.perplexity.perplexity = estimate(21.3, 20.1, 22.5);
  EXPECT_TRUE(pathological_warnings(baseline).empty());
  baseline.perplexity.bits_per_byte = estimate(2.5, 2.4, 2.6);
  expect_part(pathological_warnings(baseline).at(0), "2.50 bits per byte");
  baseline.perplexity.perplexity = estimate(4800, 4700, 4900);
  const std::vector<std::string> warnings = pathological_warnings(baseline);
  ASSERT_EQ(warnings.size(), 1U);
  expect_part(warnings[0], "4800 per token is pathological");
  expect_part(warnings[0], "KL divergence");
  expect_part(warnings[0], "--convention chat");
  baseline.perplexity.perplexity.value = std::numeric_limits<double>::infinity();
  EXPECT_EQ(pathological_warnings(baseline).size(), 1U);
}

}  // namespace
}  // namespace assay
