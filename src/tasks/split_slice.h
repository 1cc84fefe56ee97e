// Inside tasks only: "train[:100]", "test[10%:20%]", "train+validation".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace assay::detail {

struct SliceBound {
  std::int64_t value = 0;
  bool percent = false;
};
struct SplitPart {
  std::string split;  // "train"
  std::optional<SliceBound> from, to;
};

// The parts joined by '+', with the meaning that the `datasets` library gives them.
// Errors: kBadInput for what is no such text.
std::vector<SplitPart> parse_split(const std::string& text);

// First row and one past the last of a split of n_rows; percentages round to the nearest row, a
// half to even. Errors: kBadInput when a bound lies outside the split.
std::pair<std::int64_t, std::int64_t> rows_of(const SplitPart& part, std::int64_t n_rows);

}  // namespace assay::detail
