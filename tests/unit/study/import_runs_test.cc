// Numbers computed from imported samples against those that lm-evaluation-harness states.
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/json_run.h"
#include "study/study.h"
#include "temporary_folder.h"

namespace assay {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

const std::string kFiles = std::string(ASSAY_SOURCE_DIR) + "/tests/golden/lm_eval_files/";

assay::Run import_one(const std::string& path) {
  return import_runs(std::vector<std::string>{path}, {}).at(0);
}

bool warns(const assay::Run& run, const std::string& words) {
  for (const std::string& warning : run.header.warnings) {
    if (warning.find(words) != std::string::npos) return true;
  }
  return false;
}

// Every number of a results file that Assay computes, from the samples; the count of them.
int check_against(const Json& results, const assay::Run& run) {
  int n = 0;
  for (const TaskResult& task : run.tasks) {
    for (const MetricResult& metric : task.metrics) {
      const Json& stated = results.at("results").at(task.task);
      EXPECT_NEAR(metric.estimate.value,
                  stated.at(metric.metric + "," + metric.filter).get<double>(), 1e-9)
          << task.task << metric.metric;
      EXPECT_EQ(metric.n_scored, static_cast<std::int64_t>(task.samples.size()));
      n += metric.estimate.ci95.has_value() ? 1 : 0;
    }
  }
  return n;
}

TEST(ImportRuns, NumbersOfAllOutputTypes) {
  for (const auto& [version, n_computed] :
       {std::pair{"v0.4.13", 18}, {"v0.4.5", 4}, {"v0.4.2", 4}}) {
    const assay::Run run = import_one(kFiles + version);
    EXPECT_FALSE(warns(run, "the source states")) << run.header.warnings.front();
    fs::path results;
    for (const auto& entry : fs::directory_iterator(kFiles + version)) {
      if (entry.path().extension() == ".json") results = entry.path();
    }
    EXPECT_EQ(check_against(Json::parse(std::ifstream(results)), run), n_computed) << version;
  }
}

TEST(ImportRuns, RealRunsOfTheHarness) {
  const char* data = std::getenv("ASSAY_DATA");
  if (data == nullptr) GTEST_SKIP() << "ASSAY_DATA is not set";
  const fs::path golden = fs::path(data) / "golden/lm_eval_smollm2";
  const TemporaryFolder folder;
  const Json all = Json::parse(std::ifstream(golden / "results.json"));
  fs::create_directories(folder / "mmlu");
  std::ofstream(folder / "mmlu/results.json") << all.at("mmlu").dump();
  for (const char* name : {"abstract_algebra", "anatomy"}) {
    fs::copy_file(golden / ("samples_mmlu_" + std::string(name) + "_5shot.jsonl"),
                  folder / ("mmlu/samples_local_mmlu_" + std::string(name) + ".jsonl"));
  }
  const assay::Run run = import_one(folder / "mmlu");
  EXPECT_EQ(check_against(all.at("mmlu"), run), 2);
  EXPECT_EQ(run.tasks.at(1).samples.size(), 135U);
  EXPECT_EQ(run.tasks.at(1).num_fewshot, 5);
  for (const SampleRecord& sample : run.tasks[1].samples)
    EXPECT_EQ(sample.gold, std::vector<int>{std::stoi(sample.target)});
}

TEST(ImportRuns, ADifferentNumberIsSaidAndNotTaken) {
  const TemporaryFolder folder;
  fs::copy(kFiles + "v0.4.5", folder.path(), fs::copy_options::recursive);
  for (const auto& entry : fs::directory_iterator(folder.path())) {
    if (entry.path().extension() != ".json") continue;
    Json results = Json::parse(std::ifstream(entry.path()));
    results["results"]["t_texts"]["exact_match,first"] = 0.75;
    results["n-samples"]["t_choices"]["effective"] = 4;
    std::ofstream(entry.path()) << results.dump();
  }
  const assay::Run run = import_one(folder.path().string());
  EXPECT_TRUE(warns(run, "t_texts: the source states exact_match,first = 0.75, its samples give"));
  EXPECT_TRUE(warns(run, "t_choices: the results are of 4 samples"));
  for (const TaskResult& task : run.tasks) {
    if (task.task != "t_texts") continue;
    EXPECT_NEAR(task.metrics.at(0).estimate.value, 2.0 / 3, 1e-12);
  }
}

// The harness's own scores of its own answers, from Assay's filters and metrics.
TEST(Rescore, AgreesWithTheHarness) {
  const TemporaryFolder folder;
  const std::string common =
      "dataset_path: json\ndataset_kwargs: {data_files: {test: rows.jsonl}}\ntest_split: test\n";
  std::ofstream(folder / "texts.yaml")
      << "task: t_texts\n"
      << common << "doc_to_text: q\ndoc_to_target: word\nrepeats: 3\n"
      << "metric_list: [{metric: exact_match, ignore_case: true}]\nfilter_list:\n"
      << "  - {name: first, filter: [{function: take_first}]}\n"
      << "  - {name: word, filter: [{function: regex, regex_pattern: \"(one|two)\"}, "
      << "{function: majority_vote}, {function: take_first}]}\n";
  std::ofstream(folder / "choices.yaml")
      << "task: t_choices\n"
      << common << "output_type: multiple_choice\ndoc_to_text: q\n"
      << "doc_to_choice: ends\ndoc_to_target: right\nmetric_list: [{metric: acc}, {metric: "
         "acc_norm}, "
      << "{metric: acc_bytes}, {metric: f1}, {metric: mcc}, {metric: exact_match}]\n";
  const assay::Run run = import_one(kFiles + "v0.4.13");
  const RescoreResult same = rescore_run(
      run, {.tasks = {"t_choices", "t_texts"}, .include_paths = {folder.path().string()}});
  EXPECT_EQ(same.n_changed, (std::vector<std::int64_t>{0, 0}));
  EXPECT_EQ(same.run.tasks.at(1).metrics.size(), 2U);
  EXPECT_NE(same.run.tasks.at(1).definition, Digest{});

  // A filter that leaves nothing right.
  std::ofstream(folder / "other.yaml")
      << "task: t_other\n"
      << common << "doc_to_text: q\ndoc_to_target: word\nfilter_list:\n"
      << "  - {name: upper, filter: [{function: uppercase}, "
         "{function: take_first}]}\n";
  const RescoreResult other =
      rescore_run(run, {.tasks = {"t_texts"}, .filter_from = folder / "other.yaml"});
  EXPECT_EQ(other.n_changed, std::vector<std::int64_t>{5});
  EXPECT_EQ(other.run.tasks.at(0).metrics.at(0).filter, "upper");
  EXPECT_EQ(other.run.tasks.at(0).metrics.at(0).estimate.value, 0);
}

std::string refusal(const assay::Run& run, const RescoreOptions& options) {
  try {
    rescore_run(run, options);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(Rescore, WhatCannotBeIsRefused) {
  const assay::Run run = import_one(kFiles + "v0.4.13");
  EXPECT_NE(refusal(run, {}).find("No definition of the task 't_"), std::string::npos);
  EXPECT_NE(refusal(run, {.tasks = {"gsm"}}).find("no task 'gsm'"), std::string::npos);
  EXPECT_NE(refusal(run, {.filter_from = "/nowhere.yaml"}).find("no such task file"),
            std::string::npos);
  const std::string results = kFiles + "v0.4.13/results_2026-11-26T01-02-03.456789.json";
  const TemporaryFolder folder;
  std::ofstream(folder / "t.yaml") << "task: t\ndataset_path: json\ntest_split: test\n"
                                      "doc_to_text: q\ndoc_to_target: word\n";
  EXPECT_NE(refusal(run, {.filter_from = folder / "t.yaml"}).find("output type"),
            std::string::npos);
  EXPECT_NE(refusal(import_one(results), {.tasks = {"t_texts"}, .filter_from = folder / "t.yaml"})
                .find("no responses"),
            std::string::npos);
}

}  // namespace
}  // namespace assay
