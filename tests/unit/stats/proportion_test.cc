#include <limits>

#include "stats/stats.h"
#include "unit/stats/golden_file.h"

namespace assay {
namespace {

// Values of statsmodels and SciPy: tests/golden/stats/make_proportion.py.
const nlohmann::json& golden() {
  static const nlohmann::json json = golden_file("proportion.json");
  return json;
}

TEST(Proportion, IntervalsEqualStatsmodels) {
  for (const auto& test_case : golden().at("intervals")) {
    const std::int64_t k = test_case.at("k"), n = test_case.at("n");
    const double confidence = test_case.at("confidence");
    SCOPED_TRACE(test_case.dump());
    expect_interval(wilson_interval(k, n, confidence), test_case.at("wilson"));
    expect_interval(clopper_pearson_interval(k, n, confidence), test_case.at("clopper_pearson"));
    expect_interval(beta_interval(k, n, 0.5, 0.5, confidence), test_case.at("jeffreys"));
  }
}

TEST(Proportion, AllWrongAndAllRightReachTheEndsExactly) {
  for (const std::int64_t n : {1, 3, 20, 300, 1'000'000}) {
    EXPECT_EQ(wilson_interval(0, n).low, 0.0);
    EXPECT_EQ(wilson_interval(n, n).high, 1.0);
    EXPECT_EQ(clopper_pearson_interval(0, n).low, 0.0);
    EXPECT_EQ(clopper_pearson_interval(n, n).high, 1.0);
    EXPECT_GT(wilson_interval(0, n).high, 0.0);
    EXPECT_LT(clopper_pearson_interval(n, n).low, 1.0);
  }
}

TEST(Proportion, RefusesWhatIsNoProportion) {
  expect_error(ErrorKind::kUsage, "A proportion of 0 items", [] { wilson_interval(0, 0); });
  expect_error(ErrorKind::kUsage, "5 right of 4 items", [] { clopper_pearson_interval(5, 4); });
  expect_error(ErrorKind::kUsage, "-1 right", [] { beta_interval(-1, 4, 1, 1); });
  expect_error(ErrorKind::kUsage, "for 95 % write 0.95", [] { wilson_interval(1, 4, 95); });
  expect_error(ErrorKind::kUsage, "not between 0 and 1",
               [] { wilson_interval(1, 4, std::numeric_limits<double>::quiet_NaN()); });
  expect_error(ErrorKind::kUsage, "not between 0 and 1", [] { wilson_interval(1, 4, 1.0); });
  expect_error(ErrorKind::kUsage, "two positive numbers", [] { beta_interval(1, 4, 0, 1); });
}

TEST(BetaBinomial, CumulativeEqualsScipy) {
  for (const auto& c : golden().at("beta_binomial")) {
    SCOPED_TRACE(c.dump());
    expect_close(
        beta_binomial_cdf(c.at("x"), c.at("m"), c.at("k"), c.at("n"), c.at("a"), c.at("b")),
        c.at("cdf"));
  }
}

TEST(BetaBinomial, EdgesAndRefusals) {
  EXPECT_EQ(beta_binomial_cdf(-1, 5, 1, 2, 1, 1), 0.0);
  EXPECT_EQ(beta_binomial_cdf(5, 5, 1, 2, 1, 1), 1.0);
  EXPECT_EQ(beta_binomial_cdf(0, 0, 1, 2, 1, 1), 1.0);
  // Nothing seen, a uniform prior: every count of m items is equally likely.
  expect_close(beta_binomial_cdf(3, 9, 0, 0, 1, 1), 0.4);
  expect_close(beta_binomial_cdf(499'999, 999'999, 0, 0, 1, 1), 0.5);
  // Priors near 0 pile the counts up at both ends.
  expect_close(beta_binomial_cdf(500, 1000, 0, 0, 1e-3, 1e-3), 0.5, 1e-2);
  expect_error(ErrorKind::kUsage, "negative number", [] { beta_binomial_cdf(1, -1, 0, 0, 1, 1); });
  expect_error(ErrorKind::kUsage, "more than", [] { beta_binomial_cdf(1, 2, 3, 2, 1, 1); });
  expect_error(ErrorKind::kUsage, "positive", [] { beta_binomial_cdf(1, 2, 1, 2, -1, 1); });
}

}  // namespace
}  // namespace assay
