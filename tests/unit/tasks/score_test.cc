#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "core/error.h"
#include "tasks/score_own.h"
#include "unit/tasks/score_golden.h"

namespace assay {
namespace {

using namespace testing;  // NOLINT

TaskConfig config_of(const std::string& output_type, const std::vector<std::string>& metrics) {
  TaskConfig config{.task = "t", .file = "t.yaml", .output_type = output_type};
  for (const std::string& metric : metrics) config.metrics.push_back({.metric = metric});
  return config;
}

SampleRecord scored(const TaskConfig& config, SampleRecord sample) {
  score_samples(config, std::span(&sample, 1), {});
  return sample;
}

std::vector<int> golds_of(const Json& gold) {
  return gold.is_array() ? gold.get<std::vector<int>>() : std::vector<int>{gold.get<int>()};
}

// lm-eval gives (gold, prediction) or (gold, probabilities) to its aggregations, we the parts.
void expect_metric(const SampleRecord& sample, const std::string& metric, const Json& expected) {
  const Score* score = find_score(sample, metric);
  ASSERT_NE(score, nullptr) << metric;
  ASSERT_TRUE(score->value.has_value()) << metric << ": " << score->reason;
  if (metric == "f1" || metric == "mcc") {
    EXPECT_EQ(*score->value, expected[1].get<double>());
    EXPECT_EQ(find_score(sample, "gold", "weight")->value, expected[0].get<double>());
  } else if (metric == "likelihood") {
    EXPECT_EQ(*score->value, expected[1][expected[0].get<std::size_t>()].get<double>());
  } else if (metric == "brier_score") {
    double sum = 0;
    for (std::size_t i = 0; i < expected[1].size(); ++i)
      sum += std::pow(expected[1][i].get<double>() - (i == expected[0] ? 1 : 0), 2);
    EXPECT_NEAR(*score->value, sum, 1e-12);
  } else {
    EXPECT_EQ(*score->value, expected.get<double>()) << metric;
  }
}

TEST(Score, ChoicesAsLmEval) {
  for (const Json& c : golden()["choices"]) {
    SCOPED_TRACE(c.dump());
    const SampleRecord sample =
        scored(config_of("multiple_choice", c["metrics"]),
               choice_sample(c["lls"], c["greedy"], c["choices"], golds_of(c["gold"])));
    for (const auto& [metric, expected] : c["out"].items()) expect_metric(sample, metric, expected);
  }
  EXPECT_GT(golden()["choices"].size(), 50U);
}

TEST(Score, ANotANumberIsTheLargestAsInNumpy) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const TaskConfig config = config_of("multiple_choice", {"acc"});
  const auto acc = [&](const std::vector<double>& lls, int gold) {
    return find_score(
               scored(config, choice_sample(lls, {false, false, false}, {"a", "b", "c"}, {gold})),
               "acc")
        ->value;
  };
  EXPECT_EQ(acc({-1, nan, -0.5}, 1), 1.0);
  EXPECT_EQ(acc({-1, -1, -1}, 0), 1.0);  // of equal ones the first
  EXPECT_EQ(acc({-std::numeric_limits<double>::infinity(), -3, -1}, 2), 1.0);
}

TEST(Score, TokensNormaliseWhereTheyWereRecorded) {
  const TaskConfig config = config_of("multiple_choice", {"acc", "acc_norm_tokens"});
  SampleRecord sample = choice_sample({-3, -2}, {false, false}, {"aa", "b"}, {0});
  EXPECT_EQ(find_score(scored(config, sample), "acc_norm_tokens")->reason,
            "the tokens of a choice were not recorded");
  std::get<LoglikelihoodResult>(sample.responses[0]).token_logprobs = {-1, -1, -1};
  std::get<LoglikelihoodResult>(sample.responses[1]).token_logprobs = {-2};
  EXPECT_EQ(find_score(scored(config, sample), "acc_norm_tokens")->value, 1.0);
  EXPECT_EQ(find_score(scored(config, sample), "acc")->value, 0.0);
}

TEST(Score, WhatCannotBeScoredSaysWhy) {
  const TaskConfig config = config_of("multiple_choice", {"acc", "acc_norm"});
  const auto reason = [&](const SampleRecord& sample) {
    const SampleRecord done = scored(config, sample);
    EXPECT_EQ(done.scores.size(), 2U);
    for (const Score& score : done.scores) EXPECT_FALSE(score.value.has_value());
    return done.scores.at(0).reason;
  };
  EXPECT_EQ(reason(choice_sample({-1, -2}, {true, false}, {"a", "b"}, {2})),
            "right choice 2 of 2 does not exist");
  EXPECT_EQ(reason(choice_sample({-1, -2}, {true, false}, {"a", "b"}, {-1})),
            "right choice -1 of 2 does not exist");
  EXPECT_EQ(reason(choice_sample({-1, -2}, {true, false}, {"a", "b"}, {})),
            "the row names no right choice");
  EXPECT_EQ(reason(choice_sample({-1}, {true}, {"a", "b"}, {0})), "1 answers for 2 choices");
  SampleRecord failed = choice_sample({-1, -2}, {true, false}, {"a", "b"}, {0});
  failed.responses[1] = RequestError{"out of memory"};
  EXPECT_EQ(reason(failed), "out of memory");
  SampleRecord row = choice_sample({}, {}, {}, {});
  row.scores.push_back({"acc", "none", std::nullopt, "the row has no column \"label\""});
  EXPECT_EQ(reason(row), "the row has no column \"label\"");
  EXPECT_EQ(reason(scored(config, row)), "the row has no column \"label\"");  // scored again
}

TEST(Score, GeneratedTextsAsLmEval) {
  for (const Json& c : golden()["generated"]) {
    SCOPED_TRACE(c.dump());
    TaskConfig config{.task = "t", .file = "t.yaml"};
    config.metrics.push_back({.metric = "exact_match", .args_json = c["args"].dump()});
    const bool several = c["gold"].is_array();
    if (several) config.doc_to_target = {.kind = TaskValue::Kind::kText, .text = "targets"};
    const bool list = c["answer"].is_array();
    if (list) config.filters = {{"none", {}}};
    const std::vector<std::string> answers =
        list ? c["answer"].get<std::vector<std::string>>()
             : std::vector<std::string>{c["answer"].get<std::string>()};
    const Json doc = several ? Json{{"targets", c["gold"]}} : Json::object();
    const SampleRecord sample =
        scored(config, text_sample(answers, doc, several ? "" : c["gold"].get<std::string>()));
    ASSERT_EQ(sample.scores.size(), 1U);
    ASSERT_TRUE(sample.scores[0].value.has_value()) << sample.scores[0].reason;
    EXPECT_EQ(*sample.scores[0].value, c["out"].get<double>());
  }
}

TEST(Score, TargetsMayBeAListInATemplatesText) {
  TaskConfig config{.task = "t", .file = "t.yaml"};
  const auto value = [&](const std::string& target, const std::string& answer) {
    return find_score(scored(config, text_sample({answer}, Json::object(), target)), "exact_match")
        ->value;
  };
  EXPECT_EQ(value(R"(['it\'s', "b"])", "it's"), 1.0);
  EXPECT_EQ(value(R"(["\u00e9", 'b'])", "\xc3\xa9"), 1.0);
  EXPECT_EQ(value("['a', 'b']", "c"), 0.0);
  EXPECT_EQ(value("[2,5)", "[2,5)"), 1.0);
}

TEST(Score, LikelihoodsAndRolling) {
  SampleRecord sample = choice_sample({-2.5}, {true}, {}, {});
  sample = scored(config_of("loglikelihood", {}), sample);
  EXPECT_EQ(find_score(sample, "perplexity")->value, -2.5);
  EXPECT_EQ(find_score(sample, "acc")->value, 1.0);
  SampleRecord rolling = choice_sample({-80}, {false}, {}, {});
  rolling.target = "a b\n\xc3\xa9 ";
  rolling = scored(config_of("loglikelihood_rolling", {}), rolling);
  for (const char* metric : {"word_perplexity", "byte_perplexity", "bits_per_byte"})
    EXPECT_EQ(find_score(rolling, metric)->value, -80.0);
  EXPECT_EQ(find_score(rolling, "n_words", "weight")->value, 4.0);  // len(re.split(r"\s+", ...))
  EXPECT_EQ(find_score(rolling, "n_bytes", "weight")->value, 7.0);
}

TEST(Score, TruthfulqaMc2AsLmEval) {
  TaskConfig config = config_of("multiple_choice", {"acc"});
  config.process_results = {.kind = TaskValue::Kind::kFunction,
                            .text = "utils.process_results_mc2",
                            .file = "lm_eval/tasks/truthfulqa/truthfulqa_mc2.yaml"};
  for (const Json& c : golden()["mc2"]) {
    const std::size_t n = c["lls"].size();
    SampleRecord sample =
        choice_sample(c["lls"], std::vector<bool>(n, false), std::vector<std::string>(n, "x"), {0});
    sample.doc_json = Json{{"mc2_targets", {{"labels", c["labels"]}}}}.dump();
    EXPECT_NEAR(find_score(scored(config, sample), "acc")->value.value(), c["out"].get<double>(),
                1e-12);
  }
}

TEST(Score, SeveralPipelinesGiveSeveralScores) {
  TaskConfig config{.task = "gsm8k", .file = "gsm8k.yaml"};
  config.metrics.push_back(
      {.metric = "exact_match",
       .args_json =
           R"({"ignore_case": true, "regexes_to_ignore": [",", "\\$", "(?s).*#### ", "\\.$"]})"});
  config.filters = {
      {"strict-match",
       {{"regex", R"j({"regex_pattern": "#### (\\-?[0-9\\.\\,]+)"})j"}, {"take_first", "{}"}}},
      {"flexible-extract",
       {{"regex", R"j({"group_select": -1, "regex_pattern": "(-?[$0-9.,]{2,})|(-?[0-9]+)"})j"},
        {"take_first", "{}"}}}};
  const SampleRecord sample =
      scored(config, text_sample({"It is $1,234."}, Json::object(), "Work\n#### 1234"));
  EXPECT_EQ(find_score(sample, "exact_match", "strict-match")->value, 0.0);
  EXPECT_EQ(find_score(sample, "exact_match", "flexible-extract")->value, 1.0);
  ASSERT_EQ(sample.filtered.size(), 2U);
  EXPECT_EQ(sample.filtered[0].answers, std::vector<std::string>{"[invalid]"});
  EXPECT_EQ(sample.filtered[1].answers, std::vector<std::string>{"$1,234."});
}

TEST(Score, AnExplodingPatternLeavesTheSampleUnscored) {
  TaskConfig config{.task = "t", .file = "t.yaml"};
  config.filters = {{"f", {{"regex", R"j({"regex_pattern": "(a|aa)+$"})j"}, {"take_first", "{}"}}}};
  const SampleRecord sample =
      scored(config, text_sample({std::string(3000, 'a') + "!"}, Json::object(), "x"));
  ASSERT_EQ(sample.scores.size(), 1U);
  EXPECT_FALSE(sample.scores[0].value.has_value());
  EXPECT_NE(sample.scores[0].reason.find("did not end"), std::string::npos);
}

TEST(Score, UnknownMetricsAndFunctions) {
  const SampleRecord sample =
      scored(config_of("generate_until", {"bleu"}), text_sample({"a"}, Json::object(), "a"));
  EXPECT_EQ(sample.scores.at(0).reason, "Assay does not compute the metric bleu");
  TaskConfig config = config_of("generate_until", {"exact_match"});
  config.process_results = {.kind = TaskValue::Kind::kFunction, .text = "utils.mine", .line = 12};
  try {
    scored(config, text_sample({"a"}, Json::object(), "a"));
    FAIL();
  } catch (const Error& e) {
    EXPECT_NE(std::string(e.what()).find("\"utils.mine\" is not built in (t.yaml:12, task t)"),
              std::string::npos)
        << e.what();
  }
}

TEST(Score, ATasksOwnFunctionIsAskedWhenItIsTrusted) {
  TaskConfig config = config_of("multiple_choice", {"acc", "word_perplexity", "other"});
  config.process_results = {.kind = TaskValue::Kind::kFunction, .text = "utils.mine"};
  SampleRecord sample = choice_sample({-1, -2}, {true, false}, {"a", "b"}, {0});
  Json seen;
  const auto own = [&](const TaskValue& function, const Json&, const Json& results) {
    EXPECT_EQ(function.text, "utils.mine");
    seen = results;
    return Json{{"acc", true}, {"word_perplexity", {-3.5, 7}}};
  };
  const ScoreOptions options{.trust_task_code = true};
  detail::score::score_samples_with(config, std::span(&sample, 1), options, own);
  EXPECT_EQ(seen, Json::parse("[[-1.0, true], [-2.0, false]]"));
  EXPECT_EQ(find_score(sample, "acc")->value, 1.0);
  EXPECT_EQ(find_score(sample, "word_perplexity")->value, -3.5);
  EXPECT_EQ(find_score(sample, "n_words", "weight")->value, 7.0);
  EXPECT_NE(find_score(sample, "other")->reason, "");
  EXPECT_THROW(
      detail::score::score_samples_with(config, std::span(&sample, 1), ScoreOptions{}, own), Error);
}

TEST(ScoreRules, DefaultsAsInLmEvalsRegistry) {
  for (const auto& [output_type, expected] : golden()["rules"].items()) {
    const std::vector<MetricRule> rules = metric_rules(config_of(output_type, {}));
    ASSERT_EQ(rules.size(), expected.size()) << output_type;
    for (std::size_t i = 0; i < rules.size(); ++i) {
      EXPECT_EQ(rules[i].metric, expected[i][0]);
      EXPECT_EQ(rules[i].filter, "none");
      EXPECT_EQ(rules[i].aggregation, expected[i][1]);
      EXPECT_EQ(rules[i].higher_is_better, expected[i][2].get<bool>());
    }
  }
}

TEST(ScoreRules, FollowTheOrderOfResultsAndExpandPassAtK) {
  const auto names = [](const TaskConfig& config) {
    std::vector<std::string> out;
    for (const MetricRule& rule : metric_rules(config))
      out.push_back(rule.metric + "," + rule.filter);
    return out;
  };
  EXPECT_EQ(names(config_of("multiple_choice", {"acc_norm", "acc", "brier_score"})),
            (std::vector<std::string>{"acc,none", "acc_norm,none", "brier_score,none"}));
  TaskConfig config{.task = "humaneval_64", .file = "humaneval/humaneval_64.yaml", .repeats = 64};
  config.metrics.push_back({.metric = "utils.pass_at_k",
                            .is_function = true,
                            .aggregation = "mean",
                            .args_json = R"({"k": [2, 8, 64, 100]})"});
  config.filters = {{"create_test", {}}};
  EXPECT_EQ(names(config), (std::vector<std::string>{"pass@2,create_test", "pass@8,create_test",
                                                     "pass@64,create_test"}));
}

}  // namespace
}  // namespace assay
