#include "tasks/score_math.h"

#include <gtest/gtest.h>

#include "tasks/score_deferred.h"
#include "unit/tasks/score_golden.h"

namespace assay::detail::score {
namespace {

using testing::golden;

const Json& math() { return golden()["math"]; }

std::optional<std::string> maybe(const Json& value) {
  if (value.is_null()) return std::nullopt;
  return value.get<std::string>();
}

TEST(ScoreMath, BoxesAsLmEval) {
  for (const Json& c : math()["boxes"]) {
    const auto box = last_boxed(c[0].get<std::string>());
    EXPECT_EQ(box, maybe(c[1])) << c[0];
    EXPECT_EQ(boxed_answer(c[0].get<std::string>()), maybe(c[2])) << c[0];
  }
}

TEST(ScoreMath, SpellingsAsLmEval) {
  for (const Json& c : math()["strange"])
    EXPECT_EQ(strip_math_answer(c[0].get<std::string>()), maybe(c[1])) << c[0];
  for (const Json& c : math()["equal"])
    EXPECT_EQ(equal_math_answers(c[0], c[1]), c[2].get<bool>()) << c.dump();
  for (const Json& c : math()["responses"])
    EXPECT_EQ(minerva_answer(c[0].get<std::string>()), c[1]) << c[0];
  for (const Json& c : math()["minerva"])
    EXPECT_EQ(normalize_minerva_answer(c[0].get<std::string>()), c[1]) << c[0];
  for (const Json& c : math()["dollars"])
    EXPECT_EQ(equal_math_answers(dollar_answer(c[0].get<std::string>()), "5") ? 1 : 0, c[1])
        << c[0];
}

TEST(ScoreMath, HundredAnswersOfTheTestSet) {
  EXPECT_EQ(golden()["math_set"]["explicit"].size(), 100U);
  for (const Json& c : golden()["math_set"]["explicit"]) {
    EXPECT_EQ(normalize_minerva_answer(c[0].get<std::string>()), c[1]) << c[0];
    EXPECT_EQ(strip_math_answer(c[0].get<std::string>()).value_or("\1raises"), c[2]) << c[0];
  }
}

TEST(ScoreMath, AllAnswersOfTheTestSet) {
  if (testing::data_folder().empty()) GTEST_SKIP() << "ASSAY_DATA is not set: no MATH solutions";
  std::ifstream file(testing::data_folder() + "/datasets/math/MATH_test_5000.jsonl");
  testing::Fnv boxed, minerva, hendrycks;
  std::size_t n = 0;
  for (std::string line; std::getline(file, line); ++n) {
    const auto answer = boxed_answer(Json::parse(line)["chain_of_thought"].get<std::string>());
    ASSERT_TRUE(answer.has_value()) << line;
    boxed.add(*answer);
    minerva.add(normalize_minerva_answer(*answer));
    hendrycks.add(strip_math_answer(*answer).value_or("\1raises"));
  }
  EXPECT_EQ(n, golden()["math_set"]["n"].get<std::size_t>());
  EXPECT_EQ(boxed.hex(), golden()["math_set"]["boxed"]);
  EXPECT_EQ(minerva.hex(), golden()["math_set"]["minerva"]);
  EXPECT_EQ(hendrycks.hex(), golden()["math_set"]["hendrycks"]);
}

TaskConfig minerva_task() {
  TaskConfig config{.task = "minerva_math", .file = "t.yaml"};
  config.process_results = {.kind = TaskValue::Kind::kFunction, .text = "builtin.minerva_math"};
  return config;
}

TEST(ScoreMath, HendrycksThroughScoreSamples) {
  TaskConfig config = minerva_task();
  config.process_results.text = "builtin.hendrycks_math";
  SampleRecord sample = testing::text_sample({"We get $\\frac12$."},
                                             Json{{"solution", "so \\boxed{\\frac{1}{2}}"}}, "");
  score_samples(config, std::span(&sample, 1), {});
  ASSERT_EQ(sample.scores.size(), 1U);
  EXPECT_EQ(sample.scores[0].value, 1.0);
}

TEST(ScoreMath, WithoutPythonTextsAreCompared) {
  const TaskConfig config = minerva_task();
  const Json doc = {{"solution", "so \\boxed{\\frac{1}{2}}"}, {"answer", "\\frac{1}{2}"}};
  const std::string end = "$. I hope it is correct.";
  std::vector<SampleRecord> samples = {
      testing::text_sample({"Final Answer: The final answer is $\\frac12" + end}, doc, ""),
      testing::text_sample({"Final Answer: The final answer is $0.5" + end}, doc, "")};
  score_samples(config, samples, {.python = "/no/such/python"});
  EXPECT_EQ(testing::find_score(samples[0], "exact_match")->value, 1.0);
  EXPECT_EQ(testing::find_score(samples[1], "exact_match")->value, 0.0);
  for (const SampleRecord& sample : samples) {
    EXPECT_EQ(testing::find_score(sample, "symbolic", "weight")->value, 0.0);
    EXPECT_NE(testing::find_score(sample, "math_verify")->reason.find("not installed"),
              std::string::npos);
  }
}

// ASSAY_TEST_PYTHON names a Python with sympy, antlr4 and math_verify.
TEST(ScoreMath, SymbolicEqualityAsLmEval) {
  const char* python = std::getenv("ASSAY_TEST_PYTHON");
  const ScoreOptions options{.python = python == nullptr ? "python3" : python};
  const TaskConfig config = minerva_task();
  std::vector<SampleRecord> samples;
  for (const Json& c : golden()["minerva_results"])
    samples.push_back(testing::text_sample({c["response"].get<std::string>()}, c["doc"], ""));
  score_samples(config, samples, options);
  if (testing::find_score(samples[0], "symbolic", "weight")->value != 1.0)
    GTEST_SKIP() << options.python << " has no sympy with antlr4 (ASSAY_TEST_PYTHON names another)";
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const Json& out = golden()["minerva_results"][i]["out"];
    EXPECT_EQ(testing::find_score(samples[i], "exact_match")->value,
              out["exact_match"].get<double>())
        << i;
    const Score* verified = testing::find_score(samples[i], "math_verify");
    if (verified->value) {
      EXPECT_EQ(verified->value, out["math_verify"].get<double>()) << i;
    }
  }
  std::vector<SampleRecord> pairs(math()["pairs"].size());
  std::vector<MathJob> jobs;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    for (const char* metric : {"exact_match", "math_verify", "symbolic"})
      pairs[i].scores.push_back({metric, "none", std::nullopt, ""});
    jobs.push_back({.answer = math()["pairs"][i][0],
                    .gold = math()["pairs"][i][1],
                    .exact_match = {&pairs[i], 0},
                    .math_verify = {&pairs[i], 1},
                    .symbolic = {&pairs[i], 2}});
  }
  run_math_jobs(jobs, options);
  for (std::size_t i = 0; i < pairs.size(); ++i)
    EXPECT_EQ(pairs[i].scores[0].value == 1.0, math()["pairs"][i][2].get<bool>())
        << math()["pairs"][i].dump();
}

}  // namespace
}  // namespace assay::detail::score
