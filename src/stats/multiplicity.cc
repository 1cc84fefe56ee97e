#include <algorithm>
#include <boost/math/special_functions/gamma.hpp>
#include <cmath>
#include <numeric>

#include "stats/arguments.h"
#include "stats/stats.h"

namespace assay {
namespace {

// Places of the p-values, smallest first.
std::vector<std::size_t> by_size(std::span<const double> p) {
  for (const double value : p) detail::require_p_value(value);
  std::vector<std::size_t> order(p.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return p[a] < p[b]; });
  return order;
}

}  // namespace

std::vector<double> holm(std::span<const double> p) {
  const std::vector<std::size_t> order = by_size(p);
  std::vector<double> adjusted(p.size());
  double largest = 0;
  for (std::size_t rank = 0; rank < order.size(); ++rank) {
    const double scaled = static_cast<double>(p.size() - rank) * p[order[rank]];
    largest = std::max(largest, std::min(1.0, scaled));
    adjusted[order[rank]] = largest;
  }
  return adjusted;
}

std::vector<double> benjamini_hochberg(std::span<const double> p) {
  const std::vector<std::size_t> order = by_size(p);
  std::vector<double> adjusted(p.size());
  double smallest = 1;
  for (std::size_t rank = order.size(); rank-- > 0;) {
    const double n = static_cast<double>(p.size());
    smallest = std::min(smallest, n / static_cast<double>(rank + 1) * p[order[rank]]);
    adjusted[order[rank]] = smallest;
  }
  return adjusted;
}

McNemar pooled_mcnemar(std::span<const PairedTable> tables) {
  PairedTable sum;
  for (const PairedTable& table : tables) {
    mcnemar(table);  // refuses counts that cannot be
    sum.both_right += table.both_right;
    sum.only_baseline += table.only_baseline;
    sum.only_variant += table.only_variant;
    sum.both_wrong += table.both_wrong;
  }
  return mcnemar(sum);
}

double fisher_combined_p(std::span<const double> p) {
  detail::require(!p.empty(), "There is no p-value to combine");
  double log_sum = 0;
  for (const double value : p) {
    detail::require_p_value(value);
    if (value == 0) return 0;
    log_sum -= std::log(value);
  }
  // The chi-squared tail with 2k degrees of freedom at 2 * log_sum.
  return log_sum > 0 ? boost::math::gamma_q(static_cast<double>(p.size()), log_sum) : 1.0;
}

}  // namespace assay
