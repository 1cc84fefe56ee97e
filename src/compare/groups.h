// Inside compare only: several tasks as one number.
#pragma once

#include <string>
#include <vector>

#include "compare/row.h"

namespace assay::detail {

struct GroupRow : ComparisonRow {
  std::vector<std::string> tasks;
  std::vector<double> weights;
  std::string weighting;
};

// One row per group and metric that both runs have and whose weights can be told. `rows` are of
// the tasks; `problems` says why a group is left out.
std::vector<GroupRow> make_group_rows(const Run& baseline, const Run& variant,
                                      const std::vector<ComparisonRow>& rows,
                                      const CompareOptions& options,
                                      std::vector<std::string>& problems);

// Evidence of several tasks' gains taken as strata: items of different tasks are independent,
// clusters within a task are respected. Equal items of all tasks when `weights` is empty.
Evidence pooled_evidence(const std::vector<const ComparisonRow*>& rows,
                         const std::vector<double>& weights, const Demand& demand);

// "knowledge", "maths" ... each with its pooled change, and how they differ from each other.
void compare_classes(Comparison& comparison, const std::vector<const ComparisonRow*>& rows,
                     const CompareOptions& options);

}  // namespace assay::detail
