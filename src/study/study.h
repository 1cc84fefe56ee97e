// Whole measurements: from paths and variant names to a report. Opens files, makes variants, runs,
// summarises.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "bench/bench.h"
#include "compress/compress.h"
#include "core/comparison.h"
#include "core/divergence.h"
#include "core/screen.h"
#include "core/tradeoff.h"
#include "eval/eval.h"
#include "store/store.h"

namespace assay {

struct MeasureProgress {
  std::string phase;            // "hashing base.gguf", "making Q4_K_M", "tokenising", "scoring"
  EvalProgress eval;            // while scoring; n_total 0 otherwise
  int n_done = 0, n_total = 0;  // other phases: tensors
};

struct MeasureOptions {
  std::string baseline;               // a GGUF path, optionally with "+kv=..." or "+as=..."
  std::vector<std::string> variants;  // as parse_variant accepts
  Corpus corpus;
  PlanOptions plan;
  RuntimeRequest runtime;
  QuantizeOptions recipe;  // imatrix, tensor types, allow_requantize for variants made here
  std::string cache_dir;   // made variants and file hashes
  std::int64_t max_memory_bytes = 0;  // 0 = what the machine has available
  std::string kld_base_out;           // perplexity: also write llama.cpp's base file
  std::string
      kld_base_in;     // divergence: take this base file as the baseline (baseline is empty then)
  bool split = false;  // add rows that part a variant's loss into weights, kernels and KV cache
  Store* store = nullptr;                                // never null
  std::function<void(const MeasureProgress&)> progress;  // may be empty
  std::stop_token stop;
};

PerplexityReport measure_perplexity(const MeasureOptions& options);
DivergenceReport measure_divergence(const MeasureOptions& options);

// The model against itself in other batch shapes: differences that mean nothing: the noise floor.
struct NoiseReport {
  DivergenceReport divergence;  // baseline: the default batch; one variant per other batch size
};
inline constexpr int kNoiseBatches[] = {256, 128, 32};  // sizes to compare with unless told
NoiseReport measure_noise(const MeasureOptions& options, const std::vector<int>& batch_sizes);

// What quantising did to each tensor of the variants that have weights of their own; those that
// cannot be compared tensor by tensor are left out.
LayerReport measure_layers(const MeasureOptions& options);

// ---- Screening (screen.cc) ----

// No variant is decided on fewer: their means are not yet near enough to normal
// (docs/statistics.md).
inline constexpr std::int64_t kFewestScreenWindows = 8;

struct ScreenOptions {
  MeasureOptions measure;
  std::optional<double> max_ppl_increase;  // a fraction: 0.05 for 5 %
  std::optional<double> max_kld;           // nats per token
  double confidence = 0.95;                // that a variant's verdict is right, per variant
  std::uint64_t seed = 1234;               // of the order in which windows are scored
};
// Scores windows in random order on the baseline and all variants in turn, and stops a variant as
// soon as the confidence sequence of its paired difference excludes a limit. Verdicts are about the
// text's mean; on the whole text an undecided variant stays undecided. Records go to the store:
// measure_divergence on the same text uses them.
ScreenReport screen_variants(const ScreenOptions& options);

// ---- Tasks (run_tasks.cc) ----

struct TaskRunProgress {
  std::string model;
  std::string phase;  // "making Q4_0", "evaluating"
  std::size_t task_index = 0, n_tasks = 0;
  EvaluateProgress task;
};

// A task of a variant ends as soon as the paired difference to the baseline's run is shown to be
// within the margin or beyond it, or is known this precisely.
struct EarlyStopOptions {
  std::optional<double> margin;     // largest accepted loss, a fraction
  std::optional<double> precision;  // half the interval's width, a fraction
  double confidence = 0.95;
  std::uint64_t seed = 1234;  // of the order in which samples are asked
  // Instead: ask this share of the samples, rather those that can flip, which the lead of the right
  // choice over the best other one tells, or of that over it, in the baseline's run (guided.cc).
  std::optional<double> guided;
  // Spread of a lead's change that is expected, for each square root of the tokens by which the
  // two choices differ: 0.1 on four tasks for Q8_0 of SmolLM2, where a little less is best.
  double guide_tau_nats = 0.07;
  bool is_on() const { return margin || precision || guided; }
};

struct TaskRunOptions {
  std::string baseline;               // a GGUF path, optionally with "+kv=..." or "+as=..."
  std::vector<std::string> variants;  // as parse_variant accepts; may be empty
  TaskSelection selection;
  TaskOptions task;  // chat.render and the BOS rule are filled in per model
  RuntimeRequest runtime;
  QuantizeOptions recipe;
  std::string cache_dir;
  int max_length = 0;   // tokens a request may have; 0 = trained context, at most 4096
  int n_sequences = 0;  // texts generated side by side; 0 = chosen
  bool probe = true;    // known answers first: stop when the baseline is near chance on them
  bool draft = true;    // variants check the baseline's greedy answers instead of decoding anew
  EarlyStopOptions early_stop;
  // A finished run in the baseline's place: then every model given may end early against it; else
  // the variants end early against the baseline of this command.
  const Run* against = nullptr;
  std::string limit_text;  // as given, for the header
  ScoreOptions score;
  Store* store = nullptr;  // never null
  std::function<void(const TaskRunProgress&)> progress;
  // Scored samples, with their requests, block by block; may be empty.
  std::function<void(const std::string& model, std::span<const SampleRecord>)> keep;
  std::stop_token stop;
};

struct TaskRun {
  Run run;
  RequestStatistics statistics;
  std::int64_t n_requests = 0, n_from_store = 0;
  double load_s = 0;  // of the run's duration: until the model was open
};
// One run per model: the baseline first. Each is opened, asked everything and closed in turn.
std::vector<TaskRun> run_tasks(const TaskRunOptions& options);

// ---- Speed and memory (speed.cc) ----

struct SpeedPoint {  // engine settings under which every model is measured
  RuntimeRequest runtime;
  int n_batch = 2048;
  std::string label;  // what differs from the other points: "t=4"; empty for a single point
};

struct SpeedOptions {
  std::string baseline;               // a GGUF path, optionally with "+kv=..."
  std::vector<std::string> variants;  // as parse_variant accepts; may be empty
  std::vector<SpeedPoint> points;     // at least one
  QuantizeOptions recipe;
  std::string cache_dir;
  std::vector<std::string> prompts;  // texts for the requests; empty = random tokens
  int n_gen_of_prompts = 0;          // tokens that each generates
  // Tests, precision, budget, seed, child ...; setups and prompts are filled in here. A prompt's
  // request replaces the tests that are requests.
  BenchOptions bench;
  std::function<void(const MeasureProgress&)> progress;  // while variants are made; may be empty
};
// Without variants every point is compared with the first; else each variant with the baseline at
// the same point.
SpeedResult measure_speed(const SpeedOptions& options);

// One prompt per line, or per line's "prompt" or "text" of a .jsonl file. Error{kBadInput} when
// there is none, or naming the line.
std::vector<std::string> load_prompts(const std::string& path);

// ---- What it costs beside what it buys (tradeoff.cc) ----

// Joins a speed result with comparisons of its variants, by name and else by the weights' digest.
// Decoding is the first tg test of one sequence, the prompt the first pp, the request the first.
// A row is dominated by one that keeps the limits and is at least as good in accuracy, decoding,
// prompt speed and memory and better in one, by the figures themselves; what only one of the two
// has cannot be compared, and then neither dominates.
// Error{kUsage} for more than one baseline, or when no comparison belongs to any setup.
TradeoffReport trade_off(const SpeedResult& speed, std::span<const Comparison> comparisons,
                         const TradeoffLimits& limits);

// ---- Runs made elsewhere (import_runs.cc) ----

// read_foreign_runs, with each metric computed from the samples where there are any and Assay
// computes its aggregation. Where the source states another number, the header's warnings say so.
std::vector<Run> import_runs(std::span<const std::string> paths, const ImportOptions& options);

// read_foreign_speed with all figures. Ratios have no interval: one model was measured after the
// other.
std::optional<SpeedResult> import_speed(std::span<const std::string> paths);
// Calls setups by the names of models that theirs end with ("base-Q4_K_M" is Q4_K_M), and compares
// all with the baseline; with nothing where it is not among them. How many were found.
int adopt_names(SpeedResult& speed, const std::string& baseline,
                std::span<const std::string> variants);

// ---- Scores once more, without a model (rescore.cc) ----

struct RescoreOptions {
  std::vector<std::string> tasks;          // only these of the run's; empty = all
  std::vector<std::string> include_paths;  // folders with more task files
  std::string filter_from;  // a task file whose filters and metrics serve for every task; "" = none
  ScoreOptions score;
};
struct RescoreResult {
  Run run;
  std::vector<std::int64_t> n_changed;  // samples whose scores are others now, per task
};
// Scores of the saved responses by the current definitions. Targets, choices and gold stay as they
// were saved. Errors: kUsage for a task without a definition; kBadInput for a definition of another
// output type, or a task without responses; those of score_samples.
RescoreResult rescore_run(Run run, const RescoreOptions& options);

}  // namespace assay
