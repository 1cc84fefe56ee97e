#include "stats/stats.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>

#include "core/error.h"

namespace assay {
namespace {

// Values of SciPy, statsmodels and NumPy: tests/golden/stats/make_golden.py.
const nlohmann::json& golden() {
  static const nlohmann::json json = nlohmann::json::parse(
      std::ifstream(std::string(ASSAY_SOURCE_DIR) + "/tests/golden/stats/golden.json"));
  return json;
}

void expect_close(double actual, double expected, double relative = 1e-10) {
  EXPECT_NEAR(actual, expected, relative * std::abs(expected) + 1e-300);
}

void expect_estimate(const Estimate& actual, const nlohmann::json& expected) {
  expect_close(actual.value, expected.at("value"));
  ASSERT_TRUE(actual.std_error && actual.ci95);
  expect_close(*actual.std_error, expected.at("std_error"), 1e-9);
  expect_close(actual.ci95->low, expected.at("low"), 1e-8);
  expect_close(actual.ci95->high, expected.at("high"), 1e-8);
  EXPECT_EQ(actual.reason, "");
}

TEST(StudentT, EqualsScipy) {
  for (const auto& pair : golden().at("student_t_975")) {
    expect_close(student_t_975(pair.at(0)), pair.at(1));
  }
  EXPECT_THROW(student_t_975(0), Error);
  EXPECT_THROW(student_t_975(std::nan("")), Error);
}

TEST(ClusteredMean, EqualsStatsmodelsClusterRobustIntercept) {
  for (const auto& test_case : golden().at("clustered")) {
    std::vector<ClusterSum> clusters;
    for (std::size_t i = 0; i < test_case.at("values").size(); ++i) {
      const std::size_t group = test_case.at("groups").at(i);
      clusters.resize(std::max(clusters.size(), group + 1));
      clusters[group].sum += test_case.at("values").at(i).get<double>();
      ++clusters[group].n;
    }
    expect_estimate(clustered_mean(clusters), test_case);
  }
}

TEST(ClusteredMean, EqualsCochransRatioEstimator) {
  for (const auto& test_case : golden().at("ratio")) {
    std::vector<ClusterSum> clusters;
    for (std::size_t i = 0; i < test_case.at("sums").size(); ++i) {
      clusters.push_back({test_case.at("sums").at(i), test_case.at("n").at(i)});
    }
    expect_estimate(clustered_mean(clusters), test_case);
  }
}

TEST(ClusteredMean, ErrorIsAbsentWithAReasonForOneClusterOrNone) {
  const std::vector<ClusterSum> one = {{6, 3}};
  EXPECT_EQ(clustered_mean(one).value, 2);
  EXPECT_FALSE(clustered_mean(one).std_error);
  EXPECT_FALSE(clustered_mean(one).ci95);
  EXPECT_NE(clustered_mean(one).reason, "");
  EXPECT_FALSE(clustered_mean({}).std_error);
  EXPECT_NE(clustered_mean({}).reason, "");
  // A window without scored tokens is no evidence about spread.
  const std::vector<ClusterSum> one_and_empty = {{6, 3}, {0, 0}};
  EXPECT_FALSE(clustered_mean(one_and_empty).std_error);
}

TEST(ClusteredMean, EqualValuesHaveExactlyZeroError) {
  const std::vector<ClusterSum> clusters = {{3, 3}, {7, 7}, {1, 1}};
  const Estimate estimate = clustered_mean(clusters);
  EXPECT_EQ(estimate.value, 1);
  EXPECT_EQ(estimate.std_error, 0.0);
  EXPECT_EQ(estimate.ci95->low, 1);
  EXPECT_EQ(estimate.ci95->high, 1);
}

TEST(ClusteredMean, HugeAndTinyValuesNeitherOverflowNorVanish) {
  // The mean of a, -a over two clusters of one: error a (residuals +-a, G/(G-1) = 2, N = 2).
  for (const double a : {1e300, 1e-300}) {
    const std::vector<ClusterSum> clusters = {{a, 1}, {-a, 1}};
    expect_close(*clustered_mean(clusters).std_error, a);
  }
  const double max = std::numeric_limits<double>::max();
  const std::vector<ClusterSum> overflow = {{max, 1}, {max, 1}};
  EXPECT_FALSE(clustered_mean(overflow).std_error);
  EXPECT_NE(clustered_mean(overflow).reason, "");
}

TEST(IidStdError, EqualsTheFormulaAndIsAbsentBelowTwo) {
  // 1, 2, 3, 4: E[x^2] - E[x]^2 = 1.25; / 3.
  expect_close(*iid_std_error(10, 30, 4), std::sqrt(1.25 / 3));
  EXPECT_FALSE(iid_std_error(5, 25, 1));
  EXPECT_FALSE(iid_std_error(0, 0, 0));
  EXPECT_EQ(iid_std_error(6, 12, 3), 0.0);
  EXPECT_EQ(iid_std_error(6, 12 - 1e-14, 3), 0.0);  // rounding made the variance negative
  EXPECT_FALSE(iid_std_error(1e300, std::numeric_limits<double>::infinity(), 4));
}

TEST(ExpEstimate, MapsEndsAndSaysWhenItOverflows) {
  Estimate log{.value = std::log(8.0), .std_error = 0.5, .ci95 = Interval{0, std::log(64.0)}};
  const Estimate mapped = exp_estimate(log);
  expect_close(mapped.value, 8);
  expect_close(*mapped.std_error, 4);
  EXPECT_EQ(mapped.ci95->low, 1);
  expect_close(mapped.ci95->high, 64);

  log.value = 1000;
  EXPECT_TRUE(std::isinf(exp_estimate(log).value));
  EXPECT_FALSE(exp_estimate(log).std_error);
  EXPECT_NE(exp_estimate(log).reason, "");

  log.value = 700;
  log.ci95 = Interval{600, 800};
  EXPECT_TRUE(std::isfinite(exp_estimate(log).value));
  EXPECT_FALSE(exp_estimate(log).ci95);
  EXPECT_NE(exp_estimate(log).reason, "");

  EXPECT_EQ(exp_estimate({.value = 0, .reason = "one window"}).reason, "one window");
}

TEST(Percentiles, EqualNumpysLinearMethod) {
  for (const auto& expected : golden().at("percentiles")) {
    const Percentiles actual = percentiles(expected.at("values").get<std::vector<double>>());
    const std::vector<std::pair<const char*, double>> fields = {
        {"min", actual.min},       {"p0_1", actual.p0_1}, {"p1", actual.p1},
        {"p5", actual.p5},         {"p10", actual.p10},   {"p25", actual.p25},
        {"p75", actual.p75},       {"p90", actual.p90},   {"p95", actual.p95},
        {"median", actual.median}, {"p99", actual.p99},   {"p99_9", actual.p99_9},
        {"max", actual.max}};
    for (const auto& [name, value] : fields) {
      EXPECT_NEAR(value, expected.at(name).get<double>(), 1e-12) << name;
    }
  }
}

TEST(Percentiles, EmptyGivesZerosAndNotANumberIsRefused) {
  EXPECT_EQ(percentiles({}).max, 0);
  EXPECT_EQ(percentile_of_sorted({}, 0.5), 0);
  EXPECT_THROW(percentiles({1, std::nan("")}), Error);
}

}  // namespace
}  // namespace assay
