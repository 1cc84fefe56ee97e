#include <limits>

#include "stats/stats.h"
#include "unit/stats/golden_file.h"

namespace assay {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

// Values of SciPy and of a likelihood maximised numerically: tests/golden/stats/make_paired.py.
const nlohmann::json& golden() {
  static const nlohmann::json json = golden_file("paired.json");
  return json;
}

PairedTable table_of(const nlohmann::json& counts) {
  return {counts.at(0), counts.at(1), counts.at(2), counts.at(3)};
}

TEST(McNemar, EqualsScipysBinomialTest) {
  for (const auto& test_case : golden().at("tables")) {
    SCOPED_TRACE(test_case.at("table").dump());
    const McNemar p = mcnemar(table_of(test_case.at("table")));
    const auto& expected = test_case.at("mcnemar");
    expect_close(p.p_worse, expected.at("worse"));
    expect_close(p.p_better, expected.at("better"));
    expect_close(p.p_two_sided, expected.at("two_sided"));
    expect_close(p.p_mid, expected.at("mid"));
  }
}

TEST(McNemar, WithoutADiscordantItemEveryPIsOne) {
  for (const PairedTable& table : {PairedTable{}, PairedTable{20, 0, 0, 0}, {3, 0, 0, 9}}) {
    const McNemar p = mcnemar(table);
    EXPECT_EQ(p.p_worse, 1.0);
    EXPECT_EQ(p.p_better, 1.0);
    EXPECT_EQ(p.p_two_sided, 1.0);
    EXPECT_EQ(p.p_mid, 1.0);
  }
  expect_error(ErrorKind::kUsage, "negative count", [] { mcnemar({1, -1, 0, 0}); });
}

// Fagerland, Lydersen and Laake 2013 (BMC Medical Research Methodology 13:91), airway
// hyper-responsiveness: exact p 0.070, mid-p 0.039.
TEST(McNemar, PaperExample) {
  const McNemar p = mcnemar({1, 7, 1, 12});
  EXPECT_NEAR(p.p_two_sided, 0.0703, 5e-5);
  EXPECT_NEAR(p.p_mid, 0.0391, 5e-5);
}

TEST(PairedInterval, EqualTheIndependentOnes) {
  for (const auto& test_case : golden().at("tables")) {
    const PairedTable table = table_of(test_case.at("table"));
    for (const auto& expected : test_case.at("intervals")) {
      SCOPED_TRACE(test_case.at("table").dump() + expected.dump());
      const double confidence = expected.at("confidence");
      expect_interval(newcombe_interval(table, confidence), expected.at("newcombe"));
      expect_interval(tango_interval(table, confidence), expected.at("tango"));
    }
  }
}

// A competitor left out the correction of phi and got [-5.3, +3.3] points.
TEST(PairedInterval, NewcombesPhiIsCorrected) {
  const Interval interval = newcombe_interval({45, 3, 2, 50});
  EXPECT_NEAR(interval.low, -0.057, 5e-4);
  EXPECT_NEAR(interval.high, 0.037, 5e-4);
}

// R: PropCIs::scoreci.mp(25, 28, 618, 0.90) is [-0.0148, 0.0247], its second count less its first.
// Fagerland, Lydersen and Laake 2014 (Statistics in Medicine 33, 2850-2875), airway
// hyper-responsiveness: Tango -0.517 to -0.026, Newcombe -0.507 to -0.026.
TEST(PairedInterval, PublishedExamples) {
  const Interval r = tango_interval({300, 25, 28, 265}, 0.90);
  EXPECT_NEAR(r.low, -0.0148, 5e-5);
  EXPECT_NEAR(r.high, 0.0247, 5e-5);
  const PairedTable airway{1, 7, 1, 12};
  EXPECT_NEAR(tango_interval(airway).low, -0.517, 5e-4);
  EXPECT_NEAR(tango_interval(airway).high, -0.026, 5e-4);
  EXPECT_NEAR(newcombe_interval(airway).low, -0.507, 5e-4);
  EXPECT_NEAR(newcombe_interval(airway).high, -0.026, 5e-4);
}

TEST(PairedInterval, PositiveWidthAroundTheDifferenceWhateverTheTable) {
  for (const PairedTable& table :
       {PairedTable{1, 0, 0, 0}, PairedTable{0, 0, 0, 1}, PairedTable{0, 1, 0, 0},
        PairedTable{0, 0, 1, 0}, PairedTable{20, 0, 0, 0}, PairedTable{0, 0, 0, 20},
        PairedTable{0, 20, 0, 0}, PairedTable{10, 0, 0, 10}, PairedTable{10, 1, 0, 10},
        PairedTable{500'000, 0, 0, 500'000}, PairedTable{1'000'000, 0, 0, 0}}) {
    for (const Interval& interval : {newcombe_interval(table), tango_interval(table)}) {
      EXPECT_LT(interval.low, interval.high);
      EXPECT_LE(interval.low, table.difference());
      EXPECT_GE(interval.high, table.difference());
      EXPECT_GE(interval.low, -1.0);
      EXPECT_LE(interval.high, 1.0);
    }
  }
}

TEST(PairedInterval, SwappingTheModelsMirrorsIt) {
  const PairedTable table{30, 9, 4, 12}, swapped{30, 4, 9, 12};
  expect_close(tango_interval(table).low, -tango_interval(swapped).high);
  expect_close(newcombe_interval(table).low, -newcombe_interval(swapped).high);
  EXPECT_LT(table.difference(), 0);
}

TEST(PairedInterval, Refusals) {
  expect_error(ErrorKind::kUsage, "no item in common", [] { tango_interval({}); });
  expect_error(ErrorKind::kUsage, "no item in common", [] { newcombe_interval({}); });
  expect_error(ErrorKind::kUsage, "write 0.95", [] { tango_interval({1, 0, 0, 0}, 95); });
  expect_error(ErrorKind::kUsage, "negative", [] { newcombe_interval({1, 0, -2, 4}); });
}

TEST(MarginTest, OfATableEqualsTheScore) {
  for (const auto& test_case : golden().at("tables")) {
    const PairedTable table = table_of(test_case.at("table"));
    for (const auto& expected : test_case.at("margins")) {
      SCOPED_TRACE(test_case.at("table").dump() + expected.dump());
      const MarginTest test = margin_test(table, expected.at("margin"));
      expect_close(test.p_noninferior, expected.at("noninferior"), 1e-8);
      expect_close(test.p_inferior, expected.at("inferior"), 1e-8);
      expect_close(tost_p(table, expected.at("margin")), expected.at("tost"), 1e-8);
    }
  }
}

TEST(MarginTest, AgreesWithTangosInterval) {
  const PairedTable table{700, 60, 40, 200};
  const Interval interval = tango_interval(table, 0.90);
  expect_close(margin_test(table, -interval.low).p_noninferior, 0.05);
}

// The faults of a competitor's gate: a run against itself was rejected, ten points lost were not.
TEST(MarginTest, ARunAgainstItselfIsWithinAndTenPointsLostAreWorse) {
  EXPECT_LT(margin_test({1200, 0, 0, 800}, 0.01).p_noninferior, 0.001);
  EXPECT_LT(tost_p({1200, 0, 0, 800}, 0.01), 0.001);
  const PairedTable lost{1000, 260, 60, 680};
  EXPECT_LT(margin_test(lost, 0.01).p_inferior, 1e-6);
  EXPECT_GT(margin_test(lost, 0.01).p_noninferior, 0.999);
  EXPECT_LT(mcnemar(lost).p_worse, 1e-6);
}

TEST(MarginTest, OfAnEstimateEqualsStudentsT) {
  for (const auto& c : golden().at("estimates")) {
    SCOPED_TRACE(c.dump());
    Estimate difference;
    difference.value = c.at("value");
    difference.std_error = c.at("error").get<double>();
    const MarginTest test = margin_test(difference, c.at("clusters"), c.at("margin"));
    expect_close(test.p_noninferior, c.at("noninferior"));
    expect_close(test.p_inferior, c.at("inferior"));
    expect_close(tost_p(difference, c.at("clusters"), c.at("margin")), c.at("tost"));
  }
}

TEST(MarginTest, AnEstimateWithoutErrorShowsNothing) {
  Estimate difference;
  difference.value = -0.5;
  EXPECT_EQ(margin_test(difference, 1, 0.01).p_noninferior, 1.0);
  EXPECT_EQ(margin_test(difference, 1, 0.01).p_inferior, 1.0);
  EXPECT_EQ(tost_p(difference, 1, 0.01), 1.0);
}

// Equal differences have no spread: how probably would an unseen share have been missed?
TEST(MarginTest, AnErrorOfZeroIsJudgedByTheNumberOfItems) {
  Estimate same;
  same.std_error = 0.0;
  expect_close(margin_test(same, 300, 0.01).p_noninferior, std::pow(0.99, 300));
  expect_close(margin_test(same, 2, 0.01).p_noninferior, 0.9801);
  EXPECT_EQ(margin_test(same, 300, 0.01).p_inferior, 1.0);
  expect_close(tost_p(same, 300, 0.01), std::pow(0.99, 300));
  Estimate all_lost;
  all_lost.value = -1;
  all_lost.std_error = 0.0;
  expect_close(margin_test(all_lost, 20, 0.1).p_inferior, std::pow(0.55, 20));
  EXPECT_EQ(margin_test(all_lost, 20, 0.1).p_noninferior, 1.0);
}

TEST(MarginTest, Refusals) {
  const PairedTable table{5, 1, 1, 5};
  expect_error(ErrorKind::kUsage, "margin 1 is not", [&] { margin_test(table, 1.0); });
  expect_error(ErrorKind::kUsage, "for 5 % write 0.05", [&] { margin_test(table, 5.0); });
  expect_error(ErrorKind::kUsage, "margin 0", [&] { tost_p(table, 0); });
  expect_error(ErrorKind::kUsage, "margin -0.01", [&] { margin_test(table, -0.01); });
  expect_error(ErrorKind::kUsage, "margin", [&] { margin_test(table, kNan); });
  expect_error(ErrorKind::kUsage, "no item in common", [] { margin_test(PairedTable{}, 0.01); });
  Estimate difference;
  difference.std_error = 0.1;
  expect_error(ErrorKind::kUsage, "from 1 independent", [&] { margin_test(difference, 1, 0.01); });
  difference.value = kNan;
  expect_error(ErrorKind::kBadInput, "not a finite", [&] { tost_p(difference, 9, 0.01); });
  difference = {};
  difference.std_error = kNan;
  expect_error(ErrorKind::kBadInput, "not a finite", [&] { margin_test(difference, 9, 0.01); });
}

}  // namespace
}  // namespace assay
