// Whole measurements: from paths and variant names to a report. Opens files, makes variants, runs,
// summarises.
#pragma once

#include <cstdint>
#include <functional>
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

}  // namespace assay
