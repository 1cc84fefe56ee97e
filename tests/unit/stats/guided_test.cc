#include <limits>
#include <numeric>

#include "stats/stats.h"
#include "unit/stats/golden_file.h"

namespace assay {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kTau = 0.5;

// Margins of a task, and differences that follow them in three ways.
struct Population {
  std::vector<double> margins, differences;
  double mean() const {
    return std::accumulate(differences.begin(), differences.end(), 0.0) /
           static_cast<double>(differences.size());
  }
};

enum class Flips { kNearTheBorder, kAnywhere, kFarFromIt };

Population make_population(std::size_t n, Flips flips, double share) {
  Population population;
  Rng rng(99);
  for (std::size_t i = 0; i < n; ++i) population.margins.push_back(4 * rng.uniform());
  std::vector<std::size_t> order(n);
  std::iota(order.begin(), order.end(), 0);
  if (flips != Flips::kAnywhere) {
    const double sign = flips == Flips::kNearTheBorder ? 1 : -1;
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      return sign * population.margins[a] < sign * population.margins[b];
    });
  }
  population.differences.resize(n);
  const std::size_t n_flips = static_cast<std::size_t>(share * static_cast<double>(n));
  for (std::size_t i = 0; i < n_flips; ++i) population.differences[order[i]] = i % 3 == 0 ? 1 : -1;
  return population;
}

struct Replay {
  double mean = 0, variance = 0, covered = 0;
  double claimed = 0;  // variance, on average: what the design says
};

Replay replay(const Population& population, const std::vector<double>& weights,
              std::size_t n_seen) {
  constexpr int kRuns = 1500;
  Replay result;
  for (std::uint64_t run = 0; run < kRuns; ++run) {
    const GuidedOrder order = guided_order(weights, run);
    std::vector<double> seen;
    for (std::size_t j = 0; j < n_seen; ++j) {
      seen.push_back(population.differences[static_cast<std::size_t>(order.items[j])]);
    }
    const Estimate estimate = guided_difference(order, weights, seen);
    const double error = estimate.value - population.mean();
    result.mean += estimate.value / kRuns;
    result.variance += error * error / kRuns;
    result.claimed += *estimate.std_error * *estimate.std_error / kRuns;
    if (estimate.ci95->low <= population.mean() && estimate.ci95->high >= population.mean()) {
      result.covered += 1.0 / kRuns;
    }
  }
  return result;
}

TEST(Guided, UnbiasedAndCoveringWhateverTheGuide) {
  for (const Flips flips : {Flips::kNearTheBorder, Flips::kAnywhere, Flips::kFarFromIt}) {
    for (const double max_extra : {0.1, 1.0}) {
      const Population population = make_population(600, flips, 0.05);
      const auto weights = guide_weights(population.margins,
                                         {.tau = kTau, .share = 1.0 / 3, .max_extra = max_extra});
      const Replay result = replay(population, weights, 200);
      SCOPED_TRACE(std::to_string(static_cast<int>(flips)) + " " + std::to_string(max_extra));
      EXPECT_NEAR(result.mean, population.mean(), 4 * std::sqrt(result.variance / 1500));
      EXPECT_NEAR(result.claimed / result.variance, 1.0, 0.15);
      EXPECT_GE(result.covered, 0.935);
    }
  }
}

TEST(Guided, CostsAtMostATenthWhenUselessAndGainsWhenGood) {
  const auto variances = [](Flips flips, double max_extra) {
    const Population population = make_population(600, flips, 0.05);
    const auto weights =
        guide_weights(population.margins, {.tau = kTau, .share = 0.25, .max_extra = max_extra});
    const std::vector<double> equal(600, 1.0);
    return std::pair(replay(population, weights, 150).claimed,
                     replay(population, equal, 150).claimed);
  };
  const auto [useless, simple] = variances(Flips::kAnywhere, 0.1);
  // A tenth more items, of which the whole has 4 times as many: 1.1/n - 1/4n against 1/n - 1/4n;
  // and the simulation's error.
  EXPECT_LT(useless, (1.1 - 0.25) / 0.75 * simple * 1.04);
  const auto [good, simple_good] = variances(Flips::kNearTheBorder, 0.1);
  EXPECT_LT(good, 0.6 * simple_good);
  const auto [bold, simple_bold] = variances(Flips::kNearTheBorder, 1.0);
  EXPECT_LT(bold, 0.35 * simple_bold);
}

// Simple sampling is the special case of equal weights: the textbook's variance.
TEST(Guided, EqualWeightsGiveSimpleSampling) {
  const Population population = make_population(400, Flips::kAnywhere, 0.1);
  const std::vector<double> equal(400, 1.0);
  double squares = 0;
  for (const double d : population.differences) squares += std::pow(d - population.mean(), 2) / 399;
  const double expected = squares / 100 * (1 - 100.0 / 400);
  EXPECT_NEAR(replay(population, equal, 100).claimed / expected, 1.0, 0.04);
}

TEST(Guided, AllItemsGiveTheExactMean) {
  const Population population = make_population(50, Flips::kAnywhere, 0.2);
  const auto weights = guide_weights(population.margins, {.tau = kTau});
  const GuidedOrder order = guided_order(weights, 4);
  std::vector<double> seen;
  for (const std::int64_t item : order.items) {
    seen.push_back(population.differences[static_cast<std::size_t>(item)]);
  }
  const Estimate estimate = guided_difference(order, weights, seen);
  expect_close(estimate.value, population.mean());
  EXPECT_EQ(estimate.std_error, 0.0);
  expect_close(estimate.ci95->low, population.mean());
}

TEST(Guided, NoFlipSeenStillHasAWidth) {
  const std::vector<double> weights(100, 1.0), none(30, 0.0);
  const Estimate estimate = guided_difference(guided_order(weights, 1), weights, none);
  EXPECT_EQ(estimate.value, 0.0);
  EXPECT_LT(estimate.ci95->low, -0.03);
  EXPECT_GT(estimate.ci95->high, 0.03);
}

TEST(Guided, ProbabilitiesAddUpAndAreNeverZero) {
  const std::vector<double> margins{0, 0.1, 5, 1000, 1e6};
  const auto weights = guide_weights(margins, {.tau = kTau});
  expect_close(std::accumulate(weights.begin(), weights.end(), 0.0), 5);
  // Where flips do not follow the guide, a simple sample of this share has the same variance.
  double inverse = 0;
  for (const double p : inclusion_probabilities(weights, 0.1 * 5)) inverse += 1 / p / 5;
  const double simple_share = 1 / inverse;
  EXPECT_LE(0.1 / simple_share, 1.1 + 1e-9);
  EXPECT_GT(0.1 / simple_share, 1.099);
  const auto chances = inclusion_probabilities(weights, 2);
  expect_close(std::accumulate(chances.begin(), chances.end(), 0.0), 2);
  for (const double chance : chances) EXPECT_TRUE(chance > 0 && chance < 1);
  EXPECT_GT(chances[0], chances[2]);
  // Without the limit: the chance is 1 at the border, P(|N(0, 1)| > 0.2) = 0.8415 (SciPy) at the
  // second item, and the least floor far from it.
  const auto bold = guide_weights(margins, {.tau = kTau, .max_extra = 100});
  expect_close(bold[0] / bold[4], std::sqrt((1 + 1e-4) / 1e-4));
  EXPECT_NEAR(bold[1] / bold[0], std::sqrt((0.8414805811217938 + 1e-4) / (1 + 1e-4)), 1e-9);
}

TEST(Guided, TheOrderOfFewerItemsIsTheStartOfMoreAndDrawsByWeight) {
  const std::vector<double> weights{3, 1};
  int n_first = 0;
  for (std::uint64_t seed = 0; seed < 20'000; ++seed) {
    n_first += guided_order(weights, seed).items[0] == 0 ? 1 : 0;
  }
  EXPECT_NEAR(n_first / 20'000.0, 0.75, 0.013);
  EXPECT_EQ(guided_order(weights, 5).ranks, guided_order(weights, 5).ranks);
}

// Stopping at the first interval that misses the truth: at most 1 in 20 orders ever has one.
TEST(GuidedSequence, HoldsTheTruthAtEveryStopWhateverTheGuide) {
  constexpr int kOrders = 60;
  for (const Flips flips : {Flips::kNearTheBorder, Flips::kAnywhere, Flips::kFarFromIt}) {
    const Population population = make_population(600, flips, 0.05);
    const auto weights = guide_weights(population.margins, {.tau = kTau, .max_extra = 1.0});
    int n_missed = 0;
    for (std::uint64_t run = 0; run < kOrders; ++run) {
      const GuidedOrder order = guided_order(weights, run);
      GuidedSequence sequence(order, weights);
      bool missed = false;
      for (const std::int64_t item : order.items) {
        sequence.add(population.differences[static_cast<std::size_t>(item)]);
        const Interval now = sequence.interval();
        missed |= now.low > population.mean() + 1e-12 || now.high < population.mean() - 1e-12;
      }
      n_missed += missed ? 1 : 0;
      EXPECT_NEAR(sequence.interval().low, population.mean(), 1e-12);
      EXPECT_NEAR(sequence.interval().high, population.mean(), 1e-12);
    }
    EXPECT_LE(n_missed / static_cast<double>(kOrders), 0.05 + 3 * std::sqrt(0.0475 / kOrders));
  }
}

TEST(GuidedSequence, Refusals) {
  const std::vector<double> weights{1, 1};
  const GuidedOrder order = guided_order(weights, 1);
  GuidedSequence sequence(order, weights);
  EXPECT_EQ(sequence.interval().low, -1.0);
  expect_error(ErrorKind::kEngine, "-2 is not in [-1, 1]", [&] { sequence.add(-2); });
  expect_error(ErrorKind::kEngine, "nan is not in", [&] { sequence.add(kNan); });
  sequence.add(0);
  sequence.add(-1);
  EXPECT_EQ(sequence.interval().high, -0.5);
  expect_error(ErrorKind::kEngine, "order's 2 items", [&] { sequence.add(0); });
  expect_error(ErrorKind::kUsage, "2 items for 1 weights",
               [&] { GuidedSequence(order, std::vector<double>{1}); });
}

TEST(Guided, Refusals) {
  const auto kUsage = ErrorKind::kUsage;
  const std::vector<double> margins{1, 2}, nan{1, kNan}, weights{1, 1}, zero{1, 0};
  expect_error(kUsage, "spread 0", [&] { guide_weights(margins, {}); });
  expect_error(kUsage, "no items", [&] { guide_weights({}, {.tau = 1}); });
  expect_error(kUsage, "share of 0", [&] { guide_weights(margins, {.tau = 1, .share = 0}); });
  expect_error(ErrorKind::kBadInput, "A margin nan", [&] { guide_weights(nan, {.tau = 1}); });
  expect_error(kUsage, "weight of 0", [&] { guided_order(zero, 1); });
  expect_error(kUsage, "3 of 2 items", [&] { inclusion_probabilities(weights, 3); });
  const GuidedOrder order = guided_order(weights, 1);
  const std::vector<double> three{0, 0, 0}, broken{0, kNan};
  expect_error(kUsage, "3 differences", [&] { guided_difference(order, weights, three); });
  expect_error(ErrorKind::kBadInput, "A difference nan",
               [&] { guided_difference(order, weights, broken); });
  EXPECT_NE(guided_difference(order, weights, {}).reason, "");
}

}  // namespace
}  // namespace assay
