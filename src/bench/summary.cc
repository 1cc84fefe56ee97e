#include "bench/summary.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

#include <fmt/format.h>

#include "bench/bench.h"
#include "bench/procedure.h"
#include "stats/stats.h"

namespace assay {
namespace detail {

std::optional<double> ns_per_token(const SpeedSample& sample) {
  const int n = sample.n_prompt + sample.n_gen;
  if (n == 0 || sample.duration_ns <= 0) return std::nullopt;
  return static_cast<double>(sample.duration_ns) / n;
}

std::optional<double> first_token_ns(const SpeedTest& test, const SpeedSample& sample) {
  if (!test.request || sample.prompt_ns <= 0) return std::nullopt;
  return static_cast<double>(sample.prompt_ns);
}

std::optional<double> later_token_ns(const SpeedTest& test, const SpeedSample& sample) {
  if (!test.request || sample.token_ns.empty()) return std::nullopt;
  const double sum = std::accumulate(sample.token_ns.begin(), sample.token_ns.end(), 0.0);
  return sum > 0 ? std::optional(sum / static_cast<double>(sample.token_ns.size())) : std::nullopt;
}

double median_of(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return percentile_of_sorted(values, 0.5);
}

// Of the mean of n values with this variance.
std::optional<Interval> fixed_interval(double mean, double variance, double n) {
  const double half = student_t_975(n - 1) * std::sqrt(variance / n);
  return Interval{mean - half, mean + half};
}

Estimate speed_ratio(const ByRound& baseline, const ByRound& variant, bool fixed) {
  StudentSequence sequence;
  double sum = 0, squares = 0;
  for (const auto& [round, value] : variant) {
    const auto paired = baseline.find(round);
    if (paired == baseline.end()) continue;
    const double log_ratio = std::log(paired->second) - std::log(value);
    sequence.add(log_ratio);
    sum += log_ratio;
    squares += log_ratio * log_ratio;
  }
  const double n = static_cast<double>(sequence.n());
  Estimate estimate{.value = n > 0 ? std::exp(sum / n) : 1};
  if (n < 2) {
    estimate.reason = "a single round has no error";
    return estimate;
  }
  const double variance = std::max(0.0, (squares - sum * sum / n) / (n - 1));
  estimate.std_error = estimate.value * std::sqrt(variance / n);
  const std::optional<Interval> interval =
      fixed ? fixed_interval(sum / n, variance, n) : sequence.interval();
  if (interval) {
    estimate.ci95 = Interval{std::exp(interval->low), std::exp(interval->high)};
  } else {
    estimate.reason = fmt::format("{} rounds are too few for an interval", sequence.n());
  }
  return estimate;
}

Estimate unpaired_ratio(const ByRound& baseline, const ByRound& variant) {
  const auto median = [](const ByRound& rounds) {
    std::vector<double> values;
    for (const auto& [round, value] : rounds) values.push_back(value);
    return median_of(std::move(values));
  };
  Estimate estimate{.reason = "one was measured after the other: a drift of the machine is in it"};
  if (!baseline.empty() && !variant.empty()) estimate.value = median(baseline) / median(variant);
  return estimate;
}

namespace {

constexpr double kNsPerMs = 1e6, kNsPerS = 1e9;
constexpr double kWideSpread = 0.15;    // sd / mean that is flagged
constexpr double kOutlierMads = 5;      // distance from the median, in scaled absolute deviations
constexpr double kOutlierShare = 0.05;  // and at least so far

using Value = std::function<std::optional<double>(const SpeedSample&)>;

ByRound by_round(const SpeedSeries& series, const Value& value) {
  std::map<int, std::vector<double>> all;
  for (const SpeedSample& sample : series.samples) {
    if (sample.round < 0) continue;
    if (const auto one = value(sample)) all[sample.round].push_back(*one);
  }
  ByRound medians;
  for (auto& [round, values] : all) medians[round] = median_of(std::move(values));
  return medians;
}

struct Figure {
  const char* name;
  Value value;                          // nanoseconds
  std::function<double(double)> shown;  // in the measure's unit
};

std::vector<Figure> figures_of(const SpeedTest& test) {
  const auto ms = [](double ns) { return ns / kNsPerMs; };
  return {{"tokens_per_s", ns_per_token, [](double ns) { return kNsPerS / ns; }},
          {"first_token_ms", [&test](const SpeedSample& s) { return first_token_ns(test, s); }, ms},
          {"token_ms", [&test](const SpeedSample& s) { return later_token_ns(test, s); }, ms}};
}

SpeedMeasure measure_of(const Figure& figure, const ByRound& rounds) {
  std::vector<double> values;
  for (const auto& [round, ns] : rounds) values.push_back(figure.shown(ns));
  const double n = static_cast<double>(values.size());
  SpeedMeasure measure{.name = figure.name,
                       .median = median_of(values),
                       .mean = std::accumulate(values.begin(), values.end(), 0.0) / n,
                       .min = *std::min_element(values.begin(), values.end()),
                       .max = *std::max_element(values.begin(), values.end())};
  double squares = 0;
  for (const double v : values) squares += (v - measure.mean) * (v - measure.mean);
  if (values.size() > 1) measure.sd = std::sqrt(squares / (n - 1));
  return measure;
}

int count_outliers(const ByRound& rounds) {
  std::vector<double> values, distances;
  for (const auto& [round, ns] : rounds) values.push_back(ns);
  const double middle = median_of(values);
  for (const double v : values) distances.push_back(std::abs(v - middle));
  const double mad = 1.4826 * median_of(distances);
  const double limit = std::max(kOutlierMads * mad, kOutlierShare * middle);
  return static_cast<int>(
      std::count_if(distances.begin(), distances.end(), [&](double d) { return d > limit; }));
}

std::optional<Latencies> latencies_of(const SpeedSeries& series) {
  std::vector<double> all;
  for (const SpeedSample& sample : series.samples) {
    if (sample.round < 0) continue;
    for (const std::int64_t ns : sample.token_ns) all.push_back(static_cast<double>(ns) / kNsPerMs);
  }
  if (all.empty()) return std::nullopt;
  std::sort(all.begin(), all.end());
  return Latencies{
      .n = static_cast<std::int64_t>(all.size()),
      .mean = std::accumulate(all.begin(), all.end(), 0.0) / static_cast<double>(all.size()),
      .median = percentile_of_sorted(all, 0.5),
      .p90 = percentile_of_sorted(all, 0.9),
      .p95 = percentile_of_sorted(all, 0.95),
      .p99 = percentile_of_sorted(all, 0.99),
      .max = all.back()};
}

// Processor time and energy of the counted samples.
void add_costs(SpeedSeries& series) {
  double cpu_ns = 0, elapsed_ns = 0, joules = 0, n_tokens = 0;
  bool has_energy = true, slept = false;
  for (const SpeedSample& sample : series.samples) {
    if (sample.round < 0) continue;
    cpu_ns += static_cast<double>(sample.cpu_ns);
    elapsed_ns += static_cast<double>(sample.duration_ns);
    n_tokens += sample.n_prompt + sample.n_gen;
    joules += sample.energy_j.value_or(0);
    has_energy = has_energy && sample.energy_j.has_value();
    slept = slept || sample.slept;
  }
  series.cpu_load = elapsed_ns > 0 ? cpu_ns / elapsed_ns : 0;
  if (has_energy && n_tokens > 0) series.joules_per_token = joules / n_tokens;
  if (slept) series.flags.emplace_back("the machine slept during a repetition");
}

// One token at a time reads every weight once, and the keys and values of all tokens before it; a
// prompt multiplies and adds each weight once per token.
void add_shares(const SpeedResult& result, const SpeedTest& test, SpeedSeries& series) {
  const SpeedSetup& setup = result.setups[static_cast<std::size_t>(series.setup)];
  const MachineRecord& machine = result.machine;
  const double tokens_per_s = series.measures.front().median;
  const bool decodes = test.n_prompt == 0 && test.n_parallel == 1 && !test.request;
  if (decodes && machine.bandwidth_bytes_per_s) {
    const double kv = setup.kv_bytes_per_token * (test.n_depth + test.n_gen / 2.0);
    series.bandwidth_share = tokens_per_s * (static_cast<double>(setup.info.size_bytes) + kv) /
                             *machine.bandwidth_bytes_per_s;
  }
  if (test.n_gen == 0 && machine.flops) {
    // The output matrix is applied to the last token only, the embeddings are looked up.
    const double n_outer = static_cast<double>(setup.info.n_vocab) * setup.info.n_embd;
    const double n_weights = static_cast<double>(setup.info.n_weights) - n_outer;
    series.compute_share = 2 * tokens_per_s * std::max(0.0, n_weights) / *machine.flops;
  }
}

void clear_figures(SpeedSeries& series) {
  SpeedSeries fresh{.setup = series.setup, .test = series.test};
  fresh.samples = std::move(series.samples);
  series = std::move(fresh);
}

const SpeedSeries* baseline_series(const SpeedResult& result, const SpeedSeries& series) {
  const int baseline = result.setups[static_cast<std::size_t>(series.setup)].baseline;
  if (baseline == series.setup) return nullptr;
  for (const SpeedSeries& other : result.series) {
    if (other.setup == baseline && other.test == series.test) return &other;
  }
  return nullptr;
}

void summarize(const SpeedResult& result, SpeedSeries& series) {
  const SpeedTest& test = result.tests[static_cast<std::size_t>(series.test)];
  const SpeedSeries* baseline = baseline_series(result, series);
  const bool fixed = result.n_repetitions > 0 && !result.partial;
  for (const Figure& figure : figures_of(test)) {
    const ByRound rounds = by_round(series, figure.value);
    if (rounds.empty()) continue;
    SpeedMeasure measure = measure_of(figure, rounds);
    if (baseline != nullptr) {
      const ByRound others = by_round(*baseline, figure.value);
      measure.ratio = result.imported_from.empty() ? speed_ratio(others, rounds, fixed)
                                                   : unpaired_ratio(others, rounds);
    }
    series.measures.push_back(std::move(measure));
    if (series.measures.size() > 1) continue;
    series.n_rounds = static_cast<int>(rounds.size());
    series.n_outliers = count_outliers(rounds);
  }
  if (series.measures.empty()) return;
  const SpeedMeasure& speed = series.measures.front();
  if (speed.sd && *speed.sd > kWideSpread * speed.mean) {
    series.flags.push_back(
        fmt::format("spread of {:.0f} % between rounds", 100 * *speed.sd / speed.mean));
  }
  series.between_tokens = latencies_of(series);
  add_costs(series);
  add_shares(result, test, series);
}

}  // namespace
}  // namespace detail

void summarize_speed(SpeedResult& result) {
  for (SpeedSeries& series : result.series) {
    if (series.samples.empty() && !result.imported_from.empty())
      continue;  // figures are all it has
    detail::clear_figures(series);
    detail::summarize(result, series);
  }
}

}  // namespace assay
