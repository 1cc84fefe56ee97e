// Numerics over one row of logits: the inner loops of perplexity and divergence.
#pragma once

#include <array>
#include <limits>
#include <span>

#include "core/model_info.h"

namespace assay::detail {

constexpr int kTopK = 10;
using TopK =
    std::array<Token, kTopK>;  // best first, lowest id first on ties; -1 beyond the vocabulary

struct RowSummary {
  float max = 0;
  double log_sum_exp = 0;  // ln sum exp(logit); log p(t) = logit[t] - log_sum_exp
  TopK top{};
  bool finite = true;  // false: the row holds NaN or +infinity, nothing else is meaningful
};
RowSummary summarize_row(std::span<const float> logits);

// The baseline's side of a KL sum. Its values are raw logits with offset = their maximum, or, from
// llama.cpp's base file, log-probabilities with offset 0 of which those above -16 count.
struct BaselineRow {
  std::span<const float> values;
  float offset = 0;
  float floor = -std::numeric_limits<float>::infinity();
  bool normalised = false;  // values are log-probabilities already
};

// sum over the vocabulary of p_baseline ln(p_baseline / p), in nats; exactly 0 for equal rows.
// `max` is the variant row's maximum (RowSummary::max).
double kl_divergence(const BaselineRow& baseline, std::span<const float> logits, float max);

int count_common(const TopK& a, const TopK& b, int k);  // tokens in both of the first k

}  // namespace assay::detail
