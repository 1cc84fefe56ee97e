// What tasks ask, against lm-evaluation-harness itself (tests/golden/prompts/make_golden.py).
#include <gtest/gtest.h>

#include "core/error.h"
#include "made_up_task.h"
#include "temporary_folder.h"

namespace assay {
namespace {

const OrderedJson& golden_cases() {
  static const OrderedJson golden = OrderedJson::parse(
      std::ifstream(std::string(ASSAY_SOURCE_DIR) + "/tests/golden/prompts/golden.json"));
  return golden["cases"];
}

std::string render(std::span<const ChatOptions::Message> messages, bool continue_last) {
  std::string text;
  for (const auto& m : messages) text += "<|" + m.role + "|>" + m.content + "<|end|>";
  return continue_last ? text.substr(0, text.size() - 7) : text + "<|assistant|>";
}

TaskOptions task_options(const OrderedJson& given) {
  TaskOptions options;
  if (given.contains("num_fewshot")) options.num_fewshot = given["num_fewshot"].get<int>();
  options.fewshot_seed = given.value("fewshot_seed", 1234);
  options.gen_kwargs = given.value("gen_kwargs", "");
  if (given.contains("limit")) options.limit = given["limit"].get<double>();
  if (given.contains("samples"))
    options.sample_ids["made_up"] = given["samples"].get<std::vector<std::int64_t>>();
  options.chat.apply = given.value("chat", false);
  options.chat.fewshot_as_multiturn = given.value("multiturn", true);
  options.chat.system_instruction = given.value("system_instruction", "");
  options.chat.render = render;
  return options;
}

OrderedJson texts_of(const Request& request) {
  if (const auto* body = std::get_if<Loglikelihood>(&request.body))
    return {body->context, body->continuation};
  if (const auto* body = std::get_if<LoglikelihoodRolling>(&request.body))
    return OrderedJson::array({body->text});
  return OrderedJson::array({std::get<GenerateUntil>(request.body).context});
}

void expect_generation(const GenerateUntil& request, const OrderedJson& kwargs) {
  const OrderedJson until =
      kwargs["until"].is_array() ? kwargs["until"] : OrderedJson::array({kwargs["until"]});
  EXPECT_EQ(request.until, until.get<std::vector<std::string>>());
  EXPECT_EQ(request.max_new_tokens, kwargs.value("max_gen_toks", 256));
  const bool samples = kwargs.value("do_sample", kwargs.value("temperature", 0.0) > 0);
  EXPECT_EQ(request.sampling.temperature, samples ? kwargs.value("temperature", 0.0) : 0.0);
  EXPECT_EQ(request.sampling.top_k, kwargs.value("top_k", 0));
  EXPECT_EQ(request.sampling.top_p, kwargs.value("top_p", 1.0));
}

class AsksWhatLmEvalAsks : public testing::TestWithParam<std::size_t> {};

TEST_P(AsksWhatLmEvalAsks, ForEveryKindOfTask) {
  const OrderedJson& golden = golden_cases()[GetParam()];
  SCOPED_TRACE(golden["name"].get<std::string>());
  const TemporaryFolder folder;
  TaskConfig config = made_up_task(golden["task"]);
  write_rows(config, golden["rows"], folder.path());
  Task task = open_task(config, task_options(golden["options"]));
  ASSERT_EQ(task.n_samples(), static_cast<std::int64_t>(golden["samples"].size()));
  for (std::int64_t i = 0; i < task.n_samples(); ++i) {
    const OrderedJson& expected = golden["samples"][static_cast<std::size_t>(i)];
    const SampleRecord sample = task.sample(i);
    EXPECT_EQ(sample.id.key, std::to_string(expected["row"].get<int>()));
    EXPECT_EQ(sample.target, expected["target"].get<std::string>());
    ASSERT_TRUE(sample.scores.empty()) << sample.scores[0].reason;
    const std::size_t n = expected["requests"].size() * expected["repeats"].get<std::size_t>();
    ASSERT_EQ(sample.requests.size(), n);
    for (std::size_t k = 0; k < n; ++k) {
      EXPECT_EQ(texts_of(sample.requests[k]),
                expected["requests"][expected["requests"].size() == 1 ? 0 : k]);
      EXPECT_EQ(sample.requests[k].index, static_cast<int>(k));
      if (!expected["generation"].is_null())
        expect_generation(std::get<GenerateUntil>(sample.requests[k].body), expected["generation"]);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Golden, AsksWhatLmEvalAsks,
                         testing::Range(std::size_t{0}, golden_cases().size()),
                         [](const testing::TestParamInfo<std::size_t>& it) {
                           return golden_cases()[it.param]["name"].get<std::string>();
                         });

OrderedJson choice_task() {
  return {{"output_type", "multiple_choice"},
          {"test_split", "test"},
          {"doc_to_text", "{{q}}"},
          {"doc_to_choice", "options"},
          {"doc_to_target", "label"}};
}

Task made(const OrderedJson& task, const OrderedJson& rows, const std::filesystem::path& folder,
          const TaskOptions& options = {}) {
  TaskConfig config = made_up_task(task);
  write_rows(config, rows, folder);
  return open_task(config, options);
}

TEST(Task, RowsThatCannotBeAskedAreUnscoredWithTheReason) {
  const TemporaryFolder folder;
  OrderedJson config = choice_task();
  config["doc_to_text"] = "{{m.q}}";
  const auto row = [](OrderedJson m, OrderedJson options, OrderedJson label) {
    return OrderedJson{{"m", m}, {"options", options}, {"label", label}};
  };
  const OrderedJson m = {{"q", "a"}}, xy = {"x", "y"};
  const OrderedJson rows = {row(m, xy, 1),          row(m, xy, 2),   row(m, xy, -1),
                            row({{"p", 1}}, xy, 0), row(m, xy, "z"), row(m, "x", 0),
                            row(m, xy, nullptr)};
  Task task = made(config, {{"test", rows}}, folder.path());
  EXPECT_EQ(task.sample(0).gold, std::vector<int>{1});
  EXPECT_TRUE(task.sample(0).scores.empty());
  const char* reasons[] = {"the label 2 is out of range: there are 2 choices",
                           "the label -1 is out of range",
                           "'q' is undefined",
                           "the label 'z' is out of range",
                           "doc_to_choice gives no list",
                           "the label None is out of range"};
  for (std::int64_t i = 1; i < 7; ++i) {
    const SampleRecord sample = task.sample(i);
    EXPECT_TRUE(sample.gold.empty());
    EXPECT_TRUE(sample.requests.empty());
    ASSERT_EQ(sample.scores.size(), 1U);
    EXPECT_FALSE(sample.scores[0].value);
    EXPECT_NE(sample.scores[0].reason.find(reasons[i - 1]), std::string::npos)
        << sample.scores[0].reason;
  }
}

TEST(Task, AnyOrderOfAskingGivesTheSameExamples) {
  const TemporaryFolder folder;
  OrderedJson rows = OrderedJson::array();
  for (int i = 0; i < 30; ++i)
    rows.push_back({{"q", "q" + std::to_string(i)}, {"options", {"x", "y"}}, {"label", i % 2}});
  OrderedJson config = choice_task();
  config["num_fewshot"] = 3;
  Task forwards = made(config, {{"test", rows}}, folder.path());
  Task backwards = made(config, {{"test", rows}}, folder.path());
  std::vector<std::string> prompts(30);
  for (std::int64_t i = 29; i >= 0; --i)
    prompts[static_cast<std::size_t>(i)] =
        std::get<Loglikelihood>(backwards.sample(i).requests[0].body).context;
  for (std::int64_t i = 0; i < 30; ++i)
    EXPECT_EQ(std::get<Loglikelihood>(forwards.sample(i).requests[0].body).context,
              prompts[static_cast<std::size_t>(i)]);
}

std::string message_of(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(Task, FunctionsThatAreNotBuiltInAreRefusedByName) {
  const TemporaryFolder folder;
  OrderedJson config = choice_task();
  config["doc_to_text"] = "!function utils.doc_to_text";
  const std::string message = message_of([&] {
    (void)made(config, {{"test", {{{"q", "a"}, {"options", {"x"}}, {"label", 0}}}}}, folder.path());
  });
  EXPECT_NE(message.find("\"utils.doc_to_text\" is not built in (made_up.yaml)"), std::string::npos)
      << message;
  EXPECT_NE(message.find("--trust-task-code"), std::string::npos) << message;
}

TEST(Task, WhatCannotBeIsRefusedBeforeAnyRequest) {
  const TemporaryFolder folder;
  const OrderedJson rows = {{"test",
                             {{{"q", "a"}, {"options", {"x", "y"}}, {"label", 0}},
                              {{"q", "b"}, {"options", {"x", "y"}}, {"label", 0}}}}};
  const auto problem = [&](OrderedJson change, const TaskOptions& options = {}) {
    OrderedJson config = choice_task();
    if (change.is_object()) config.update(change);
    return message_of([&] { (void)made(config, rows, folder.path(), options); });
  };
  EXPECT_NE(problem({{"doc_to_text", "{{ q"}}).find("The template is wrong"), std::string::npos);
  EXPECT_NE(problem({{"doc_to_text", "{{ query }}"}}).find("'query' is undefined"),
            std::string::npos);
  EXPECT_NE(problem({{"test_split", ""}}).find("neither a test_split nor a validation_split"),
            std::string::npos);
  EXPECT_NE(problem({{"fewshot_config", {{"sampler", "balanced"}}}}).find("no few-shot sampler"),
            std::string::npos);
  EXPECT_NE(problem({}, {.sample_ids = {{"made_up", {2}}}}).find("Sample 2 of made_up does not"),
            std::string::npos);
  EXPECT_NE(problem({}, {.limit = -1.0}).find("must not be negative"), std::string::npos);
  EXPECT_NE(problem({{"output_type", "generate_until"}}, {.gen_kwargs = "top_k"})
                .find("'top_k' without a value"),
            std::string::npos);
}

TEST(Task, TooFewExamplesAreSaidWithTheirNumber) {
  const TemporaryFolder folder;
  OrderedJson config = choice_task();
  config["num_fewshot"] = 5;
  Task task = made(config, {{"test", {{{"q", "a"}, {"options", {"x", "y"}}, {"label", 0}}}}},
                   folder.path());
  EXPECT_NE(task.sample(0).scores.at(0).reason.find("5 examples were asked for"),
            std::string::npos);
}

}  // namespace
}  // namespace assay
