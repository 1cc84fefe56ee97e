// The short version of benchmarks/coverage: a few settings each, fixed seed.
#include "coverage/coverage.h"

#include <gtest/gtest.h>

namespace assay::coverage {
namespace {

constexpr Options kOptions{.n_runs = 4000};

void expect_nominal(const Row& row) {
  SCOPED_TRACE(row.method + ", " + row.setting + ", n = " + std::to_string(row.n));
  EXPECT_NEAR(row.share, 0.95, 0.015 + 3 * row.error);
}

void expect_at_least_nominal(const Row& row) {
  SCOPED_TRACE(row.method + ", " + row.setting + ", n = " + std::to_string(row.n));
  EXPECT_GE(row.share, 0.935 - 3 * row.error);
}

void expect_few_alarms(const Row& row) {
  SCOPED_TRACE(row.method + ", " + row.setting + ", n = " + std::to_string(row.n));
  EXPECT_LE(row.share, 0.05 + 3 * row.error);
}

TEST(Coverage, Proportions) {
  for (const std::int64_t n : {100, 1000, 10000}) {
    for (const double accuracy : {0.25, 0.5, 0.9}) {
      expect_nominal(proportion("Wilson", n, accuracy, kOptions));
      expect_nominal(proportion("Jeffreys", n, accuracy, kOptions));
    }
  }
  // Exact: never below, whatever n and accuracy.
  for (const std::int64_t n : {20, 100, 10000}) {
    for (const double accuracy : {0.02, 0.5, 0.98}) {
      const Row row = proportion("Clopper-Pearson", n, accuracy, kOptions);
      EXPECT_GE(row.share, 0.95 - 3 * row.error);
    }
  }
}

TEST(Coverage, PairedDifferences) {
  for (const std::int64_t n : {300, 1000, 10000}) {
    for (const double discordance : {0.03, 0.1, 0.3}) {
      for (const double lost : {0.5, 0.8}) {
        const PairedSetting setting{.discordance = discordance, .lost_share = lost};
        expect_at_least_nominal(paired("Tango", n, setting, kOptions));
        expect_at_least_nominal(paired("Newcombe", n, setting, kOptions));
      }
    }
  }
  EXPECT_EQ(paired("Tango", 20, {.discordance = 0}, kOptions).share, 1.0);
}

TEST(Coverage, Clusters) {
  expect_nominal(clustered("Student t", 1000, 1, kOptions));
  expect_nominal(clustered("Student t", 3000, 20, kOptions));
  expect_nominal(clustered("BCa", 1000, 5, {.n_runs = 400}));
}

TEST(Coverage, StoppingAtTheFirstSignificanceRaisesFewFalseAlarms) {
  const Options few{.n_runs = 300};
  for (const double discordance : {0.02, 0.2}) {
    const PairedSetting setting{.discordance = discordance};
    expect_few_alarms(sequential("betting sequence", 400, setting, few));
    expect_few_alarms(sequential("Bernstein sequence", 400, setting, few));
    expect_few_alarms(sequential("betting, whole set", 400, setting, few));
    expect_few_alarms(sequential("Bernstein, whole set", 400, setting, few));
    expect_few_alarms(sequential("discordant betting", 2000, setting, few));
  }
  // A test made for one look does not: the reason for the others.
  const Row peeking = sequential("peeking", 2000, {.discordance = 0.2}, few);
  EXPECT_GT(peeking.share, 0.1);
}

}  // namespace
}  // namespace assay::coverage
