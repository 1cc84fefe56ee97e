#include "compare/pairing.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include <fmt/format.h>

#include "core/error.h"

namespace assay::detail {
namespace {

using Places = std::unordered_map<std::string_view, const SampleRecord*>;

void refuse_double_scores(const TaskResult& task, const SampleRecord& sample) {
  for (std::size_t i = 0; i < sample.scores.size(); ++i) {
    for (std::size_t j = i + 1; j < sample.scores.size(); ++j) {
      if (sample.scores[i].metric == sample.scores[j].metric &&
          sample.scores[i].filter == sample.scores[j].filter) {
        throw Error(ErrorKind::kBadInput,
                    fmt::format("{} ({}) stands twice in item {} of {}", sample.scores[i].metric,
                                sample.scores[i].filter, sample.id.key, task.task),
                    {}, "Which of the two counts cannot be known: make the run again.");
      }
    }
  }
}

Places places_of(const TaskResult& task) {
  Places places;
  places.reserve(task.samples.size());
  for (const SampleRecord& sample : task.samples) {
    if (!places.emplace(sample.id.key, &sample).second) {
      throw Error(ErrorKind::kBadInput,
                  fmt::format("Item {} of {} stands twice in a run", sample.id.key, task.task), {},
                  "Runs are paired by id, so each may stand once: make the run again.");
    }
    refuse_double_scores(task, sample);
  }
  return places;
}

}  // namespace

PairedTask pair_samples(const TaskResult& baseline, const TaskResult& variant) {
  PairedTask paired{.baseline = &baseline, .variant = &variant};
  const Places of_baseline = places_of(baseline);
  const Places of_variant = places_of(variant);
  paired.pairs.reserve(baseline.samples.size());
  for (const SampleRecord& sample : baseline.samples) {
    const auto found = of_variant.find(sample.id.key);
    if (found == of_variant.end()) {
      paired.only_baseline.push_back(&sample);
    } else {
      paired.pairs.push_back({&sample, found->second});
    }
  }
  for (const SampleRecord& sample : variant.samples) {
    if (!of_baseline.contains(sample.id.key)) paired.only_variant.push_back(&sample);
  }
  return paired;
}

const TaskResult* find_task(const Run& run, std::string_view name) {
  const auto found = std::find_if(run.tasks.begin(), run.tasks.end(),
                                  [&](const TaskResult& task) { return task.task == name; });
  return found == run.tasks.end() ? nullptr : &*found;
}

const MetricResult* find_metric(const std::vector<MetricResult>& metrics, const MetricKey& key) {
  const auto found = std::find_if(metrics.begin(), metrics.end(), [&](const MetricResult& metric) {
    return metric.metric == key.metric && metric.filter == key.filter;
  });
  return found == metrics.end() ? nullptr : &*found;
}

std::vector<MetricKey> shared_metrics(const std::vector<MetricResult>& baseline,
                                      const std::vector<MetricResult>& variant) {
  std::vector<MetricKey> keys;
  for (const MetricResult& metric : baseline) {
    const MetricKey key{metric.metric, metric.filter};
    if (find_metric(variant, key) != nullptr) keys.push_back(key);
  }
  return keys;
}

const Score* find_score(const SampleRecord& sample, std::string_view metric,
                        std::string_view filter) {
  for (const Score& score : sample.scores) {
    if (score.metric == metric && score.filter == filter) return &score;
  }
  return nullptr;
}

const double* scored_value(const SampleRecord& sample, std::string_view metric,
                           std::string_view filter) {
  const Score* score = find_score(sample, metric, filter);
  if (score == nullptr || !score->value || !std::isfinite(*score->value)) return nullptr;
  return &*score->value;
}

}  // namespace assay::detail
