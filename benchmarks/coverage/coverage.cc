#include "coverage/coverage.h"

#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <functional>
#include <random>

#include "stats/stats.h"

namespace assay::coverage {
namespace {

// The standard library's binomials and gammas: not the code under test.
using Source = std::mt19937_64;

std::int64_t binomial(Source& source, std::int64_t n, double p) {
  if (n <= 0 || p <= 0) return 0;
  if (p >= 1) return n;
  return std::binomial_distribution<std::int64_t>(n, p)(source);
}

Row measure(Row row, const Options& options, const std::function<bool(Source&)>& run) {
  // Each setting has numbers of its own; the methods of one share them.
  std::uint64_t seed = options.seed + static_cast<std::uint64_t>(row.n);
  for (const char letter : row.setting) seed = seed * 31 + static_cast<unsigned char>(letter);
  Source source(seed);
  int n_true = 0;
  for (int i = 0; i < options.n_runs; ++i) n_true += run(source) ? 1 : 0;
  row.share = n_true / static_cast<double>(options.n_runs);
  row.error = std::sqrt(row.share * (1 - row.share) / options.n_runs);
  return row;
}

bool holds(const Interval& interval, double truth) {
  constexpr double kRounding = 1e-12;
  return interval.low <= truth + kRounding && interval.high >= truth - kRounding;
}

PairedTable draw_table(Source& source, std::int64_t n, const PairedSetting& s) {
  const double lost = s.discordance * s.lost_share, gained = s.discordance - lost;
  PairedTable table;
  table.only_baseline = binomial(source, n, lost);
  std::int64_t rest = n - table.only_baseline;
  table.only_variant = binomial(source, rest, gained / (1 - lost));
  rest -= table.only_variant;
  table.both_right = binomial(source, rest, (s.accuracy - lost) / (1 - s.discordance));
  table.both_wrong = rest - table.both_right;
  return table;
}

double beta_draw(Source& source, double a, double b) {
  const double x = std::gamma_distribution<double>(a)(source);
  const double y = std::gamma_distribution<double>(b)(source);
  return x + y > 0 ? x / (x + y) : 0.0;
}

std::string describe(const PairedSetting& s) {
  return fmt::format("accuracy {}, discordance {}, {:.0f} % of it lost", s.accuracy, s.discordance,
                     100 * s.lost_share);
}

// An item's difference: -1, 0 or 1.
double draw_difference(Source& source, const PairedSetting& s) {
  const double u = std::uniform_real_distribution<double>()(source);
  if (u >= s.discordance) return 0;
  return u < s.discordance * s.lost_share ? -1 : 1;
}

// Whether a sequence's interval ever misses the truth.
template <typename Sequence>
bool ever_misses(Source& source, std::int64_t n, const PairedSetting& s) {
  Sequence sequence({.n_grid = 401});
  const double truth = s.discordance * (1 - 2 * s.lost_share);
  for (std::int64_t i = 0; i < n; ++i) {
    sequence.add(draw_difference(source, s));
    if (!holds(sequence.interval(), truth)) return true;
  }
  return false;
}

// The same for the mean of a finite population drawn to its end in random order.
template <typename Sequence>
bool ever_misses_population(Source& source, std::int64_t n, const PairedSetting& s) {
  std::vector<double> population;
  double sum = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    population.push_back(draw_difference(source, s));
    sum += population.back();
  }
  std::shuffle(population.begin(), population.end(), source);
  Sequence sequence({.n_population = n, .n_grid = 401});
  for (const double value : population) {
    sequence.add(value);
    if (!holds(sequence.interval(), sum / static_cast<double>(n))) return true;
  }
  return false;
}

bool discordant_alarm(Source& source, std::int64_t n, const PairedSetting& s) {
  DiscordantTest test;
  for (std::int64_t i = 0; i < n; ++i) {
    const double difference = draw_difference(source, s);
    if (difference == 0) continue;
    test.add(difference < 0);
    if (test.p_worse() <= 0.05) return true;
  }
  return false;
}

// What not to do: an exact McNemar test after every ten items as if it were the only one.
bool peeking_alarm(Source& source, std::int64_t n, const PairedSetting& s) {
  PairedTable table;
  for (std::int64_t i = 0; i < n; ++i) {
    const double difference = draw_difference(source, s);
    ++(difference < 0   ? table.only_baseline
       : difference > 0 ? table.only_variant
                        : table.both_right);
    if (i % 10 == 9 && mcnemar(table).p_worse <= 0.05) return true;
  }
  return false;
}

}  // namespace

Row proportion(const std::string& method, std::int64_t n, double accuracy, const Options& options) {
  const Row row{.method = method, .setting = fmt::format("accuracy {}", accuracy), .n = n};
  return measure(row, options, [&](Source& source) {
    const std::int64_t k = binomial(source, n, accuracy);
    const Interval interval = method == "Wilson"     ? wilson_interval(k, n)
                              : method == "Jeffreys" ? beta_interval(k, n, 0.5, 0.5)
                                                     : clopper_pearson_interval(k, n);
    return holds(interval, accuracy);
  });
}

Row paired(const std::string& method, std::int64_t n, const PairedSetting& setting,
           const Options& options) {
  const double truth = setting.discordance * (1 - 2 * setting.lost_share);
  const Row row{.method = method, .setting = describe(setting), .n = n};
  return measure(row, options, [&](Source& source) {
    const PairedTable table = draw_table(source, n, setting);
    return holds(method == "Tango" ? tango_interval(table) : newcombe_interval(table), truth);
  });
}

Row clustered(const std::string& method, std::int64_t n, std::int64_t cluster_size,
              const Options& options) {
  constexpr double kLost = 0.12, kGained = 0.06, kCorrelation = 0.1;
  const double strength = 1 / kCorrelation - 1;
  const Row row{.method = method, .setting = fmt::format("clusters of {}", cluster_size), .n = n};
  return measure(row, options, [&](Source& source) {
    std::vector<ClusterSum> clusters;
    for (std::int64_t done = 0; done < n; done += cluster_size) {
      const double discordant =
          beta_draw(source, (kLost + kGained) * strength, (1 - kLost - kGained) * strength);
      const std::int64_t differ = binomial(source, cluster_size, discordant);
      const std::int64_t lost = binomial(source, differ, kLost / (kLost + kGained));
      clusters.push_back({static_cast<double>(differ - 2 * lost), cluster_size});
    }
    if (method == "BCa") {
      return holds(bootstrap_mean(clusters, {.n_replicates = 2000, .seed = source()}).bca,
                   kGained - kLost);
    }
    const Estimate estimate = clustered_mean(clusters);
    return estimate.ci95 && holds(*estimate.ci95, kGained - kLost);
  });
}

Row sequential(const std::string& method, std::int64_t n, const PairedSetting& setting,
               const Options& options) {
  const Row row{.method = method, .setting = describe(setting), .n = n};
  return measure(row, options, [&](Source& source) {
    if (method == "betting sequence") return ever_misses<BettingSequence>(source, n, setting);
    if (method == "Bernstein sequence") return ever_misses<BernsteinSequence>(source, n, setting);
    if (method == "betting, whole set") {
      return ever_misses_population<BettingSequence>(source, n, setting);
    }
    if (method == "Bernstein, whole set") {
      return ever_misses_population<BernsteinSequence>(source, n, setting);
    }
    if (method == "discordant betting") return discordant_alarm(source, n, setting);
    return peeking_alarm(source, n, setting);
  });
}

}  // namespace assay::coverage
