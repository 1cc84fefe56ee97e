#include "core/json_comparison.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "documented_fields.h"

namespace assay {
namespace {

Estimate estimate(double value) {
  return {.value = value, .std_error = 0.5, .ci95 = Interval{value - 1, value + 1}};
}

void fill(MetricComparison& row) {
  row.task = "gsm8k";
  row.task_class = "maths";
  row.metric = "exact_match";
  row.filter = "strict-match";
  row.decides = true;
  row.n = 10;
  row.baseline = estimate(0.5);
  row.variant = estimate(1.0 / 3);
  row.change = estimate(1.0 / 3 - 0.5);
  row.method = "by hand";
  row.flips = FlipTable{.both_right = 3, .lost = 2, .gained = 1, .both_wrong = 4, .churn = 2};
  row.bootstrap_ci95 = Interval{-0.1, 0.1};
  row.p_worse = row.p_two_sided = row.p_worse_adjusted = 0.25;
  row.p_within = row.p_beyond = row.p_beyond_adjusted = 0.125;
  row.recovery_percent = estimate(99);
  row.minimum_detectable_effect = 0.07;
  row.chance = 0;
  row.noise = RepeatNoise{.n = 10, .difference = 0.01, .n_flips = 1};
  row.baseline_repeats = row.variant_repeats =
      Repeats{.n_runs = 4, .mean = 0.5, .between_items = 0.1, .within_item = 0.2, .std_error = 0.3};
  row.margin = 0.01;
  row.verdict = Verdict::kWorse;
  row.reason = "it is";
  row.n_further = 17;
  row.lost_ids = {"3", "5"};
  row.gained_ids = {"7"};
  row.sentence = "Worse.";
}

Comparison example() {
  Comparison c;
  c.baseline = {.name = "F16", .weights = "00", .size_bytes = 7, .bits_per_weight = 16};
  c.variant = {.name = "Q4_0", .imported_from = "lm-eval 0.4.13"};
  c.settings.adjustment = "holm";
  c.comparable = false;
  c.mismatches = {{"gsm8k", "version", "1", "2", "everywhere"}};
  c.unchecked = {"prompts"};
  c.same_answers = true;
  c.parts = {{"weights", "content", "00", "11"}};
  fill(c.metrics.emplace_back());
  GroupComparison& group = c.groups.emplace_back();
  fill(group);
  group.tasks = {"gsm8k", "b"};
  group.weights = {0.25, 0.75};
  group.weighting = "by size";
  c.classes = {{"maths", {"gsm8k"}, 10, estimate(-0.1), "by hand"}};
  c.class_differences = {{"code", "maths", estimate(-0.2), 0.04, 0.08}};
  c.texts = {{"gsm8k", 10, 4, estimate(0.4), "tokens", 3.5, estimate(-2)}};
  c.warnings = {"beware"};
  c.verdict = Verdict::kUndecided;
  c.reason = "so";
  return c;
}

TEST(JsonComparison, ComesBackToTheLastBit) {
  Comparison first = example();
  first.variant.name = "bytes \xff";
  const std::string text = to_json(std::vector{first, example()});
  const std::vector<Comparison> back = comparisons_from_json(text);
  ASSERT_EQ(back.size(), 2U);
  EXPECT_EQ(to_json(back), text);
  EXPECT_EQ(back[0].variant.name, "bytes \xff");
  EXPECT_EQ(back[0].metrics[0].variant.value, 1.0 / 3);
  EXPECT_EQ(back[0].metrics[0].verdict, Verdict::kWorse);
  EXPECT_EQ(back[0].groups[0].weights, (std::vector{0.25, 0.75}));
  EXPECT_EQ(back[0].groups[0].flips->churn, 2);
}

TEST(JsonComparison, RefusesWhatIsNone) {
  EXPECT_THROW(comparisons_from_json("{}"), Error);
  EXPECT_THROW(comparisons_from_json("[1"), Error);
  std::string text = to_json(std::vector{example()});
  text.replace(text.find("\"undecided\""), 11, "\"unlikely\"");
  EXPECT_THROW(comparisons_from_json(text), Error);
}

TEST(JsonComparison, ItsPageNamesExactlyItsFields) {
  const FieldRules rules{
      .page = "comparison.md",
      .stand_for = {{"C", {"comparisons[]"}},
                    {"ROW", {"comparisons[].metrics[]", "comparisons[].groups[]"}}},
      .embedded = {}};
  EXPECT_EQ(undocumented(to_json(std::vector{example()}), rules), std::vector<std::string>{});
}

}  // namespace
}  // namespace assay
