// Speed and memory of variants, measured so that a difference can be believed: each variant in a
// process of its own, all of them interleaved in random order, repeated until the ratios are known.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "core/speed.h"
#include "models/models.h"

namespace assay {

// A setup to measure and how to open it.
struct BenchSetup {
  SpeedSetup setup;    // name, baseline, n_batch, info.size_bytes and what else files tell
  ModelOptions model;  // n_ctx, n_seq_max and n_rows_max are filled in from the tests
};

struct BenchProgress {
  std::string phase;  // "loading Q4_0", "warming up", "pp512, round 7"
  double elapsed_s = 0, budget_s = 0;
};

struct BenchOptions {
  std::vector<BenchSetup> setups;  // at least one
  std::vector<SpeedTest> tests;    // at least one
  double precision = 0.02;         // half the width of a ratio's interval, relative
  double budget_s = 300;           // ends the rounds; 0 = none
  int n_repetitions = 0;           // > 0: exactly so many rounds, whatever the precision
  std::uint64_t seed = 1234;
  // Every round in new processes: one process may be faster than the next with the same work, from
  // its start to its end, and rounds of one process would not show it.
  bool renew = true;
  bool stop_at_end = false;  // requests: an end token ends the text; else n_gen tokens always
  std::vector<std::vector<Token>> prompts;  // for requests; empty = random tokens
  std::int64_t max_memory_bytes = 0;        // of all processes together; 0 = what is available
  // Program and arguments that run serve_bench, such as {"/proc/self/exe", "bench-child"}.
  std::vector<std::string> child;
  std::string cache_dir;                               // for the probes' results; empty = no probes
  std::function<void(const BenchProgress&)> progress;  // may be empty
  std::stop_token stop;
};

// A setup that cannot be loaded or computed has a `failure` and no samples; when a baseline has
// one, or no setup is left, Error{kEngine}. When stopped: what was measured so far, marked partial.
SpeedResult run_bench(const BenchOptions& options);

// The measured process: reads one JSON message per line from `in`, answers on `out`, until `in`
// ends. Never throws: what goes wrong is an answer.
void serve_bench(int in, int out);

// Recomputes everything that follows from the samples.
void summarize_speed(SpeedResult& result);

// Error{kUsage} for a test that computes nothing or a negative number of tokens.
void require_sensible(const SpeedTest& test);

}  // namespace assay
