// Generated texts and repeated answers.
#include <gtest/gtest.h>

#include <cmath>

#include "compare/compare.h"
#include "made_up_runs.h"

namespace assay {
namespace {

using namespace made_up;

MadeUpRun texts(const char* model, const std::vector<std::vector<Token>>& tokens) {
  MadeUpRun run = run_of(model, {task_of("gsm8k", {})});
  TaskResult& task = run.tasks[0];
  task.output_type = "generate_until";
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    SampleRecord sample;
    sample.id = {"gsm8k", std::to_string(i)};
    GenerateResult result;
    for (const Token token : tokens[i]) result.text += std::to_string(token) + " ";
    result.tokens = tokens[i];
    sample.filtered = {{"none", {result.text}}};
    sample.responses = {result};
    sample.request_digests = {hash_bytes(std::to_string(i))};
    sample.scores = {score(tokens[i].front() == 1 ? 1 : 0)};
    task.samples.push_back(sample);
  }
  finish(task);
  return run;
}

TEST(CompareText, SharesDivergenceAndDrift) {
  const MadeUpRun base = texts("base", {{1, 2, 3}, {1, 2, 3, 4}, {5, 6}, {7, 8}});
  const MadeUpRun variant = texts("variant", {{1, 2, 3}, {1, 2, 9}, {5, 6, 7, 8}, {7, 9}});
  const Comparison comparison = compare_runs(base, variant, {});
  ASSERT_EQ(comparison.texts.size(), 1U);
  const TextComparison& text = comparison.texts[0];
  EXPECT_EQ(text.n, 4);
  EXPECT_EQ(text.n_identical, 1);
  EXPECT_DOUBLE_EQ(text.identical.value, 0.25);
  EXPECT_TRUE(text.identical.ci95);
  EXPECT_EQ(text.unit, "tokens");
  EXPECT_EQ(text.first_divergent, 2);               // of 2, 2 and 1
  EXPECT_DOUBLE_EQ(text.length_drift.value, 0.25);  // 0 - 1 + 2 + 0 over 4
  EXPECT_EQ(comparison.metrics[0].flips->churn, 2);
}

TEST(CompareText, WithoutTokensItCountsWords) {
  MadeUpRun base = texts("base", {{1, 2, 3}, {4, 5}}),
            variant = texts("variant", {{1, 2, 9}, {4, 5}});
  for (MadeUpRun* run : {&base, &variant}) {
    for (SampleRecord& sample : run->tasks[0].samples)
      std::get<GenerateResult>(sample.responses[0]).tokens.clear();
  }
  const TextComparison text = compare_runs(base, variant, {}).texts.at(0);
  EXPECT_EQ(text.unit, "words");
  EXPECT_EQ(text.first_divergent, 2);
}

MadeUpRun seeded(const char* model, std::uint64_t seed, const std::vector<int>& right) {
  std::vector<std::vector<Token>> tokens;
  for (const int r : right) tokens.push_back({r == 1 ? 1 : 2});
  MadeUpRun run = texts(model, tokens);
  run.header.sampling_seed = seed;
  for (SampleRecord& sample : run.tasks[0].samples)
    sample.request_digests = {hash_bytes(sample.id.key + "/" + std::to_string(seed))};
  finish(run.tasks[0]);
  return run;
}

TEST(CompareText, RepeatsAreAveragedAndTheirVarianceParted) {
  const std::vector<MadeUpRun> base{seeded("base", 1, {1, 1, 0, 1}),
                                    seeded("base", 2, {1, 0, 0, 1})};
  const std::vector<MadeUpRun> variant{seeded("variant", 2, {1, 0, 0, 0}),
                                       seeded("variant", 1, {1, 0, 0, 1})};
  const Comparison comparison = compare_repeats(base, variant, {});
  const MetricComparison& row = comparison.metrics.at(0);
  EXPECT_DOUBLE_EQ(row.baseline.value, 0.625);  // (1 + .5 + 0 + 1) / 4
  EXPECT_DOUBLE_EQ(row.variant.value, 0.375);   // (1 + 0 + 0 + .5) / 4
  EXPECT_DOUBLE_EQ(row.change.value, -0.25);
  ASSERT_TRUE(row.baseline_repeats);
  EXPECT_EQ(row.baseline_repeats->n_runs, 2);
  // Within: mean of 0, 1/2, 0, 0. Between: variance of the means, 11/48 * ... less within / 2.
  EXPECT_DOUBLE_EQ(*row.baseline_repeats->within_item, 0.125);
  EXPECT_NEAR(*row.baseline_repeats->between_items, 0.6875 / 3 - 0.0625, 1e-12);
}

TEST(CompareText, RepeatsOfOtherSeedsAreRefused) {
  const std::vector<MadeUpRun> base{seeded("base", 1, {1, 1}), seeded("base", 2, {1, 0})};
  const std::vector<MadeUpRun> variant{seeded("variant", 1, {1, 1}), seeded("variant", 3, {1, 0})};
  EXPECT_NE(message_of([&] { compare_repeats(base, variant, {}); }).find("sampling seed 2"),
            std::string::npos);
}

TEST(CompareText, OneRunOfSeveralProgramsTellsBothVariances) {
  const auto run = [](const char* model, double shift) {
    MadeUpRun r = run_of(model, {task_of("humaneval", {})});
    TaskResult& task = r.tasks[0];
    task.output_type = "generate_until";
    task.metrics = {{.metric = "pass@1", .filter = "create_test"}};
    for (int i = 0; i < 4; ++i) {
      SampleRecord sample;
      sample.id = {"humaneval", std::to_string(i)};
      for (int k = 0; k < 4; ++k) sample.responses.emplace_back(GenerateResult{.text = model});
      sample.scores = {score(i == 0 ? 1 : i == 3 ? 0 : 0.5 + shift, "pass@1", "create_test")};
      task.samples.push_back(sample);
    }
    finish(task);
    return r;
  };
  const MetricComparison row = compare_runs(run("a", 0), run("b", 0.25), {}).metrics.at(0);
  ASSERT_TRUE(row.baseline_repeats && row.variant_repeats);
  EXPECT_EQ(row.baseline_repeats->n_runs, 4);
  // Two items of 2 in 4: variance 1/3 each; the others 0.
  EXPECT_NEAR(*row.baseline_repeats->within_item, (1.0 / 3 + 1.0 / 3) / 4, 1e-12);
  EXPECT_NEAR(row.change.value, 0.125, 1e-12);
}

}  // namespace
}  // namespace assay
