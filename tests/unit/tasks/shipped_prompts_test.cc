// Every shipped task asks what lm-evaluation-harness asks: prompts.json, made by that harness
// (tests/golden/prompts_shipped/make_golden.py; its item_fields says what is hashed).
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "core/hash.h"
#include "tasks/tasks.h"
#include "temporary_folder.h"

namespace assay {
namespace {

using nlohmann::json;

const std::string kGolden = std::string(ASSAY_SOURCE_DIR) + "/tests/golden/prompts_shipped/";
constexpr std::size_t kHashDigits = 16;  // of one item in prompts.json

const json& golden() {
  static const json value = json::parse(std::ifstream(kGolden + "prompts.json"));
  return value;
}

// Two data sets that the program does not map by itself: the local files have less than the hub.
std::string local_mapping(const std::string& data) {
  return fmt::format(R"(version: 1
datasets:
  - path: allenai/ai2_arc
    name: ARC-Easy
    splits: {{test: "{0}/datasets/hf_validation_jsonl/ai2_arc/ARC-Easy/validation.jsonl"}}
  - path: truthfulqa/truthful_qa
    name: multiple_choice
    splits: {{validation: "{0}/datasets/truthfulqa/TruthfulQA.csv"}}
    columns:
      question: Question
      mc1_targets:
        make: {{choices: {{split: Incorrect Answers, at: ";"}}, labels: {{constant: [1]}}}}
      mc2_targets:
        make: {{choices: {{split: Correct Answers, at: ";"}}, labels: {{constant: [1]}}}}
)",
                     data);
}

void add_request(const Request& request, std::vector<std::string>& fields) {
  if (const auto* scored = std::get_if<Loglikelihood>(&request.body)) {
    fields.insert(fields.end(), {"loglikelihood", scored->context, scored->continuation});
  } else if (const auto* rolling = std::get_if<LoglikelihoodRolling>(&request.body)) {
    fields.insert(fields.end(), {"loglikelihood_rolling", rolling->text});
  } else {
    const auto& generated = std::get<GenerateUntil>(request.body);
    const Sampling& how = generated.sampling;
    fields.insert(fields.end(),
                  {"generate_until", generated.context, std::to_string(generated.max_new_tokens),
                   fmt::format("{:g}", how.temperature), fmt::format("{:g}", how.top_p),
                   std::to_string(how.top_k), std::to_string(generated.until.size())});
    fields.insert(fields.end(), generated.until.begin(), generated.until.end());
  }
}

std::vector<std::string> fields_of(const SampleRecord& sample) {
  std::vector<std::string> fields = {sample.id.key, sample.target,
                                     std::to_string(sample.choices.size())};
  fields.insert(fields.end(), sample.choices.begin(), sample.choices.end());
  fields.push_back(std::to_string(sample.gold.size()));
  for (const int gold : sample.gold) fields.push_back(std::to_string(gold));
  for (const Request& request : sample.requests) add_request(request, fields);
  return fields;
}

// Each field as its length in bytes, a colon, and itself.
std::string bytes_of(const std::vector<std::string>& fields) {
  std::string bytes;
  for (const std::string& field : fields) bytes += fmt::format("{}:{}", field.size(), field);
  return bytes;
}

TaskConfig configuration(const std::string& name) {
  static const TaskLibrary library = open_task_library({});
  const std::vector<std::string> names = {name};
  const TaskSelection selection = select_tasks(library, names);
  EXPECT_EQ(selection.tasks.size(), 1U) << name;
  return selection.tasks.at(0);
}

// One task at one number of examples; says what differs first.
void expect_equal(const json& record, const DatasetSources& data) {
  const auto name = record.at("task").get<std::string>();
  TaskOptions options;
  options.data = data;
  const int shots = record.at("num_fewshot").get<int>();
  const TaskConfig config = configuration(name);
  if (shots != config.num_fewshot.value_or(0)) options.num_fewshot = shots;
  Task task = open_task(config, options);
  ASSERT_EQ(task.n_samples(), record.at("n").get<std::int64_t>()) << name;
  const auto expected = record.at("items").get<std::string>();
  std::string all;
  for (std::int64_t i = 0; i < task.n_samples(); ++i) {
    const std::vector<std::string> fields = fields_of(task.sample(i));
    const std::string hash = hash_bytes(bytes_of(fields)).hex();
    all += hash;
    const auto at = static_cast<std::size_t>(i) * kHashDigits;
    if (at >= expected.size()) continue;
    ASSERT_EQ(hash.substr(0, kHashDigits), expected.substr(at, kHashDigits))
        << name << ", " << shots << " examples, row " << i << ", asks for:\n"
        << fmt::format("{}", fmt::join(fields, "\n---\n")) << "\nThe harness's: make_golden.py "
        << "DATA_FOLDER --show " << name << " " << i << " " << shots;
  }
  EXPECT_EQ(hash_bytes(all).hex(), record.at("all").get<std::string>())
      << name << ", " << shots << " examples: a row after the first ones differs";
}

int expect_all_equal(const std::string& rows, const DatasetSources& data) {
  int n = 0;
  for (const json& record : golden().at("records")) {
    if (record.at("rows") != rows) continue;
    try {
      expect_equal(record, data);
    } catch (const std::exception& error) {
      ADD_FAILURE() << record.at("task") << ": " << error.what();
    }
    ++n;
  }
  return n;
}

TEST(ShippedPrompts, AreTheHarnessesOnLocalData) {
  const char* data = std::getenv("ASSAY_DATA");
  if (data == nullptr) GTEST_SKIP() << "ASSAY_DATA does not name the folder of data sets";
  const TemporaryFolder folder;
  std::ofstream(folder / "datasets.yaml") << local_mapping(data);
  EXPECT_GT(
      expect_all_equal("local", {.mapping_file = folder / "datasets.yaml", .data_folder = data}),
      150);
}

// Examples drawn from a training split, texts of hub form, odd characters: on invented rows.
TEST(ShippedPrompts, AreTheHarnessesOnInventedRows) {
  EXPECT_GT(expect_all_equal("made", {.mapping_file = kGolden + "rows/datasets.yaml"}), 15);
}

TEST(ShippedPrompts, EveryShippedTaskIsHeldToTheHarness) {
  std::set<std::string> held;
  for (const json& record : golden().at("records")) held.insert(record.at("task"));
  for (const TaskEntry& entry : list_tasks(open_task_library({}))) {
    if (entry.kind != TaskEntry::Kind::kTask) continue;
    EXPECT_TRUE(held.contains(entry.name)) << entry.name;
  }
}

}  // namespace
}  // namespace assay
