#include "study/early_stop.h"

#include <cmath>
#include <numeric>

#include <fmt/format.h>

#include "core/error.h"

namespace assay::detail {
namespace {

const Score* find_score(const SampleRecord& sample, const EarlyStop& question) {
  for (const Score& score : sample.scores) {
    if (score.metric == question.metric && score.filter == question.filter && score.value)
      return &score;
  }
  return nullptr;
}

bool is_share(double value) { return value >= 0 && value <= 1; }

const char* words(EarlyVerdict verdict) {
  switch (verdict) {
    case EarlyVerdict::kWithinMargin:
      return "within the margin";
    case EarlyVerdict::kWorse:
      return "WORSE than the margin";
    case EarlyVerdict::kPrecise:
      return "as precise as wanted";
    case EarlyVerdict::kUndecided:
      break;
  }
  return "undecided";
}

}  // namespace

std::vector<std::int64_t> random_order(std::int64_t n, std::uint64_t seed) {
  std::vector<std::int64_t> order(static_cast<std::size_t>(n));
  std::iota(order.begin(), order.end(), std::int64_t{0});
  Rng random(seed);
  for (std::size_t left = order.size(); left > 1; --left)
    std::swap(order[left - 1], order[static_cast<std::size_t>(random.below(left))]);
  return order;
}

EarlyStopping::EarlyStopping(const TaskResult& baseline, const EarlyStopOptions& options,
                             std::int64_t n_total)
    : options_(options), sequence_({.low = -1, .high = 1, .confidence = options.confidence}) {
  if (baseline.metrics.empty())
    throw Error(ErrorKind::kUsage, "The baseline's run has no metric for " + baseline.task);
  const MetricResult& metric = baseline.metrics.front();
  result_ = {.metric = metric.metric,
             .filter = metric.filter,
             .margin = options.margin,
             .precision = options.precision,
             .confidence = options.confidence,
             .n_total = n_total};
  bool usable = metric.higher_is_better;
  for (const SampleRecord& sample : baseline.samples) {
    const Score* score = find_score(sample, result_);
    if (score == nullptr) continue;
    usable = usable && is_share(*score->value);
    known_[sample.id.key] = {*score->value, &sample};
  }
  if (!usable || known_.empty()) {
    throw Error(
        ErrorKind::kUsage,
        fmt::format("{} of {} cannot end a task early: its scores do not lie between 0 and 1",
                    metric.metric, baseline.task),
        {}, "Leave --margin and --precision out for this task.");
  }
  // Without replacement from the items that both can be compared on.
  const auto n_known = static_cast<std::int64_t>(known_.size());
  sequence_ = BettingSequence({.low = -1,
                               .high = 1,
                               .confidence = options.confidence,
                               .n_population = std::min(n_known, n_total)});
}

bool EarlyStopping::add(std::span<const SampleRecord> samples) {
  for (const SampleRecord& sample : samples) {
    const auto known = known_.find(sample.id.key);
    if (known == known_.end()) continue;
    const std::vector<Digest>& asked = known->second.sample->request_digests;
    if (!asked.empty() && asked != sample.request_digests) {
      throw Error(ErrorKind::kBadInput,
                  fmt::format("Sample {} of {} was asked in another way in the baseline's run",
                              sample.id.key, sample.id.task),
                  {}, "Give both the same task version, shots, seed and chat template.");
    }
    const Score* score = find_score(sample, result_);
    if (score == nullptr || !is_share(*score->value)) continue;
    const double difference = *score->value - known->second.score;
    sequence_.add(difference);
    sum_ += difference;
    ++result_.n_compared;
    result_.n_discordant += difference != 0 ? 1 : 0;
  }
  return verdict() != EarlyVerdict::kUndecided;
}

EarlyVerdict EarlyStopping::verdict() const {
  const Interval interval = sequence_.interval();
  if (options_.margin) {
    if (interval.low > -*options_.margin) return EarlyVerdict::kWithinMargin;
    if (interval.high < -*options_.margin) return EarlyVerdict::kWorse;
  }
  if (options_.precision && (interval.high - interval.low) / 2 <= *options_.precision)
    return EarlyVerdict::kPrecise;
  return EarlyVerdict::kUndecided;
}

EarlyStop EarlyStopping::result() const {
  EarlyStop result = result_;
  result.verdict = verdict();
  const Interval interval = sequence_.interval();
  result.difference = {
      .value = sum_ / static_cast<double>(std::max<std::int64_t>(1, result.n_compared)),
      .ci95 = interval,
      .reason = "its interval holds whenever one stops and has no standard error"};
  constexpr double kPoints = 100;
  result.sentence = fmt::format(
      "{} after {} of {} samples: {} changes by {:+.2f} points [{:+.2f}, {:+.2f}], {} answers "
      "differ",
      words(result.verdict), result.n_compared, result.n_total, result.metric,
      kPoints * result.difference.value, kPoints * interval.low, kPoints * interval.high,
      result.n_discordant);
  return result;
}

}  // namespace assay::detail
