#include <algorithm>

#include "eval/summary_records.h"

namespace assay {

std::optional<Interval> kld_percentile_interval(const ClusterMap& clusters,
                                                const std::vector<Place>& places, double fraction) {
  std::vector<double> sorted;
  sorted.reserve(places.size());
  for (const Place& place : places) sorted.push_back(place.token->kld);
  std::sort(sorted.begin(), sorted.end());
  const double at = percentile_of_sorted(sorted, fraction);
  Accumulator below(clusters);
  for (const Place& place : places) below.add(place.window, place.token->kld <= at ? 1 : 0);
  const Estimate share = below.mean();
  if (!share.std_error) return std::nullopt;
  const double half = student_t_975(clusters.n_clusters - 1) * *share.std_error;
  const double low = fraction - half, high = fraction + half;
  const double largest = 1 - 1 / static_cast<double>(sorted.size());
  if (low < 0 || high > largest) return std::nullopt;
  return Interval{percentile_of_sorted(sorted, low), percentile_of_sorted(sorted, high)};
}

}  // namespace assay
