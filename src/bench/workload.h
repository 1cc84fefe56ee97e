// One repetition of one test on one model.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <stop_token>
#include <vector>

#include "core/speed.h"
#include "models/models.h"
#include "stats/stats.h"

namespace assay::detail {

using ClockNs = std::function<std::int64_t()>;  // steady
std::int64_t steady_ns();

struct WorkOptions {
  SpeedTest test;
  int n_batch = 2048;      // logits for the last token of so many prompt tokens, as llama-bench
  std::uint64_t seed = 0;  // of the random tokens: another one for each repetition
  std::span<const Token> prompt;  // a request's; empty = random
  bool stop_at_end = false;
  std::function<void()> at_start;  // called right before the clock starts; may be empty
  std::stop_token stop;
};

// Runs tests on one model. Keeps the depth's tokens in the engine's memory from one repetition to
// the next, since llama-bench does not time them either.
class Workload {
 public:
  explicit Workload(Model& model, ClockNs clock = steady_ns);
  // Durations and token counts; the other fields of the sample are left as they are by default.
  SpeedSample run(const WorkOptions& options);

 private:
  void prepare_depth(const WorkOptions& options);
  void prefill(const WorkOptions& options, int n_tokens, const RowSink& sink);
  void decode(const WorkOptions& options, SpeedSample& sample);
  void forget(int n_depth);
  Token random_token();
  Token first_token();

  Model& model_;
  ClockNs clock_;
  Rng rng_{0};
  int depth_ = 0;            // tokens that every branch starts with
  int n_alive_ = 0;          // branches 1 .. n_alive_
  std::vector<Token> next_;  // of a request: the best next token of each branch
};

// The most tokens of one sequence, and the most sequences, that the tests need.
int context_of(std::span<const SpeedTest> tests);
int sequences_of(std::span<const SpeedTest> tests);

}  // namespace assay::detail
