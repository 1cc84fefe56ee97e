#include <gtest/gtest.h>

#include "tasks/score_deferred.h"
#include "unit/tasks/score_golden.h"

namespace assay::detail::score {
namespace {

TEST(ScoreCode, PassAtKIsTheUnbiasedEstimator) {
  // 1 - C(n-c, k) / C(n, k) in exact fractions.
  for (const Json& c : testing::golden()["pass_at_k"])
    EXPECT_NEAR(pass_at_k(c[0], c[1], c[2]), c[3].get<double>(), 1e-14) << c.dump();
}

TEST(ScoreCode, ProgramsAreCountedPerSample) {
  SampleRecord sample;
  sample.scores = {{"pass@1", "f", std::nullopt, ""},
                   {"pass@2", "f", std::nullopt, ""},
                   {"pass@8", "f", std::nullopt, ""}};
  const std::vector<CodeJob> jobs = {
      {.programs = {"a", "b", "c", "d"}, .slots = {{&sample, 0}, {&sample, 1}, {&sample, 2}}}};
  std::size_t n = 0;
  run_code_jobs(jobs, [&](std::span<const SandboxRequest> programs) {
    n = programs.size();
    std::vector<SandboxResult> results(n);
    results[2].outcome = SandboxResult::Outcome::kPassed;
    results[1].outcome = SandboxResult::Outcome::kTimedOut;
    return results;
  });
  EXPECT_EQ(n, 4U);
  EXPECT_EQ(sample.scores[0].value, 0.25);
  EXPECT_EQ(sample.scores[1].value, 0.5);
  EXPECT_EQ(sample.scores[2].reason, "4 answers are too few for k = 8");
}

TEST(ScoreCode, EqualProgramsRunOnceUnlessTheyWereStopped) {
  using Outcome = SandboxResult::Outcome;
  std::vector<std::string> asked;
  const RunPrograms run = [&](std::span<const SandboxRequest> programs) {
    std::vector<SandboxResult> results;
    for (const SandboxRequest& request : programs) {
      asked.push_back(request.program);
      results.push_back({.outcome = request.program == "slow"   ? Outcome::kTimedOut
                                    : request.program == "good" ? Outcome::kPassed
                                                                : Outcome::kFailed});
    }
    return results;
  };
  const std::vector<SandboxRequest> programs = {{"good"}, {"bad"}, {"good"}, {"slow"}, {"slow"}};
  ProgramResults known;
  for (int round = 0; round < 2; ++round) {
    std::vector<Outcome> outcomes;
    for (const SandboxResult& result : run_new_programs(programs, known, run))
      outcomes.push_back(result.outcome);
    EXPECT_EQ(outcomes, (std::vector<Outcome>{Outcome::kPassed, Outcome::kFailed, Outcome::kPassed,
                                              Outcome::kTimedOut, Outcome::kTimedOut}));
  }
  EXPECT_EQ(asked, (std::vector<std::string>{"good", "bad", "slow", "slow"}));
}

TEST(ScoreCode, HumanevalProgramsRunInTheSandbox) {
  if (const auto problem = sandbox_problem()) GTEST_SKIP() << *problem;
  TaskConfig config{.task = "humaneval", .file = "humaneval/humaneval.yaml", .repeats = 2};
  config.metrics.push_back({.metric = "utils.pass_at_k",
                            .is_function = true,
                            .aggregation = "mean",
                            .args_json = R"({"k": [1, 2]})"});
  config.filters = {
      {"create_test", {{"custom", R"({"filter_fn": "!function utils.build_predictions"})"}}}};
  const Json doc = {{"prompt", "def double(x):\n"}};
  const std::string test = "def check(candidate):\n    assert candidate(2) == 4\n\ncheck(double)";
  std::vector<SampleRecord> samples = {
      testing::text_sample({"    return 2 * x", "    return x"}, doc, test),
      testing::text_sample({"    exit(0)", "    return ("}, doc, test)};
  score_samples(config, samples, {.n_threads = 2});
  EXPECT_EQ(testing::find_score(samples[0], "pass@1", "create_test")->value, 0.5);
  EXPECT_EQ(testing::find_score(samples[0], "pass@2", "create_test")->value, 1.0);
  EXPECT_EQ(testing::find_score(samples[1], "pass@1", "create_test")->value, 0.0);
  EXPECT_EQ(samples[0].filtered[0].answers[1], "def double(x):\n    return x");
}

TEST(ScoreCode, MbppTakesTheFirstAnswerAlone) {
  if (const auto problem = sandbox_problem()) GTEST_SKIP() << *problem;
  TaskConfig config{.task = "mbpp", .file = "mbpp/mbpp.yaml"};
  config.metrics.push_back({.metric = "builtin.pass_at_1", .is_function = true});
  SampleRecord sample = testing::text_sample({"def f(x):\n    return x"}, Json::object(),
                                             "assert f(1) == 1\nassert f(2) == 2");
  score_samples(config, std::span(&sample, 1), {});
  EXPECT_EQ(testing::find_score(sample, "pass_at_1")->value, 1.0);
}

}  // namespace
}  // namespace assay::detail::score
