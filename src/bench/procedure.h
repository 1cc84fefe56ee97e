// Which setup is measured when, and until when. Pure: what measures and what tells the time are
// given.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace assay::detail {

// Below this many rounds the sequence's interval is endless.
inline constexpr int kFewestRounds = 6;
inline constexpr int kMostRounds = 1000;

struct ProcedureOptions {
  std::vector<int> baselines;  // per setup: the setup it is compared with, itself for a baseline
  int n_tests = 1;
  double precision = 0.02;
  double budget_s = 300;  // 0 = none
  int n_repetitions = 0;  // > 0: exactly so many rounds
  std::uint64_t seed = 1234;
};

// Seconds per token of setup `setup` in test `test`, or nullopt when it failed: it is left out from
// then on. Throws Error{kInterrupted} when it was stopped.
struct BenchTurn {
  int setup = 0, test = 0, round = 0;
};
using Measure = std::function<std::optional<double>(const BenchTurn&)>;

// Rounds: in each, every setup of a test that is not yet known precisely enough takes one turn, in
// an order drawn anew, its baseline among them: a drift of the machine hits both alike. A variant
// is known when the interval of its ratio is narrow enough, a baseline alone when its mean is.
// Returns why it ended: "precise", "repetitions", "budget" or "interrupted".
std::string run_rounds(const ProcedureOptions& options, const Measure& measure,
                       const std::function<double()>& now_s, const std::stop_token& stop);

// Is a machine at its working speed? At least two repetitions, the last two within 5 % of each
// other, at most kMostWarmUps. Given durations of the warm-up repetitions so far.
inline constexpr int kMostWarmUps = 8;
bool is_warm(const std::vector<double>& durations);
bool is_stable(const std::vector<double>& durations);  // the last two agree

}  // namespace assay::detail
