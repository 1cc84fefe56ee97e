// Which variants are in memory together.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "eval/eval.h"

namespace assay::detail {

struct Turns {
  std::vector<std::vector<std::size_t>> variants;  // indices, turn by turn
  std::string note;                                // empty when one turn is enough
};

// Packs `needed` variants, in order, beside the baseline into limit_bytes (0 =
// available_memory_bytes()). A variant that fits nowhere gets a turn of its own, and the note says
// so.
Turns plan_turns(const Candidate& baseline, std::span<const Candidate> variants,
                 const std::vector<std::size_t>& needed, std::int64_t limit_bytes);

}  // namespace assay::detail
