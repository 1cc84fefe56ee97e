#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

#include <nlohmann/json.hpp>

#include "eval/eval.h"

namespace assay {
namespace {

// lm-eval 0.4.13's own answers (tests/golden/aggregates/make_golden.py).
const nlohmann::json& golden() {
  static const nlohmann::json values = nlohmann::json::parse(
      std::ifstream(std::string(ASSAY_SOURCE_DIR) + "/tests/golden/aggregates/golden.json"));
  return values;
}

TaskConfig config_of(const std::string& output_type, const std::string& metric,
                     const std::string& aggregation) {
  TaskConfig config;
  config.task = "task";
  config.output_type = output_type;
  config.metrics = {{.metric = metric, .aggregation = aggregation, .args_json = "{}"}};
  return config;
}

SampleRecord scored(std::int64_t row, const std::string& metric, std::optional<double> value) {
  SampleRecord sample;
  sample.id = {"task", std::to_string(row)};
  sample.scores = {{metric, "none", value, value ? "" : "for a reason"}};
  return sample;
}

TEST(Aggregate, MeansAreLmEvals) {
  for (const auto& c : golden().at("means")) {
    std::vector<SampleRecord> samples;
    for (const double value : c.at("values"))
      samples.push_back(scored(static_cast<std::int64_t>(samples.size()), "acc", value));
    const auto metrics = aggregate_metrics(config_of("multiple_choice", "acc", "mean"), samples);
    ASSERT_EQ(metrics.size(), 1U);
    EXPECT_NEAR(metrics[0].estimate.value, c.at("mean").get<double>(), 1e-12);
    EXPECT_NEAR(metrics[0].estimate.std_error.value(), c.at("std_error").get<double>(), 1e-12);
    EXPECT_EQ(metrics[0].n_scored, static_cast<std::int64_t>(samples.size()));
  }
}

TEST(Aggregate, PerplexitiesAreLmEvals) {
  for (const auto& c : golden().at("perplexities")) {
    std::vector<SampleRecord> samples;
    for (const double value : c.at("values"))
      samples.push_back(scored(static_cast<std::int64_t>(samples.size()), "perplexity", value));
    const auto metrics =
        aggregate_metrics(config_of("loglikelihood", "perplexity", "perplexity"), samples);
    EXPECT_NEAR(metrics.at(0).estimate.value / c.at("perplexity").get<double>(), 1, 1e-12);
  }
}

TEST(Aggregate, RollingMetricsDivideByWordsAndBytes) {
  for (const auto& c : golden().at("weighted")) {
    for (const auto& [metric, aggregation, weight] :
         {std::tuple("word_perplexity", "weighted_perplexity", "n_words"),
          std::tuple("bits_per_byte", "bits_per_byte", "n_bytes")}) {
      std::vector<SampleRecord> samples;
      for (const auto& item : c.at("items")) {
        samples.push_back(scored(static_cast<std::int64_t>(samples.size()), metric, item[0]));
        samples.back().scores.push_back({weight, "weight", item[1].get<double>(), ""});
      }
      const auto metrics =
          aggregate_metrics(config_of("loglikelihood_rolling", metric, aggregation), samples);
      EXPECT_NEAR(metrics.at(0).estimate.value / c.at(aggregation).get<double>(), 1, 1e-12);
      EXPECT_TRUE(metrics.at(0).estimate.std_error.has_value());  // lm-eval has none here
    }
  }
}

TEST(Aggregate, GroupsArePooledAsLmEvalPools) {
  for (const auto& c : golden().at("pooled")) {
    std::vector<TaskResult> tasks;
    TaskSelection selection;
    GroupConfig group{.group = "all"};
    for (std::size_t i = 0; i < c.at("sizes").size(); ++i) {
      TaskResult task;
      task.task = "t" + std::to_string(i);
      task.n_samples = c.at("sizes")[i];
      MetricResult metric{.metric = "acc", .filter = "none", .n_scored = task.n_samples};
      metric.estimate = {.value = c.at("means")[i], .std_error = c.at("errors")[i].get<double>()};
      task.metrics = {metric};
      group.members.push_back(task.task);
      tasks.push_back(task);
    }
    for (const bool by_size : {true, false}) {
      group.aggregates = {{.metric = "acc", .weight_by_size = by_size}};
      selection.groups = {group};
      const auto results = aggregate_groups(selection, tasks);
      ASSERT_EQ(results.at(0).metrics.size(), 1U);
      const Estimate& estimate = results[0].metrics[0].estimate;
      EXPECT_NEAR(estimate.value, c.at(by_size ? "weighted_mean" : "mean").get<double>(), 1e-12);
      EXPECT_NEAR(estimate.std_error.value(), c.at("std_error").get<double>(), 1e-12);
    }
  }
}

TEST(Aggregate, UnscoredSamplesAreCountedAndNothingIsMadeUp) {
  const std::vector<SampleRecord> samples{scored(0, "acc", 1.0), scored(1, "acc", std::nullopt)};
  const TaskConfig config = config_of("multiple_choice", "acc", "mean");
  const auto metrics = aggregate_metrics(config, samples);
  EXPECT_EQ(metrics.at(0).n_unscored, 1);
  EXPECT_EQ(metrics.at(0).estimate.value, 1.0);
  EXPECT_FALSE(metrics.at(0).estimate.std_error.has_value());  // one sample has no spread
  const auto none = aggregate_metrics(config, std::vector{scored(1, "acc", std::nullopt)});
  EXPECT_TRUE(std::isinf(none.at(0).estimate.value));
  EXPECT_EQ(none.at(0).estimate.reason, "no sample was scored");
}

TEST(Aggregate, SamplesOfOneClusterAreNotIndependent) {
  std::vector<SampleRecord> samples;
  for (int i = 0; i < 20; ++i) {
    samples.push_back(scored(i, "acc", i < 10 ? 1.0 : 0.0));
    samples.back().cluster = i < 10 ? "page a" : "page b";
  }
  const auto metrics = aggregate_metrics(config_of("multiple_choice", "acc", "mean"), samples);
  EXPECT_NEAR(metrics.at(0).estimate.std_error.value(), 0.5, 1e-12);  // two clusters: 1 and 0
}

}  // namespace
}  // namespace assay
