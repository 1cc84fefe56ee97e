// Weights stored in 16 or 32 bits that lie on a grid of a few bits, block by block: what remains
// when a quantised file is dequantised.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "compress/compress.h"

namespace assay {

enum class Precision { kF32, kF16, kBf16 };

struct Grid {
  int block = 0;  // weights that share one grid: 32 or 16
  int bits = 0;   // of the finest grid met (2 to 8)
  // At most 16 different values per block although the grid is finer: a 4-bit codebook.
  bool codebook = false;
  bool operator==(const Grid&) const = default;
};

// Whether consecutive blocks of `weights` (blocks aligned to its start; rounded to `precision` when
// they were stored) lie on grids of at most 8 bits: at least 95 % of the blocks, each by a
// coincidence of less than 2^-16. nullopt otherwise, and for fewer than 8 blocks of unequal
// weights. Blocks of equal weights say nothing and are left out.
std::optional<Grid> find_grid(std::span<const float> weights, Precision precision);

// CheckpointFacts::dequantised_from, from a sample of the tensors of all parts of a model.
std::optional<std::string> find_dequantised(const std::vector<GgufHeader>& parts);

}  // namespace assay
