// Shares as people write them.
#pragma once

#include <string>

namespace assay::cli {

// "5%" or "5pp" is 0.05, "0.05" is 0.05. A bare number of 1 or more is refused: it may be meant as
// a percentage. Error{kUsage} naming the flag for what is no number, negative or not finite.
double parse_fraction(const std::string& text, const std::string& flag);

}  // namespace assay::cli
