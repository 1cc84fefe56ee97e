#include "compare/repeats.h"

#include <algorithm>
#include <cmath>
#include <map>

#include <fmt/format.h>

#include "compare/checked.h"
#include "core/error.h"

namespace assay {
namespace detail {
namespace {

using Values = std::vector<std::vector<double>>;  // by item: one value per answer

Repeats to_repeats(const Values& values, int n_runs) {
  const RepeatVariance variance = repeat_variance(values);
  return {.n_runs = n_runs,
          .mean = variance.mean,
          .between_items = variance.between_items,
          .within_item = variance.within_item,
          .std_error = variance.std_error};
}

// A share c / n of passed programs as c ones and n - c zeros; nullopt where it is no such share.
std::optional<std::vector<double>> programs_of(const SampleRecord& sample, double share) {
  const double n = static_cast<double>(sample.responses.size());
  const double n_passed = std::round(share * n);
  if (std::abs(n_passed - share * n) > 1e-6) return std::nullopt;
  std::vector<double> values(sample.responses.size(), 0.0);
  std::fill_n(values.begin(), static_cast<std::size_t>(n_passed), 1.0);
  return values;
}

std::optional<Repeats> within_run(const PairedScores& scores, bool variant) {
  Values values;
  for (std::size_t i = 0; i < scores.pairs.size(); ++i) {
    const SampleRecord& sample = variant ? *scores.pairs[i].variant : *scores.pairs[i].baseline;
    auto programs = programs_of(sample, variant ? scores.variant[i] : scores.baseline[i]);
    if (!programs || sample.responses.size() < 2) return std::nullopt;
    values.push_back(std::move(*programs));
  }
  if (values.empty()) return std::nullopt;
  const auto n_runs = static_cast<int>(values.front().size());
  return to_repeats(values, n_runs);
}

// The same item's scores in all runs.
class Items {
 public:
  explicit Items(std::span<const Run> runs) : runs_(runs) {
    for (const Run& run : runs) {
      auto& samples = samples_.emplace_back();
      for (const TaskResult& task : run.tasks) {
        for (const SampleRecord& sample : task.samples) samples.emplace(sample.id, &sample);
      }
    }
  }
  std::vector<double> values(const SampleId& id, const MetricKey& key) const {
    std::vector<double> values;
    for (const auto& samples : samples_) {
      const auto found = samples.find(id);
      const double* value =
          found == samples.end() ? nullptr : scored_value(*found->second, key.metric, key.filter);
      if (value) values.push_back(*value);
    }
    return values;
  }
  std::size_t n_runs() const { return runs_.size(); }

 private:
  std::span<const Run> runs_;
  std::vector<std::map<SampleId, const SampleRecord*>> samples_;
};

double mean(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

void average_scores(TaskResult& task, const Items& items) {
  for (SampleRecord& sample : task.samples) {
    for (Score& score : sample.scores) {
      if (score.filter == "weight") continue;
      const std::vector<double> values = items.values(sample.id, {score.metric, score.filter});
      score.value.reset();
      if (values.size() == items.n_runs()) {
        score.value = mean(values);
      } else {
        score.reason = "not scored in every run";
      }
    }
  }
}

// The metric's own number, so that it is known to be a mean.
void average_metric(MetricResult& metric, const TaskResult& task) {
  std::vector<double> values;
  for (const SampleRecord& sample : task.samples) {
    if (const double* value = scored_value(sample, metric.metric, metric.filter))
      values.push_back(*value);
  }
  metric.n_scored = static_cast<std::int64_t>(values.size());
  if (!values.empty() && !is_perplexity(metric.metric)) metric.estimate.value = mean(values);
}

Run averaged(std::span<const Run> runs, const Items& items) {
  Run run = runs.front();
  run.groups.clear();
  for (TaskResult& task : run.tasks) {
    average_scores(task, items);
    for (MetricResult& metric : task.metrics) average_metric(metric, task);
  }
  return run;
}

Repeats repeats_of(const Run& run, const Items& items, const MetricComparison& row) {
  Values values;
  for (const SampleRecord& sample : find_task(run, row.task)->samples) {
    std::vector<double> of_item = items.values(sample.id, {row.metric, row.filter});
    if (of_item.size() == items.n_runs()) values.push_back(std::move(of_item));
  }
  return to_repeats(values, static_cast<int>(items.n_runs()));
}

GuardReport check_pairs(std::span<const Run> baselines, std::span<const Run> variants,
                        const CompareOptions& options) {
  if (baselines.empty() || baselines.size() != variants.size()) {
    throw Error(ErrorKind::kBadInput,
                fmt::format("Repeated runs are paired by sampling seed: {} of the baseline and {} "
                            "of the variant do not pair",
                            baselines.size(), variants.size()));
  }
  GuardReport report;
  for (const Run& baseline : baselines) {
    const auto other = std::find_if(variants.begin(), variants.end(), [&](const Run& run) {
      return run.header.sampling_seed == baseline.header.sampling_seed;
    });
    if (other == variants.end()) {
      throw Error(ErrorKind::kBadInput,
                  fmt::format("No run of the variant has the baseline's sampling seed {}",
                              baseline.header.sampling_seed),
                  {}, "Run both with the same --seed values.");
    }
    const GuardReport of_pair = check_comparable(baseline, *other, options);
    report.mismatches.insert(report.mismatches.end(), of_pair.mismatches.begin(),
                             of_pair.mismatches.end());
    if (report.unchecked.empty()) report.unchecked = of_pair.unchecked;
  }
  return report;
}

}  // namespace

void fill_repeats(MetricComparison& out, const PairedScores& scores, const MetricKey& key) {
  if (key.metric != "pass@1" && key.metric != "pass_at_1") return;
  out.baseline_repeats = within_run(scores, false);
  out.variant_repeats = within_run(scores, true);
}

}  // namespace detail

Comparison compare_repeats(std::span<const Run> baselines, std::span<const Run> variants,
                           const CompareOptions& options) {
  GuardReport report = detail::check_pairs(baselines, variants, options);
  if (baselines.size() == 1) {
    return detail::compare_checked(baselines.front(), variants.front(), options, std::move(report));
  }
  const detail::Items of_baseline(baselines), of_variant(variants);
  const Run baseline = detail::averaged(baselines, of_baseline);
  const Run variant = detail::averaged(variants, of_variant);
  Comparison comparison = detail::compare_checked(baseline, variant, options, std::move(report));
  for (MetricComparison& row : comparison.metrics) {
    row.baseline_repeats = detail::repeats_of(baseline, of_baseline, row);
    row.variant_repeats = detail::repeats_of(variant, of_variant, row);
  }
  return comparison;
}

}  // namespace assay
