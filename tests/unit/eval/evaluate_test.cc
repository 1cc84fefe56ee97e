#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "core/error.h"
#include "core/json_run.h"
#include "eval/eval.h"
#include "temporary_folder.h"

namespace assay {
namespace {

// A task file and its rows in a folder of their own.
class EvaluateTest : public testing::Test {
 protected:
  EvaluateTest() {
    std::ofstream rows(folder_ / "rows.jsonl");
    for (int i = 0; i < 30; ++i) {
      rows << R"({"question": "What is )" << i << R"( plus one?", "choices": ["a)" << i
           << R"(", "bc", "def"], "answer": )" << i % 3 << "}\n";
    }
  }

  TaskConfig config(const std::string& more) {
    std::ofstream(folder_ / "task.yaml") << "task: tiny\ndataset_path: json\n"
                                            "dataset_kwargs: {data_files: {test: "
                                         << folder_ / "rows.jsonl"
                                         << "}}\ntest_split: test\n"
                                            "doc_to_text: 'Question: {{question}} Answer:'\n"
                                         << more;
    const std::vector<std::string> names{"tiny"};
    return select_tasks(open_task_library({.shipped = false, .folders = {folder_.path().string()}}),
                        names)
        .tasks.at(0);
  }
  TaskConfig choices() {
    return config(
        "output_type: multiple_choice\ndoc_to_choice: choices\ndoc_to_target: answer\n"
        "metric_list: [{metric: acc}, {metric: acc_norm}]\n");
  }
  TaskConfig texts() {
    return config(
        "output_type: generate_until\ndoc_to_target: '{{choices[0]}}'\n"
        "generation_kwargs: {until: ['x'], max_gen_toks: 12}\nmetric_list: [{metric: "
        "exact_match}]\n");
  }

  // Model 2 is model 1 with a little noise: a variant that mostly agrees.
  static std::unique_ptr<Model> open(std::uint64_t number) {
    return open_scripted({.noise = number == 1 ? 0 : 0.002, .noise_seed = number, .n_seq_max = 8});
  }
  EvaluateResult run(const TaskConfig& config, Store& store, std::uint64_t seed = 1) {
    const auto model = open(seed);
    Task task = open_task(config, {});
    return evaluate_task(*model, task, options(store, seed));
  }
  EvaluateOptions options(Store& store, std::uint64_t seed) {
    return {
        .store = &store, .identity = hash_bytes(std::to_string(seed)), .stop = stop_.get_token()};
  }

  TemporaryFolder folder_;
  std::stop_source stop_;
};

std::string text_of(const EvaluateResult& result) {
  Run run;
  run.tasks = {result.task};
  return to_json(run);
}

TEST_F(EvaluateTest, AnswersAreAskedOnceAndScoredAgainForNothing) {
  Store store = Store::in_memory();
  for (const TaskConfig& config : {choices(), texts()}) {
    const EvaluateResult first = run(config, store);
    EXPECT_EQ(first.n_from_store, 0);
    EXPECT_EQ(first.task.n_samples, 30);
    EXPECT_EQ(first.task.metrics.at(0).n_scored, 30);
    const EvaluateResult second = run(config, store);
    EXPECT_EQ(second.n_from_store, second.n_requests);
    EXPECT_EQ(second.statistics.n_tokens_computed, 0);
    EXPECT_EQ(text_of(first), text_of(second));
  }
}

TEST_F(EvaluateTest, AnotherModelIsAskedAnew) {
  Store store = Store::in_memory();
  const TaskConfig config = choices();
  const EvaluateResult first = run(config, store, 1);
  const EvaluateResult second = run(config, store, 2);
  EXPECT_EQ(second.n_from_store, 0);
  EXPECT_EQ(first.task.prompts, second.task.prompts);  // the same questions
  EXPECT_NE(text_of(first), text_of(second));
}

TEST_F(EvaluateTest, InterruptedWorkGoesOnToTheSameResult) {
  for (const TaskConfig& config : {choices(), texts()}) {
    Store undisturbed = Store::in_memory(), store = Store::in_memory();
    const EvaluateResult expected = run(config, undisturbed);
    const auto model = open_scripted({.n_seq_max = 2, .n_ubatch = 16});
    Task task = open_task(config, {});
    EvaluateOptions interrupted = options(store, 1);
    interrupted.progress = [&](const EvaluateProgress& progress) {
      if (progress.n_done > 0) stop_.request_stop();
    };
    // Fails at the first flush of answers, or not at all when one flush held everything.
    try {
      evaluate_task(*model, task, interrupted);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kInterrupted);
    }
    stop_ = {};
    EXPECT_EQ(text_of(run(config, store)), text_of(expected));
  }
}

TEST_F(EvaluateTest, ABaselinesTextsAreDraftsAndChangeNothing) {
  const TaskConfig config = texts();
  Store plain = Store::in_memory(), store = Store::in_memory();
  const EvaluateResult expected = run(config, plain, 2);
  run(config, store, 1);
  const auto model = open(2);
  Task task = open_task(config, {});
  EvaluateOptions drafted = options(store, 2);
  drafted.draft_from = hash_bytes("1");
  const EvaluateResult result = evaluate_task(*model, task, drafted);
  EXPECT_GT(result.statistics.n_drafted, 0);
  ASSERT_EQ(result.task.samples.size(), expected.task.samples.size());
  for (std::size_t i = 0; i < result.task.samples.size(); ++i) {
    EXPECT_EQ(std::get<GenerateResult>(result.task.samples[i].responses.at(0)).tokens,
              std::get<GenerateResult>(expected.task.samples[i].responses.at(0)).tokens);
  }
  // Plain decoding does not take what was decoded with drafts.
  EXPECT_EQ(run(config, store, 2).n_from_store, 0);
}

// The scripted model knows nothing: a third of three choices.
TEST_F(EvaluateTest, AModelAtChanceIsCalledSo) {
  Store store = Store::in_memory();
  const auto has_note = [&](const TaskConfig& config) {
    const EvaluateResult result = run(config, store);
    return std::any_of(
        result.task.notes.begin(), result.task.notes.end(),
        [](const std::string& note) { return note.find("chance (0.333)") != std::string::npos; });
  };
  EXPECT_TRUE(has_note(choices()));
  EXPECT_FALSE(has_note(texts()));
}

TEST_F(EvaluateTest, LongWholeTextsBecomeDurableAFewAtATime) {
  Store store = Store::in_memory();
  const auto model = open(1);
  Task task = open_task(
      config("output_type: loglikelihood_rolling\n"
             "doc_to_target: '{{question * 500}}'\nmetric_list: [{metric: word_perplexity}]\n"),
      {});
  EvaluateOptions keep = options(store, 1);
  std::vector<std::size_t> blocks;
  keep.keep = [&](std::span<const SampleRecord> samples) { blocks.push_back(samples.size()); };
  const EvaluateResult result = evaluate_task(*model, task, keep);
  // Questions of 19 or 20 bytes, 500 times: 64 KiB are begun by the seventh.
  EXPECT_EQ(blocks, (std::vector<std::size_t>{7, 7, 7, 7, 2}));
  EXPECT_EQ(result.task.n_samples, 30);
}

TEST_F(EvaluateTest, SamplesAreGivenWithTheirPrompts) {
  Store store = Store::in_memory();
  const auto model = open_scripted({.n_seq_max = 8});
  Task task = open_task(choices(), {.limit = 5});
  EvaluateOptions keep = options(store, 1);
  std::size_t n = 0;
  keep.keep = [&](std::span<const SampleRecord> samples) {
    for (const SampleRecord& sample : samples) {
      ASSERT_EQ(sample.requests.size(), 3U);
      EXPECT_EQ(std::get<Loglikelihood>(sample.requests[1].body).continuation, " bc");
      ++n;
    }
  };
  const EvaluateResult result = evaluate_task(*model, task, keep);
  EXPECT_EQ(n, 5U);
  EXPECT_EQ(result.task.n_original, 30);
  EXPECT_TRUE(result.task.samples.at(0).requests.empty());
}

}  // namespace
}  // namespace assay
