#include "study/early_stop.h"

#include <algorithm>
#include <cmath>
#include <limits>

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

// Bets begin as if this share of answers differed; any other is as valid, and slower when far off.
constexpr double kExpectedDiscordance = 0.04;
constexpr int kGrid = 4001;  // candidates between -1 and 1: the interval is to 0.05 points

bool is_share(double value) { return value >= 0 && value <= 1; }

constexpr double kNeverFlips = 1e9;  // nats

struct Choice {
  double loglikelihood = -std::numeric_limits<double>::infinity();
  std::span<const float> token_logprobs;  // empty where a run made elsewhere does not tell
  std::string_view text;
};

// The tokens by which two choices differ: what both begin with is as likely in both, in any model.
double n_different_tokens(const Choice& a, const Choice& b) {
  constexpr double kSameLogprob = 1e-4, kBytesPerToken = 4;
  const auto different = [](const auto& x, const auto& y, const auto& is_same) {
    const auto common = std::ranges::mismatch(x, y, is_same).in1 - x.begin();
    return static_cast<double>(x.size() + y.size()) - 2 * static_cast<double>(common);
  };
  const double n = a.token_logprobs.empty() || b.token_logprobs.empty()
                       ? different(a.text, b.text, std::equal_to<>()) / kBytesPerToken
                       : different(a.token_logprobs, b.token_logprobs, [&](float x, float y) {
                           return std::abs(x - y) < kSameLogprob;
                         });
  return std::max(1.0, n);
}

// How far the likelihoods of the right choice and of the best other one are apart: in nats, for
// each square root of the tokens that differ, since longer choices move more from model to model.
// The score flips where this changes its sign, whatever other choices do. Absent without
// likelihoods.
std::optional<double> lead(const SampleRecord& sample) {
  Choice right, other;
  const std::size_t n_choices = sample.choices.size();  // acc_mutual_info asks more after these
  if (n_choices < 2 || sample.responses.size() < n_choices) return std::nullopt;
  for (std::size_t c = 0; c < n_choices; ++c) {
    const auto* response = std::get_if<LoglikelihoodResult>(&sample.responses[c]);
    if (response == nullptr) return std::nullopt;
    const bool is_right = std::ranges::find(sample.gold, static_cast<int>(c)) != sample.gold.end();
    Choice& best = is_right ? right : other;
    if (response->loglikelihood > best.loglikelihood)
      best = {response->loglikelihood, response->token_logprobs, sample.choices[c]};
  }
  const double difference = std::abs(right.loglikelihood - other.loglikelihood);
  if (!std::isfinite(difference)) return kNeverFlips;  // every choice is right, or none
  return difference / std::sqrt(n_different_tokens(right, other));
}

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

void require_stoppable(const TaskSelection& selection, const EarlyStopOptions& options) {
  for (const TaskConfig& config : selection.tasks) {
    if (config.output_type == "loglikelihood_rolling") {
      throw Error(ErrorKind::kUsage,
                  config.task + " cannot end early: a perplexity does not lie between 0 and 1",
                  config.file, "Evaluate it without --stop-early, or use `assay screen`.");
    }
    if (options.guided && config.output_type != "multiple_choice") {
      throw Error(ErrorKind::kUsage, config.task + " cannot be guided: it is no multiple choice",
                  config.file, "Leave --guided out for this task.");
    }
  }
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
                               .n_population = std::min(n_known, n_total),
                               .n_grid = kGrid,
                               .prior_variance = kExpectedDiscordance / 4});
  if (options.guided) guide(baseline);
}

void EarlyStopping::guide(const TaskResult& baseline) {
  result_.guided = true;
  std::vector<double> margins;
  for (const SampleRecord& sample : baseline.samples) {
    if (const auto margin = lead(sample)) margins.push_back(*margin);
  }
  if (static_cast<std::int64_t>(margins.size()) != result_.n_total) {
    throw Error(ErrorKind::kUsage,
                fmt::format("{} cannot be guided: of {} samples the baseline's run has likelihoods "
                            "of choices for {}",
                            baseline.task, result_.n_total, margins.size()),
                {},
                "Guided sampling is for multiple-choice tasks that the baseline was asked whole.");
  }
  const double share = static_cast<double>(n_wanted()) / static_cast<double>(result_.n_total);
  weights_ = share < 1 ? guide_weights(margins, {.tau = options_.guide_tau_nats, .share = share})
                       : std::vector<double>(margins.size(), 1.0);
  guided_order_ = guided_order(weights_, options_.seed);
}

std::vector<std::int64_t> EarlyStopping::order() const {
  if (!options_.guided) return random_order(result_.n_total, options_.seed);
  const auto first = guided_order_.items.begin();
  const auto n_asked = std::min(n_wanted(), guided_order_.items.size());
  return {first, first + static_cast<std::ptrdiff_t>(n_asked)};
}

bool EarlyStopping::add(std::span<const SampleRecord> samples) {
  for (const SampleRecord& sample : samples) {
    const std::optional<double> difference = difference_of(sample);
    if (options_.guided) {
      // Every drawn item counts by its weight: what cannot be scored is taken as unchanged.
      differences_.push_back(difference.value_or(0));
    } else if (difference) {
      sequence_.add(*difference);
    }
    if (!difference) continue;
    sum_ += *difference;
    ++result_.n_compared;
    result_.n_discordant += *difference != 0 ? 1 : 0;
  }
  if (options_.guided) return differences_.size() >= n_wanted();
  return verdict() != EarlyVerdict::kUndecided;
}

std::optional<double> EarlyStopping::difference_of(const SampleRecord& sample) const {
  const auto known = known_.find(sample.id.key);
  if (known == known_.end()) return std::nullopt;
  const std::vector<Digest>& asked = known->second.sample->request_digests;
  if (!asked.empty() && asked != sample.request_digests) {
    throw Error(ErrorKind::kBadInput,
                fmt::format("Sample {} of {} was asked in another way in the baseline's run",
                            sample.id.key, sample.id.task),
                {}, "Give both the same task version, shots, seed and chat template.");
  }
  const Score* score = find_score(sample, result_);
  if (score == nullptr || !is_share(*score->value)) return std::nullopt;
  return *score->value - known->second.score;
}

std::size_t EarlyStopping::n_wanted() const {
  const double n = std::ceil(*options_.guided * static_cast<double>(result_.n_total));
  return std::max<std::size_t>(2, static_cast<std::size_t>(n));
}

Estimate EarlyStopping::estimate() const {
  if (options_.guided)
    return guided_difference(guided_order_, weights_, differences_, options_.confidence);
  return {.value = sum_ / static_cast<double>(std::max<std::int64_t>(1, result_.n_compared)),
          .ci95 = sequence_.interval(),
          .reason = "its interval holds whenever one stops and has no standard error"};
}

EarlyVerdict EarlyStopping::verdict() const {
  const Interval interval = estimate().ci95.value_or(Interval{-1, 1});
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
  result.difference = estimate();
  const Interval interval = result.difference.ci95.value_or(Interval{-1, 1});
  constexpr double kPoints = 100;
  result.sentence = fmt::format(
      "{} after {} of {} samples: {} changes by {:+.2f} points [{:+.2f}, {:+.2f}] "
      "({:g} %), {} answers differ",
      words(result.verdict), result.n_compared, result.n_total, result.metric,
      kPoints * result.difference.value, kPoints * interval.low, kPoints * interval.high,
      100 * result.confidence, result.n_discordant);
  if (result.guided)
    result.sentence +=
        "; the samples that can flip were asked rather than others, and the change is "
        "the whole task's";
  return result;
}

}  // namespace assay::detail
