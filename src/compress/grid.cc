// The test of one block. Both its smallest and its largest weight lie on the grid (if there is
// one), so the step is their distance divided by a whole number n: 255 candidates, no guess from
// noisy gaps. A candidate fits when every weight lies at a whole number of steps, within what
// rounding to the storage type may have moved it. How surprising that is decides: a weight with
// nothing to do with the grid would fit by chance with the probability (2 * tolerance) / step.
//
// Grids through zero (Q8_0, Q6_K, Q3_K: weight = scale * integer) get a second test, whose
// tolerances shrink with the weight: it still works where the largest weights were rounded by as
// much as a step (8 bits stored as bfloat16).
#include "compress/grid.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

namespace assay {
namespace {

constexpr int kMaxLevels = 255;
constexpr double kMaxLog2Chance = -16;
constexpr double kMinShare = 0.95;
constexpr std::size_t kMinBlocks = 8;

struct Storage {
  int mantissa_bits;
  int min_exponent;
};

Storage storage(Precision precision) {
  switch (precision) {
    case Precision::kF32:
      return {23, -126};
    case Precision::kF16:
      return {10, -14};
    case Precision::kBf16:
      return {7, -126};
  }
  return {};
}

// The most by which rounding to the storage type moved a value, plus the float arithmetic before
// it.
double rounding(double value, Storage type) {
  const int exponent =
      value == 0 ? type.min_exponent : std::max(std::ilogb(value), type.min_exponent);
  return std::ldexp(0.5, exponent - type.mantissa_bits) + std::abs(value) * 2e-7;
}

struct Block {
  std::span<const float> weights;
  std::array<double, 32> tolerance{};
  double low = 0, high = 0, end_tolerance = 0;  // the larger tolerance of the two ends
};

Block describe(std::span<const float> weights, Storage type) {
  Block block{.weights = weights};
  const auto [low, high] = std::ranges::minmax(weights);
  block.low = double{low};
  block.high = double{high};
  for (std::size_t i = 0; i < weights.size(); ++i) {
    block.tolerance[i] = rounding(double{weights[i]}, type);
  }
  block.end_tolerance = std::max(rounding(block.low, type), rounding(block.high, type));
  return block;
}

// log2 of the chance that weights unrelated to the grid fit origin + k * step; nullopt when these
// do not fit. own(i): the tolerance of weight i. Zeros must fit but are no evidence: pruned weights
// are zero too. n_free: parameters of the grid that the weights themselves decided.
template <typename Tolerance>
std::optional<double> chance(const Block& block, double origin, double step, int n_free,
                             Tolerance tolerance) {
  double log2_chance = 0;
  std::array<double, 2> best{0, 0};  // the most surprising ones pay for the free parameters
  for (std::size_t i = 0; i < block.weights.size(); ++i) {
    const double weight = double{block.weights[i]};
    const double steps = (weight - origin) / step;
    const double allowed = tolerance(i) / step;
    if (std::abs(steps - std::round(steps)) > allowed) return std::nullopt;
    if (weight == 0) continue;
    const double log2_one = std::min(0.0, std::log2(std::max(2 * allowed, 1e-9)));
    log2_chance += log2_one;
    if (log2_one < best[0])
      std::swap(best[0], best[1]), best[0] = log2_one;
    else if (log2_one < best[1])
      best[1] = log2_one;
  }
  for (int i = 0; i < n_free; ++i) log2_chance -= best[static_cast<std::size_t>(i)];
  return log2_chance;
}

// Steps from the lowest to the highest weight on the coarsest convincing grid of the block; nullopt
// when no grid convinces.
std::optional<int> levels(const Block& block) {
  const double range = block.high - block.low;
  const double largest = std::max(std::abs(block.low), std::abs(block.high));
  const double threshold = kMaxLog2Chance - 8;  // 2^8 candidates were tried
  for (int n = 1; n <= kMaxLevels; ++n) {
    const auto affine = chance(block, block.low, range / n, 2, [&](std::size_t i) {
      return block.tolerance[i] + block.end_tolerance;
    });
    if (affine && *affine <= threshold) return n;
    const double step = 2 * largest / n;  // n = 2 k: the largest weight is k steps from zero
    if (n % 2 != 0 || step == 0) continue;
    const auto through_zero = chance(block, 0, step, 1, [&](std::size_t i) {
      const double share = std::abs(double{block.weights[i]}) / largest;
      return block.tolerance[i] + share * block.end_tolerance;
    });
    if (through_zero && *through_zero <= threshold) {
      return static_cast<int>(std::lround(range / step));
    }
  }
  return std::nullopt;
}

std::size_t count_distinct(std::span<const float> weights) {
  std::vector<float> sorted(weights.begin(), weights.end());
  std::ranges::sort(sorted);
  return static_cast<std::size_t>(std::unique(sorted.begin(), sorted.end()) - sorted.begin());
}

template <typename T>
T percentile(std::vector<T> values, double p) {
  std::ranges::sort(values);
  return values[static_cast<std::size_t>(p * static_cast<double>(values.size() - 1))];
}

int bits_of(int n_levels) {
  return static_cast<int>(std::bit_width(static_cast<unsigned>(n_levels)));
}

std::optional<Grid> find_grid_of(std::span<const float> weights, Storage type, std::size_t size) {
  std::vector<int> found;
  std::vector<std::size_t> distinct;
  std::size_t n_blocks = 0;
  const std::size_t n_all = weights.size() / size;
  for (std::size_t i = 0; i < n_all; ++i) {
    const auto part = weights.subspan(i * size, size);
    if (!std::ranges::all_of(part, [](float weight) { return std::isfinite(weight); })) continue;
    const Block block = describe(part, type);
    if (block.low == block.high) continue;
    ++n_blocks;
    if (const auto n = levels(block)) {
      found.push_back(*n);
      distinct.push_back(count_distinct(part));
    }
    // Genuine weights are by far the usual case: stop as soon as 95 % cannot be reached any more.
    if (static_cast<double>(n_blocks - found.size()) >
        (1 - kMinShare) * static_cast<double>(n_all)) {
      return std::nullopt;
    }
  }
  if (n_blocks < kMinBlocks ||
      static_cast<double>(found.size()) < kMinShare * static_cast<double>(n_blocks)) {
    return std::nullopt;
  }
  Grid grid{.block = static_cast<int>(size), .bits = bits_of(percentile(found, 0.98))};
  grid.codebook = size == 32 && grid.bits > 4 && percentile(distinct, 0.98) <= 16;
  return grid;
}

}  // namespace

std::optional<Grid> find_grid(std::span<const float> weights, Precision precision) {
  const Storage type = storage(precision);
  const auto whole = find_grid_of(weights, type, 32);
  const auto half = find_grid_of(weights, type, 16);
  if (!whole || !half) return whole ? whole : half;
  // Two blocks of 16 with few levels each also fit one fine grid of 32: the simpler account counts.
  const bool simpler = whole->codebook ? half->bits < 4 : half->bits + 2 <= whole->bits;
  return simpler ? half : whole;
}

}  // namespace assay
