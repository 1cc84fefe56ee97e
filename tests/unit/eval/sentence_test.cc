#include <gtest/gtest.h>

#include <limits>

#include "eval/eval.h"

namespace assay {
namespace {

Estimate estimate(double value, double low, double high) {
  return {.value = value, .std_error = (high - low) / 4, .ci95 = Interval{low, high}};
}

VariantReport q4() {
  VariantReport variant;
  variant.name = "Q4_K_M";
  variant.perplexity.n_scored_tokens = 10200;
  variant.divergence.ppl_ratio = estimate(1.012, 1.008, 1.016);
  variant.divergence.ln_ppl_ratio = estimate(0.0119, 0.008, 0.0158);
  variant.divergence.same_top_p = estimate(0.917, 0.911, 0.923);
  variant.divergence.kld = estimate(0.031, 0.028, 0.034);
  variant.divergence.kld_percentiles.p99_9 = 2.31;
  variant.divergence.kld_percentiles.p99 = 0.52;
  variant.divergence.kld_percentiles.max = 5.1;
  return variant;
}

ModelReport f16() {
  ModelReport baseline;
  baseline.name = "F16";
  baseline.perplexity.perplexity = estimate(21.3, 20.1, 22.5);
  baseline.info.n_vocab = 49152;
  baseline.info.tensor_types = {{.type = "F16", .size_bytes = 100},
                                {.type = "F32", .size_bytes = 1}};
  return baseline;
}

TEST(CostSentence, ClearlyWorse) {
  EXPECT_EQ(cost_sentence(q4(), f16()),
            "Q4_K_M loses 1.2 % perplexity [0.8, 1.6] and changes the most likely token at 8.3 % "
            "[7.7, 8.9] of positions; 1 token in 1000 moves by more than 2.3 nats.");
}

TEST(NoiseSentence, OnlyWithinTheFloor) {
  const NoiseFloor noise{.n_batch = 32, .n_chunks = 8, .kld_mean = 0.0312, .same_top_p = 0.99};
  EXPECT_EQ(noise_sentence(q4(), noise),
            " This is noise: the baseline differs as much from itself in batches of 32 tokens.");
  EXPECT_EQ(noise_sentence(q4(), {.n_batch = 32, .kld_mean = 0.0309}), "");
  EXPECT_EQ(noise_floor_remark(noise),
            "noise floor: in batches of 32 tokens the baseline diverges from itself by 0.031 nats "
            "and changes the most likely token at 1.0 % of positions (8 windows)");
}

TEST(CostSentence, ManyTimesWorseIsSaidAsAFactor) {
  VariantReport variant = q4();
  variant.divergence.ppl_ratio = estimate(14.13, 12.9, 15.4);
  EXPECT_NE(cost_sentence(variant, f16()).find("multiplies perplexity by 14.1 [12.9, 15.4]"),
            std::string::npos);
}

TEST(CostSentence, HiddenFromPerplexityButSeenByDivergence) {
  VariantReport variant = q4();
  variant.divergence.ppl_ratio = estimate(1.001, 0.997, 1.005);
  EXPECT_EQ(
      cost_sentence(variant, f16()),
      "Q4_K_M: perplexity does not show a difference (0.1 % [-0.3, 0.5]), divergence does: it "
      "changes the most likely token at 8.3 % [7.7, 8.9] of positions (mean KL divergence "
      "0.031 nats [0.028, 0.034]); 1 token in 1000 moves by more than 2.3 nats.");
}

TEST(CostSentence, LowerPerplexityIsNotSoldAsImprovement) {
  VariantReport variant = q4();
  variant.divergence.ppl_ratio = estimate(0.98, 0.976, 0.984);
  const std::string sentence = cost_sentence(variant, f16());
  EXPECT_NE(sentence.find("-2.0 % [-2.4, -1.6]"), std::string::npos) << sentence;
  EXPECT_NE(sentence.find("no improvement by itself"), std::string::npos) << sentence;
  EXPECT_NE(sentence.find("8.3 % [7.7, 8.9]"), std::string::npos) << sentence;
}

TEST(CostSentence, IdenticalAndWithoutDifference) {
  VariantReport variant = q4();
  variant.identical = true;
  EXPECT_EQ(cost_sentence(variant, f16()),
            "Q4_K_M is identical to F16: every logit is equal bit for bit at all 10200 scored "
            "tokens.");
  variant = {};
  variant.name = "copy";
  variant.perplexity.n_scored_tokens = 5;
  variant.divergence.ppl_ratio.value = 1;
  variant.divergence.same_top_p.value = 1;
  EXPECT_EQ(cost_sentence(variant, f16()),
            "copy shows no difference to F16 at any of the 5 scored tokens.");
}

TEST(CostSentence, UnknownErrorIsSaid) {
  VariantReport variant = q4();
  for (Estimate* value :
       {&variant.divergence.ppl_ratio, &variant.divergence.same_top_p, &variant.divergence.kld}) {
    value->ci95.reset();
    value->std_error.reset();
    value->reason = "only one independent window or document";
  }
  EXPECT_EQ(cost_sentence(variant, f16()),
            "Q4_K_M changes perplexity by 1.20 %, with unknown error (only one independent window "
            "or document); it changes the most likely token at 8.30 % of positions; 1 token in "
            "1000 moves by more than 2.3 nats.");
}

TEST(CostSentence, FewTokensShowNoThousandth) {
  VariantReport variant = q4();
  variant.perplexity.n_scored_tokens = 999;
  EXPECT_NE(cost_sentence(variant, f16()).find("1 token in 100 moves by more than 0.52 nats"),
            std::string::npos);
  variant.perplexity.n_scored_tokens = 99;
  EXPECT_NE(cost_sentence(variant, f16()).find("moves most moves by 5.1 nats"), std::string::npos);
}

TEST(CostSentence, OverflowIsCalledBroken) {
  VariantReport variant = q4();
  variant.divergence.ppl_ratio = {.value = std::numeric_limits<double>::infinity(),
                                  .reason = "too large"};
  EXPECT_NE(cost_sentence(variant, f16()).find("is broken"), std::string::npos);
}

TEST(Warnings, NoneForAnOrdinaryBaseline) { EXPECT_TRUE(pathological_warnings(f16()).empty()); }

TEST(Warnings, PathologicalPerplexityPointsToDivergenceAndChat) {
  ModelReport baseline = f16();
  baseline.perplexity.perplexity = estimate(4800, 4700, 4900);
  const std::vector<std::string> warnings = pathological_warnings(baseline);
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_NE(warnings[0].find("4800 per token is pathological"), std::string::npos);
  EXPECT_NE(warnings[0].find("divergence"), std::string::npos);
  EXPECT_TRUE(pathological_warnings(baseline, {.token_perplexity = 5000}).empty());

  baseline.perplexity.perplexity = estimate(90000, 80000, 99000);
  EXPECT_NE(pathological_warnings(baseline).at(0).find("worse than guessing"), std::string::npos);
  baseline.perplexity.perplexity = {.value = std::numeric_limits<double>::infinity(),
                                    .reason = "overflow"};
  EXPECT_NE(pathological_warnings(baseline).at(0).find("too large"), std::string::npos);
}

TEST(Warnings, BitsPerByteQuantisedBaselineAndMissingError) {
  ModelReport baseline = f16();
  baseline.perplexity.bits_per_byte = estimate(2.5, 2.4, 2.6);
  EXPECT_NE(pathological_warnings(baseline).at(0).find("2.50 bits per byte"), std::string::npos);

  baseline = f16();
  baseline.info.tensor_types = {{.type = "Q4_1", .size_bytes = 90},
                                {.type = "F32", .size_bytes = 10}};
  EXPECT_NE(pathological_warnings(baseline).at(0).find("itself quantised (90 % of its bytes"),
            std::string::npos);

  baseline = f16();
  baseline.perplexity.perplexity = {.value = 20, .reason = "only one independent window"};
  EXPECT_NE(pathological_warnings(baseline).at(0).find("No error"), std::string::npos);
}

}  // namespace
}  // namespace assay
