// Fields of task files. What lm-eval makes of them was read in its config/task.py.
#include <gtest/gtest.h>

#include "unit/tasks/error_text.h"
#include "unit/tasks/task_folder.h"

namespace assay {
namespace {

using Kind = TaskValue::Kind;

std::string refused(const std::string& more) {
  return error_text([&] { TaskFolder().only(more); });
}
bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(TaskConfig, HasTheHarnessDefaults) {
  const TaskConfig task = TaskFolder().only("");
  EXPECT_EQ(task.task, "only");
  EXPECT_EQ(task.target_delimiter, " ");
  EXPECT_EQ(task.fewshot_delimiter, "\n\n");
  EXPECT_EQ(task.output_type, "generate_until");
  EXPECT_EQ(task.generation_kwargs_json, "");
  EXPECT_EQ(task.repeats, 1);
  EXPECT_FALSE(task.num_fewshot.has_value());
  EXPECT_TRUE(task.filters.empty());
  EXPECT_TRUE(task.metrics.empty());
  EXPECT_EQ(task.fewshot.sampler, "default");
  EXPECT_EQ(task.doc_to_choice.kind, Kind::kAbsent);
}

TEST(TaskConfig, KeepsTheFormOfPromptFields) {
  TaskFolder folder;
  folder.add("t.yaml",
             "task: t\ndataset_path: d\ntest_split: test\n"
             "doc_to_text: !function utils.text\ndoc_to_target: 0\n"
             "doc_to_choice: ['no', 'yes']\nprocess_docs: !function utils.docs\n");
  const TaskConfig task = folder.select({"t"}).tasks.at(0);
  EXPECT_EQ(task.doc_to_text.kind, Kind::kFunction);
  EXPECT_EQ(task.doc_to_text.text, "utils.text");
  EXPECT_EQ(task.doc_to_text.line, 4);
  EXPECT_EQ(task.doc_to_text.file, folder.path() + "/t.yaml");
  EXPECT_EQ(task.doc_to_target.kind, Kind::kJson);
  EXPECT_EQ(task.doc_to_target.text, "0");
  EXPECT_EQ(task.doc_to_choice.text, R"(["no","yes"])");
  EXPECT_EQ(task.process_docs.text, "utils.docs");
}

TEST(TaskConfig, ReadsDataAndLabels) {
  const TaskConfig task = TaskFolder().only(
      "task_alias: Only\ntag: [a, b]\ndataset_name: 2024\ndataset_kwargs: {data_files: x.json}\n"
      "fewshot_split: dev\ntraining_split: null\nvalidation_split: val\nnum_fewshot: 5\n"
      "gen_prefix: So\nunsafe_code: true\nrepeats: 3\ndescription: About {{x}}.\n"
      "should_decontaminate: true\ndoc_to_decontamination_query: q\n"
      "metadata: {version: 1.0, task_class: maths, num_fewshot: 4}\n");
  EXPECT_EQ(task.alias, "Only");
  EXPECT_EQ(task.tags, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(task.dataset_name, "2024");
  EXPECT_EQ(task.dataset_kwargs_json, R"({"data_files":"x.json"})");
  EXPECT_EQ(task.fewshot_split, "dev");
  EXPECT_EQ(task.training_split, "");
  EXPECT_EQ(task.num_fewshot, 5);
  EXPECT_EQ(task.repeats, 3);
  EXPECT_EQ(task.gen_prefix, "So");
  EXPECT_TRUE(task.unsafe_code);
  EXPECT_EQ(task.version, "1.0");
  EXPECT_EQ(task.task_class, "maths");
  EXPECT_EQ(task.metadata_json, R"({"version":1.0,"task_class":"maths","num_fewshot":4})");
}

TEST(TaskConfig, CompletesGenerationArguments) {
  EXPECT_EQ(TaskFolder()
                .only("generation_kwargs: {until: ['</s>'], do_sample: false}\n")
                .generation_kwargs_json,
            R"({"until":["</s>"],"do_sample":false})");
  // 1e-3 is a text in YAML 1.1; lm-eval makes the temperature a float and stops at the delimiter.
  EXPECT_EQ(TaskFolder()
                .only("generation_kwargs: {temperature: 1e-3}\nfewshot_delimiter: '#'\n")
                .generation_kwargs_json,
            R"({"temperature":0.001,"until":["#"]})");
  EXPECT_TRUE(contains(refused("generation_kwargs: {temperature: warm}\n"), "a number"));
}

TEST(TaskConfig, ReadsFilters) {
  const TaskConfig task = TaskFolder().only(
      "filter_list:\n- name: strict\n  filter:\n"
      "  - {function: regex, regex_pattern: '#### (\\d+)', group_select: -1}\n"
      "  - function: take_first\n- {name: own, filter: [{function: custom, filter_fn: "
      "!function utils.f}]}\n");
  ASSERT_EQ(task.filters.size(), 2U);
  EXPECT_EQ(task.filters[0].name, "strict");
  EXPECT_EQ(task.filters[0].steps[0].function, "regex");
  EXPECT_EQ(task.filters[0].steps[0].args_json,
            R"json({"regex_pattern":"#### (\\d+)","group_select":-1})json");
  EXPECT_EQ(task.filters[0].steps[1].args_json, "{}");
  EXPECT_EQ(task.filters[1].steps[0].args_json, R"({"filter_fn":{"!function":"utils.f"}})");
  EXPECT_TRUE(contains(refused("filter_list: [{name: x, filter: [{function: nope}]}]\n"),
                       "no filter 'nope'"));
  EXPECT_TRUE(contains(refused("filter_list: take_first\n"), "a list of maps"));
  EXPECT_TRUE(contains(refused("filter_list: [{filter: []}]\n"), "has no name"));
}

TEST(TaskConfig, ReadsMetrics) {
  const TaskConfig task = TaskFolder().only(
      "metric_list:\n- {metric: exact_match, ignore_case: true, regexes_to_ignore: [',', '\\$']}\n"
      "- {metric: !function utils.score, aggregation: !function utils.mean, "
      "higher_is_better: false}\n- metric: brier_score\n");
  ASSERT_EQ(task.metrics.size(), 3U);
  EXPECT_EQ(task.metrics[0].args_json, R"({"ignore_case":true,"regexes_to_ignore":[",","\\$"]})");
  EXPECT_TRUE(task.metrics[0].higher_is_better);
  EXPECT_TRUE(task.metrics[1].is_function);
  EXPECT_EQ(task.metrics[1].metric, "utils.score");
  EXPECT_EQ(task.metrics[1].aggregation, "!function utils.mean");
  EXPECT_FALSE(task.metrics[1].higher_is_better);
  EXPECT_FALSE(task.metrics[2].higher_is_better);
  EXPECT_TRUE(contains(refused("metric_list: [{aggregation: mean}]\n"), "has no metric"));
  EXPECT_TRUE(contains(refused("metric_list: [{metric: mine}]\n"), "no aggregation"));
}

TEST(TaskConfig, ReadsFewshotExamples) {
  const FewshotConfig shots =
      TaskFolder()
          .only(
              "doc_to_choice: [a, b]\nfewshot_config:\n  sampler: first_n\n  split: null\n"
              "  samples: [{q: 1, a: x}]\n  fewshot_indices: [3, -1]\n  doc_to_text: '{{q}}?'\n"
              "  doc_to_choice: null\n  target_delimiter: ' = '\n  gen_prefix: null\n")
          .fewshot;
  EXPECT_EQ(shots.sampler, "first_n");
  EXPECT_EQ(shots.split, "");
  EXPECT_EQ(shots.samples.text, R"([{"q":1,"a":"x"}])");
  EXPECT_EQ(shots.indices, (std::vector<int>{3, -1}));
  EXPECT_EQ(shots.doc_to_text.text, "{{q}}?");
  EXPECT_EQ(shots.doc_to_target.kind, Kind::kAbsent);
  EXPECT_EQ(shots.doc_to_choice.kind, Kind::kJson);  // none, although the task has one
  EXPECT_EQ(shots.doc_to_choice.text, "null");
  EXPECT_EQ(shots.target_delimiter, " = ");
  EXPECT_FALSE(shots.fewshot_delimiter.has_value());
  EXPECT_EQ(shots.gen_prefix, "");
  EXPECT_TRUE(contains(refused("fewshot_config: {sampler: balanced}\n"), "'balanced'"));
  EXPECT_TRUE(contains(refused("fewshot_config: {shots: 3}\n"), "fewshot_config.shots"));
  EXPECT_TRUE(contains(refused("fewshot_config: {samples: [1]}\n"), "a list of maps"));
}

TEST(TaskConfig, NamesFileLineAndFieldOfWhatIsWrong) {
  const std::string message = refused("num_fewshot: many\n");
  EXPECT_TRUE(contains(message, "only.yaml:6")) << message;
  EXPECT_TRUE(contains(message, "num_fewshot must be an integer")) << message;
  EXPECT_TRUE(contains(refused("dataset_name: no\n"), "put it in quotes"));
  EXPECT_TRUE(contains(refused("num_fewshoot: 3\n"), "unknown field 'num_fewshoot'"));
  EXPECT_TRUE(contains(refused("output_type: poem\n"), "output_type 'poem'"));
  EXPECT_TRUE(contains(refused("dataset_kwargs: [1]\n"), "must be a map, not a list"));
  EXPECT_TRUE(contains(refused("description: {a: b}\n"), "must be a text, not a map"));
  EXPECT_TRUE(contains(refused("repeats: 0\n"), "at least 1"));
  EXPECT_TRUE(contains(refused("tag: [1]\n"), "tag must be"));
  TaskFolder folder;
  folder.add("t.yaml", "task: t\ndataset_path: d\ndoc_to_text: x\n");
  EXPECT_TRUE(contains(error_text([&] { folder.select({"t"}); }), "no test_split"));
}

TEST(TaskConfig, RefusesWhatCannotWorkHere) {
  EXPECT_TRUE(contains(refused("class: !function task.Own\n"), "Python class"));
  EXPECT_TRUE(contains(refused("doc_to_image: [image]\n"), "images"));
  EXPECT_TRUE(contains(refused("doc_to_audio: sound\n"), "sound"));
  EXPECT_TRUE(contains(refused("use_prompt: promptsource:*\n"), "promptsource"));
  EXPECT_TRUE(contains(refused("custom_dataset: !function utils.data\n"), "custom_dataset"));
}

TEST(TaskConfig, CanonicalTextDependsOnWhatDecidesOnly) {
  const std::string plain = TaskFolder().only("").canonical_json;
  EXPECT_EQ(TaskFolder()
                .only("task_alias: X\ntag: y\nmetadata: {num_fewshot: 3}\n"
                      "target_delimiter: ' '\noutput_type: generate_until\n")
                .canonical_json,
            plain);
  EXPECT_EQ(TaskFolder().only("dataset_kwargs: {a: 1, b: 2}\n").canonical_json,
            TaskFolder().only("dataset_kwargs: {b: 2, a: 1}\n").canonical_json);
  for (const char* more :
       {"description: x\n", "num_fewshot: 1\n", "metadata: {version: 2}\n", "fewshot_split: a\n",
        "fewshot_config: {sampler: first_n}\n", "repeats: 2\n", "process_docs: !function u.f\n",
        "process_docs: u.f\n", "filter_list: []\nmetric_list: [{metric: acc}]\n"}) {
    EXPECT_NE(TaskFolder().only(more).canonical_json, plain) << more;
  }
}

TEST(TaskConfig, CanonicalTextChangesWithTheTasksCode) {
  TaskFolder folder;
  folder.add("utils.py", "def f(docs): return docs\n");
  const std::string before = folder.only("process_docs: !function utils.f\n").canonical_json;
  EXPECT_EQ(folder.select({"only"}).tasks[0].canonical_json, before);
  folder.add("utils.py", "def f(docs): return docs[:1]\n");
  EXPECT_NE(folder.select({"only"}).tasks[0].canonical_json, before);
}

}  // namespace
}  // namespace assay
