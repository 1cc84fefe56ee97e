#include "compare/evidence.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <unordered_map>

#include <fmt/format.h>

namespace assay::detail {
namespace {

constexpr double kHardlyAny = 1e-12;  // a margin of nothing: "worse at all"

// The divisor of a rolling score; nullptr where each item counts as one.
const char* weight_name(const std::string& metric) {
  if (metric == "word_perplexity") return "n_words";
  if (metric == "byte_perplexity" || metric == "bits_per_byte") return "n_bytes";
  return nullptr;
}

class ClusterNumbers {
 public:
  std::size_t of(const SampleRecord& sample) {
    if (sample.cluster.empty()) return n_++;
    const auto [place, is_new] = numbers_.try_emplace(sample.cluster, n_);
    if (is_new) ++n_;
    return place->second;
  }
  std::size_t size() const { return n_; }

 private:
  std::unordered_map<std::string_view, std::size_t> numbers_;
  std::size_t n_ = 0;
};

void add_scores(PairedScores& scores, const SamplePair& pair, double b, double v) {
  scores.pairs.push_back(pair);
  scores.baseline.push_back(b);
  scores.variant.push_back(v);
  for (const double value : {b, v}) {
    scores.binary = scores.binary && (value == 0 || value == 1);
    scores.is_fraction = scores.is_fraction && value >= 0 && value <= 1;
  }
}

void add_tests(Evidence& evidence, const MarginTest& at_all, const MarginTest& at_all_better,
               const MarginTest& at_margin) {
  evidence.p_worse = at_all.p_inferior;
  evidence.p_two_sided = std::min(1.0, 2 * std::min(at_all.p_inferior, at_all_better.p_inferior));
  evidence.p_within = at_margin.p_noninferior;
  evidence.p_beyond = at_margin.p_inferior;
}

Estimate negated(Estimate estimate) {
  estimate.value = -estimate.value;
  return estimate;
}

}  // namespace

bool is_perplexity(const std::string& metric) {
  constexpr std::array kNames = {"word_perplexity", "byte_perplexity", "bits_per_byte",
                                 "perplexity"};
  return std::find(kNames.begin(), kNames.end(), metric) != kNames.end();
}

PairedScores paired_scores(const PairedTask& task, const MetricKey& key) {
  PairedScores scores;
  ClusterNumbers numbers;
  const char* weight = weight_name(key.metric);
  for (const SamplePair& pair : task.pairs) {
    const double* b = scored_value(*pair.baseline, key.metric, key.filter);
    const double* v = scored_value(*pair.variant, key.metric, key.filter);
    const double* w = weight ? scored_value(*pair.baseline, weight, "weight") : nullptr;
    const bool usable = weight == nullptr || (w != nullptr && *w > 0);
    if (b == nullptr || !usable) ++scores.n_unscored_baseline;
    if (v == nullptr) ++scores.n_unscored_variant;
    if (b == nullptr || v == nullptr || !usable) continue;
    add_scores(scores, pair, *b, *v);
    scores.weights.push_back(w == nullptr ? 1 : std::llround(*w));
    scores.clusters.push_back(numbers.of(*pair.baseline));
  }
  scores.n_clusters = numbers.size();
  return scores;
}

PairedTable table_of(const PairedScores& scores) {
  PairedTable table;
  for (std::size_t i = 0; i < scores.pairs.size(); ++i) {
    const bool b = scores.baseline[i] == 1, v = scores.variant[i] == 1;
    ++(b && v ? table.both_right
       : b    ? table.only_baseline
       : v    ? table.only_variant
              : table.both_wrong);
  }
  return table;
}

std::vector<ClusterSum> gains_of(const PairedScores& scores, double direction) {
  std::vector<ClusterSum> gains(scores.n_clusters);
  for (std::size_t i = 0; i < scores.pairs.size(); ++i) {
    ClusterSum& gain = gains[scores.clusters[i]];
    gain.sum += direction * (scores.variant[i] - scores.baseline[i]);
    gain.n += scores.weights[i];
  }
  return gains;
}

Evidence evidence_of(const PairedTable& table, const Demand& demand) {
  Evidence evidence{.method = "Tango's score interval and tests, McNemar's exact test",
                    .n_clusters = table.n()};
  const auto n = static_cast<double>(table.n());
  const double discordant = static_cast<double>(table.only_baseline + table.only_variant) / n;
  const double gain = table.difference();
  evidence.gain = {.value = gain,
                   .std_error = std::sqrt(std::max(0.0, discordant - gain * gain) / n),
                   .ci95 = tango_interval(table)};
  const McNemar exact = mcnemar(table);
  evidence.p_worse = exact.p_worse;
  evidence.p_two_sided = exact.p_two_sided;
  const MarginTest at_margin = margin_test(table, demand.margin);
  evidence.p_within = at_margin.p_noninferior;
  evidence.p_beyond = at_margin.p_inferior;
  evidence.detectable = minimum_detectable_effect(table, demand.alpha, demand.power);
  return evidence;
}

Evidence evidence_of(const Estimate& gain, std::int64_t n_clusters, const std::string& method,
                     const Demand& demand) {
  Evidence evidence{.gain = gain, .method = method, .n_clusters = n_clusters};
  if (!gain.std_error) return evidence;
  add_tests(evidence, margin_test(gain, n_clusters, kHardlyAny),
            margin_test(negated(gain), n_clusters, kHardlyAny),
            margin_test(gain, n_clusters, demand.margin));
  if (*gain.std_error > 0)
    evidence.detectable = minimum_detectable_effect(*gain.std_error, demand.alpha, demand.power);
  return evidence;
}

Evidence evidence_of(std::span<const ClusterSum> gains, bool is_fraction, const Demand& demand) {
  const auto n_clusters = static_cast<std::int64_t>(gains.size());
  const bool none =
      std::all_of(gains.begin(), gains.end(), [](const ClusterSum& gain) { return gain.sum == 0; });
  if (none && is_fraction && n_clusters > 1) {
    Evidence evidence = evidence_of(PairedTable{.both_right = n_clusters}, demand);
    evidence.method = "no cluster differs: Tango's score interval and tests on clusters";
    return evidence;
  }
  return evidence_of(clustered_mean(gains), n_clusters, "Student's t over clusters of differences",
                     demand);
}

}  // namespace assay::detail
