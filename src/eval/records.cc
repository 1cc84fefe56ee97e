#include "eval/records.h"

#include <bit>
#include <cstring>

#include "core/hash.h"

namespace assay::detail {
namespace {

static_assert(std::endian::native == std::endian::little, "records are stored little endian");

template <typename T>
std::string encode(const std::vector<T>& values) {
  std::string payload(values.size() * sizeof(T), '\0');
  if (!values.empty()) std::memcpy(payload.data(), values.data(), payload.size());
  return payload;
}

template <typename T>
std::optional<std::vector<T>> decode(const std::string& payload, std::size_t n) {
  if (payload.size() != n * sizeof(T)) return std::nullopt;
  std::vector<T> values(n);
  if (n > 0) std::memcpy(values.data(), payload.data(), payload.size());
  return values;
}

}  // namespace

Digest window_digest(const Window& window) {
  Hasher hasher;
  hasher.add_field(static_cast<std::int64_t>(window.tokens.size()));
  hasher.update(std::as_bytes(std::span(window.tokens)));
  hasher.add_field(window.first_row);
  hasher.add_field(static_cast<std::int64_t>(window.targets.size()));
  hasher.update(std::as_bytes(std::span(window.targets)));
  hasher.update(std::as_bytes(std::span(window.scored)));
  return hasher.finish();
}

Digest nll_key(const Candidate& model, const Window& window) {
  return Hasher()
      .add_field(kNllKind)
      .add_field(model.identity)
      .add_field(window_digest(window))
      .finish();
}

Digest divergence_key(const Candidate& baseline, const Candidate& variant, const Window& window) {
  return Hasher()
      .add_field(kDivergenceKind)
      .add_field(baseline.identity)
      .add_field(variant.identity)
      .add_field(window_digest(window))
      .finish();
}

std::string encode_nll(const std::vector<float>& nll) { return encode(nll); }
std::string encode_divergence(const std::vector<TokenDivergence>& records) {
  return encode(records);
}

std::optional<std::vector<float>> decode_nll(const std::string& payload, std::size_t n) {
  return decode<float>(payload, n);
}
std::optional<std::vector<TokenDivergence>> decode_divergence(const std::string& payload,
                                                              std::size_t n) {
  return decode<TokenDivergence>(payload, n);
}

}  // namespace assay::detail
