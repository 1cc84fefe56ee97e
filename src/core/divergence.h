// Results of perplexity and divergence: plain data. Per-token records are what the store keeps;
// every statistic is a pure function of them (eval/eval.h), so that a resumed run gives the same
// numbers to the last bit.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/convention.h"
#include "core/estimate.h"
#include "core/model_info.h"

namespace assay {

// One scored token of one variant against the baseline. Stored as is: keep the layout
// (docs/formats/store.md).
struct TokenDivergence {
  float nll_baseline = 0;     // nats: -ln p_baseline(target)
  float nll = 0;              // nats: -ln p(target)
  float kld = 0;              // nats: sum p_baseline ln(p_baseline / p) over the vocabulary
  Token top_baseline = 0;     // argmax of the baseline (lowest id on ties, as llama-perplexity)
  Token top = 0;              // argmax of the variant
  std::uint8_t overlap5 = 0;  // how many of the baseline's top 5 are in the variant's top 5
  std::uint8_t overlap10 = 0;
  std::uint16_t reserved = 0;
};
static_assert(sizeof(TokenDivergence) == 24);

// One document of the lm-eval convention, or one conversation.
struct DocumentLikelihood {
  std::string name;
  std::int64_t n_scored_tokens = 0;
  std::optional<std::int64_t> n_words, n_bytes;  // of the source text; lm-eval convention only
  double log_likelihood = 0;                     // nats, sum over its scored tokens
};

struct PerplexityStatistics {
  Estimate perplexity;  // exp(mean nll over scored tokens), error clustered by chunk or document
  std::optional<double>
      std_error_iid;  // as llama-perplexity prints it: tokens taken as independent
  std::int64_t n_scored_tokens = 0;
  int n_chunks = 0;  // windows
  int n_clusters =
      0;  // what the error is clustered by: windows, or documents when there are several
  // lm-eval convention only; over all documents, as lm-eval aggregates (sum of log-likelihood / sum
  // of words or bytes).
  std::optional<Estimate> word_perplexity, byte_perplexity, bits_per_byte;
  // In the order of the text. Empty in the conventions that know no documents.
  std::vector<DocumentLikelihood> documents;
};

struct Percentiles {  // of per-token values; linear interpolation between order statistics, as
                      // llama-perplexity
  double min = 0, p0_1 = 0, p1 = 0, p5 = 0, p10 = 0, p25 = 0, median = 0, p75 = 0, p90 = 0, p95 = 0,
         p99 = 0, p99_9 = 0, max = 0;
};

struct PositionBin {  // tokens whose position in the window (= depth in the KV cache) is in [first,
                      // last]
  int first = 0, last = 0;
  std::int64_t n_tokens = 0;
  Estimate kld;
};

struct WorstToken {
  int document = 0, window = 0, position = 0;
  double kld = 0;
  std::string context;            // text before the token, about 60 characters
  std::string target;             // the token that followed
  std::string top_baseline, top;  // what each would have said
  double p_baseline = 0, p = 0;   // probability of the target
};

struct DocumentDivergence {
  int document = 0;
  std::string name;
  std::int64_t n_tokens = 0;
  double kld_mean = 0;
};

struct DivergenceStatistics {
  Estimate ln_ppl_ratio;  // mean over tokens of nll - nll_baseline; paired, clustered
  std::optional<double> ln_ppl_ratio_std_error_iid;
  Estimate ppl_ratio;       // exp of it; ci95 is exp of its ends
  Estimate ppl_difference;  // PPL - PPL(baseline), delta method on the pair
  std::optional<double>
      ln_ppl_correlation;  // of per-token nll, as llama-perplexity's Cor(ln(PPL(Q)), ln(PPL(base)))
  Estimate kld;            // mean, clustered
  std::optional<double> kld_std_error_iid;
  Percentiles kld_percentiles;
  // 95 % intervals of two of them, by clusters; absent when the text is too short to bound them.
  std::optional<Interval> kld_p99_ci95, kld_p99_9_ci95;
  Estimate delta_p;  // mean of p - p_baseline of the target; a fraction, not percent
  std::optional<double> delta_p_std_error_iid;
  Estimate delta_p_rms;
  std::optional<double> delta_p_rms_std_error_iid;
  Percentiles delta_p_percentiles;
  Estimate same_top_p;  // fraction of tokens with the same argmax
  std::optional<double> same_top_p_std_error_iid;
  Estimate top5_overlap,
      top10_overlap;  // mean share of the baseline's top k found in the variant's top k
  std::vector<PositionBin> by_position;
  std::vector<DocumentDivergence>
      by_document;  // largest KLD first; empty when the text is one document
  std::vector<WorstToken> worst;
};

// One column of the table: a model as it was run.
struct ModelReport {
  std::string name;  // as given: "Q4_K_M+kv=q8_0"
  ModelInfo info;
  PerplexityStatistics perplexity;
  Convention convention;
  std::vector<std::string> notes;  // fallbacks, dequantised origin, pathological perplexity ...
};

struct VariantReport : ModelReport {
  DivergenceStatistics divergence;
  bool identical = false;  // every logit equal to the baseline's, bit for bit
  std::string sentence;    // what it cost, in plain words
};

struct PerplexityReport {
  ModelReport model;
  std::vector<std::string> warnings;
};

// A variant's mean KLD in three steps, each the increase over the one before (nats). KLDs of parts
// do not add up exactly: the steps are differences along this path, and may be slightly negative.
struct LossSplit {
  std::string variant;
  double weights = 0;   // its weights, dequantised, in full-precision kernels
  double kernels = 0;   // + the kernels of its types, which also quantise activations
  double kv_cache = 0;  // + its KV cache types
};

// The baseline against itself in batches of another size: what means nothing.
struct NoiseFloor {
  int n_batch = 0;  // the size that differed most
  int n_chunks = 0;
  std::int64_t n_scored_tokens = 0;
  double kld_mean = 0;    // nats
  double same_top_p = 1;  // fraction
};

struct DivergenceReport {
  ModelReport baseline;
  std::vector<VariantReport> variants;
  std::vector<LossSplit> split;       // on request
  std::optional<NoiseFloor> noise;    // when it was measured on windows of this text
  std::vector<std::string> warnings;  // said beside every number
  std::int64_t base_file_bytes_avoided =
      0;  // what llama.cpp's base file of this run would have taken
};

}  // namespace assay
