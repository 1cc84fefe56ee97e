// Each finding on data in which it is true, false and undecided.
#include <gtest/gtest.h>

#include "unit/compare/made_up_study.h"

namespace assay {
namespace {

using made_up::add_divergence;
using made_up::comparison;
using made_up::estimate;
using made_up::family_of;
using made_up::with_classes;

constexpr Verdict kWithin = Verdict::kWithinMargin, kWorse = Verdict::kWorse,
                  kUndecided = Verdict::kUndecided;

Finding only(const std::vector<StudyFamily>& families, const std::string& kind) {
  std::vector<Finding> found;
  for (const Finding& finding : find_in(families)) {
    if (finding.kind == kind) found.push_back(finding);
  }
  EXPECT_EQ(found.size(), 1u) << kind;
  return found.empty() ? Finding{} : found.front();
}

Finding classes(Estimate difference, double p) {
  return only(
      {family_of({with_classes(estimate(-0.01, 0.01), estimate(-0.06, 0.02), difference, p)})},
      "sensitive_class");
}

TEST(Findings, TheMostSensitiveClassIsShownByItsAdjustedTest) {
  const Finding finding = classes(estimate(0.05, 0.02), 0.001);  // knowledge - maths
  EXPECT_EQ(finding.state, FindingState::kShown);
  EXPECT_EQ(finding.subject, "maths");
  EXPECT_EQ(finding.other, "knowledge");
  ASSERT_EQ(finding.values.size(), 2u);
  EXPECT_EQ(finding.values[0].label, "maths");
  EXPECT_NEAR(finding.values[0].change.value, -0.06, 1e-12);
}

TEST(Findings, ClassesThatAreAlikeSpeakAgainstIt) {
  EXPECT_EQ(classes(estimate(0.001, 0.005), 0.7).state, FindingState::kNotShown);
}

TEST(Findings, WideOrUnadjustedDifferencesOfClassesAreUndecided) {
  EXPECT_EQ(classes(estimate(0.05, 0.08), 0.2).state, FindingState::kUndecided);
  EXPECT_EQ(classes(estimate(0.05, 0.049), 0.09).state, FindingState::kUndecided);
  EXPECT_EQ(classes({.value = 0.05, .reason = "too few"}, 1).state, FindingState::kUndecided);
}

TEST(Findings, OneClassIsNoRanking) {
  for (const Finding& finding : find_in(
           {family_of({comparison("Q4_0", {{"a", "maths", 0, 0.1, kUndecided, 1}}, kUndecided)})}))
    EXPECT_NE(finding.kind, "sensitive_class");
}

TEST(Findings, TheLargestLossNamesVariantAndTask) {
  const Finding finding =
      only({family_of({comparison("Q8_0", {{"mmlu", "", 0.0, 0.005, kWithin, 0.5}}, kWithin),
                       comparison("Q2_K",
                                  {{"mmlu", "", -0.02, 0.015, kUndecided, 0.01},
                                   {"gsm8k", "", -0.2, 0.05, kWorse, 0.0001}},
                                  kWorse)})},
           "largest_loss");
  EXPECT_EQ(finding.state, FindingState::kShown);
  EXPECT_EQ(finding.variant, "Q2_K");
  EXPECT_EQ(finding.subject, "gsm8k");
}

TEST(Findings, TheLargestOfManyPaysForBeingChosen) {
  std::vector<Comparison> many;
  for (int i = 0; i < 10; ++i) {
    many.push_back(comparison("v" + std::to_string(i),
                              {{"mmlu", "", i == 3 ? -0.02 : 0.0, 0.02, kUndecided, 0.02}},
                              kUndecided));
  }
  EXPECT_EQ(only({family_of(many)}, "largest_loss").state, FindingState::kUndecided);
  EXPECT_EQ(only({family_of({many[3]})}, "largest_loss").state, FindingState::kShown);
}

TEST(Findings, WhereAllIsWithinTheMarginNothingIsLost) {
  const Finding finding =
      only({family_of({comparison("Q8_0", {{"mmlu", "", -0.001, 0.005, kWithin, 0.4}}, kWithin)})},
           "largest_loss");
  EXPECT_EQ(finding.state, FindingState::kNotShown);
}

TEST(Findings, AVariantIdenticalToTheBaselineHasNone) {
  Comparison same = comparison("copy", {{"mmlu", "", 0, 0.003, kUndecided, 1}}, kUndecided);
  same.same_answers = true;
  StudyFamily family = family_of({same});
  add_divergence(family, "copy", estimate(1, 0));
  for (const Finding& finding : find_in({family}))
    EXPECT_EQ(finding.state, FindingState::kNotShown) << finding.kind;
}

Finding beyond(Verdict verdict, Estimate ratio) {
  StudyFamily family =
      family_of({comparison("Q4_0", {{"mmlu", "", -0.03, 0.01, verdict, 0.01}}, verdict)});
  add_divergence(family, "Q4_0", ratio);
  return only({family}, "tasks_beyond_perplexity");
}

TEST(Findings, PerplexityHidesALossWhenItLooksFineAndTheTasksAreWorse) {
  EXPECT_EQ(beyond(kWorse, estimate(1.01, 0.01)).state, FindingState::kShown);
}

TEST(Findings, PerplexityHidesNothingWhenTheTasksAreFineOrItWarnsItself) {
  EXPECT_EQ(beyond(kWithin, estimate(1.01, 0.01)).state, FindingState::kNotShown);
  EXPECT_EQ(beyond(kWorse, estimate(1.2, 0.05)).state, FindingState::kNotShown);
}

TEST(Findings, WhetherPerplexityHidesALossIsOpenWhenEitherIs) {
  EXPECT_EQ(beyond(kUndecided, estimate(1.01, 0.01)).state, FindingState::kUndecided);
  EXPECT_EQ(beyond(kWorse, estimate(1.05, 0.02)).state, FindingState::kUndecided);
}

Finding larger(double small_change, double large_change, double half) {
  StudyFamily small = family_of(
      {comparison("Q4_0", {{"mmlu", "", small_change, half, kUndecided, 0.5}}, kUndecided)}, "S");
  StudyFamily large = family_of(
      {comparison("Q4_0", {{"mmlu", "", large_change, half, kUndecided, 0.5}}, kUndecided)}, "L");
  small.baseline.n_weights = 100;
  large.baseline.n_weights = 900;
  return only({large, small}, "larger_resists");
}

TEST(Findings, TheLargerModelResistsBetterWhenItsLossIsShownSmaller) {
  const Finding finding = larger(-0.10, -0.01, 0.02);
  EXPECT_EQ(finding.state, FindingState::kShown);
  EXPECT_EQ(finding.subject, "L");
  EXPECT_EQ(finding.other, "S");
}

TEST(Findings, TheLargerModelDoesNotResistBetterWhenItLosesMoreOrTheSame) {
  EXPECT_EQ(larger(-0.01, -0.10, 0.02).state, FindingState::kNotShown);
  EXPECT_EQ(larger(-0.02, -0.021, 0.004).state, FindingState::kNotShown);
}

TEST(Findings, WhetherTheLargerModelResistsBetterIsOpenWhenTheIntervalIsWide) {
  EXPECT_EQ(larger(-0.03, -0.01, 0.05).state, FindingState::kUndecided);
}

}  // namespace
}  // namespace assay
