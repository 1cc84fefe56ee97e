// Per-window records in the store: their keys and bytes (docs/formats/store.md).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "eval/eval.h"

namespace assay::detail {

inline constexpr const char* kNllKind = "perplexity-chunk/1";
inline constexpr const char* kDivergenceKind = "divergence-chunk/1";
inline constexpr const char* kInfoKind = "model-info/1";

Digest window_digest(const Window& window);
Digest nll_key(const Candidate& model, const Window& window);
Digest divergence_key(const Candidate& baseline, const Candidate& variant, const Window& window);

std::string encode_nll(const std::vector<float>& nll);
std::string encode_divergence(const std::vector<TokenDivergence>& records);
// nullopt when the payload has not exactly n records: then the window is computed again.
std::optional<std::vector<float>> decode_nll(const std::string& payload, std::size_t n);
std::optional<std::vector<TokenDivergence>> decode_divergence(const std::string& payload,
                                                              std::size_t n);

}  // namespace assay::detail
