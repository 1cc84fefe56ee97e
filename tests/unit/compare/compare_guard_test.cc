// Runs that ask different questions are refused, and it is said in what they differ.
#include <gtest/gtest.h>

#include "compare/compare.h"
#include "made_up_runs.h"

namespace assay {
namespace {

using namespace made_up;

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::string refusal(const std::function<void(MadeUpRun&)>& change) {
  const MadeUpRun base = base_run(100);
  MadeUpRun variant = variant_run(100, 2, 1);
  change(variant);
  return message_of([&] { compare_runs(base, variant, {}); });
}

TEST(CompareGuard, NamesEveryFieldWithBothValues) {
  const std::pair<std::function<void(MadeUpRun&)>, const char*> cases[] = {
      {[](MadeUpRun& r) { r.header.limit = "100"; },
       "limit: none in the baseline, 100 in the variant"},
      {[](MadeUpRun& r) { r.header.fewshot_seed = 7; },
       "few-shot seed: 1234 in the baseline, 7 in the variant"},
      {[](MadeUpRun& r) { r.header.chat = true; },
       "chat template applied: no in the baseline, yes"},
      {[](MadeUpRun& r) { r.header.system_instruction = "Be brief."; },
       "system instruction: none in the baseline, Be brief."},
      {[](MadeUpRun& r) { r.header.bos_rule = "once at the start"; }, "BOS rule: none"},
      {[](MadeUpRun& r) { r.tasks[0].version = "2"; },
       "task, version: 1 in the baseline, 2 in the variant"},
      {[](MadeUpRun& r) { r.tasks[0].num_fewshot = 5; },
       "few-shot examples: 0 in the baseline, 5 in the variant"},
      {[](MadeUpRun& r) { r.tasks[0].generation_kwargs_json = "{\"temperature\":1}"; },
       "generation settings: none in the baseline, {\"temperature\":1}"},
      {[](MadeUpRun& r) { r.tasks[0].dataset.split = "validation"; },
       "split: test in the baseline, validation in the variant"},
      {[](MadeUpRun& r) { r.tasks[0].dataset.content = hash_bytes("other rows"); },
       "data set's rows"},
      {[](MadeUpRun& r) { r.tasks[0].definition = hash_bytes("other"); }, "definition"},
      {[](MadeUpRun& r) { r.tasks[0].output_type = "generate_until"; },
       "output type: multiple_choice in the baseline, generate_until"},
      {[](MadeUpRun& r) { r.tasks[0].task = "other"; },
       "task, task: 100 items in the baseline, not in"}};
  for (const auto& [change, says] : cases) {
    const std::string message = refusal(change);
    EXPECT_TRUE(has(message, says)) << message;
    EXPECT_TRUE(has(message, "--allow-mismatch")) << message;
  }
}

TEST(CompareGuard, NamesTheItemsWhosePromptsDiffer) {
  const std::string message = refusal([](MadeUpRun& r) {
    r.tasks[0].samples[17].request_digests[2] = hash_bytes("another prompt");
    finish(r.tasks[0]);
  });
  EXPECT_TRUE(has(message, "prompts")) << message;
  EXPECT_TRUE(has(message, "1 of 100 items: 17; first in item 17, request 2")) << message;
}

TEST(CompareGuard, ShowsWherePromptsPart) {
  MadeUpRun base = base_run(100), variant = variant_run(100, 2, 1);
  for (int i = 0; i < 100; ++i) {
    base.tasks[0].samples[i].requests = {
        {.index = 0, .body = Loglikelihood{"Question: how many?\nAnswer:", " 1"}}};
    variant.tasks[0].samples[i].requests = {
        {.index = 0, .body = Loglikelihood{"Question: how much?\nAnswer:", " 1"}}};
  }
  const std::string message = message_of([&] { compare_runs(base, variant, {}); });
  EXPECT_TRUE(has(message,
                  "after 15 equal bytes, '...Question: how m' goes on 'any?\\nAnswer: 1' "
                  "in the baseline, 'uch?\\nAnswer: 1' in the variant"))
      << message;
}

TEST(CompareGuard, AllowedMismatchesAreMarkedAndNothingIsPassed) {
  MadeUpRun variant = variant_run(2000, 4, 4);
  variant.tasks[0].num_fewshot = 5;
  const Comparison comparison = compare_runs(base_run(2000), variant, {.allow_mismatch = true});
  EXPECT_FALSE(comparison.comparable);
  ASSERT_EQ(comparison.mismatches.size(), 1U);
  EXPECT_EQ(comparison.mismatches[0].field, "few-shot examples");
  EXPECT_EQ(comparison.metrics[0].n, 2000);
  EXPECT_EQ(comparison.verdict, Verdict::kUndecided);
}

TEST(CompareGuard, AnIdThatStandsTwiceIsAnError) {
  const std::string message = refusal([](MadeUpRun& r) { r.tasks[0].samples[3].id.key = "2"; });
  EXPECT_TRUE(has(message, "Item 2 of task stands twice")) << message;
}

TEST(CompareGuard, AMetricOfOneItemThatStandsTwiceIsAnError) {
  const std::string message = refusal([](MadeUpRun& r) {
    r.tasks[0].samples[3].scores.push_back(r.tasks[0].samples[3].scores[0]);
  });
  EXPECT_TRUE(has(message, "acc (none) stands twice in item 3 of task")) << message;
}

TEST(CompareGuard, TwoFiltersOfOneItemAreDifferentMetrics) {
  const auto run = [](const char* model, int lost) {
    MadeUpRun r = run_of(model, {choices("gsm8k", 2000, [](int i) { return i < 1000 ? 0 : 1; })});
    r.tasks[0].metrics = {{.metric = "exact_match", .filter = "strict-match"},
                          {.metric = "exact_match", .filter = "flexible-extract"}};
    for (SampleRecord& sample : r.tasks[0].samples) {
      const int i = std::stoi(sample.id.key);
      sample.scores = {score(i < 1000 && i >= lost ? 1 : 0, "exact_match", "strict-match"),
                       score(i < 1500 ? 1 : 0, "exact_match", "flexible-extract")};
    }
    finish(r.tasks[0]);
    return r;
  };
  const Comparison comparison = compare_runs(run("base", 0), run("variant", 200), {});
  ASSERT_EQ(comparison.metrics.size(), 2U);
  EXPECT_EQ(comparison.metrics[0].filter, "strict-match");
  EXPECT_EQ(comparison.metrics[0].flips->lost, 200);
  EXPECT_TRUE(comparison.metrics[0].decides);
  EXPECT_EQ(comparison.metrics[1].filter, "flexible-extract");
  EXPECT_EQ(comparison.metrics[1].flips->lost, 0);
  EXPECT_FALSE(comparison.metrics[1].decides);
  EXPECT_EQ(comparison.verdict, Verdict::kWorse);
  const Comparison other = compare_runs(run("base", 0), run("variant", 200),
                                        {.metrics = {"exact_match,flexible-extract"}});
  EXPECT_TRUE(other.metrics[1].decides);
  EXPECT_NE(other.verdict, Verdict::kWorse);
}

TEST(CompareGuard, AMissingMetricIsRefusedAndTheOthersNamed) {
  const MadeUpRun run = base_run(100);
  const std::string message =
      message_of([&] { compare_runs(run, run, {.metrics = {"acc_norm"}}); });
  EXPECT_TRUE(has(message, "task has no metric 'acc_norm' in both runs")) << message;
  EXPECT_TRUE(has(message, "It has: acc,none")) << message;
  const std::string one_side =
      refusal([](MadeUpRun& r) { r.tasks[0].metrics[0].metric = "acc_norm"; });
  EXPECT_TRUE(has(one_side, "metrics: acc (none) in the baseline, acc_norm (none)")) << one_side;
}

TEST(CompareGuard, WhatAnImportedRunDoesNotSayIsUncheckedNotEqual) {
  MadeUpRun variant = variant_run(2000, 4, 4);
  variant.header.imported_from = "lm-eval 0.4.13";
  variant.header.bos_rule = "";
  variant.tasks[0].definition = {};
  variant.tasks[0].dataset.content = {};
  for (SampleRecord& sample : variant.tasks[0].samples) sample.request_digests.clear();
  const Comparison comparison = compare_runs(base_run(2000), variant, {});
  EXPECT_TRUE(comparison.comparable);
  EXPECT_EQ(comparison.unchecked,
            (std::vector<std::string>{"BOS rule", "data set's rows", "definition", "prompts"}));
  ASSERT_FALSE(comparison.warnings.empty());
  EXPECT_TRUE(has(comparison.warnings.back(), "could not be checked"));
}

TEST(CompareGuard, HashesOfPromptsServeBetweenPrograms) {
  MadeUpRun base = base_run(2000), variant = variant_run(2000, 4, 4);
  variant.header.imported_from = "lm-eval 0.4.13";
  for (MadeUpRun* run : {&base, &variant}) {
    for (SampleRecord& sample : run->tasks[0].samples)
      sample.source_hashes = {.prompt = "hash of " + sample.id.key, .target = "hash"};
  }
  for (SampleRecord& sample : variant.tasks[0].samples) {
    sample.request_digests.clear();
    sample.target = "written in another way";
  }
  EXPECT_TRUE(compare_runs(base, variant, {}).comparable);
  variant.tasks[0].samples[5].source_hashes.prompt = "another";
  const std::string message = message_of([&] { compare_runs(base, variant, {}); });
  EXPECT_TRUE(has(message, "1 of 2000 items: 5; first in item 5: hashes")) << message;
}

TEST(CompareGuard, UnknownTasksAreRefused) {
  const MadeUpRun run = base_run(100);
  EXPECT_TRUE(has(message_of([&] { compare_runs(run, run, {.tasks = {"mmlu"}}); }),
                  "no task or group 'mmlu'"));
}

}  // namespace
}  // namespace assay
