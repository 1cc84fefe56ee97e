#include "eval/summary_records.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <set>
#include <string>

#include "core/error.h"

namespace assay {

std::vector<int> scored_targets(const Window& window) {
  std::vector<int> indices;
  for (std::size_t i = 0; i < window.targets.size(); ++i) {
    if (window.scored.empty() || window.scored.at(i) != 0) indices.push_back(static_cast<int>(i));
  }
  return indices;
}

ClusterMap cluster_windows(const WindowPlan& plan, const std::vector<std::size_t>& counts) {
  if (counts.size() != plan.windows.size()) {
    throw Error(ErrorKind::kBadInput, "Records of " + std::to_string(counts.size()) +
                                          " windows for a plan of " +
                                          std::to_string(plan.windows.size()));
  }
  std::set<int> documents;
  int n_windows = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const std::size_t expected = scored_targets(plan.windows[i]).size();
    if (counts[i] != expected) {
      throw Error(ErrorKind::kBadInput, "Window " + std::to_string(i) + " has " +
                                            std::to_string(counts[i]) + " records instead of " +
                                            std::to_string(expected));
    }
    if (expected == 0) continue;
    documents.insert(plan.windows[i].document);
    ++n_windows;
  }
  if (n_windows == 0) throw Error(ErrorKind::kBadInput, "No token of this text is scored");

  const bool by_document = documents.size() > 1;
  ClusterMap clusters{.of_window = std::vector<int>(counts.size(), 0), .n_clusters = 0};
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] == 0) continue;
    const auto place = documents.find(plan.windows[i].document);
    clusters.of_window[i] = by_document ? static_cast<int>(std::distance(documents.begin(), place))
                                        : clusters.n_clusters;
    if (!by_document) ++clusters.n_clusters;
  }
  if (by_document) clusters.n_clusters = static_cast<int>(documents.size());
  return clusters;
}

void require_finite(float value, const char* what, std::size_t window, std::size_t index) {
  if (std::isfinite(value)) return;
  throw Error(ErrorKind::kEngine, std::string("The model gave ") + what + " that is not finite",
              "window " + std::to_string(window) + ", scored token " + std::to_string(index),
              "Its weights or its runtime are broken; try another KV type or the original file.");
}

Estimate clipped_at_zero(Estimate estimate) {
  if (estimate.ci95 && estimate.value >= 0) {
    estimate.ci95->low = std::max(estimate.ci95->low, 0.0);
  }
  return estimate;
}

std::vector<Place> places_of(const WindowPlan& plan,
                             const std::vector<std::vector<TokenDivergence>>& records) {
  std::vector<Place> places;
  for (std::size_t window = 0; window < records.size(); ++window) {
    const std::vector<int> targets = scored_targets(plan.windows[window]);
    for (std::size_t i = 0; i < targets.size(); ++i) {
      const TokenDivergence& token = records[window][i];
      require_finite(token.nll, "a log-likelihood", window, i);
      require_finite(token.nll_baseline, "a log-likelihood (as baseline)", window, i);
      require_finite(token.kld, "a divergence", window, i);
      places.push_back({window, targets[i], &token});
    }
  }
  return places;
}

}  // namespace assay
