#include "stats/bootstrap.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <future>

#include "core/error.h"
#include "stats/arguments.h"
#include "stats/binomial.h"
#include "stats/philox.h"

namespace assay {
namespace detail {

double jackknife_acceleration(std::span<const LeftOut> left_out) {
  double sum = 0, count = 0;
  for (const LeftOut& one : left_out) {
    sum += one.count * one.value;
    count += one.count;
  }
  double squares = 0, cubes = 0;
  for (const LeftOut& one : left_out) {
    const double distance = sum / count - one.value;
    squares += one.count * distance * distance;
    cubes += one.count * distance * distance * distance;
  }
  return squares > 0 ? cubes / (6 * std::pow(squares, 1.5)) : 0.0;
}

BootstrapResult summarise_replicates(std::vector<double> replicates, double value,
                                     double acceleration, double confidence) {
  std::sort(replicates.begin(), replicates.end());
  const double count = static_cast<double>(replicates.size());
  double mean = 0, squares = 0;
  for (const double replicate : replicates) mean += replicate / count;
  for (const double replicate : replicates) squares += (replicate - mean) * (replicate - mean);

  // All equal: rounding of the mean is no error.
  if (replicates.front() == replicates.back()) squares = 0;

  const double tail = (1 - confidence) / 2;
  const auto at = [&](double fraction) { return percentile_of_sorted(replicates, fraction); };
  BootstrapResult result{.std_error = std::sqrt(squares / (count - 1)),
                         .percentile = {at(tail), at(1 - tail)},
                         .bca = {at(tail), at(1 - tail)}};

  const auto [first, last] = std::equal_range(replicates.begin(), replicates.end(), value);
  const double n_below = static_cast<double>(first - replicates.begin());
  const double below = (n_below + 0.5 * static_cast<double>(last - first)) / count;
  if (below <= 0 || below >= 1) return result;
  const double bias = normal_quantile(1 - below), z = normal_quantile(tail);
  const auto corrected = [&](double level) {
    return normal_tail(-(bias + (bias + level) / (1 - acceleration * (bias + level))));
  };
  if (1 - std::abs(acceleration) * (std::abs(bias) + z) <= 0) return result;
  result.bca = {at(corrected(-z)), at(corrected(z))};
  return result;
}

void require_options(const BootstrapOptions& options) {
  require(options.n_replicates >= 2, fmt::format("{} replicates", options.n_replicates),
          "Two at least; 10,000 for an interval");
  require_fraction("The confidence", options.confidence);
  require(options.n_threads >= 1, fmt::format("{} threads", options.n_threads), "One at least");
}

}  // namespace detail

namespace {

struct Distinct {
  double sum = 0, n = 0;
  std::int64_t count = 0;  // clusters like this
};

// Replicate r draws from stream r: the same whichever thread makes it.
template <typename Draw>
std::vector<double> make_replicates(const BootstrapOptions& options, const Draw& draw) {
  std::vector<double> replicates(static_cast<std::size_t>(options.n_replicates));
  const auto work = [&](std::size_t from, std::size_t to) {
    for (std::size_t r = from; r < to; ++r) replicates[r] = draw(r);
  };
  const std::size_t n_threads =
      std::min(static_cast<std::size_t>(options.n_threads), replicates.size());
  std::vector<std::future<void>> others;
  for (std::size_t thread = 1; thread < n_threads; ++thread) {
    others.push_back(std::async(std::launch::async, work, replicates.size() * thread / n_threads,
                                replicates.size() * (thread + 1) / n_threads));
  }
  work(0, replicates.size() / n_threads);
  for (std::future<void>& other : others) other.get();
  return replicates;
}

// Equal clusters together, in order of their n and sum; empty ones left out.
std::vector<Distinct> distinct_clusters(std::span<const ClusterSum> clusters) {
  std::vector<Distinct> all;
  for (const ClusterSum& cluster : clusters) {
    detail::require_finite("The sum of a group of items", cluster.sum);
    if (cluster.n < 0 || (cluster.n == 0 && cluster.sum != 0)) {
      throw Error(ErrorKind::kBadInput,
                  fmt::format("A group of {} items has the sum {}", cluster.n, cluster.sum));
    }
    if (cluster.n > 0) all.push_back({cluster.sum, static_cast<double>(cluster.n), 1});
  }
  std::sort(all.begin(), all.end(), [](const Distinct& a, const Distinct& b) {
    return a.n != b.n ? a.n < b.n : a.sum < b.sum;
  });
  std::vector<Distinct> distinct;
  for (const Distinct& cluster : all) {
    if (distinct.empty() || distinct.back().n != cluster.n || distinct.back().sum != cluster.sum) {
      distinct.push_back(cluster);
    } else {
      ++distinct.back().count;
    }
  }
  return distinct;
}

// How often each distinct cluster is among n drawn with replacement is multinomial, which is a
// chain of binomials: the same distribution as n single draws, at the cost of the distinct ones.
double draw_counts(const std::vector<Distinct>& distinct, std::int64_t n, Rng rng) {
  double sum = 0, total = 0;
  std::int64_t n_left = n, n_rest = n;  // still to draw; clusters not yet looked at
  for (const Distinct& cluster : distinct) {
    const double p = static_cast<double>(cluster.count) / static_cast<double>(n_rest);
    const std::int64_t drawn = detail::draw_binomial(rng, n_left, p);
    sum += static_cast<double>(drawn) * cluster.sum;
    total += static_cast<double>(drawn) * cluster.n;
    n_left -= drawn;
    n_rest -= cluster.count;
    if (n_left == 0) break;
  }
  return sum / total;
}

// Clusters as they are drawn; n is empty when all have the same.
struct Singles {
  std::vector<double> sums, n;
  double equal_n = 0;
};

Singles spread_out(const std::vector<Distinct>& distinct) {
  Singles singles;
  singles.equal_n = distinct.front().n;
  const bool equal = distinct.back().n == singles.equal_n;  // they are in order of n
  for (const Distinct& cluster : distinct) {
    const std::size_t count = static_cast<std::size_t>(cluster.count);
    singles.sums.insert(singles.sums.end(), count, cluster.sum);
    if (!equal) singles.n.insert(singles.n.end(), count, cluster.n);
  }
  return singles;
}

double draw_singly(const Singles& clusters, detail::FairDraws draws) {
  double sum = 0, total = 0;
  const std::size_t n_clusters = clusters.sums.size();
  if (clusters.n.empty()) {
    for (std::size_t i = 0; i < n_clusters; ++i) sum += clusters.sums[draws.next()];
    return sum / (static_cast<double>(n_clusters) * clusters.equal_n);
  }
  for (std::size_t i = 0; i < n_clusters; ++i) {
    const std::size_t drawn = draws.next();
    sum += clusters.sums[drawn];
    total += clusters.n[drawn];
  }
  return sum / total;
}

// A distinct value costs about as much as this many single draws.
constexpr std::size_t kDrawsPerBinomial = 25;

std::vector<double> cluster_replicates(const std::vector<Distinct>& distinct, std::int64_t n,
                                       const BootstrapOptions& options) {
  if (distinct.size() * kDrawsPerBinomial <= static_cast<std::size_t>(n)) {
    return make_replicates(
        options, [&](std::size_t r) { return draw_counts(distinct, n, Rng(options.seed, r)); });
  }
  const Singles clusters = spread_out(distinct);
  const std::uint32_t bound = static_cast<std::uint32_t>(n);
  return make_replicates(options, [&](std::size_t r) {
    return draw_singly(clusters, detail::FairDraws(options.seed, r, bound));
  });
}

// Sums of stretches of a circular series from running totals.
class CircularSums {
 public:
  explicit CircularSums(std::span<const float> values) : totals_(values.size() + 1) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      detail::require_finite("A value of the series", static_cast<double>(values[i]));
      totals_[i + 1] = totals_[i] + static_cast<double>(values[i]);
    }
  }
  double all() const { return totals_.back(); }
  double stretch(std::size_t start, std::size_t length) const {
    const std::size_t n = totals_.size() - 1, end = start + length;
    if (end <= n) return totals_[end] - totals_[start];
    return totals_[n] - totals_[start] + totals_[end - n];
  }

 private:
  std::vector<double> totals_;
};

}  // namespace

BootstrapResult bootstrap_mean(std::span<const ClusterSum> clusters,
                               const BootstrapOptions& options) {
  detail::require_options(options);
  const std::vector<Distinct> distinct = distinct_clusters(clusters);
  double sum = 0, total = 0;
  std::int64_t n = 0;
  for (const Distinct& cluster : distinct) {
    sum += static_cast<double>(cluster.count) * cluster.sum;
    total += static_cast<double>(cluster.count) * cluster.n;
    n += cluster.count;
  }
  detail::require(n >= 2, fmt::format("A bootstrap of {} independent groups of items", n),
                  "It takes two at least");
  detail::require(n <= UINT32_MAX, "A bootstrap of more than 2^32 groups of items");
  std::vector<detail::LeftOut> left_out;
  for (const Distinct& cluster : distinct) {
    left_out.push_back(
        {(sum - cluster.sum) / (total - cluster.n), static_cast<double>(cluster.count)});
  }
  return detail::summarise_replicates(cluster_replicates(distinct, n, options), sum / total,
                                      detail::jackknife_acceleration(left_out), options.confidence);
}

BootstrapResult block_bootstrap_mean(std::span<const float> values, std::int64_t block_length,
                                     const BootstrapOptions& options) {
  detail::require_options(options);
  detail::require(block_length >= 1, fmt::format("Blocks of {} values", block_length));
  const std::size_t n = values.size(), length = static_cast<std::size_t>(block_length);
  detail::require(n / length >= 2 && n <= UINT32_MAX,
                  fmt::format("A series of {} values in blocks of {}", n, block_length),
                  "It takes two blocks at least");
  const CircularSums sums(values);
  const double count = static_cast<double>(n);
  const std::uint32_t bound = static_cast<std::uint32_t>(n);
  std::vector<double> replicates = make_replicates(options, [&](std::size_t r) {
    detail::FairDraws draws(options.seed, r, bound);
    double sum = 0;
    for (std::size_t done = 0; done < n; done += length) {  // the last block is cut to n values
      sum += sums.stretch(draws.next(), std::min(length, n - done));
    }
    return sum / count;
  });
  std::vector<detail::LeftOut> left_out;
  for (std::size_t start = 0; start < n; start += length) {
    const std::size_t block = std::min(length, n - start);
    left_out.push_back(
        {(sums.all() - sums.stretch(start, block)) / (count - static_cast<double>(block)), 1});
  }
  return detail::summarise_replicates(std::move(replicates), sums.all() / count,
                                      detail::jackknife_acceleration(left_out), options.confidence);
}

}  // namespace assay
