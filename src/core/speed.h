// How fast variants are and how much memory they take, with every sample from which that follows.
// Written by `assay bench` (docs/formats/speed.md); what the figures mean: docs/speed.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/estimate.h"
#include "core/model_info.h"

namespace assay {

inline constexpr const char* kSpeedSchema = "assay-speed/1";

// What one repetition computes. Random tokens, as llama-bench does: `n_depth` tokens before the
// clock starts, then a prompt of n_prompt, then n_gen tokens one by one. As a request: a prompt is
// computed and the model's own best next tokens are generated, as a user would wait for them.
struct SpeedTest {
  int n_prompt = 0;
  int n_gen = 0;
  int n_depth = 0;
  int n_parallel = 1;  // sequences side by side, each with all of the above
  bool request = false;
  bool inference = false;  // of benchmark_app: a whole inference, of an unknown number of tokens
  bool operator==(const SpeedTest&) const = default;
};
// "pp512", "tg128", "pp512+tg128 @ d1024" as llama-bench; "tg128 x 8" in parallel;
// "request 128+64".
std::string to_string(const SpeedTest& test);

// One repetition. Durations by a steady clock, from before the first token is given to the engine
// until the last token's logits are readable.
struct SpeedSample {
  int round = 0;       // -1: warm-up, not counted
  double start_s = 0;  // since the measurement began
  std::int64_t duration_ns = 0;
  std::int64_t prompt_ns =
      0;  // until the logits after the prompt are readable (first token); 0: none
  std::vector<std::int64_t> token_ns;  // each further token, since the one before it
  std::int64_t cpu_ns = 0;             // of the process, all threads
  // Of the processor packages and, with layers on a GPU, of NVIDIA's GPUs: what can be read of it.
  std::optional<double> energy_j;
  int n_prompt = 0, n_gen = 0;  // tokens that were computed, of all sequences
  bool slept = false;           // the machine was suspended meanwhile
};

// A model file with its settings: what is measured.
struct SpeedSetup {
  std::string name;             // "Q4_0+kv=q8_0"; with a sweep also the settings that differ
  int baseline = 0;             // index of the setup it is compared with; its own for a baseline
  ModelInfo info;               // info.runtime as the engine reports it
  int n_batch = 0;              // logits are computed for the last token of so many prompt tokens
  int n_ubatch = 0;             // as asked; the engine takes no more than the context
  std::string flash_attention;  // as asked
  double kv_bytes_per_token = 0;
  std::vector<std::int64_t> load_ns;  // from the file (in the page cache) to a model that runs
  // Of the process that ran only this setup.
  std::optional<std::int64_t> peak_bytes;    // highest resident memory
  std::optional<std::int64_t> steady_bytes;  // resident after the last repetition
  std::optional<std::int64_t> mapped_bytes;  // of that, pages of files: weights that are mapped
  std::optional<std::int64_t> gpu_bytes;     // taken on GPUs
  std::string failure;                       // why it was not measured; empty when it was
  std::vector<std::string> notes;
};

// A figure of one setup in one test, and how it compares.
struct SpeedMeasure {
  std::string name;   // "tokens_per_s", "first_token_ms", "token_ms"
  double median = 0;  // over rounds
  double mean = 0;
  std::optional<double> sd;
  double min = 0, max = 0;
  // How many times as fast as the baseline (above 1: faster), from paired rounds; ci95 holds at
  // every round at once. Absent for a baseline.
  std::optional<Estimate> ratio;
};

struct Latencies {  // of single tokens, all rounds together, milliseconds
  std::int64_t n = 0;
  double mean = 0, median = 0, p90 = 0, p95 = 0, p99 = 0, max = 0;
};

struct SpeedSeries {
  int setup = 0, test = 0;  // indices into the result's
  std::vector<SpeedSample> samples;
  // From here on computed from the samples (summarize_speed).
  int n_rounds = 0;
  std::vector<SpeedMeasure> measures;  // the first is tokens_per_s
  std::optional<Latencies> between_tokens;
  double cpu_load = 0;  // processor time / elapsed: threads that were busy
  std::optional<double> joules_per_token;
  std::optional<double> bandwidth_share;  // of the machine's, by decoding one token at a time
  std::optional<double> compute_share;    // of the machine's f32 rate, by the prompt
  int n_outliers = 0;                     // rounds far from the median; they count
  std::vector<std::string> flags;         // why to doubt it
};

struct MachineRecord {
  std::string cpu;
  int n_cores = 0, n_hardware_threads = 0;
  std::string governor;  // frequency; empty when the system does not tell
  std::int64_t memory_bytes = 0, available_bytes = 0;
  double load_before = 0, load_after = 0;  // tasks running, one minute's mean
  std::int64_t throttled = 0;              // thermal throttling events meanwhile
  double other_load = 0;                   // cores that other programs kept busy meanwhile
  double stolen_share = 0;                 // of processor time, taken by a hypervisor
  std::string system;                      // kernel
  std::optional<double> bandwidth_bytes_per_s, flops;  // probes
};

struct SpeedResult {
  std::string imported_from;  // the tool and its version; "" = measured by Assay
  std::vector<SpeedSetup> setups;
  std::vector<SpeedTest> tests;
  std::vector<SpeedSeries> series;  // by test, then setup
  MachineRecord machine;
  std::string started;  // UTC, "2026-11-26T06:00:00Z"
  double precision = 0, budget_s = 0, elapsed_s = 0;
  int n_repetitions = 0;  // fixed rounds; 0 = by precision and budget
  std::uint64_t seed = 0;
  std::string ended;     // "precise", "repetitions", "budget", "interrupted"
  bool partial = false;  // ended before what was asked for was reached
  std::vector<std::string> warnings;
};

// Indented, with a newline at the end. Reading: Error{kBadInput}.
std::string to_json(const SpeedResult& result);
SpeedResult speed_result_from_json(std::string_view text);

// One line each, for the pipe between processes.
std::string to_json(const SpeedSample& sample);
SpeedSample speed_sample_from_json(std::string_view text);

}  // namespace assay
