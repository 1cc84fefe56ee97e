// Whole measurements: from paths and variant names to a report. Opens files, makes variants, runs,
// summarises.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "compress/compress.h"
#include "core/divergence.h"
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

// ---- Tasks (run_tasks.cc) ----

struct TaskRunProgress {
  std::string model;
  std::string phase;  // "making Q4_0", "evaluating"
  std::size_t task_index = 0, n_tasks = 0;
  EvaluateProgress task;
};

struct TaskRunOptions {
  std::string baseline;               // a GGUF path, optionally with "+kv=..." or "+as=..."
  std::vector<std::string> variants;  // as parse_variant accepts; may be empty
  TaskSelection selection;
  TaskOptions task;  // chat.render and the BOS rule are filled in per model
  RuntimeRequest runtime;
  QuantizeOptions recipe;
  std::string cache_dir;
  int max_length = 0;      // tokens a request may have; 0 = trained context, at most 4096
  int n_sequences = 0;     // texts generated side by side; 0 = chosen
  bool draft = true;       // variants check the baseline's greedy answers instead of decoding anew
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
};
// One run per model: the baseline first. Each is opened, asked everything and closed in turn.
std::vector<TaskRun> run_tasks(const TaskRunOptions& options);

// ---- Runs made elsewhere (import_runs.cc) ----

// read_foreign_runs, with each metric computed from the samples where there are any and Assay
// computes its aggregation. Where the source states another number, the header's warnings say so.
std::vector<Run> import_runs(std::span<const std::string> paths, const ImportOptions& options);

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
