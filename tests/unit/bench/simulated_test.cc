// The whole procedure on a made-up machine with noise, drift and outliers: what it claims is true
// as often as it says.
#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "bench/bench.h"
#include "bench/procedure.h"
#include "stats/stats.h"

namespace assay::detail {
namespace {

struct Machine {
  double noise = 0.03;     // of one repetition, log scale
  double drift = 0.2;      // over the whole measurement: the machine becomes hot
  double wave = 0.05;      // other programs come and go
  double outliers = 0.02;  // share of repetitions that take half as long again
  double true_ratio = 1;   // the variant's speed over the baseline's
  double budget_s = 300;
  double precision = 0.02;
};

double normal(Rng& rng) {
  const double radius = std::sqrt(-2 * std::log(1 - rng.uniform()));
  return radius * std::cos(2 * std::numbers::pi * rng.uniform());
}

// Measures a baseline and one variant and returns the ratio that is reported.
Estimate measured_ratio(const Machine& machine, std::uint64_t seed, std::string& ended) {
  SpeedResult result;
  result.setups.resize(2);
  result.tests = {{.n_gen = 100}};
  result.series = {{.setup = 0}, {.setup = 1}};
  Rng rng(seed, 77);
  double now_s = 0;
  const Measure measure = [&](const BenchTurn& turn) -> std::optional<double> {
    const double speed = turn.setup == 1 ? machine.true_ratio : 1;
    double seconds = 1 / speed * (1 + machine.drift * now_s / machine.budget_s) *
                     (1 + machine.wave * std::sin(now_s / 20)) *
                     std::exp(machine.noise * normal(rng));
    if (rng.uniform() < machine.outliers) seconds *= 1.5;
    now_s += seconds;
    const auto ns = static_cast<std::int64_t>(seconds * 1e9);
    result.series[static_cast<std::size_t>(turn.setup)].samples.push_back(
        {.round = turn.round, .duration_ns = ns, .n_gen = 100});
    return seconds / 100;
  };
  const ProcedureOptions options{.baselines = {0, 0},
                                 .precision = machine.precision,
                                 .budget_s = machine.budget_s,
                                 .seed = seed};
  ended = run_rounds(options, measure, [&] { return now_s; }, {});
  summarize_speed(result);
  return *result.series[1].measures.front().ratio;
}

int count_claims(const Machine& machine, int n_runs) {
  int n_claims = 0;
  std::string ended;
  for (int run = 0; run < n_runs; ++run) {
    const Estimate ratio = measured_ratio(machine, static_cast<std::uint64_t>(run), ended);
    if (ratio.ci95 && (ratio.ci95->low > 1 || ratio.ci95->high < 1)) ++n_claims;
  }
  return n_claims;
}

TEST(Simulated, AVariantAgainstItselfShowsNoDifference) {
  EXPECT_LE(count_claims({}, 100), 5);
  EXPECT_LE(count_claims({.noise = 0.1, .outliers = 0.1}, 100), 5);
  EXPECT_LE(count_claims({.noise = 0.005, .drift = 1, .wave = 0.2, .outliers = 0}, 100), 5);
}

TEST(Simulated, TheIntervalHoldsTheTruth) {
  const Machine machine{.true_ratio = 1.3};
  int n_missed = 0;
  std::string ended;
  for (std::uint64_t run = 0; run < 100; ++run) {
    const Estimate ratio = measured_ratio(machine, run, ended);
    ASSERT_TRUE(ratio.ci95);
    if (ratio.ci95->low > 1.3 || ratio.ci95->high < 1.3) ++n_missed;
  }
  EXPECT_LE(n_missed, 5);
}

TEST(Simulated, ADifferenceAboveThePrecisionIsFound) {
  EXPECT_GE(count_claims({.outliers = 0, .true_ratio = 1.05, .precision = 0.02}, 100), 95);
}

TEST(Simulated, OnAQuietMachineItEndsPrecise) {
  std::string ended;
  const Estimate ratio =
      measured_ratio({.noise = 0.01, .drift = 0, .wave = 0, .outliers = 0}, 5, ended);
  EXPECT_EQ(ended, "precise");
  EXPECT_LE(ratio.ci95->high - ratio.ci95->low, 2 * 0.0205 * ratio.value);
}

}  // namespace
}  // namespace assay::detail
