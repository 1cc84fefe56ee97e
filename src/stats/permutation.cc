#include <algorithm>
#include <array>
#include <cmath>

#include "stats/arguments.h"
#include "stats/binomial.h"
#include "stats/bootstrap.h"

namespace assay {
namespace {

constexpr double kMaxOutcomes = 1 << 20;

// Differences of equal size: k of n positive gives the sum (2k - n) * size, with binomial weight.
struct Magnitude {
  double size = 0;
  std::int64_t n = 0;
};

std::vector<Magnitude> magnitudes(std::span<const ClusterSum> differences) {
  std::vector<double> sizes;
  for (const ClusterSum& difference : differences) {
    detail::require_finite("A difference", difference.sum);
    if (difference.sum != 0) sizes.push_back(std::abs(difference.sum));
  }
  std::sort(sizes.begin(), sizes.end());
  std::vector<Magnitude> groups;
  for (const double size : sizes) {
    if (groups.empty() || groups.back().size != size) groups.push_back({size, 0});
    ++groups.back().n;
  }
  return groups;
}

// What was seen, and how close to it counts as equal: sums in another order differ by rounding.
struct Seen {
  double sum = 0, slack = 0;
  bool as_bad(double other) const { return other <= sum + slack; }
  bool as_far(double other) const { return std::abs(other) >= std::abs(sum) - slack; }
};

// Adds the probabilities of all outcomes from magnitude `next` on.
void enumerate(std::span<const Magnitude> rest, double sum, double weight, const Seen& seen,
               PermutationResult& p) {
  if (rest.empty()) {
    if (seen.as_bad(sum)) p.p_worse += weight;
    if (seen.as_far(sum)) p.p_two_sided += weight;
    return;
  }
  const double n = static_cast<double>(rest[0].n);
  for (std::int64_t k = 0; k <= rest[0].n; ++k) {
    const double up = static_cast<double>(k);
    const double share = rest[0].n == 1 ? 0.5 : detail::fair_point(up, n);
    enumerate(rest.subspan(1), sum + (2 * up - n) * rest[0].size, weight * share, seen, p);
  }
}

// The sums of all sign patterns of four sizes at a time: a quarter of the additions per replicate.
std::vector<std::array<double, 16>> sums_of_four(const std::vector<double>& sizes) {
  std::vector<std::array<double, 16>> tables((sizes.size() + 3) / 4);
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    for (std::size_t pattern = 0; pattern < 16; ++pattern) {
      const bool positive = (pattern >> i % 4 & 1) != 0;
      tables[i / 4][pattern] += positive ? sizes[i] : -sizes[i];
    }
  }
  return tables;
}

PermutationResult simulate(const std::vector<double>& sizes, const Seen& seen,
                           const BootstrapOptions& options) {
  const std::vector<std::array<double, 16>> tables = sums_of_four(sizes);
  std::int64_t n_bad = 1, n_far = 1;  // what was seen is one of the patterns
  for (int r = 0; r < options.n_replicates; ++r) {
    Rng rng(options.seed, static_cast<std::uint64_t>(r));
    double sum = 0;
    for (std::size_t i = 0; i < tables.size();) {
      std::uint64_t signs = rng.next();
      for (int part = 0; part < 16 && i < tables.size(); ++part, ++i, signs >>= 4) {
        sum += tables[i][signs & 15];
      }
    }
    n_bad += seen.as_bad(sum) ? 1 : 0;
    n_far += seen.as_far(sum) ? 1 : 0;
  }
  const double count = options.n_replicates + 1.0;
  return {.p_worse = static_cast<double>(n_bad) / count,
          .p_two_sided = static_cast<double>(n_far) / count,
          .exact = false};
}

}  // namespace

PermutationResult sign_permutation(std::span<const ClusterSum> differences,
                                   const BootstrapOptions& options) {
  detail::require_options(options);
  const std::vector<Magnitude> groups = magnitudes(differences);
  Seen seen;
  double outcomes = 1;
  for (const ClusterSum& difference : differences) {
    seen.sum += difference.sum;
    seen.slack += 1e-12 * std::abs(difference.sum);
  }
  for (const Magnitude& group : groups) outcomes *= static_cast<double>(group.n + 1);
  if (outcomes <= kMaxOutcomes) {
    PermutationResult result{.p_worse = 0, .p_two_sided = 0, .exact = true};
    enumerate(groups, 0, 1, seen, result);
    result.p_worse = std::min(1.0, result.p_worse);
    result.p_two_sided = std::min(1.0, result.p_two_sided);
    return result;
  }
  std::vector<double> sizes;
  for (const Magnitude& group : groups) {
    sizes.insert(sizes.end(), static_cast<std::size_t>(group.n), group.size);
  }
  return simulate(sizes, seen, options);
}

}  // namespace assay
