// Inside compare only: what findings and the decision read out of a family's comparisons.
#pragma once

#include <string>
#include <vector>

#include "core/study.h"

namespace assay::detail {

// Rows whose verdict counts and whose change is in points, of metrics and groups.
std::vector<const MetricComparison*> deciding_points(const Comparison& comparison);

const Comparison* comparison_of(const StudyFamily& family, const std::string& variant);

struct VariantDivergence {
  const DivergenceReport* report = nullptr;  // null: none has this variant
  const VariantReport* variant = nullptr;
};
VariantDivergence divergence_of(const StudyFamily& family, const std::string& variant);

// Names of all that was measured against the baseline, in the order of the study.
std::vector<std::string> variant_names(const StudyFamily& family);

// "-1.2 points [-2.0, -0.4]" of a change that is a fraction.
std::string points_with_interval(const Estimate& change);
// "+5.6 % [4.7, 6.6]" of a ratio.
std::string ratio_with_interval(const Estimate& ratio);

}  // namespace assay::detail
