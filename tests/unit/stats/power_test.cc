#include <limits>

#include "stats/stats.h"
#include "unit/stats/golden_file.h"

namespace assay {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

// Closed forms in NumPy: tests/golden/stats/make_resampling.py.
const nlohmann::json& golden() {
  static const nlohmann::json json = golden_file("resampling.json");
  return json;
}

TEST(Power, SampleSizesEqualTheClosedForm) {
  for (const auto& c : golden().at("plans")) {
    SCOPED_TRACE(c.dump());
    const PairedPlan plan{c.at("discordance"), c.at("difference"), c.at("alpha"), c.at("power")};
    const double margin = c.at("margin");
    EXPECT_EQ(paired_sample_size(plan, margin), c.at("paired").get<std::int64_t>());
    EXPECT_EQ(unpaired_sample_size(plan, c.at("accuracy"), margin),
              c.at("unpaired").get<std::int64_t>());
    expect_close(paired_power(plan, margin, 500), c.at("power_at_500"));
    EXPECT_GE(paired_power(plan, margin, c.at("paired")), plan.power);
    EXPECT_LT(paired_power(plan, margin, c.at("paired").get<std::int64_t>() - 1), plan.power);
  }
}

TEST(Power, DetectableEffectEqualsTheClosedFormAndIsNeverZero) {
  for (const auto& c : golden().at("effects")) {
    SCOPED_TRACE(c.dump());
    const PairedTable table{c.at("table").at(0), c.at("table").at(1), c.at("table").at(2),
                            c.at("table").at(3)};
    const double effect = minimum_detectable_effect(table, c.at("alpha"), c.at("power"));
    expect_close(effect, c.at("effect"));
    EXPECT_GT(effect, 0);
  }
  expect_close(minimum_detectable_effect(0.01), 0.01 * (1.6448536269514722 + 0.8416212335729143));
}

// The promise itself: a true loss of that size is seen about that often by the one-sided exact
// test.
TEST(Power, ALossOfThatSizeIsSeenThatOften) {
  constexpr int kItems = 2000;
  constexpr double kDiscordance = 0.08;
  const double loss = minimum_detectable_effect({1200, 80, 80, 640});
  Rng rng(17);
  int n_seen = 0;
  for (int run = 0; run < 1000; ++run) {
    PairedTable table;
    for (int i = 0; i < kItems; ++i) {
      const double u = rng.uniform();
      if (u < (kDiscordance + loss) / 2) {
        ++table.only_baseline;
      } else if (u < kDiscordance) {
        ++table.only_variant;
      } else {
        ++table.both_right;
      }
    }
    n_seen += mcnemar(table).p_worse <= 0.05 ? 1 : 0;
  }
  EXPECT_NEAR(n_seen / 1000.0, 0.8, 0.06);
}

TEST(Power, Refusals) {
  const auto kUsage = ErrorKind::kUsage;
  expect_error(kUsage, "0.02 worse is not within a margin of 0.01",
               [] { paired_sample_size({.discordance = 0.1, .difference = -0.02}, 0.01); });
  expect_error(kUsage, "write 0.01", [] { paired_sample_size({.discordance = 0.1}, 1.0000001); });
  expect_error(kUsage, "discordance of 0 is not", [] { paired_sample_size({}, 0.01); });
  expect_error(kUsage, "discordance of nan",
               [] { paired_sample_size({.discordance = kNan}, 0.01); });
  expect_error(kUsage, "with a discordance of only 0.01",
               [] { paired_power({.discordance = 0.01, .difference = 0.05}, 0.01, 10); });
  expect_error(kUsage, "difference of 5",
               [] { paired_power({.discordance = 0.1, .difference = 5}, 0.01, 9); });
  expect_error(kUsage, "A plan of 0 items", [] { paired_power({.discordance = 0.1}, 0.01, 0); });
  expect_error(kUsage, "power of 0.01 at alpha 0.05",
               [] { paired_sample_size({.discordance = 0.1, .power = 0.01}, 0.01); });
  expect_error(kUsage, "alpha 5", [] { minimum_detectable_effect(0.1, 5); });
  expect_error(kUsage, "error of 0", [] { minimum_detectable_effect(0.0); });
  expect_error(kUsage, "error of nan", [] { minimum_detectable_effect(kNan); });
  expect_error(kUsage, "no item in common", [] { minimum_detectable_effect(PairedTable{}); });
  expect_error(kUsage, "changed by",
               [] { unpaired_sample_size({.discordance = 0.1, .difference = 0.1}, 0.95, 0.01); });
}

TEST(Repeats, EqualsStatsmodelsAnovaAndClosedForms) {
  const nlohmann::json cases = golden_file("proportion.json");
  for (const auto& c : cases.at("repeats")) {
    const std::vector<std::vector<double>> values = c.at("values");
    const RepeatVariance result = repeat_variance(values);
    expect_close(result.mean, c.at("mean"));
    expect_close(result.within_item.value(), c.at("within"));
    expect_close(result.between_items.value(), c.at("between"));
    expect_close(result.std_error.value(), c.at("std_error"));
    EXPECT_EQ(result.n_items, static_cast<std::int64_t>(values.size()));
  }
  for (const auto& c : cases.at("pass_at_k")) {
    expect_close(pass_at_k(c.at("n"), c.at("right"), c.at("k")), c.at("value"));
  }
}

TEST(Repeats, WhatCannotBeKnownIsAbsent) {
  const RepeatVariance one = repeat_variance(std::vector<std::vector<double>>{{0.5}});
  EXPECT_EQ(one.mean, 0.5);
  EXPECT_FALSE(one.std_error || one.between_items || one.within_item);
  const RepeatVariance two = repeat_variance(std::vector<std::vector<double>>{{0, 1}, {}});
  EXPECT_EQ(two.n_items, 1);
  EXPECT_EQ(two.n_values, 2);
  expect_close(two.within_item.value(), 0.5);
  EXPECT_FALSE(two.std_error || two.between_items);
  const RepeatVariance same = repeat_variance(std::vector<std::vector<double>>{{1, 1}, {1, 1}});
  EXPECT_EQ(same.between_items, 0.0);
  EXPECT_EQ(same.std_error, 0.0);
}

TEST(Repeats, Refusals) {
  using Values = std::vector<std::vector<double>>;
  expect_error(ErrorKind::kUsage, "without a score", [] { repeat_variance(Values{}); });
  expect_error(ErrorKind::kUsage, "without a score", [] { repeat_variance(Values{{}, {}}); });
  expect_error(ErrorKind::kBadInput, "not a finite", [] { repeat_variance(Values{{1, kNan}}); });
  expect_error(ErrorKind::kUsage, "pass@5 from 4", [] { pass_at_k(4, 1, 5); });
  expect_error(ErrorKind::kUsage, "pass@0", [] { pass_at_k(4, 1, 0); });
  expect_error(ErrorKind::kUsage, "5 right of 4", [] { pass_at_k(4, 5, 1); });
}

}  // namespace
}  // namespace assay
