// A number with its uncertainty. What cannot be computed is absent with a reason, never 0 and never
// NaN.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace assay {

struct Interval {
  double low = 0;
  double high = 0;
};

struct Estimate {
  double value = 0;
  std::optional<double>
      std_error;  // clustered (by chunk or document) unless the field's name says iid
  std::optional<Interval> ci95;
  std::string reason;  // why std_error is absent; empty when it is there
};

}  // namespace assay
