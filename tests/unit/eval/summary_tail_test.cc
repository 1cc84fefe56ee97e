// Intervals of a percentile against distributions whose percentiles are known.
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <random>

#include "eval/summary_records.h"

namespace assay {
namespace {

struct Drawn {
  ClusterMap clusters;
  std::vector<TokenDivergence> tokens;
  std::vector<Place> places;
};

// Exponential: its percentile p is -log(1 - p). together: all tokens of a window are the same draw.
Drawn draw(std::mt19937_64& random, int n_windows, int n_tokens, bool together) {
  std::exponential_distribution<float> kld;
  Drawn drawn;
  drawn.clusters.of_window.resize(static_cast<std::size_t>(n_windows));
  std::iota(drawn.clusters.of_window.begin(), drawn.clusters.of_window.end(), 0);
  drawn.clusters.n_clusters = n_windows;
  for (int window = 0; window < n_windows; ++window) {
    float value = kld(random);
    for (int token = 0; token < n_tokens; ++token) {
      if (!together) value = kld(random);
      drawn.tokens.push_back({.kld = value});
    }
  }
  for (std::size_t i = 0; i < drawn.tokens.size(); ++i)
    drawn.places.push_back(
        {.window = i / static_cast<std::size_t>(n_tokens), .target = 0, .token = &drawn.tokens[i]});
  return drawn;
}

double coverage(double fraction, int n_windows, int n_tokens, bool together) {
  std::mt19937_64 random(7);
  const double truth = -std::log(1 - fraction);
  int n_covered = 0, n_made = 0;
  for (int round = 0; round < 400; ++round) {
    const Drawn drawn = draw(random, n_windows, n_tokens, together);
    const auto interval = kld_percentile_interval(drawn.clusters, drawn.places, fraction);
    if (!interval) continue;
    ++n_made;
    n_covered += interval->low <= truth && truth <= interval->high ? 1 : 0;
  }
  EXPECT_EQ(n_made, 400);
  return static_cast<double>(n_covered) / n_made;
}

TEST(KldPercentileInterval, CoversTheTruePercentile) {
  // 400 rounds: three standard errors of 95 % are 3.3 points.
  EXPECT_NEAR(coverage(0.99, 100, 20, false), 0.95, 0.035);
  EXPECT_NEAR(coverage(0.9, 300, 1, false), 0.95, 0.035);
}

TEST(KldPercentileInterval, TokensOfAWindowThatMoveTogetherAreOne) {
  EXPECT_NEAR(coverage(0.9, 300, 10, true), 0.95, 0.035);
}

TEST(KldPercentileInterval, NoneWhereTheTailIsNotSeenOrNothingIsIndependent) {
  std::mt19937_64 random(3);
  const Drawn few = draw(random, 20, 5, false);
  EXPECT_FALSE(kld_percentile_interval(few.clusters, few.places, 0.999));
  const Drawn one = draw(random, 1, 500, false);
  EXPECT_FALSE(kld_percentile_interval(one.clusters, one.places, 0.9));
}

}  // namespace
}  // namespace assay
