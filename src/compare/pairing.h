// Inside compare only: items of two runs side by side.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/run.h"

namespace assay::detail {

struct MetricKey {
  std::string metric, filter;
  auto operator<=>(const MetricKey&) const = default;
};

struct SamplePair {
  const SampleRecord* baseline = nullptr;
  const SampleRecord* variant = nullptr;
};

// Samples of one task in both runs, in the baseline's order.
struct PairedTask {
  const TaskResult* baseline = nullptr;
  const TaskResult* variant = nullptr;
  std::vector<SamplePair> pairs;
  std::vector<const SampleRecord*> only_baseline, only_variant;
};

// Errors: kBadInput naming task and id when an id, or a metric of one item, stands twice.
PairedTask pair_samples(const TaskResult& baseline, const TaskResult& variant);

const TaskResult* find_task(const Run& run, std::string_view name);
// Metrics that both results have, in the baseline's order.
std::vector<MetricKey> shared_metrics(const std::vector<MetricResult>& baseline,
                                      const std::vector<MetricResult>& variant);
const MetricResult* find_metric(const std::vector<MetricResult>& metrics, const MetricKey& key);
const Score* find_score(const SampleRecord& sample, std::string_view metric,
                        std::string_view filter);
// The value, where it is a number: NaN and infinity count as unscored.
const double* scored_value(const SampleRecord& sample, std::string_view metric,
                           std::string_view filter);

}  // namespace assay::detail
