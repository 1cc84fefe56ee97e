// How a model is opened for requests: one memory for all of them, or one for each.
#include <algorithm>

#include "eval/eval.h"

namespace assay {
namespace {

constexpr int kCells = 16384;  // KV memory of all texts under way, in tokens
constexpr int kDefaultSequences = 64;
// Fewer texts side by side read the weights too often; each has memory of its own for all that.
constexpr int kLeastSequences = 8;
constexpr int kRounding = 256;  // longer texts in a later block seldom need another opening

ModelShape shared_shape(const RequestShapeOptions& options) {
  return {.n_ctx = std::max(kCells, options.max_length + options.runtime.n_ubatch),
          .n_seq_max = options.n_sequences > 0 ? options.n_sequences : kDefaultSequences,
          .share_prefixes = true};
}

// Tokens of the longest text, with all that it may become; nullopt: something is only scored.
std::optional<int> longest_text(std::span<const EncodedRequest> requests) {
  if (requests.empty()) return std::nullopt;
  int n = 0;
  for (const EncodedRequest& request : requests) {
    if (request.kind != EncodedRequest::Kind::kGenerate) return std::nullopt;
    n = std::max(n, static_cast<int>(request.tokens.size()) + request.max_new_tokens);
  }
  return n;
}

}  // namespace

ModelShape shape_for_requests(std::span<const EncodedRequest> requests,
                              const RequestShapeOptions& options) {
  const bool on_processor = options.runtime.n_gpu_layers == 0;
  const std::optional<int> longest = on_processor ? longest_text(requests) : std::nullopt;
  if (!longest) return shared_shape(options);
  const int n_ctx = (*longest + 1 + kRounding - 1) / kRounding * kRounding;
  const int n_chosen = std::clamp(kCells / n_ctx, kLeastSequences, kDefaultSequences);
  const int n_wanted = options.n_sequences > 0 ? options.n_sequences : n_chosen;
  return {.n_ctx = n_ctx,
          .n_seq_max = std::min(n_wanted, static_cast<int>(requests.size())),
          .truncates = true};
}

}  // namespace assay
