// Scores of real samples: what lm-eval wrote for SmolLM2 on MMLU, HellaSwag and wikitext.
#include <gtest/gtest.h>

#include "unit/tasks/score_golden.h"

namespace assay {
namespace {

using namespace testing;  // NOLINT

std::vector<Json> read_samples(const std::string& name) {
  std::ifstream file(data_folder() + "/golden/lm_eval_smollm2/" + name);
  std::vector<Json> rows;
  for (std::string line; std::getline(file, line);) rows.push_back(Json::parse(line));
  return rows;
}

SampleRecord choice_sample_of(const Json& row) {
  std::vector<double> lls;
  std::vector<bool> greedy;
  for (const Json& answer : row["filtered_resps"]) {
    lls.push_back(std::stod(answer[0].get<std::string>()));
    greedy.push_back(answer[1] == "True");
  }
  // MMLU asks for the letters, HellaSwag for the endings.
  const bool letters = row["doc"].contains("subject");
  const std::vector<std::string> choices =
      letters ? std::vector<std::string>{"A", "B", "C", "D"}
              : row["doc"]["choices"].get<std::vector<std::string>>();
  return choice_sample(lls, greedy, choices, {std::stoi(row["target"].get<std::string>())});
}

class LmEvalSamples : public ::testing::TestWithParam<const char*> {};

TEST_P(LmEvalSamples, HaveTheSameScores) {
  if (data_folder().empty()) GTEST_SKIP() << "ASSAY_DATA is not set: no samples of lm-eval";
  TaskConfig config{.task = "t", .file = "t.yaml", .output_type = "multiple_choice"};
  const std::vector<Json> rows = read_samples(GetParam());
  ASSERT_GE(rows.size(), 50U);
  for (const Json& row : rows) {
    SampleRecord sample = choice_sample_of(row);
    score_samples(config, std::span(&sample, 1), {});
    for (const Json& metric : row["metrics"]) {
      const Score* score = find_score(sample, metric);
      ASSERT_NE(score, nullptr);
      EXPECT_EQ(score->value, row[metric.get<std::string>()].get<double>()) << row["doc_id"];
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, LmEvalSamples,
                         ::testing::Values("samples_mmlu_abstract_algebra_5shot.jsonl",
                                           "samples_mmlu_anatomy_5shot.jsonl",
                                           "samples_hellaswag_0shot_000-049.jsonl"));

TEST(LmEvalRolling, HasTheSameScoresAndCounts) {
  if (data_folder().empty()) GTEST_SKIP() << "ASSAY_DATA is not set: no samples of lm-eval";
  TaskConfig config{.task = "wikitext", .output_type = "loglikelihood_rolling"};
  config.process_results = {.kind = TaskValue::Kind::kFunction, .text = "builtin.wikitext"};
  const std::vector<Json> rows = read_samples("samples_wikitext_5pages_maxlen2048.jsonl");
  ASSERT_EQ(rows.size(), 5U);
  for (const Json& row : rows) {
    SampleRecord sample =
        choice_sample({std::stod(row["filtered_resps"][0].get<std::string>())}, {false}, {}, {});
    sample.doc_json = row["doc"].dump();
    sample.target = row["target"].get<std::string>();
    score_samples(config, std::span(&sample, 1), {});
    for (const char* metric : {"word_perplexity", "byte_perplexity", "bits_per_byte"})
      EXPECT_EQ(find_score(sample, metric)->value, row[metric][0].get<double>());
    EXPECT_EQ(find_score(sample, "n_words", "weight")->value,
              row["word_perplexity"][1].get<double>());
    EXPECT_EQ(find_score(sample, "n_bytes", "weight")->value,
              row["byte_perplexity"][1].get<double>());
  }
}

}  // namespace
}  // namespace assay
