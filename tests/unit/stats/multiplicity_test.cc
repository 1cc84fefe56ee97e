#include <limits>

#include "stats/stats.h"
#include "unit/stats/golden_file.h"

namespace assay {
namespace {

TEST(Multiplicity, EqualsStatsmodelsAndScipy) {
  const nlohmann::json golden = golden_file("proportion.json");
  for (const auto& test_case : golden.at("adjusted")) {
    const std::vector<double> p = test_case.at("p");
    const std::vector<double> strict = holm(p), rate = benjamini_hochberg(p);
    ASSERT_EQ(strict.size(), p.size());
    ASSERT_EQ(rate.size(), p.size());
    for (std::size_t i = 0; i < p.size(); ++i) {
      expect_close(strict[i], test_case.at("holm").at(i));
      expect_close(rate[i], test_case.at("bh").at(i));
    }
    expect_close(fisher_combined_p(p), test_case.at("fisher"));
  }
}

TEST(Multiplicity, NoTestsGiveNoAdjustedOnes) {
  EXPECT_TRUE(holm({}).empty());
  EXPECT_TRUE(benjamini_hochberg({}).empty());
  expect_error(ErrorKind::kUsage, "no p-value", [] { fisher_combined_p({}); });
}

TEST(Multiplicity, RefusesWhatIsNoProbability) {
  const std::vector<double> nan{0.1, std::numeric_limits<double>::quiet_NaN()}, above{1.5},
      below{-0.1};
  for (const auto& p : {nan, above, below}) {
    expect_error(ErrorKind::kUsage, "A p-value of", [&] { holm(p); });
    expect_error(ErrorKind::kUsage, "A p-value of", [&] { benjamini_hochberg(p); });
    expect_error(ErrorKind::kUsage, "A p-value of", [&] { fisher_combined_p(p); });
  }
}

// Five tasks none of which is significant are so together.
TEST(PooledMcNemar, AddsTheDiscordantItems) {
  const std::vector<PairedTable> tasks(5, PairedTable{40, 9, 4, 47});
  for (const PairedTable& task : tasks) EXPECT_GT(mcnemar(task).p_worse, 0.1);
  const McNemar pooled = pooled_mcnemar(tasks);
  EXPECT_EQ(pooled.p_worse, mcnemar({200, 45, 20, 235}).p_worse);
  EXPECT_LT(pooled.p_worse, 0.01);
  EXPECT_EQ(pooled_mcnemar({}).p_worse, 1.0);
  const std::vector<PairedTable> broken{{40, 9, 4, 47}, {40, -9, 4, 47}};
  expect_error(ErrorKind::kUsage, "negative count", [&] { pooled_mcnemar(broken); });
}

}  // namespace
}  // namespace assay
