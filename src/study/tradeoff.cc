#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "core/error.h"
#include "core/number_format.h"
#include "study/study.h"

namespace assay {
namespace {

constexpr double kZ975 = 1.959963984540054;

const SpeedMeasure* find(const SpeedSeries* series, const std::string& name) {
  if (series == nullptr) return nullptr;
  for (const SpeedMeasure& measure : series->measures) {
    if (measure.name == name) return &measure;
  }
  return nullptr;
}

// Which test stands for decoding, for prompts and for requests; -1: none.
struct Tests {
  int decode = -1, prefill = -1, request = -1;
};

Tests tests_of(const SpeedResult& speed) {
  Tests tests;
  for (int i = static_cast<int>(speed.tests.size()) - 1; i >= 0; --i) {
    const SpeedTest& test = speed.tests[static_cast<std::size_t>(i)];
    if (test.n_parallel > 1) continue;
    if (test.request) {
      tests.request = i;
    } else if (test.n_prompt == 0) {
      tests.decode = i;
    } else if (test.n_gen == 0) {
      tests.prefill = i;
    }
  }
  return tests;
}

const SpeedSeries* series_of(const SpeedResult& speed, int setup, int test) {
  for (const SpeedSeries& series : speed.series) {
    if (series.setup == setup && series.test == test) return &series;
  }
  return nullptr;
}

// Metrics whose verdicts count: a group in place of its tasks.
std::vector<const MetricComparison*> deciding(const Comparison& comparison) {
  std::vector<const MetricComparison*> rows;
  for (const GroupComparison& group : comparison.groups) {
    if (group.decides) rows.push_back(&group);
  }
  for (const MetricComparison& metric : comparison.metrics) {
    if (metric.decides) rows.push_back(&metric);
  }
  return rows;
}

// As a fraction, negative when the variant is worse: points, or the perplexity's relative increase.
Estimate loss_of(const MetricComparison& row) {
  Estimate change = row.change;
  if (row.kind == ChangeKind::kRatio) {
    change.value -= 1;
    if (change.ci95) change.ci95 = Interval{change.ci95->low - 1, change.ci95->high - 1};
  }
  if (row.higher_is_better) return change;
  change.value = -change.value;
  if (change.ci95) change.ci95 = Interval{-change.ci95->high, -change.ci95->low};
  return change;
}

Estimate mean_of(const std::vector<Estimate>& changes) {
  if (changes.size() == 1) return changes.front();
  Estimate mean;
  double variance = 0;
  bool known = true;
  const double n = static_cast<double>(changes.size());
  for (const Estimate& change : changes) {
    mean.value += change.value / n;
    known = known && change.std_error.has_value();
    variance += std::pow(change.std_error.value_or(0) / n, 2);
  }
  if (!known) {
    mean.reason = "a metric has no error";
    return mean;
  }
  mean.std_error = std::sqrt(variance);
  mean.ci95 = Interval{mean.value - kZ975 * *mean.std_error, mean.value + kZ975 * *mean.std_error};
  return mean;
}

std::string plain_name(const std::string& name) { return name.substr(0, name.find(" [")); }

class Join {
 public:
  Join(const SpeedResult& speed, std::span<const Comparison> comparisons,
       const TradeoffLimits& limits)
      : speed_(speed), comparisons_(comparisons), limits_(limits), tests_(tests_of(speed)) {}

  TradeoffReport run() {
    report_.limits = limits_;
    report_.decode_test = test_name(tests_.decode);
    report_.prefill_test = test_name(tests_.prefill);
    report_.request_test = test_name(tests_.request);
    int n_baselines = 0;
    for (int i = 0; i < static_cast<int>(speed_.setups.size()); ++i) {
      report_.rows.push_back(row_of(i));
      n_baselines += report_.rows.back().is_baseline ? 1 : 0;
    }
    if (n_baselines > 1) {
      throw Error(ErrorKind::kUsage,
                  "The speed result sweeps engine settings and has several baselines", {},
                  "Measure with one setting each for a trade-off.");
    }
    if (!comparisons_.empty() && n_joined_ == 0) {
      throw Error(ErrorKind::kUsage, "No comparison belongs to a variant whose speed was measured",
                  {}, "Use the same names or files for `assay bench` and `assay eval`.");
    }
    for (TradeoffRow& row : report_.rows) check_limits(row);
    find_front();
    warn();
    return std::move(report_);
  }

 private:
  std::string test_name(int test) const {
    return test < 0 ? "" : to_string(speed_.tests[static_cast<std::size_t>(test)]);
  }

  TradeoffRow row_of(int index) {
    const SpeedSetup& setup = speed_.setups[static_cast<std::size_t>(index)];
    TradeoffRow row{.name = setup.name,
                    .is_baseline = setup.baseline == index,
                    .size_bytes = setup.info.size_bytes,
                    .failure = setup.failure};
    const auto speed = [&](int test, std::optional<double>& value, std::optional<Estimate>& ratio) {
      const SpeedMeasure* measure = find(series_of(speed_, index, test), "tokens_per_s");
      if (measure == nullptr) return;
      value = measure->median;
      ratio = measure->ratio;
    };
    speed(tests_.decode, row.decode_tps, row.decode_ratio);
    speed(tests_.prefill, row.prefill_tps, row.prefill_ratio);
    if (const auto* first = find(series_of(speed_, index, tests_.request), "first_token_ms"))
      row.first_token_ms = first->median;
    if (setup.peak_bytes) row.memory_bytes = memory_of(setup);
    add_accuracy(setup, row);
    return row;
  }

  // The KV cache is allocated for the measured context; another context has more or less of it.
  double memory_of(const SpeedSetup& setup) const {
    const double measured = static_cast<double>(*setup.peak_bytes);
    if (!limits_.n_ctx) return measured;
    const int n_more = *limits_.n_ctx - setup.info.runtime.n_ctx;
    return measured + n_more * setup.kv_bytes_per_token;
  }

  bool belongs(const ComparedModel& model, const SpeedSetup& setup) const {
    if (model.name == setup.name || model.name == plain_name(setup.name)) return true;
    // Several setups may run the same file with other KV caches: then only names tell.
    int n_same = 0;
    for (const SpeedSetup& other : speed_.setups)
      n_same += other.info.weights == setup.info.weights ? 1 : 0;
    return n_same == 1 && !model.weights.empty() && model.weights == setup.info.weights.hex();
  }

  void add_accuracy(const SpeedSetup& setup, TradeoffRow& row) {
    if (row.is_baseline) {
      row.accuracy = Estimate{.value = 0, .std_error = 0, .ci95 = Interval{0, 0}};
      return;
    }
    std::vector<Estimate> changes;
    std::vector<std::string> names;
    for (const Comparison& comparison : comparisons_) {
      if (!belongs(comparison.variant, setup)) continue;
      ++n_joined_;
      for (const MetricComparison* metric : deciding(comparison)) {
        changes.push_back(loss_of(*metric));
        names.push_back(metric->task + " " + metric->metric);
      }
      // Of several comparisons the worst counts.
      const bool worse = row.verdict && (*row.verdict == Verdict::kWorse ||
                                         comparison.verdict == Verdict::kWithinMargin);
      if (!worse) row.verdict = comparison.verdict;
    }
    if (changes.empty()) return;
    row.accuracy = mean_of(changes);
    const std::string of = names.size() == 1 ? names.front()
                                             : fmt::format("mean of {} metrics: {}", names.size(),
                                                           fmt::join(names, ", "));
    if (report_.accuracy_of.empty()) report_.accuracy_of = of;
    if (report_.accuracy_of != of) {
      report_.warnings.push_back("the accuracy of " + setup.name + " is of " + of +
                                 ", not of what the others' is");
    }
  }

  void check_limits(TradeoffRow& row) const {
    const auto least = [&](const std::optional<double>& limit, const std::optional<double>& value,
                           const char* what) {
      if (limit && !value) row.broken.push_back(fmt::format("{} not measured", what));
      if (limit && value && *value < *limit)
        row.broken.push_back(fmt::format("{} {:.1f} < {:.1f} tokens/s", what, *value, *limit));
    };
    const auto most = [&](const std::optional<double>& limit, const std::optional<double>& value,
                          const char* what, double unit, const char* unit_name) {
      if (limit && !value) row.broken.push_back(fmt::format("{} not measured", what));
      if (limit && value && *value > *limit) {
        row.broken.push_back(
            fmt::format("{} {:.1f} > {:.1f} {}", what, *value / unit, *limit / unit, unit_name));
      }
    };
    least(limits_.min_decode_tps, row.decode_tps, "decode");
    least(limits_.min_prefill_tps, row.prefill_tps, "prompt");
    most(limits_.max_first_token_ms, row.first_token_ms, "first token", 1, "ms");
    most(limits_.max_memory_bytes, row.memory_bytes, "memory", kMebibyte, "MiB");
  }

  // 1 better, -1 worse or not comparable, 0 the same or measured for neither.
  static int compare(const std::optional<double>& a, const std::optional<double>& b, double sign) {
    if (a.has_value() != b.has_value()) return -1;
    if (!a || *a == *b) return 0;
    return (*a - *b) * sign > 0 ? 1 : -1;
  }

  static bool dominates(const TradeoffRow& a, const TradeoffRow& b) {
    const auto accuracy = [](const TradeoffRow& row) {
      return row.accuracy ? std::optional(row.accuracy->value) : std::nullopt;
    };
    const int found[] = {
        compare(accuracy(a), accuracy(b), 1), compare(a.decode_tps, b.decode_tps, 1),
        compare(a.prefill_tps, b.prefill_tps, 1), compare(a.memory_bytes, b.memory_bytes, -1)};
    return std::none_of(std::begin(found), std::end(found), [](int f) { return f < 0; }) &&
           std::any_of(std::begin(found), std::end(found), [](int f) { return f > 0; });
  }

  void find_front() {
    for (TradeoffRow& row : report_.rows) {
      for (const TradeoffRow& other : report_.rows) {
        const bool counts = other.broken.empty() && other.failure.empty() && &other != &row;
        if (counts && row.failure.empty() && dominates(other, row))
          row.dominated_by.push_back(other.name);
      }
      row.on_front = row.failure.empty() && row.broken.empty() && row.dominated_by.empty();
    }
  }

  void warn() {
    for (const TradeoffRow& row : report_.rows) {
      if (!row.is_baseline && row.failure.empty() && !row.accuracy)
        report_.warnings.push_back("no comparison says what " + row.name + " costs in accuracy");
    }
    if (speed_.partial) report_.warnings.push_back("the speeds are partial: interrupted");
  }

  const SpeedResult& speed_;
  std::span<const Comparison> comparisons_;
  const TradeoffLimits& limits_;
  Tests tests_;
  TradeoffReport report_;
  int n_joined_ = 0;
};

}  // namespace

TradeoffReport trade_off(const SpeedResult& speed, std::span<const Comparison> comparisons,
                         const TradeoffLimits& limits) {
  return Join(speed, comparisons, limits).run();
}

}  // namespace assay
