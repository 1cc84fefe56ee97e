// Inside eval only: how scored tokens of a plan are found, checked and added up.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/estimate.h"
#include "eval/eval.h"
#include "stats/stats.h"

namespace assay {

// Indices into window.targets of those that are scored, ascending: what a record list holds.
std::vector<int> scored_targets(const Window& window);

// Which independent cluster each window belongs to.
struct ClusterMap {
  std::vector<int> of_window;
  int n_clusters = 0;
};

// Documents when more than one has scored tokens, else windows; clusters without tokens are not
// counted. Error{kBadInput} when `counts` (records per window) does not fit the plan or is all
// zero.
ClusterMap cluster_windows(const WindowPlan& plan, const std::vector<std::size_t>& counts);

// Error{kEngine} naming the place unless `value` is finite.
void require_finite(float value, const char* what, std::size_t window, std::size_t index);

// Adds up one quantity over scored tokens, per cluster and in all.
class Accumulator {
 public:
  explicit Accumulator(const ClusterMap& clusters)
      : clusters_(&clusters), sums_(static_cast<std::size_t>(clusters.n_clusters)) {}

  void add(std::size_t window, double value) {
    ClusterSum& cluster = sums_[static_cast<std::size_t>(clusters_->of_window[window])];
    cluster.sum += value;
    ++cluster.n;
    sum_ += value;
    sum_of_squares_ += value * value;
    ++n_;
  }

  Estimate mean() const { return clustered_mean(sums_); }
  std::optional<double> std_error_iid() const { return iid_std_error(sum_, sum_of_squares_, n_); }
  const std::vector<ClusterSum>& sums() const { return sums_; }
  double sum() const { return sum_; }
  double sum_of_squares() const { return sum_of_squares_; }
  std::int64_t n() const { return n_; }

 private:
  const ClusterMap* clusters_;
  std::vector<ClusterSum> sums_;
  double sum_ = 0, sum_of_squares_ = 0;
  std::int64_t n_ = 0;
};

// A quantity that cannot be negative but for rounding has an interval from zero up.
Estimate clipped_at_zero(Estimate estimate);

// One scored token and where it stands.
struct Place {
  std::size_t window = 0;
  int target = 0;  // index into Window::targets
  const TokenDivergence* token = nullptr;
};

// All scored tokens in the order of the plan, each checked to be finite.
std::vector<Place> places_of(const WindowPlan& plan,
                             const std::vector<std::vector<TokenDivergence>>& records);

// 95 % interval of the `fraction` percentile of KLD (Woodruff 1952, JASA 47): the share of tokens
// at most as large, with its clustered error, turned back into values. nullopt for fewer than two
// clusters or when a limit lies beyond the largest value seen (summary_tail.cc).
std::optional<Interval> kld_percentile_interval(const ClusterMap& clusters,
                                                const std::vector<Place>& places, double fraction);

// ---- Where the divergence is (summary_breakdown.cc) ----

std::vector<PositionBin> divergence_by_position(const WindowPlan& plan, const ClusterMap& clusters,
                                                const std::vector<Place>& places);
// Largest first; empty when the plan has one document.
std::vector<DocumentDivergence> divergence_by_document(const WindowPlan& plan,
                                                       const std::vector<Place>& places);
// Most diverging first; equal ones in the order of the text. Tokens without divergence are not
// worst.
std::vector<WorstToken> worst_tokens(const WindowPlan& plan, std::vector<Place> places,
                                     const Model* vocabulary);

}  // namespace assay
