// Inside compare only: one line of a comparison while it is being made.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "compare/compare.h"
#include "compare/evidence.h"

namespace assay::detail {

struct ComparisonRow {
  MetricComparison out;
  Evidence evidence;
  Demand demand;
  std::vector<ClusterSum> gains;     // by cluster, positive is better
  std::optional<PairedTable> table;  // right or wrong on independent items
  bool is_fraction = false;          // points mean something
  std::string untestable;            // why no interval can be given; empty: one can
};

ComparisonRow make_row(const PairedTask& task, const MetricKey& key, const CompareOptions& options);

// Adds the same metric of the baseline run again. `task` pairs baseline and that run.
void add_noise(ComparisonRow& row, const PairedTask& task);

// change, its interval, p-values and what follows from them, out of row.evidence.
void fill_from_evidence(ComparisonRow& row);

double margin_for(const CompareOptions& options, const std::string& metric,
                  const std::string& task_class);

// A side's mean with an interval: Wilson's where items are independent and right or wrong.
Estimate mean_of_side(const PairedScores& scores, bool variant);

}  // namespace assay::detail
