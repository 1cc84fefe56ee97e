#include "core/json_run.h"

#include <gtest/gtest.h>

#include <limits>

#include "core/error.h"

namespace assay {
namespace {

SampleRecord likelihood_sample() {
  SampleRecord sample;
  sample.id = {"task", "17"};
  sample.doc_json = R"({"question":"ä"})";
  sample.target = "1";
  sample.choices = {"A", "B"};
  sample.gold = {1};
  sample.cluster = "page 3";
  sample.requests = {{.index = 0, .body = Loglikelihood{"context", " A"}},
                     {.index = 1, .body = Loglikelihood{"context", " B"}}};
  sample.responses = {LoglikelihoodResult{.loglikelihood = -1.0 / 3.0,
                                          .is_greedy = true,
                                          .token_logprobs = {-0.1F, -1.0F / 3.0F},
                                          .top_margin = 0.25,
                                          .n_context_tokens = 9,
                                          .n_truncated_tokens = 2,
                                          .joined = true},
                      RequestError{"too long"}};
  sample.request_digests = {hash_bytes("a"), hash_bytes("b")};
  sample.filtered = {{"none", {}}};
  sample.scores = {{"acc", "none", 1.0, ""}, {"acc_norm", "none", std::nullopt, "too long"}};
  return sample;
}

SampleRecord generated_sample() {
  SampleRecord sample;
  sample.id = {"task", "18"};
  GenerateUntil body{.context = "Q", .until = {"\n\n", "</s>"}, .max_new_tokens = 7};
  body.sampling = {.temperature = 0.2, .top_p = 0.95, .top_k = 40, .seed = 1234};
  sample.requests = {{.index = 3, .body = body}};
  sample.responses = {GenerateResult{.text = "bytes \xff",
                                     .tokens = {1, 2, 3},
                                     .stop = StopReason::kStopString,
                                     .n_context_tokens = 4,
                                     .n_near_ties = 1,
                                     .n_drafted = 8,
                                     .n_accepted = 5}};
  sample.request_digests = {hash_bytes("c")};
  sample.filtered = {{"strict-match", {"42"}}};
  return sample;
}

TEST(JsonRun, SamplesComeBackToTheLastBit) {
  for (const SampleRecord& sample : {likelihood_sample(), generated_sample()}) {
    const std::string text = to_json(sample);
    const SampleRecord back = sample_from_json(text);
    EXPECT_EQ(to_json(back), text);
    EXPECT_EQ(back.id, sample.id);
    EXPECT_EQ(back.requests.size(), sample.requests.size());
    EXPECT_EQ(back.request_digests, sample.request_digests);
  }
  const SampleRecord back = sample_from_json(to_json(likelihood_sample()));
  const auto& ll = std::get<LoglikelihoodResult>(back.responses[0]);
  EXPECT_EQ(ll.loglikelihood, -1.0 / 3.0);
  EXPECT_EQ(ll.token_logprobs, (std::vector<float>{-0.1F, -1.0F / 3.0F}));
  EXPECT_EQ(std::get<RequestError>(back.responses[1]).message, "too long");
  EXPECT_EQ(back.scores[1].value, std::nullopt);
  EXPECT_EQ(back.scores[1].reason, "too long");
  const SampleRecord generated = sample_from_json(to_json(generated_sample()));
  EXPECT_EQ(std::get<GenerateResult>(generated.responses[0]).text, "bytes \xff");
  EXPECT_EQ(std::get<GenerateUntil>(generated.requests[0].body).sampling.top_p, 0.95);
}

Run small_run() {
  Run run;
  run.header.model_name = "Q4_0";
  run.header.system_instruction = "Be brief.";
  run.header.limit = "0.1";
  TaskResult task;
  task.task = "task";
  task.samples = {likelihood_sample(), generated_sample()};
  task.fewshot_dataset = DatasetIdentity{.path = "a/b", .split = "dev", .n_rows = 5};
  MetricResult unknown{.metric = "acc", .filter = "none", .n_unscored = 2};
  unknown.estimate = {.value = std::numeric_limits<double>::infinity(),
                      .reason = "no sample was scored"};
  task.metrics = {unknown};
  run.tasks = {task};
  run.groups = {{.group = "all", .tasks = {"task"}, .n_samples = 2}};
  return run;
}

TEST(JsonRun, RunsComeBackWithoutTheirPrompts) {
  const assay::Run run = small_run();
  const assay::Run back = run_from_json(to_json(run));
  EXPECT_EQ(to_json(back), to_json(run));
  EXPECT_EQ(back.header.limit, "0.1");
  EXPECT_TRUE(back.tasks[0].samples[0].requests.empty());
  EXPECT_EQ(back.tasks[0].fewshot_dataset->n_rows, 5);
  EXPECT_EQ(back.tasks[0].metrics[0].estimate.reason, "no sample was scored");
  EXPECT_NE(to_json(run).find(R"("value": null)"), std::string::npos);  // unknown is not zero
}

TEST(JsonRun, SeveralRunsOrOneAreRead) {
  const std::vector<assay::Run> runs{small_run(), small_run()};
  EXPECT_EQ(runs_from_json(to_json(runs)).size(), 2U);
  EXPECT_EQ(runs_from_json(to_json(small_run())).size(), 1U);
}

TEST(JsonRun, WhatIsNoRunIsRefused) {
  for (const char* text : {"{}", "[]", "{\"schema\": \"assay-run/9\"}", "{\"schema\":"}) {
    try {
      run_from_json(text);
      ADD_FAILURE() << text;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kBadInput) << text;
    }
  }
  EXPECT_THROW(response_from_json(R"({"text": "a", "tokens": [], "stop": "tired"})"), Error);
}

}  // namespace
}  // namespace assay
