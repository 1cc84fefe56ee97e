// Inside compare only: the comparison after the guard.
#pragma once

#include "compare/compare.h"

namespace assay::detail {

// Error{kBadInput} with all mismatches unless they are allowed.
Comparison compare_checked(const Run& baseline, const Run& variant, const CompareOptions& options,
                           GuardReport report);

// Error{kUsage} for options that cannot be.
void check_options(const CompareOptions& options);

// "1 point", "5 % perplexity".
std::string margin_words(const MetricComparison& row);

// One plain sentence on a row that has its verdict.
std::string sentence_of(const MetricComparison& row, const std::string& variant, double power);

}  // namespace assay::detail
