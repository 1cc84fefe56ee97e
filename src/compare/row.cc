#include "compare/row.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "compare/answers.h"
#include "compare/repeats.h"
#include "core/number_format.h"

namespace assay::detail {
namespace {

constexpr double kUnknown = std::numeric_limits<double>::infinity();

// Metrics such as F1 or a median are no means of their items' scores, so items cannot be paired.
bool is_mean(const TaskResult& task, const MetricKey& key) {
  const MetricResult* metric = find_metric(task.metrics, key);
  double sum = 0;
  std::int64_t n = 0;
  for (const SampleRecord& sample : task.samples) {
    if (const double* value = scored_value(sample, key.metric, key.filter)) {
      sum += *value;
      ++n;
    }
  }
  if (metric == nullptr || n == 0 || n != metric->n_scored) return true;  // nothing to check by
  const double mean = sum / static_cast<double>(n);
  return std::abs(mean - metric->estimate.value) <= 1e-6 * std::max(1.0, std::abs(mean));
}

Estimate exp_of_mean(const PairedScores& scores, bool variant) {
  const std::vector<double>& values = variant ? scores.variant : scores.baseline;
  std::vector<ClusterSum> sums(scores.n_clusters);
  for (std::size_t i = 0; i < values.size(); ++i) {
    sums[scores.clusters[i]].sum -= values[i];
    sums[scores.clusters[i]].n += scores.weights[i];
  }
  return exp_estimate(clustered_mean(sums));
}

void fill_counts(ComparisonRow& row, const PairedTask& task, const PairedScores& scores) {
  MetricComparison& out = row.out;
  out.n = static_cast<std::int64_t>(scores.pairs.size());
  out.n_clusters = static_cast<std::int64_t>(scores.n_clusters);
  out.n_unscored_baseline = scores.n_unscored_baseline;
  out.n_unscored_variant = scores.n_unscored_variant;
  out.n_missing_baseline = static_cast<std::int64_t>(task.only_variant.size());
  out.n_missing_variant = static_cast<std::int64_t>(task.only_baseline.size());
}

void fill_flips(ComparisonRow& row, const PairedScores& scores, const MetricKey& key) {
  if (!scores.binary) return;
  const PairedTable table = table_of(scores);
  row.out.flips = FlipTable{.both_right = table.both_right,
                            .lost = table.only_baseline,
                            .gained = table.only_variant,
                            .both_wrong = table.both_wrong,
                            .churn = count_churn(scores, key)};
  for (std::size_t i = 0; i < scores.pairs.size(); ++i) {
    if (scores.baseline[i] == scores.variant[i]) continue;
    auto& ids = scores.baseline[i] == 1 ? row.out.lost_ids : row.out.gained_ids;
    ids.push_back(scores.pairs[i].baseline->id.key);
  }
}

void fill_values(ComparisonRow& row, const PairedScores& scores) {
  MetricComparison& out = row.out;
  if (out.kind == ChangeKind::kRatio) {
    out.baseline = exp_of_mean(scores, false);
    out.variant = exp_of_mean(scores, true);
  } else {
    out.baseline = mean_of_side(scores, false);
    out.variant = mean_of_side(scores, true);
  }
}

void fill_evidence(ComparisonRow& row, const PairedScores& scores) {
  // Log-likelihoods are better when higher although the perplexity is not.
  const bool higher = row.out.higher_is_better || row.out.kind == ChangeKind::kRatio;
  row.gains = gains_of(scores, higher ? 1 : -1);
  if (scores.binary && scores.independent() && higher) {
    row.table = table_of(scores);
    row.evidence = evidence_of(*row.table, row.demand);
  } else {
    row.evidence = evidence_of(row.gains, row.is_fraction, row.demand);
  }
  fill_from_evidence(row);
}

void fill_bootstrap(ComparisonRow& row, const CompareOptions& options) {
  if (options.n_bootstrap <= 0 || row.gains.size() < 2) return;
  const BootstrapResult result = bootstrap_mean(
      row.gains,
      {.n_replicates = options.n_bootstrap, .seed = options.seed, .n_threads = options.n_threads});
  const Interval& bca = result.bca;
  if (row.out.kind == ChangeKind::kRatio) {
    row.out.bootstrap_ci95 = Interval{std::exp(-bca.high), std::exp(-bca.low)};
  } else if (row.out.higher_is_better) {
    row.out.bootstrap_ci95 = bca;
  } else {
    row.out.bootstrap_ci95 = Interval{-bca.high, -bca.low};
  }
}

// The difference's interval over the baseline's value: what the baseline itself may be off by
// matters little beside it.
void fill_recovery(ComparisonRow& row) {
  MetricComparison& out = row.out;
  const double base = out.baseline.value;
  if (!out.higher_is_better || out.kind != ChangeKind::kPoints || !(base > 0)) return;
  Estimate recovery{.value = kPercent * (1 + out.change.value / base)};
  if (out.change.std_error) recovery.std_error = kPercent * *out.change.std_error / base;
  if (out.change.ci95) {
    recovery.ci95 = Interval{kPercent * (1 + out.change.ci95->low / base),
                             kPercent * (1 + out.change.ci95->high / base)};
  }
  recovery.reason = out.change.reason;
  out.recovery_percent = recovery;
}

}  // namespace

double margin_for(const CompareOptions& options, const std::string& metric,
                  const std::string& task_class) {
  if (is_perplexity(metric)) return options.max_ppl_increase;
  const auto found = options.class_margins.find(task_class);
  return found == options.class_margins.end() ? options.margin : found->second;
}

Estimate mean_of_side(const PairedScores& scores, bool variant) {
  const std::vector<double>& values = variant ? scores.variant : scores.baseline;
  std::vector<ClusterSum> sums(scores.n_clusters);
  std::int64_t n_right = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    sums[scores.clusters[i]].sum += values[i];
    ++sums[scores.clusters[i]].n;
    n_right += values[i] == 1 ? 1 : 0;
  }
  Estimate mean = clustered_mean(sums);
  if (scores.binary && scores.independent())
    mean.ci95 = wilson_interval(n_right, static_cast<std::int64_t>(values.size()));
  return mean;
}

void fill_from_evidence(ComparisonRow& row) {
  MetricComparison& out = row.out;
  const Evidence& evidence = row.evidence;
  out.method = evidence.method;
  out.n_clusters = evidence.n_clusters;
  out.p_worse = evidence.p_worse;
  out.p_two_sided = evidence.p_two_sided;
  out.p_within = evidence.p_within;
  out.p_beyond = evidence.p_beyond;
  Estimate change = evidence.gain;
  if (!out.higher_is_better || out.kind == ChangeKind::kRatio) {
    change.value = -change.value;
    if (change.ci95) change.ci95 = Interval{-change.ci95->high, -change.ci95->low};
  }
  out.change = out.kind == ChangeKind::kRatio ? exp_estimate(change) : change;
  out.minimum_detectable_effect = evidence.detectable;
  if (out.kind == ChangeKind::kRatio && evidence.detectable)
    out.minimum_detectable_effect = std::expm1(*evidence.detectable);
  fill_recovery(row);
}

ComparisonRow make_row(const PairedTask& task, const MetricKey& key,
                       const CompareOptions& options) {
  ComparisonRow row;
  MetricComparison& out = row.out;
  out.task = task.baseline->task;
  out.task_class = task.baseline->task_class;
  out.metric = key.metric;
  out.filter = key.filter;
  const MetricResult* metric = find_metric(task.baseline->metrics, key);
  out.higher_is_better = metric == nullptr || metric->higher_is_better;
  out.kind = is_perplexity(key.metric) ? ChangeKind::kRatio : ChangeKind::kPoints;
  out.margin = margin_for(options, key.metric, out.task_class);
  row.demand = {.margin = out.kind == ChangeKind::kRatio ? std::log1p(out.margin) : out.margin,
                .alpha = options.alpha,
                .power = options.power};
  const PairedScores scores = paired_scores(task, key);
  fill_counts(row, task, scores);
  out.baseline = out.variant = out.change = {.value = kUnknown, .reason = "no item was scored"};
  if (scores.pairs.empty()) {
    row.untestable = "no item was scored in both runs";
    return row;
  }
  row.is_fraction = scores.is_fraction && out.kind == ChangeKind::kPoints;
  out.chance = chance_of(scores, task);
  if (out.kind == ChangeKind::kPoints &&
      !(is_mean(*task.baseline, key) && is_mean(*task.variant, key))) {
    out.baseline = metric->estimate;
    out.variant = find_metric(task.variant->metrics, key)->estimate;
    out.change = {.value = out.variant.value - out.baseline.value,
                  .reason = "not a mean of the items' scores"};
    row.untestable = "it is not a mean of the items' scores, so items cannot be paired";
    return row;
  }
  fill_values(row, scores);
  fill_flips(row, scores, key);
  fill_evidence(row, scores);
  fill_bootstrap(row, options);
  fill_repeats(row.out, scores, key);
  if (out.kind == ChangeKind::kPoints && !row.is_fraction)
    row.untestable = "its values are no fractions, so a margin in points means nothing for it";
  return row;
}

void add_noise(ComparisonRow& row, const PairedTask& task) {
  const PairedScores scores = paired_scores(task, {row.out.metric, row.out.filter});
  if (scores.pairs.empty()) return;
  const Estimate gain = clustered_mean(gains_of(scores, 1));
  RepeatNoise noise{
      .n = static_cast<std::int64_t>(scores.pairs.size()),
      .difference = row.out.kind == ChangeKind::kRatio ? std::expm1(-gain.value) : gain.value};
  if (scores.binary) {
    const PairedTable table = table_of(scores);
    noise.n_flips = table.only_baseline + table.only_variant;
  }
  row.out.noise = noise;
}

}  // namespace assay::detail
