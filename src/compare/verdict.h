// Inside compare only: from evidence to verdicts.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "compare/row.h"

namespace assay::detail {

// What of the two models' identity matters for verdicts.
struct Identity {
  bool same_model = false, same_answers = false;
  bool same_name = false;  // compared with itself on purpose
};

// Adjusts the p-values of `rows` as one family, then decides each.
void decide_family(std::span<ComparisonRow* const> rows, const CompareOptions& options,
                   const Identity& identity);

// Worse if any that decides is worse, within if all are, else undecided.
void decide_whole(Comparison& comparison);

std::vector<double> adjusted(std::span<const double> p, Adjustment adjustment);
const char* name_of(Adjustment adjustment);

// n_further for people, rounded up: the estimate is no more exact than two digits.
std::int64_t two_digits(std::int64_t n);

}  // namespace assay::detail
