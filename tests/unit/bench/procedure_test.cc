#include "bench/procedure.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "core/error.h"

namespace assay::detail {
namespace {

struct Recorded {
  std::vector<BenchTurn> turns;
  double now_s = 0;
};

// Every turn takes one second and finds `seconds` per token.
Measure constant(Recorded& recorded, double seconds = 1) {
  return [&recorded, seconds](const BenchTurn& turn) -> std::optional<double> {
    recorded.turns.push_back(turn);
    recorded.now_s += 1;
    return seconds;
  };
}

std::string run(const ProcedureOptions& options, Recorded& recorded, const Measure& measure,
                std::stop_token stop = {}) {
  return run_rounds(
      options, measure, [&] { return recorded.now_s; }, stop);
}

TEST(RunRounds, FixedRepetitionsMeasureEverySetupInEveryRound) {
  Recorded recorded;
  const ProcedureOptions options{.baselines = {0, 0, 0}, .n_tests = 2, .n_repetitions = 7};
  EXPECT_EQ(run(options, recorded, constant(recorded)), "repetitions");
  std::map<std::pair<int, int>, std::set<int>> rounds;
  for (const BenchTurn& turn : recorded.turns) rounds[{turn.setup, turn.test}].insert(turn.round);
  ASSERT_EQ(rounds.size(), 6U);
  for (const auto& [key, seen] : rounds) EXPECT_EQ(seen.size(), 7U);
  EXPECT_EQ(recorded.turns.size(), 42U);
}

TEST(RunRounds, TheOrderWithinRoundsVariesAndFollowsTheSeed) {
  const auto order = [](std::uint64_t seed) {
    Recorded recorded;
    run({.baselines = {0, 0, 0}, .n_repetitions = 20, .seed = seed}, recorded, constant(recorded));
    std::vector<int> setups;
    for (const BenchTurn& turn : recorded.turns) setups.push_back(turn.setup);
    return setups;
  };
  EXPECT_EQ(order(1), order(1));
  EXPECT_NE(order(1), order(2));
  std::set<int> first;
  const std::vector<int> setups = order(1);
  for (std::size_t i = 0; i < setups.size(); i += 3) first.insert(setups[i]);
  EXPECT_EQ(first, (std::set<int>{0, 1, 2}));
}

TEST(RunRounds, WithoutNoiseItEndsAfterTheFewestRounds) {
  Recorded recorded;
  EXPECT_EQ(run({.baselines = {0, 0}}, recorded, constant(recorded)), "precise");
  EXPECT_EQ(recorded.turns.size(), 2U * kFewestRounds);
}

TEST(RunRounds, AKnownVariantIsNotMeasuredOn) {
  Recorded recorded;
  int n_noisy = 0;
  const Measure measure = [&](const BenchTurn& turn) -> std::optional<double> {
    recorded.turns.push_back(turn);
    recorded.now_s += 1;
    if (turn.setup != 2) return 1;
    return n_noisy++ % 2 == 0 ? 1 : 2;
  };
  EXPECT_EQ(run({.baselines = {0, 0, 0}, .budget_s = 100}, recorded, measure), "budget");
  std::map<int, int> n_turns;
  for (const BenchTurn& turn : recorded.turns) ++n_turns[turn.setup];
  EXPECT_EQ(n_turns[1], kFewestRounds);
  EXPECT_EQ(n_turns[0], n_turns[2]);
  EXPECT_GT(n_turns[2], 30);
}

TEST(RunRounds, TheBudgetEndsItButEveryTestHasOneRound) {
  Recorded recorded;
  const ProcedureOptions options{.baselines = {0, 0}, .n_tests = 3, .budget_s = 1e-9};
  EXPECT_EQ(run(options, recorded, constant(recorded)), "budget");
  EXPECT_EQ(recorded.turns.size(), 6U);
}

TEST(RunRounds, AFailedSetupIsLeftOut) {
  Recorded recorded;
  const Measure measure = [&](const BenchTurn& turn) -> std::optional<double> {
    recorded.turns.push_back(turn);
    if (turn.setup == 1) return std::nullopt;
    return 1;
  };
  EXPECT_EQ(run({.baselines = {0, 0, 0}}, recorded, measure), "precise");
  int n_failed = 0;
  for (const BenchTurn& turn : recorded.turns) n_failed += turn.setup == 1 ? 1 : 0;
  EXPECT_EQ(n_failed, 1);
}

TEST(RunRounds, StopsBetweenTurnsAndWithinOne) {
  Recorded recorded;
  std::stop_source source;
  const Measure asks = [&](const BenchTurn& turn) -> std::optional<double> {
    if (turn.round == 2) source.request_stop();
    return 1;
  };
  EXPECT_EQ(run({.baselines = {0, 0}, .n_repetitions = 9}, recorded, asks, source.get_token()),
            "interrupted");
  const Measure throws = [](const BenchTurn&) -> std::optional<double> {
    throw Error(ErrorKind::kInterrupted, "Interrupted");
  };
  EXPECT_EQ(run({.baselines = {0}}, recorded, throws), "interrupted");
}

TEST(WarmUp, EndsWhenTwoRepetitionsAgree) {
  EXPECT_FALSE(is_warm({1.0}));
  EXPECT_FALSE(is_warm({2.0, 1.0}));
  EXPECT_TRUE(is_warm({2.0, 1.0, 1.04}));
  EXPECT_FALSE(is_stable({2.0, 1.0}));
  std::vector<double> restless;
  for (int i = 0; i < kMostWarmUps; ++i) restless.push_back(i % 2 == 0 ? 1 : 2);
  EXPECT_TRUE(is_warm(restless));
  EXPECT_FALSE(is_stable(restless));
}

}  // namespace
}  // namespace assay::detail
