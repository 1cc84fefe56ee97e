#include "bench/bench.h"

#include <algorithm>
#include <ctime>

#include <fmt/format.h>

#include "bench/fleet.h"
#include "bench/machine.h"
#include "bench/procedure.h"
#include "bench/summary.h"
#include "bench/workload.h"
#include "core/error.h"

namespace assay {
namespace {

using namespace detail;

constexpr double kNsPerS = 1e9;
constexpr std::int64_t kFillNs = 100'000'000;  // a turn's repetitions together last so long
constexpr double kWarmUpShare = 0.25;          // of the budget
constexpr double kLoadShare = 0.1;             // of the budget, for new processes in every round
constexpr double kUsable = 0.9;                // of the memory that is available

std::string utc_now() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%FT%TZ", &parts);
  return text;
}

void require_options(const BenchOptions& options) {
  if (options.setups.empty()) throw Error(ErrorKind::kUsage, "There is no model to measure");
  if (options.tests.empty()) {
    throw Error(ErrorKind::kUsage, "There is nothing to measure", {},
                "Ask for a prompt (-p 512), generated tokens (-n 128) or a request.");
  }
  for (const SpeedTest& test : options.tests) require_sensible(test);
}

class Bench {
 public:
  explicit Bench(const BenchOptions& options)
      : options_(shaped(options)), start_ns_(steady_ns()), fleet_(options_, result_, limit()) {
    result_.started = utc_now();
    result_.tests = options_.tests;
    result_.precision = options_.precision;
    result_.budget_s = options_.budget_s;
    result_.n_repetitions = options_.n_repetitions;
    result_.seed = options_.seed;
    for (const BenchSetup& setup : options_.setups) result_.setups.push_back(setup.setup);
    for (int test = 0; test < n_tests(); ++test) {
      for (int setup = 0; setup < n_setups(); ++setup)
        result_.series.push_back({.setup = setup, .test = test});
    }
  }

  SpeedResult run() {
    try {
      probe();
      prepare();
      result_.ended = measure();
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kInterrupted) throw;
      result_.ended = "interrupted";
    }
    fleet_.close();
    const auto probes = std::pair(result_.machine.bandwidth_bytes_per_s, result_.machine.flops);
    result_.machine = watch_.finish();
    std::tie(result_.machine.bandwidth_bytes_per_s, result_.machine.flops) = probes;
    for (std::string& warning : machine_warnings(result_.machine))
      result_.warnings.push_back(std::move(warning));
    result_.elapsed_s = elapsed_s();
    result_.partial = result_.ended == "interrupted";
    summarize_speed(result_);
    return std::move(result_);
  }

 private:
  // With the context that the tests need.
  static BenchOptions shaped(BenchOptions options) {
    require_options(options);
    for (BenchSetup& setup : options.setups) {
      setup.model.n_ctx = context_of(options.tests);
      setup.model.n_seq_max = sequences_of(options.tests);
      setup.model.n_rows_max = setup.model.n_seq_max;
    }
    return options;
  }

  std::int64_t limit() const {
    if (options_.max_memory_bytes > 0) return options_.max_memory_bytes;
    const std::int64_t available = watch_.record().available_bytes;
    return available > 0 ? static_cast<std::int64_t>(kUsable * static_cast<double>(available))
                         : INT64_MAX;
  }

  int n_setups() const { return static_cast<int>(options_.setups.size()); }
  int n_tests() const { return static_cast<int>(options_.tests.size()); }
  const std::string& name(int setup) const {
    return result_.setups[static_cast<std::size_t>(setup)].name;
  }
  SpeedSeries& series(int setup, int test) {
    return result_.series[static_cast<std::size_t>(test * n_setups() + setup)];
  }
  double elapsed_s() const { return static_cast<double>(steady_ns() - start_ns_) / kNsPerS; }

  void report(std::string phase) const {
    if (options_.progress) options_.progress({std::move(phase), elapsed_s(), options_.budget_s});
  }

  void probe() {
    if (options_.cache_dir.empty()) return;
    report("measuring the machine's limits");
    const int asked = options_.setups.front().model.runtime.n_threads;
    const ProbeResult probe =
        cached_probe(watch_.record(), asked > 0 ? asked : default_threads(), options_.cache_dir);
    result_.machine.bandwidth_bytes_per_s = probe.bandwidth_bytes_per_s;
    result_.machine.flops = probe.flops;
  }

  void prepare() {
    for (int setup = 0; setup < n_setups(); ++setup) {
      report("loading " + name(setup));
      fleet_.open(setup);
    }
    decide_renewal();
    for (int test = 0; test < n_tests(); ++test) {
      for (int setup = 0; setup < n_setups(); ++setup) {
        report("warming up " + name(setup));
        RunRequest request = request_for({.setup = setup, .test = test, .round = -1});
        request.warm_up = true;
        request.fill_ns = warm_up_ns();
        const std::optional<Ran> ran = fleet_.run(setup, request);
        if (!ran) continue;
        keep({.setup = setup, .test = test, .round = -1}, *ran);
        if (ran->stable) continue;
        result_.warnings.push_back(
            fmt::format("{}: {} had not settled while warming up", name(setup),
                        to_string(options_.tests[static_cast<std::size_t>(test)])));
      }
    }
  }

  // Models that take long to load keep their processes: else the budget would go into loading.
  void decide_renewal() {
    renew_ = options_.renew;
    if (!renew_ || options_.budget_s <= 0 || options_.n_repetitions > 0) return;
    double load_s = 0;
    for (const SpeedSetup& setup : result_.setups) {
      for (const std::int64_t ns : setup.load_ns) load_s += static_cast<double>(ns) / kNsPerS;
    }
    if (load_s <= kLoadShare * options_.budget_s) return;
    renew_ = false;
    result_.warnings.push_back(fmt::format(
        "loading takes {:.1f} s, so every model kept one process for all rounds; one process may "
        "be some percent faster than the next: measure again, or give a longer budget",
        load_s));
  }

  // All warm-ups together may take a share of the budget: a machine that never settles must not use
  // it up before the first round.
  std::int64_t warm_up_ns() const {
    if (options_.budget_s <= 0) return INT64_MAX;
    const double each_s = kWarmUpShare * options_.budget_s / (n_setups() * n_tests());
    return static_cast<std::int64_t>(each_s * kNsPerS);
  }

  // The same tokens for every setup of a round, others in every round.
  RunRequest request_for(const BenchTurn& turn) {
    RunRequest request;
    request.test = options_.tests[static_cast<std::size_t>(turn.test)];
    request.n_batch = options_.setups[static_cast<std::size_t>(turn.setup)].setup.n_batch;
    request.stop_at_end = options_.stop_at_end;
    request.fill_ns = kFillNs;
    Rng rng(options_.seed + 1,
            static_cast<std::uint64_t>((turn.round + 1) * n_tests() + turn.test));
    request.seed = rng.next() >> 1;
    if (!request.test.request || options_.prompts.empty()) return request;
    request.fill_ns = 0;  // each prompt once
    const std::size_t n = options_.prompts.size();
    const std::size_t at = static_cast<std::size_t>(turn.round + 1);
    request.prompt = options_.prompts[at % n];
    if (at < n) return request;
    // Every prompt was used. It comes again behind another token, so that no prefix is known.
    const ModelInfo& info = result_.setups.front().info;
    const std::size_t first = info.adds_bos ? 1 : 0;
    if (first < request.prompt.size())
      request.prompt[first] =
          static_cast<Token>(rng.below(static_cast<std::uint64_t>(info.n_vocab)));
    return request;
  }

  void keep(const BenchTurn& turn, Ran ran) {
    const double now_s = elapsed_s();
    for (SpeedSample& sample : ran.samples) {
      sample.round = turn.round;
      sample.start_s = now_s;
      series(turn.setup, turn.test).samples.push_back(std::move(sample));
    }
  }

  std::optional<double> take(const BenchTurn& turn) {
    if (renew_ && turn.round > round_) fleet_.close();
    round_ = turn.round;
    report(fmt::format("{}, round {}",
                       to_string(options_.tests[static_cast<std::size_t>(turn.test)]),
                       turn.round + 1));
    const std::optional<Ran> ran = fleet_.run(turn.setup, request_for(turn));
    if (!ran) return std::nullopt;
    std::vector<double> seconds;
    for (const SpeedSample& sample : ran->samples) {
      if (const auto ns = ns_per_token(sample)) seconds.push_back(*ns / kNsPerS);
    }
    keep(turn, *ran);
    return seconds.empty() ? std::nullopt : std::optional(median_of(std::move(seconds)));
  }

  std::string measure() {
    ProcedureOptions procedure{.n_tests = n_tests(),
                               .precision = options_.precision,
                               .n_repetitions = options_.n_repetitions,
                               .seed = options_.seed};
    for (const SpeedSetup& setup : result_.setups) procedure.baselines.push_back(setup.baseline);
    // Loading and warming up count too: the budget is what the user waits.
    constexpr double kNothingLeft = 1e-9;
    if (options_.budget_s > 0 && options_.n_repetitions == 0)
      procedure.budget_s = std::max(kNothingLeft, options_.budget_s - elapsed_s());
    else
      procedure.budget_s = 0;
    return run_rounds(
        procedure, [this](const BenchTurn& turn) { return take(turn); },
        [this] { return elapsed_s(); }, options_.stop);
  }

  BenchOptions options_;
  std::int64_t start_ns_;
  MachineWatch watch_;
  SpeedResult result_;
  Fleet fleet_;
  bool renew_ = true;
  int round_ = 0;
};

}  // namespace

SpeedResult run_bench(const BenchOptions& options) { return Bench(options).run(); }

}  // namespace assay
