#include <limits>

#include "stats/stats.h"
#include "unit/stats/golden_file.h"

namespace assay {
namespace {

// Values of the authors' package confseq and of numerical integration:
// tests/golden/stats/make_sequential.py.
const nlohmann::json& golden() {
  static const nlohmann::json json = golden_file("sequential.json");
  return json;
}

template <typename Sequence>
void expect_sequence(const nlohmann::json& c, const char* expected) {
  SCOPED_TRACE(std::string(expected) + " " + c.at("name").get<std::string>() + " of " +
               c.at("population").dump());
  // Mapped to another range: the sequence is of the same shape there.
  Sequence sequence({.low = -3,
                     .high = 1,
                     .confidence = c.at("confidence"),
                     .n_population = c.at("population"),
                     .prior_variance = c.at("prior")});
  std::size_t next = 0;
  for (const double value : c.at("values")) {
    sequence.add(-3 + 4 * value);
    if (sequence.n() != c.at("at").at(next).get<std::int64_t>()) continue;
    const nlohmann::json& interval = c.at(expected).at(next);
    EXPECT_NEAR((sequence.interval().low + 3) / 4, interval.at(0), 1e-9) << sequence.n();
    EXPECT_NEAR((sequence.interval().high + 3) / 4, interval.at(1), 1e-9) << sequence.n();
    if (++next == c.at("at").size()) return;
  }
}

TEST(ConfidenceSequence, EqualsTheAuthorsPackage) {
  for (const auto& c : golden().at("sequences")) {
    expect_sequence<BettingSequence>(c, "betting");
    expect_sequence<BernsteinSequence>(c, "bernstein");
  }
}

template <typename Sequence>
class AnySequence : public testing::Test {};
using Sequences = testing::Types<BettingSequence, BernsteinSequence>;
TYPED_TEST_SUITE(AnySequence, Sequences);

TYPED_TEST(AnySequence, StartsWithEverythingAndOnlyNarrows) {
  TypeParam sequence({});
  EXPECT_EQ(sequence.interval().low, -1.0);
  EXPECT_EQ(sequence.interval().high, 1.0);
  Rng rng(2);
  Interval last = sequence.interval();
  for (int i = 0; i < 3000; ++i) {
    sequence.add(rng.uniform() < 0.05 ? -1 : 0);
    const Interval now = sequence.interval();
    ASSERT_GE(now.low, last.low);
    ASSERT_LE(now.high, last.high);
    last = now;
  }
  EXPECT_LT(last.high - last.low, 0.08);
  EXPECT_LT(last.low, -0.05);
  EXPECT_EQ(sequence.n(), 3000);
}

TYPED_TEST(AnySequence, AWholePopulationGivesItsMeanExactly) {
  TypeParam sequence({.n_population = 200});
  double sum = 0;
  for (int i = 0; i < 200; ++i) {
    const double value = i % 10 == 3 ? -1 : i % 10 == 7 ? 0.5 : 0;
    sum += value;
    sequence.add(value);
  }
  EXPECT_NEAR(sequence.interval().low, sum / 200, 1e-12);
  EXPECT_NEAR(sequence.interval().high, sum / 200, 1e-12);
  expect_error(ErrorKind::kEngine, "More values than the population's 200",
               [&] { sequence.add(0); });
}

TYPED_TEST(AnySequence, OnePopulationItem) {
  TypeParam sequence({.n_population = 1});
  sequence.add(-1);
  EXPECT_EQ(sequence.interval().low, -1.0);
  EXPECT_EQ(sequence.interval().high, -1.0);
}

TYPED_TEST(AnySequence, Refusals) {
  TypeParam sequence({});
  expect_error(ErrorKind::kEngine, "1.5 is not in [-1, 1]", [&] { sequence.add(1.5); });
  expect_error(ErrorKind::kEngine, "nan is not in",
               [&] { sequence.add(std::numeric_limits<double>::quiet_NaN()); });
  EXPECT_EQ(sequence.n(), 0);
  const auto kUsage = ErrorKind::kUsage;
  expect_error(kUsage, "between 1 and 1", [] { TypeParam({.low = 1, .high = 1}); });
  expect_error(kUsage, "two finite",
               [] { TypeParam({.high = std::numeric_limits<double>::infinity()}); });
  expect_error(kUsage, "write 0.95", [] { TypeParam({.confidence = 95}); });
  expect_error(kUsage, "fewer than 0", [] { TypeParam({.n_population = -1}); });
  expect_error(kUsage, "prior variance of 0", [] { TypeParam({.prior_variance = 0}); });
  expect_error(kUsage, "A grid of 2", [] { TypeParam({.n_grid = 2}); });
}

TEST(DiscordantTest, EqualsTheIntegral) {
  for (const auto& c : golden().at("discordant")) {
    DiscordantTest test;
    EXPECT_EQ(test.p_worse(), 1.0);
    for (const int lost : c.at("lost")) test.add(lost != 0);
    expect_close(test.p_worse(), c.at("worse"));
    expect_close(test.p_better(), c.at("better"));
  }
}

TEST(DiscordantTest, ManyLossesDoNotOverflow) {
  DiscordantTest test;
  for (int i = 0; i < 100'000; ++i) test.add(true);
  EXPECT_LT(test.p_worse(), 1e-300);
  EXPECT_LE(test.p_better(), 1.0);
  EXPECT_GT(test.p_better(), 0.5);
}

}  // namespace
}  // namespace assay
