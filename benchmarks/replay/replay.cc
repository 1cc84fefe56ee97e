// Replays of finished runs in other orders: does the early verdict agree with all items, and how
// many items of a simple random sample is a guided one worth?
#include <cmath>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <map>

#include <fmt/format.h>

#include "core/error.h"
#include "core/json_run.h"
#include "study/early_stop.h"

namespace assay {
namespace {

constexpr std::uint64_t kReplays = 1000;

// The two models' samples of one task, paired; the full difference by the first metric.
struct Pair {
  TaskResult baseline;
  std::vector<SampleRecord> variant;  // in the baseline's order
  double difference = 0, variance = 0;
  std::int64_t n_discordant = 0;
};

double score_of(const SampleRecord& sample, const MetricResult& metric) {
  for (const Score& score : sample.scores) {
    if (score.metric == metric.metric && score.filter == metric.filter)
      return score.value.value_or(0);
  }
  return 0;
}

Pair pair_up(const TaskResult& baseline, const TaskResult& variant) {
  Pair pair{.baseline = baseline};
  std::map<std::string, const SampleRecord*> by_key;
  for (const SampleRecord& sample : variant.samples) by_key[sample.id.key] = &sample;
  double squares = 0;
  for (const SampleRecord& sample : baseline.samples) {
    pair.variant.push_back(*by_key.at(sample.id.key));
    const double d = score_of(pair.variant.back(), baseline.metrics.front()) -
                     score_of(sample, baseline.metrics.front());
    pair.difference += d;
    squares += d * d;
    pair.n_discordant += d != 0 ? 1 : 0;
  }
  const auto n = static_cast<double>(pair.variant.size());
  pair.difference /= n;
  pair.variance = (squares - n * pair.difference * pair.difference) / (n - 1);
  return pair;
}

EarlyStop ask(const Pair& pair, const EarlyStopOptions& options) {
  const auto n = static_cast<std::int64_t>(pair.variant.size());
  detail::EarlyStopping early(pair.baseline, options, n);
  for (const std::int64_t i : early.order()) {
    if (early.add(std::span(&pair.variant[static_cast<std::size_t>(i)], 1))) break;
  }
  return early.result();
}

void replay_margin(const Pair& pair, double margin) {
  const EarlyVerdict truth =
      pair.difference > -margin ? EarlyVerdict::kWithinMargin : EarlyVerdict::kWorse;
  int n_right = 0, n_wrong = 0;
  double n_asked = 0;
  for (std::uint64_t seed = 0; seed < kReplays; ++seed) {
    const EarlyStop result = ask(pair, {.margin = margin, .seed = seed});
    n_right += result.verdict == truth ? 1 : 0;
    n_wrong += result.verdict != truth && result.verdict != EarlyVerdict::kUndecided ? 1 : 0;
    n_asked += static_cast<double>(result.n_compared);
  }
  fmt::print(
      "  margin {:.1f} points: all items say {}; early verdict right {:.1f} %, wrong {:.1f} %, "
      "undecided {:.1f} %; {:.1f} % of the items asked\n",
      100 * margin, truth == EarlyVerdict::kWithinMargin ? "within" : "worse", n_right / 10.0,
      n_wrong / 10.0, (1000 - n_right - n_wrong) / 10.0,
      100 * n_asked / static_cast<double>(kReplays * pair.variant.size()));
}

// The items of a simple sample whose interval is as wide, by the formula of guided_difference,
// which for m of N with a share s of discordant ones is sqrt(s x + x^2), x = z^2 (1/m - 1/N).
double as_wide(const Pair& pair, double half_width) {
  constexpr double kZ = 1.959963984540054;
  const auto n = static_cast<double>(pair.variant.size());
  const double s = static_cast<double>(pair.n_discordant) / n;
  const double x = (std::sqrt(s * s + 4 * half_width * half_width) - s) / 2;
  return 1 / (x / (kZ * kZ) + 1 / n);
}

void replay_guided(const Pair& pair, double share, double tau) {
  double squares = 0, widths = 0;
  int n_covered = 0;
  std::int64_t n_asked = 0;
  for (std::uint64_t seed = 0; seed < kReplays; ++seed) {
    const EarlyStop result = ask(pair, {.seed = seed, .guided = share, .guide_tau_nats = tau});
    const double off = result.difference.value - pair.difference;
    squares += off * off;
    const Interval interval = result.difference.ci95.value_or(Interval{-1, 1});
    n_covered += interval.low <= pair.difference && pair.difference <= interval.high ? 1 : 0;
    widths += interval.high - interval.low;
    n_asked = result.n_compared;
  }
  const double mean_square = squares / static_cast<double>(kReplays);
  // A simple random sample of m of N has the variance (1 - m/N) S^2 / m: m for this mean square.
  const auto all = static_cast<double>(pair.variant.size());
  const double worth = 1 / (mean_square / pair.variance + 1 / all);
  const double half_width = widths / 2 / static_cast<double>(kReplays);
  const double wide = as_wide(pair, half_width);
  fmt::print(
      "  guided {:.0f} % ({} items, tau {:g}): error {:.2f} points, as {:.0f} items chosen at "
      "random ({:.2f} times as many); interval +-{:.2f} points, as {:.0f} ({:.2f}), holds all "
      "items' value in {:.1f} %\n",
      100 * share, n_asked, tau, 100 * std::sqrt(mean_square), worth,
      worth / static_cast<double>(n_asked), 100 * half_width, wide,
      wide / static_cast<double>(n_asked), n_covered / 10.0);
}

void replay(const Run& baseline, const Run& variant, double margin) {
  for (const TaskResult& task : variant.tasks) {
    for (const TaskResult& known : baseline.tasks) {
      if (known.task != task.task) continue;
      const Pair pair = pair_up(known, task);
      fmt::print(
          "{} against {}, {} ({}): {} items, {} discordant ({:.1f} %), difference {:+.2f} points\n",
          variant.header.model_name, baseline.header.model_name, task.task,
          known.metrics.front().metric, pair.variant.size(), pair.n_discordant,
          100.0 * static_cast<double>(pair.n_discordant) / static_cast<double>(pair.variant.size()),
          100 * pair.difference);
      for (const double m : {margin, 2 * margin, 5 * margin}) replay_margin(pair, m);
      // Only choices can guide; without a flip nothing is to be found.
      if (task.samples.front().choices.size() < 2 || pair.n_discordant == 0) continue;
      for (const double tau : {0.03, 0.07, 0.3}) {
        for (const double share : {0.1, 0.2, 0.5}) replay_guided(pair, share, tau);
      }
    }
  }
}

}  // namespace
}  // namespace assay

int main(int argc, char** argv) {
  if (argc < 2) {
    fmt::print(stderr, "usage: assay_replay RUNS.json [MARGIN]\n");
    return 2;
  }
  try {
    std::ifstream file(argv[1]);
    const std::string text(std::istreambuf_iterator<char>(file), {});
    const std::vector<assay::Run> runs = assay::runs_from_json(text);
    for (std::size_t v = 1; v < runs.size(); ++v)
      assay::replay(runs.front(), runs[v], argc > 2 ? std::stod(argv[2]) : 0.01);
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 3;
  }
  return 0;
}
