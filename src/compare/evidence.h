// Inside compare only: what the data say about a gain, whichever way it was measured.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "compare/pairing.h"
#include "stats/stats.h"

namespace assay::detail {

// Scores of the items that both runs scored, in the baseline's order.
struct PairedScores {
  std::vector<SamplePair> pairs;
  std::vector<double> baseline, variant;
  std::vector<std::int64_t> weights;  // 1, or the words or bytes of a document
  std::vector<std::size_t> clusters;  // of each item: counted from 0 in order of appearance
  std::size_t n_clusters = 0;
  std::int64_t n_unscored_baseline = 0, n_unscored_variant = 0;
  bool binary = true;       // every score is 0 or 1
  bool is_fraction = true;  // every score is in [0, 1]
  bool independent() const { return n_clusters == pairs.size(); }
};
PairedScores paired_scores(const PairedTask& task, const MetricKey& key);

bool is_perplexity(const std::string& metric);

// How sure a question must be answered.
struct Demand {
  double margin = 0.01;  // in the unit of the gain
  double alpha = 0.05, power = 0.8;
};

// gain: how much better the variant is, in points as a fraction; of perplexities, minus the log of
// the ratio. Positive is better whatever the metric's direction.
struct Evidence {
  Estimate gain;
  std::string method;
  std::int64_t n_clusters = 0;
  std::optional<double> p_worse, p_two_sided, p_within, p_beyond;
  std::optional<double> detectable;  // smallest loss this much data sees
};
// Right or wrong on independent items: exact and score methods.
Evidence evidence_of(const PairedTable& table, const Demand& demand);
// Sums of gains by cluster: Student's t. Where every gain is 0 the spread is not 0 but unknown:
// then, for metrics within [0, 1], as for right and wrong without a discordant cluster.
Evidence evidence_of(std::span<const ClusterSum> gains, bool is_fraction, const Demand& demand);
// An estimate made elsewhere with its degrees of freedom + 1.
Evidence evidence_of(const Estimate& gain, std::int64_t n_clusters, const std::string& method,
                     const Demand& demand);

PairedTable table_of(const PairedScores& scores);
// By cluster: sums of variant - baseline (direction +1) or baseline - variant (-1).
std::vector<ClusterSum> gains_of(const PairedScores& scores, double direction);

}  // namespace assay::detail
