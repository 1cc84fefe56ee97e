#include "bench/procedure.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "core/error.h"
#include "stats/stats.h"

namespace assay::detail {
namespace {

constexpr double kWarmTolerance = 0.05;

class Rounds {
 public:
  Rounds(const ProcedureOptions& options, const Measure& measure,
         const std::function<double()>& now_s, const std::stop_token& stop)
      : options_(options),
        measure_(measure),
        now_s_(now_s),
        stop_(stop),
        n_setups_(static_cast<int>(options.baselines.size())),
        failed_(options.baselines.size(), false),
        known_(options.baselines.size() * static_cast<std::size_t>(options.n_tests)),
        ended_(static_cast<std::size_t>(options.n_tests), false) {}

  std::string run() {
    const double start_s = now_s_();
    const int n_rounds = options_.n_repetitions > 0 ? options_.n_repetitions : kMostRounds;
    for (int round = 0; round < n_rounds; ++round) {
      for (int test = 0; test < options_.n_tests; ++test) {
        if (stop_.stop_requested()) return "interrupted";
        // Every test gets its first round, so that no budget leaves one without a figure.
        const bool spent = options_.budget_s > 0 && now_s_() - start_s >= options_.budget_s;
        if (spent && round > 0) return "budget";
        if (!ended_[static_cast<std::size_t>(test)]) run_round(test, round);
      }
      if (std::all_of(ended_.begin(), ended_.end(), [](bool ended) { return ended; }))
        return "precise";
    }
    return "repetitions";
  }

 private:
  StudentSequence& sequence(int test, int setup) {
    return known_[static_cast<std::size_t>(test * n_setups_ + setup)];
  }

  int baseline_of(int setup) const { return options_.baselines[static_cast<std::size_t>(setup)]; }

  bool has_variants(int baseline) const {
    for (int s = 0; s < n_setups_; ++s) {
      if (s != baseline && baseline_of(s) == baseline && !failed_[static_cast<std::size_t>(s)])
        return true;
    }
    return false;
  }

  bool is_precise(int test, int setup) {
    const StudentSequence& seen = sequence(test, setup);
    if (options_.n_repetitions > 0 || seen.n() < kFewestRounds) return false;
    const std::optional<Interval> interval = seen.interval();
    return interval && (interval->high - interval->low) / 2 <= std::log1p(options_.precision);
  }

  // Setups whose figure is wanted still, with the baselines they are compared with.
  std::vector<int> wanted(int test) {
    std::vector<int> setups;
    for (int s = 0; s < n_setups_; ++s) {
      if (failed_[static_cast<std::size_t>(s)] || is_precise(test, s)) continue;
      if (baseline_of(s) == s && has_variants(s)) continue;
      setups.push_back(s);
    }
    for (std::size_t i = 0, n = setups.size(); i < n; ++i) {
      const int baseline = baseline_of(setups[i]);
      if (std::find(setups.begin(), setups.end(), baseline) == setups.end())
        setups.push_back(baseline);
    }
    std::sort(setups.begin(), setups.end());
    return setups;
  }

  void run_round(int test, int round) {
    std::vector<int> setups = wanted(test);
    Rng rng(options_.seed,
            static_cast<std::uint64_t>(round) * static_cast<std::uint64_t>(options_.n_tests) +
                static_cast<std::uint64_t>(test));
    for (std::size_t i = setups.size(); i > 1; --i)
      std::swap(setups[i - 1], setups[static_cast<std::size_t>(rng.below(i))]);
    std::map<int, double> logs;
    for (const int setup : setups) {
      if (failed_[static_cast<std::size_t>(setup)]) continue;
      if (const auto seconds = measure_({setup, test, round})) {
        logs[setup] = std::log(*seconds);
      } else {
        failed_[static_cast<std::size_t>(setup)] = true;
      }
    }
    for (const auto& [setup, log] : logs) {
      const int baseline = baseline_of(setup);
      if (baseline == setup && !has_variants(setup)) sequence(test, setup).add(log);
      if (baseline != setup && logs.contains(baseline))
        sequence(test, setup).add(logs.at(baseline) - log);
    }
    ended_[static_cast<std::size_t>(test)] = wanted(test).empty();
  }

  const ProcedureOptions& options_;
  const Measure& measure_;
  const std::function<double()>& now_s_;
  const std::stop_token& stop_;
  int n_setups_;
  std::vector<bool> failed_;
  std::vector<StudentSequence> known_;  // per test and setup: of the log ratio, or of the log time
  std::vector<bool> ended_;             // per test
};

}  // namespace

std::string run_rounds(const ProcedureOptions& options, const Measure& measure,
                       const std::function<double()>& now_s, const std::stop_token& stop) {
  try {
    return Rounds(options, measure, now_s, stop).run();
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::kInterrupted) return "interrupted";
    throw;
  }
}

bool is_stable(const std::vector<double>& durations) {
  if (durations.size() < 2) return false;
  const double last = durations.back(), before = durations[durations.size() - 2];
  return std::abs(last - before) <= kWarmTolerance * std::min(last, before);
}

bool is_warm(const std::vector<double>& durations) {
  return is_stable(durations) || durations.size() >= static_cast<std::size_t>(kMostWarmUps);
}

}  // namespace assay::detail
