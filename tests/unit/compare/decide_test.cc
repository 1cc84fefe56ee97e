#include <gtest/gtest.h>

#include "unit/compare/made_up_study.h"

namespace assay {
namespace {

using made_up::add_divergence;
using made_up::comparison;
using made_up::estimate;
using made_up::family_of;

constexpr Verdict kWithin = Verdict::kWithinMargin, kWorse = Verdict::kWorse,
                  kUndecided = Verdict::kUndecided;

Comparison variant(const std::string& name, Verdict verdict) {
  return comparison(name, {{"mmlu", "", -0.002, 0.004, verdict, 0.3}}, verdict);
}

Standing standing_of(const Decision& decision, const std::string& name) {
  for (const VariantStanding& v : decision.variants) {
    if (v.variant == name) return v.standing;
  }
  ADD_FAILURE() << name;
  return Standing::kUndecided;
}

TEST(Decide, TheSmallestThatKeepsEveryRuleIsRecommended) {
  const StudyFamily family = family_of({variant("Q8_0", kWithin), variant("Q6_K", kWithin),
                                        variant("Q4_0", kUndecided), variant("Q2_K", kWorse)});
  const Decision decision = decide(family, {});
  EXPECT_EQ(decision.evidence, "tasks");
  EXPECT_EQ(decision.recommended, "Q6_K");
  EXPECT_EQ(decision.runner_up, "Q8_0");
  EXPECT_EQ(standing_of(decision, "Q4_0"), Standing::kUndecided);
  EXPECT_EQ(standing_of(decision, "Q2_K"), Standing::kRuledOut);
  EXPECT_EQ(decision.variants[2].would_decide, "about 500 more items of mmlu");
}

TEST(Decide, WithoutAVariantThatKeepsTheRulesNoneIsRecommended) {
  const Decision decision = decide(family_of({variant("Q4_0", kUndecided)}), {});
  EXPECT_EQ(decision.recommended, "");
  EXPECT_NE(decision.sentence.find("No variant"), std::string::npos);
  EXPECT_EQ(decision.sentence.find("Use"), std::string::npos);
}

TEST(Decide, ConstraintsRuleOutOrLeaveOpen) {
  const StudyFamily family = family_of({variant("Q8_0", kWithin), variant("Q6_K", kWithin)});
  EXPECT_EQ(decide(family, {.max_size_bytes = 750}).recommended, "Q6_K");
  EXPECT_EQ(decide(family, {.max_size_bytes = 100}).recommended, "");
  const DecisionRules fast{.min_tokens_per_second = 10};
  EXPECT_EQ(decide(family, fast, {{"Q8_0", 12}, {"Q6_K", 8}}).recommended, "Q8_0");
  EXPECT_EQ(standing_of(decide(family, fast, {{"Q8_0", 12}}), "Q6_K"), Standing::kUndecided);
  EXPECT_EQ(decide(family, {.objective = "speed"}, {{"Q8_0", 12}, {"Q6_K", 8}}).recommended,
            "Q8_0");
}

TEST(Decide, IdenticalAnswersProveNothing) {
  Comparison same = variant("copy", kUndecided);
  same.same_answers = true;
  const Decision decision = decide(family_of({same}), {});
  EXPECT_EQ(decision.recommended, "");
  EXPECT_EQ(decision.variants[0].reasons[0].rule, "identical");
}

TEST(Decide, ScreeningRulesOutBeforeTasksAreAsked) {
  StudyFamily family = family_of({variant("Q8_0", kWithin)});
  family.variants.push_back({.name = "Q2_K", .size_bytes = 10});
  ScreenReport screen{.baseline = "base"};
  screen.variants = {{.name = "Q2_K",
                      .verdict = ScreenVerdict::kDropped,
                      .criteria = {{.name = "ppl_increase",
                                    .limit = 0.05,
                                    .estimate = estimate(0.43, 0.03),
                                    .verdict = ScreenVerdict::kDropped}}}};
  family.screens = {screen};
  const Decision decision = decide(family, {});
  EXPECT_EQ(decision.recommended, "Q8_0");
  EXPECT_EQ(standing_of(decision, "Q2_K"), Standing::kRuledOut);
  EXPECT_EQ(decision.variants[1].reasons[0].rule, "screen");
}

TEST(Decide, PerplexityJudgesOnlyWhereNoTaskWasAsked) {
  StudyFamily family = family_of({});
  family.variants = {{.name = "Q8_0", .size_bytes = 8},
                     {.name = "Q4_0", .size_bytes = 4},
                     {.name = "Q2_K", .size_bytes = 2}};
  add_divergence(family, "Q8_0", estimate(1.002, 0.001));
  add_divergence(family, "Q4_0", estimate(1.05, 0.01));
  add_divergence(family, "Q2_K", estimate(1.43, 0.03));
  const Decision decision = decide(family, {});
  EXPECT_EQ(decision.evidence, "perplexity");
  EXPECT_EQ(decision.recommended, "Q8_0");
  EXPECT_EQ(standing_of(decision, "Q4_0"), Standing::kUndecided);
  EXPECT_EQ(standing_of(decision, "Q2_K"), Standing::kRuledOut);
  EXPECT_NE(decision.sentence.find("perplexity only"), std::string::npos);
}

}  // namespace
}  // namespace assay
