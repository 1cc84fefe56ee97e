// Reads a sample of a model's 16- and 32-bit tensors and says what grid most of them lie on.
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <fstream>

#include "compress/grid.h"
#include "core/error.h"

namespace assay {
namespace {

constexpr std::size_t kMaxTensors = 24;
constexpr std::int64_t kStrips = 8;           // places in a tensor
constexpr std::int64_t kStripWeights = 1024;  // 32 blocks of 32 in each
constexpr std::int64_t kSuperBlock = 256;     // strips start where any block of ggml starts

struct Candidate {
  const GgufHeader* part;
  const GgufTensor* tensor;
};

bool is_plain(const std::string& type) { return type == "F32" || type == "F16" || type == "BF16"; }

std::vector<Candidate> candidates(const std::vector<GgufHeader>& parts) {
  std::vector<Candidate> all;
  for (const GgufHeader& part : parts) {
    for (const GgufTensor& tensor : part.tensors) {
      const bool matrix = tensor.shape.size() >= 2 && tensor.shape[1] > 1;
      if (matrix && is_plain(tensor.type) && tensor.shape[0] % 32 == 0) {
        all.push_back({&part, &tensor});
      }
    }
  }
  if (all.size() <= kMaxTensors) return all;
  std::vector<Candidate> spread;
  for (std::size_t i = 0; i < kMaxTensors; ++i) spread.push_back(all[i * all.size() / kMaxTensors]);
  return spread;
}

float half_to_float(std::uint16_t half) {
  const int exponent = (half >> 10) & 31;
  const int mantissa = half & 1023;
  float magnitude = exponent == 0 ? std::ldexp(static_cast<float>(mantissa), -24)
                                  : std::ldexp(static_cast<float>(mantissa + 1024), exponent - 25);
  if (exponent == 31) magnitude = INFINITY;
  return (half & 0x8000) != 0 ? -magnitude : magnitude;
}

std::vector<float> decode(const std::vector<char>& bytes, const std::string& type) {
  const std::size_t width = type == "F32" ? 4 : 2;
  std::vector<float> weights(bytes.size() / width);
  for (std::size_t i = 0; i < weights.size(); ++i) {
    std::uint32_t bits = 0;
    std::memcpy(&bits, bytes.data() + i * width, width);
    if (type == "F16") {
      weights[i] = half_to_float(static_cast<std::uint16_t>(bits));
    } else {
      weights[i] = std::bit_cast<float>(type == "BF16" ? bits << 16 : bits);
    }
  }
  return weights;
}

std::vector<float> sample(const Candidate& candidate) {
  const GgufTensor& tensor = *candidate.tensor;
  const std::int64_t width = tensor.type == "F32" ? 4 : 2;
  const std::int64_t n = tensor.n_weights / 32 * 32;
  const std::int64_t n_strips = n <= kStrips * kStripWeights ? 1 : kStrips;
  const std::int64_t strip = n_strips == 1 ? n : kStripWeights;
  std::ifstream in(candidate.part->path, std::ios::binary);
  std::vector<char> bytes(static_cast<std::size_t>(n_strips * strip * width));
  for (std::int64_t i = 0; i < n_strips; ++i) {
    const std::int64_t first = (n - strip) * i / n_strips / kSuperBlock * kSuperBlock;
    in.seekg(static_cast<std::streamoff>(tensor.offset) + first * width);
    in.read(bytes.data() + i * strip * width, strip * width);
  }
  if (!in) {
    throw Error(ErrorKind::kIo, fmt::format("cannot read tensor '{}'", tensor.name),
                candidate.part->path, "Check the disk.");
  }
  return decode(bytes, tensor.type);
}

// 32-bit weights are often 16-bit ones in a wider box: then rounding moved them as far as it does
// in 16 bits.
Precision real_precision(const std::vector<float>& weights, const std::string& type) {
  if (type == "BF16") return Precision::kBf16;
  if (type == "F16") return Precision::kF16;
  std::uint32_t used = 0;
  for (const float weight : weights) used |= std::bit_cast<std::uint32_t>(weight);
  if ((used & 0xffffU) == 0) return Precision::kBf16;
  return (used & 0x1fffU) == 0 ? Precision::kF16 : Precision::kF32;
}

std::string_view like(const Grid& grid) {
  if (grid.codebook) return "16 values each: IQ4_NL-like, or 4 bits made into more";
  if (grid.block == 16) {
    switch (grid.bits) {
      case 2:
        return "Q2_K-like";
      case 3:
        return "Q3_K-like";
      case 6:
        return "Q6_K-like";
      default:
        return "K-quant-like";
    }
  }
  switch (grid.bits) {
    case 4:
      return "Q4_0/Q4_1/Q4_K-like";
    case 5:
      return "Q5_0/Q5_1/Q5_K-like";
    case 8:
      return "Q8_0-like";
    default:
      return "a codebook or another tool's groups";
  }
}

}  // namespace

std::optional<std::string> find_dequantised(const std::vector<GgufHeader>& parts) {
  const std::vector<Candidate> looked_at = candidates(parts);
  // The tensors looked at stand for the others of their kind, so each counts as one, whatever its
  // size: a large embedding is often stored finer than all the rest.
  std::vector<std::pair<Grid, int>> seen;
  std::ptrdiff_t n_on_grid = 0;
  for (const Candidate& candidate : looked_at) {
    const std::vector<float> weights = sample(candidate);
    const auto grid = find_grid(weights, real_precision(weights, candidate.tensor->type));
    if (!grid) continue;
    ++n_on_grid;
    auto same = std::ranges::find(seen, *grid, &std::pair<Grid, int>::first);
    if (same == seen.end()) same = seen.insert(same, {*grid, 0});
    ++same->second;
  }
  if (n_on_grid == 0 || 2 * n_on_grid < std::ssize(looked_at)) return std::nullopt;
  const auto& [most, n] = *std::ranges::max_element(seen, {}, &std::pair<Grid, int>::second);
  return fmt::format("about {}-bit blocks of {} ({}) in {} of {} tensors looked at{}",
                     most.codebook ? 4 : most.bits, most.block, like(most), n, looked_at.size(),
                     n == n_on_grid ? "" : fmt::format(", other grids in {}", n_on_grid - n));
}

}  // namespace assay
