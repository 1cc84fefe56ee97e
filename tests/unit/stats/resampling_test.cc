#include <chrono>
#include <cmath>
#include <limits>
#include <map>

#include "stats/binomial.h"
#include "stats/bootstrap.h"
#include "stats/philox.h"
#include "stats/stats.h"
#include "unit/stats/golden_file.h"

namespace assay {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

// Values of SciPy: tests/golden/stats/make_resampling.py.
const nlohmann::json& golden() {
  static const nlohmann::json json = golden_file("resampling.json");
  return json;
}

std::vector<ClusterSum> singles(const std::vector<double>& values) {
  std::vector<ClusterSum> clusters;
  for (const double value : values) clusters.push_back({value, 1});
  return clusters;
}

// kat_vectors of the authors' Random123 library, lines "philox4x32 10".
TEST(Rng, PhiloxKnownAnswers) {
  using detail::philox4x32_10;
  EXPECT_EQ(philox4x32_10({0, 0, 0, 0}, {0, 0}),
            (detail::PhiloxCounter{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(philox4x32_10({~0u, ~0u, ~0u, ~0u}, {~0u, ~0u}),
            (detail::PhiloxCounter{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(
      philox4x32_10({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
      (detail::PhiloxCounter{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Rng, GivesTheBlocksWordsInOrder) {
  Rng rng(0);
  EXPECT_EQ(rng.next(), 0xe169c58d6627e8d5u);
  EXPECT_EQ(rng.next(), 0x9b00dbd8bc57ac4cu);
  const detail::PhiloxCounter second = detail::philox_block(0, 0, 1);
  EXPECT_EQ(rng.next(), second[0] | std::uint64_t{second[1]} << 32);
  // Seed and stream are words of the key and of the counter.
  const std::uint64_t seed = 0x299f31d0a4093822u, stream = 0x0370734413198a2eu;
  const detail::PhiloxCounter block = detail::philox_block(seed, stream, 0x85a308d3243f6a88u);
  EXPECT_EQ(block[0], 0xd16cfe09u);
  Rng other(seed, stream);
  EXPECT_EQ(other.next() & UINT32_MAX, detail::philox_block(seed, stream, 0)[0]);
}

TEST(Rng, UniformAndBelowAreUniform) {
  Rng rng(7);
  double sum = 0, squares = 0;
  for (int i = 0; i < 100'000; ++i) {
    const double u = rng.uniform();
    ASSERT_TRUE(u >= 0 && u < 1);
    sum += u;
    squares += u * u;
  }
  EXPECT_NEAR(sum / 1e5, 0.5, 4 * std::sqrt(1.0 / 12 / 1e5));
  EXPECT_NEAR(squares / 1e5, 1.0 / 3, 4 * std::sqrt(4.0 / 45 / 1e5));
  // A bound just above 2^31: without rejection, small results would come twice as often.
  const std::uint64_t bound = (std::uint64_t{1} << 31) + (std::uint64_t{1} << 30);
  for (const std::uint64_t n : {std::uint64_t{3}, bound, std::uint64_t{3} << 62}) {
    int n_low = 0;
    for (int i = 0; i < 100'000; ++i) {
      const std::uint64_t value = rng.below(n);
      ASSERT_LT(value, n);
      n_low += value < n / 3 ? 1 : 0;
    }
    EXPECT_NEAR(n_low / 1e5, 1.0 / 3, 4 * std::sqrt(2.0 / 9 / 1e5));
  }
  EXPECT_EQ(rng.below(1), 0u);
  expect_error(ErrorKind::kUsage, "below 0", [&] { rng.below(0); });
}

// Chi-squared against the distribution itself, both algorithms, and at their border.
TEST(Rng, BinomialsHaveTheirDistribution) {
  Rng rng(11);
  for (const auto& [n, p] : std::vector<std::pair<int, double>>{
           {1, 0.3}, {30, 0.02}, {30, 0.5}, {200, 0.049}, {200, 0.051}, {5000, 0.4}, {90, 0.93}}) {
    constexpr int kDraws = 40'000;
    std::map<std::int64_t, int> seen;
    for (int i = 0; i < kDraws; ++i) ++seen[detail::draw_binomial(rng, n, p)];
    double chi_squared = 0, point = std::pow(1 - p, n), rest_expected = 0, rest_seen = 0;
    if (point == 0) point = std::exp(n * std::log1p(-p));
    int n_cells = 0;
    for (int k = 0; k <= n; ++k) {
      const double log_point = std::lgamma(n + 1.0) - std::lgamma(k + 1.0) -
                               std::lgamma(n - k + 1.0) + k * std::log(p) +
                               (n - k) * std::log1p(-p);
      const double expected = kDraws * std::exp(log_point);
      if (expected < 20) {
        rest_expected += expected;
        rest_seen += seen[k];
        continue;
      }
      chi_squared += std::pow(seen[k] - expected, 2) / expected;
      ++n_cells;
    }
    if (rest_expected > 5) chi_squared += std::pow(rest_seen - rest_expected, 2) / rest_expected;
    EXPECT_LT(chi_squared, n_cells + 4 * std::sqrt(2.0 * n_cells) + 4) << n << " " << p;
  }
  EXPECT_EQ(detail::draw_binomial(rng, 0, 0.5), 0);
  EXPECT_EQ(detail::draw_binomial(rng, 9, 0.0), 0);
  EXPECT_EQ(detail::draw_binomial(rng, 9, 1.0), 9);
}

TEST(Bootstrap, SummaryOfTheSameReplicatesEqualsScipy) {
  for (const auto& c : golden().at("summaries")) {
    std::vector<detail::LeftOut> left_out;
    for (const double value : c.at("jackknife")) left_out.push_back({value, 1});
    const BootstrapResult result = detail::summarise_replicates(
        c.at("replicates"), c.at("value"), detail::jackknife_acceleration(left_out), 0.95);
    expect_close(result.std_error, c.at("std_error"));
    expect_interval(result.percentile, c.at("percentile"));
    expect_interval(result.bca, c.at("bca"));
  }
}

TEST(Bootstrap, EqualsScipyWithinMonteCarloError) {
  for (const auto& c : golden().at("bootstraps")) {
    std::vector<ClusterSum> clusters;
    for (std::size_t i = 0; i < c.at("sums").size(); ++i) {
      clusters.push_back(
          {c.at("sums").at(i), static_cast<std::int64_t>(c.at("n").at(i).get<double>())});
    }
    const BootstrapResult result = bootstrap_mean(clusters, {.n_replicates = 20'000});
    const double error = c.at("std_error");
    // Of 20,000: an error is good to 0.5 %, a 2.5 % quantile to about 0.02 standard errors; 400
    // scores of -1, 0 and 1 have means in steps of 1/400.
    const double near = clusters.size() == 400 ? 1.01 / 400 : 0.12 * error;
    EXPECT_NEAR(result.std_error, error, 0.03 * error);
    EXPECT_NEAR(result.percentile.low, c.at("percentile").at(0), near);
    EXPECT_NEAR(result.percentile.high, c.at("percentile").at(1), near);
    EXPECT_NEAR(result.bca.low, c.at("bca").at(0), near);
    EXPECT_NEAR(result.bca.high, c.at("bca").at(1), near);
  }
}

// A competitor's generator gave an error of exactly 0 at powers of two. Distinct values are drawn
// singly, 0/1 scores by counts: both against sqrt(population variance / n).
TEST(Bootstrap, ErrorEqualsTheAnalyticOneAtEveryN) {
  for (const int n : {16, 32, 64, 100, 256, 500, 512}) {
    Rng rng(static_cast<std::uint64_t>(n));
    std::vector<double> distinct, scores;
    for (int i = 0; i < n; ++i) {
      distinct.push_back(rng.uniform());
      scores.push_back(i % 4 == 0 ? 1 : 0);
    }
    for (const auto& values : {distinct, scores}) {
      double sum = 0, squares = 0;
      for (const double value : values) {
        sum += value;
        squares += value * value;
      }
      const double analytic = std::sqrt((squares / n - sum / n * sum / n) / n);
      const BootstrapResult result = bootstrap_mean(singles(values), {.n_replicates = 20'000});
      EXPECT_NEAR(result.std_error, analytic, 0.025 * analytic) << n;
    }
  }
}

TEST(Bootstrap, ThreadsAndOrderOfEqualItemsChangeNothing) {
  std::vector<double> values;
  for (int i = 0; i < 700; ++i) values.push_back(std::sin(i));
  std::vector<double> scores;
  for (int i = 0; i < 700; ++i) scores.push_back(i % 3 - 1);
  for (const auto& data : {values, scores}) {
    const BootstrapResult one = bootstrap_mean(singles(data), {.n_replicates = 999});
    const BootstrapResult four =
        bootstrap_mean(singles(data), {.n_replicates = 999, .n_threads = 4});
    EXPECT_EQ(one.std_error, four.std_error);
    EXPECT_EQ(one.bca.low, four.bca.low);
    const std::vector<double> reversed(data.rbegin(), data.rend());
    EXPECT_EQ(bootstrap_mean(singles(reversed), {.n_replicates = 999}).bca.high, one.bca.high);
    EXPECT_NE(bootstrap_mean(singles(data), {.n_replicates = 999, .seed = 5}).std_error,
              one.std_error);
  }
}

TEST(Bootstrap, ClustersMattersAndEmptyOnesDoNot) {
  std::vector<ClusterSum> clusters;
  for (int i = 0; i < 40; ++i) clusters.push_back({i % 2 == 0 ? 25.0 : 5.0, 30});
  const double clustered = bootstrap_mean(clusters, {}).std_error;
  EXPECT_NEAR(clustered, *clustered_mean(clusters).std_error, 0.04 * clustered);
  std::vector<ClusterSum> more = clusters;
  more.insert(more.begin() + 7, 3, ClusterSum{});
  EXPECT_EQ(bootstrap_mean(more, {}).std_error, clustered);
}

TEST(Bootstrap, WithoutVariationThePointItself) {
  const BootstrapResult result = bootstrap_mean(singles({0.25, 0.25, 0.25}), {.n_replicates = 50});
  EXPECT_EQ(result.std_error, 0.0);
  EXPECT_EQ(result.bca.low, 0.25);
  EXPECT_EQ(result.bca.high, 0.25);
}

TEST(Bootstrap, Refusals) {
  const auto kUsage = ErrorKind::kUsage;
  expect_error(kUsage, "of 1 independent", [] { bootstrap_mean(singles({1}), {}); });
  expect_error(kUsage, "of 0 independent", [] { bootstrap_mean({}, {}); });
  const std::vector<ClusterSum> two = singles({0, 1});
  expect_error(kUsage, "1 replicates", [&] { bootstrap_mean(two, {.n_replicates = 1}); });
  expect_error(kUsage, "write 0.9", [&] { bootstrap_mean(two, {.confidence = 90}); });
  expect_error(kUsage, "0 threads", [&] { bootstrap_mean(two, {.n_threads = 0}); });
  expect_error(ErrorKind::kBadInput, "not a finite", [] {
    bootstrap_mean(singles({0, kNan}), {});
  });
  const std::vector<ClusterSum> broken{{1, 2}, {1, 0}}, negative{{1, 2}, {1, -1}};
  expect_error(ErrorKind::kBadInput, "0 items has the sum 1", [&] { bootstrap_mean(broken, {}); });
  expect_error(ErrorKind::kBadInput, "-1 items", [&] { bootstrap_mean(negative, {}); });
}

// An autoregressive series with coefficient 0.6: the error of its mean is 2 times that of
// independent values (sqrt((1 + r) / (1 - r))). Blocks of 1 miss it, blocks of 50 see most of it.
TEST(BlockBootstrap, SeesAutocorrelation) {
  Rng rng(3);
  std::vector<float> series;
  double last = 0;
  for (int i = 0; i < 20'000; ++i) {
    double noise = -6;
    for (int j = 0; j < 12; ++j) noise += rng.uniform();
    last = 0.6 * last + noise;
    series.push_back(static_cast<float>(last));
  }
  const double independent = 1.25 / std::sqrt(20'000.0);  // spread 1 / sqrt(1 - 0.36)
  const BootstrapOptions options{.n_replicates = 1000};
  EXPECT_NEAR(block_bootstrap_mean(series, 1, options).std_error / independent, 1.0, 0.1);
  EXPECT_NEAR(block_bootstrap_mean(series, 50, options).std_error / independent, 2.0, 0.2);
}

// The mean of circular block means is the series' mean, and its variance over all starts is the
// bootstrap's variance times the number of blocks: both enumerated here.
TEST(BlockBootstrap, EqualsTheEnumeratedVariance) {
  std::vector<float> series;
  for (int i = 0; i < 40; ++i) series.push_back(static_cast<float>(i % 7 + (i > 20 ? 3 : 0)));
  double mean = 0, squares = 0;
  for (const float value : series) mean += static_cast<double>(value) / 40;
  for (std::size_t start = 0; start < 40; ++start) {
    double sum = 0;
    for (std::size_t i = 0; i < 8; ++i) sum += static_cast<double>(series[(start + i) % 40]);
    squares += std::pow(sum / 8 - mean, 2) / 40;
  }
  const BootstrapResult result = block_bootstrap_mean(series, 8, {.n_replicates = 20'000});
  EXPECT_NEAR(result.std_error, std::sqrt(squares / 5), 0.025 * result.std_error);
  EXPECT_LT(result.bca.low, mean);
  EXPECT_GT(result.bca.high, mean);
}

TEST(BlockBootstrap, Refusals) {
  const std::vector<float> series(10, 1.0f);
  expect_error(ErrorKind::kUsage, "10 values in blocks of 6",
               [&] { block_bootstrap_mean(series, 6, {}); });
  expect_error(ErrorKind::kUsage, "Blocks of 0", [&] { block_bootstrap_mean(series, 0, {}); });
  expect_error(ErrorKind::kUsage, "0 values", [] { block_bootstrap_mean({}, 1, {}); });
  const std::vector<float> nan{1, std::numeric_limits<float>::quiet_NaN()};
  expect_error(ErrorKind::kBadInput, "not a finite", [&] { block_bootstrap_mean(nan, 1, {}); });
}

TEST(SignPermutation, ExactEqualsScipy) {
  for (const auto& c : golden().at("permutations")) {
    SCOPED_TRACE(c.dump());
    const PermutationResult result = sign_permutation(singles(c.at("values")), {});
    EXPECT_TRUE(result.exact);
    expect_close(result.p_worse, c.at("worse"));
    expect_close(result.p_two_sided, c.at("two_sided"));
  }
}

// Signs of 0/1 differences are McNemar's coins.
TEST(SignPermutation, EqualsMcNemarOnRightAndWrong) {
  std::vector<double> values(1000, 0.0);
  for (std::size_t i = 0; i < 70; ++i) values[i] = i < 45 ? -1 : 1;
  const PermutationResult result = sign_permutation(singles(values), {});
  const McNemar expected = mcnemar({800, 45, 25, 130});
  EXPECT_TRUE(result.exact);
  expect_close(result.p_worse, expected.p_worse);
  expect_close(result.p_two_sided, expected.p_two_sided);
}

TEST(SignPermutation, MonteCarloMeetsTheNormalLimit) {
  Rng rng(5);
  std::vector<double> values;
  double sum = 0, squares = 0;
  for (int i = 0; i < 300; ++i) {
    values.push_back(rng.uniform() - 0.55);
    sum += values.back();
    squares += values.back() * values.back();
  }
  const PermutationResult result = sign_permutation(singles(values), {.n_replicates = 20'000});
  EXPECT_FALSE(result.exact);
  const double p = 0.5 * std::erfc(-sum / std::sqrt(2 * squares));
  EXPECT_NEAR(result.p_worse, p, 4 * std::sqrt(p * (1 - p) / 20'000) + 2e-3);
  EXPECT_NEAR(result.p_two_sided, 2 * std::min(p, 1 - p), 0.02);
}

TEST(SignPermutation, Edges) {
  for (const auto& values : {std::vector<double>{}, {0.0}, {0.0, 0.0, 0.0}}) {
    const PermutationResult result = sign_permutation(singles(values), {});
    EXPECT_TRUE(result.exact);
    EXPECT_EQ(result.p_worse, 1.0);
    EXPECT_EQ(result.p_two_sided, 1.0);
  }
  EXPECT_EQ(sign_permutation(singles({-3}), {}).p_worse, 0.5);
  expect_error(ErrorKind::kBadInput, "not a finite", [] { sign_permutation(singles({kNan}), {}); });
}

// 60 tasks of 250 items and 10,000 replicates: well below a second where one replicate costs as
// much as the distinct values. The bound leaves room for sanitizers and a busy machine.
TEST(Bootstrap, SixtyTasksAreQuick) {
  const auto start = std::chrono::steady_clock::now();
  for (int task = 0; task < 60; ++task) {
    std::vector<double> scores;
    for (int i = 0; i < 250; ++i) scores.push_back(i % 17 == 0 ? -1 : i % 29 == 0 ? 1 : 0);
    EXPECT_GT(bootstrap_mean(singles(scores), {}).std_error, 0);
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  EXPECT_LT(took.count(), 20.0);
  RecordProperty("seconds", std::to_string(took.count()));
}

}  // namespace
}  // namespace assay
