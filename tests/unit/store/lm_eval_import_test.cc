// Files that lm-evaluation-harness itself wrote (tests/golden/lm_eval_files), and broken ones.
#include <filesystem>
#include <fstream>
#include <set>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/json_run.h"
#include "store/store.h"
#include "temporary_folder.h"

namespace assay {
namespace {

const std::string kFiles = std::string(ASSAY_SOURCE_DIR) + "/tests/golden/lm_eval_files/";

std::vector<ImportedRun> read(const std::string& path) {
  return read_foreign_runs(std::vector<std::string>{path});
}

ImportedRun read_one(const std::string& path) {
  std::vector<ImportedRun> runs = read(path);
  EXPECT_EQ(runs.size(), 1U);
  return std::move(runs.at(0));
}

const TaskResult& task_of(const assay::Run& run, const std::string& name) {
  for (const TaskResult& task : run.tasks) {
    if (task.task == name) return task;
  }
  throw std::runtime_error("no task " + name);
}

std::optional<double> score_of(const SampleRecord& sample, const std::string& metric,
                               const std::string& filter = "none") {
  for (const Score& score : sample.scores) {
    if (score.metric == metric && score.filter == filter) return score.value;
  }
  ADD_FAILURE() << "no score " << metric << "," << filter;
  return std::nullopt;
}

bool has_warning(const assay::Run& run, const std::string& words) {
  for (const std::string& warning : run.header.warnings) {
    if (warning.find(words) != std::string::npos) return true;
  }
  return false;
}

template <class Action>
std::string message_of(Action action) {
  try {
    action();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kBadInput);
    return error.what();
  }
  ADD_FAILURE() << "no error was thrown";
  return {};
}

void write(const std::string& path, const std::string& text) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

const std::string kLine =
    R"({"doc_id": 0, "doc": {"a": 1}, "target": "x", "arguments": {"gen_args_0": )"
    R"({"arg_0": "Q", "arg_1": {"until": []}}}, "resps": [["x"]], )"
    R"("filtered_resps": ["x"], "filter": "none", "metrics": ["exact_match"], )"
    R"("doc_hash": "d", "prompt_hash": "p", "target_hash": "t", "exact_match": 1.0})";

TEST(LmEvalImport, WhatRanAndHow) {
  const assay::Run run = read_one(kFiles + "v0.4.13").run;
  EXPECT_EQ(run.header.model_name, "toy/dice");
  EXPECT_EQ(run.header.imported_from, "lm-evaluation-harness 0.4.13");
  EXPECT_EQ(run.header.started, "2026-11-26T01:02:03Z");
  EXPECT_FALSE(run.header.chat);
  ASSERT_EQ(run.tasks.size(), 8U);
  const TaskResult& texts = task_of(run, "t_texts");
  EXPECT_EQ(texts.version, "2.5");
  EXPECT_EQ(texts.output_type, "generate_until");
  EXPECT_EQ(texts.n_samples, 5);
  EXPECT_EQ(texts.dataset.path, "json");
  EXPECT_EQ(texts.dataset.split, "test");
  EXPECT_NE(texts.generation_kwargs_json.find("0.5"), std::string::npos);
  EXPECT_EQ(texts.prompts, Digest{});
  ASSERT_EQ(run.groups.size(), 1U);
  EXPECT_EQ(run.groups[0].tasks, (std::vector<std::string>{"t_choices", "t_several"}));
  EXPECT_EQ(run.groups[0].n_samples, 10);
  EXPECT_EQ(run.groups[0].metrics.at(0).estimate.value, 0.6);
  EXPECT_TRUE(has_warning(run, "does not contain: digests of weights"));
}

TEST(LmEvalImport, FiltersOfAnItemAreOneRecord) {
  const ImportedRun imported = read_one(kFiles + "v0.4.13");
  const TaskResult& texts = task_of(imported.run, "t_texts");
  ASSERT_EQ(texts.samples.size(), 5U);
  const SampleRecord& sample = texts.samples[2];
  EXPECT_EQ(sample.id, (SampleId{"t_texts", "2"}));
  ASSERT_EQ(sample.responses.size(), 3U);  // repeats
  EXPECT_EQ(std::get<GenerateResult>(sample.responses[1]).text, "it is one");
  ASSERT_EQ(sample.filtered.size(), 2U);
  EXPECT_EQ(sample.filtered[0].answers, std::vector<std::string>{"two"});
  EXPECT_EQ(sample.filtered[1].filter, "word");
  EXPECT_EQ(score_of(sample, "exact_match", "first"), 0.0);
  EXPECT_TRUE(score_of(sample, "exact_match", "word").has_value());
  EXPECT_EQ(sample.source_hashes.prompt,
            "30c87b6592b5a011438041f7c8d7c39302063d6865124a7f2911d746ca2bcfdf");
}

// The rows of make_files.py: the right one of row i is i % 2, of `several` row 2 both.
TEST(LmEvalImport, ChoicesAndWhichAreRight) {
  const assay::Run run = read_one(kFiles + "v0.4.13").run;
  for (const char* name : {"t_choices", "t_brier", "t_mutual"}) {
    for (std::size_t i = 0; i < 5; ++i) {
      const SampleRecord& sample = task_of(run, name).samples[i];
      EXPECT_EQ(sample.gold, std::vector<int>{static_cast<int>(i % 2)}) << name << i;
      EXPECT_EQ(sample.choices.at(0), "one");
      EXPECT_EQ(sample.choices.at(1), "two");
    }
  }
  EXPECT_EQ(task_of(run, "t_choices").samples[1].choices.size(), 3U);
  EXPECT_EQ(task_of(run, "t_mutual").samples[1].responses.size(), 4U);
  EXPECT_EQ(task_of(run, "t_several").samples[2].gold, (std::vector<int>{0, 1}));
  const SampleRecord& contexts = task_of(run, "t_contexts").samples[2];
  EXPECT_EQ(contexts.choices.at(1), "The trophy number 2 is big because the case");
  EXPECT_EQ(contexts.gold, std::vector<int>{0});  // acc 0 of two: the other one
}

TEST(LmEvalImport, LikelihoodsAndWeights) {
  const assay::Run run = read_one(kFiles + "v0.4.13").run;
  const SampleRecord& choices = task_of(run, "t_choices").samples[2];
  EXPECT_EQ(std::get<LoglikelihoodResult>(choices.responses[0]).loglikelihood, -4.504502458753113);
  EXPECT_TRUE(std::get<LoglikelihoodResult>(choices.responses[0]).is_greedy);
  EXPECT_EQ(score_of(choices, "f1"), 1.0);  // the chosen one; the right one beside it
  EXPECT_EQ(score_of(choices, "gold", "weight"), 0.0);
  const SampleRecord& rolling = task_of(run, "t_rolling").samples[2];
  EXPECT_EQ(score_of(rolling, "word_perplexity"), -4.45687081361637);
  EXPECT_EQ(score_of(rolling, "n_words", "weight"), 7.0);
  EXPECT_EQ(score_of(rolling, "n_bytes", "weight"), 28.0);
  const auto brier = score_of(task_of(run, "t_brier").samples[2], "brier_score");
  EXPECT_NEAR(brier.value(), 2 * 0.20551875 * 0.20551875, 1e-8);  // the file's probabilities
}

TEST(LmEvalImport, OlderVersions) {
  const assay::Run middle = read_one(kFiles + "v0.4.5").run;
  const assay::Run old = read_one(kFiles + "v0.4.2").run;  // arrays, no hashes, no filter
  EXPECT_EQ(old.header.imported_from, "lm-evaluation-harness of an unknown version");
  for (const assay::Run* run : {&middle, &old}) {
    EXPECT_EQ(run->tasks.size(), 2U);
    const SampleRecord& choices = task_of(*run, "t_choices").samples.at(1);
    EXPECT_EQ(choices.choices, (std::vector<std::string>{"one", "two", "three"}));
    EXPECT_EQ(choices.gold, std::vector<int>{1});
    const SampleRecord& text = task_of(*run, "t_texts").samples.at(0);
    EXPECT_EQ(score_of(text, "exact_match", "first"), 1.0);
    EXPECT_EQ(score_of(text, "exact_match", "upper"), 0.0);
    EXPECT_EQ(text.filtered.at(1).answers, std::vector<std::string>{"ONE"});
    EXPECT_TRUE(has_warning(*run, "does not name filters"));
  }
  for (std::size_t i = 0; i < 3; ++i) {  // computed for 0.4.2, read for 0.4.5
    EXPECT_EQ(task_of(old, "t_texts").samples[i].source_hashes,
              task_of(middle, "t_texts").samples[i].source_hashes);
  }
  EXPECT_TRUE(has_warning(old, "they were computed"));
  EXPECT_FALSE(has_warning(middle, "they were computed"));
}

TEST(LmEvalImport, ATextOfFilesGivenOneByOne) {
  const std::string samples = kFiles + "v0.4.13/samples_t_texts_2026-11-26T01-02-03.456789.jsonl";
  const assay::Run run = read_one(samples).run;
  EXPECT_EQ(run.tasks.at(0).task, "t_texts");
  EXPECT_EQ(run.tasks.at(0).output_type, "generate_until");
  EXPECT_TRUE(has_warning(run, "no results file"));
  const assay::Run results =
      read_one(kFiles + "v0.4.13/results_2026-11-26T01-02-03.456789.json").run;
  EXPECT_TRUE(has_warning(results, "no samples"));
  EXPECT_EQ(task_of(results, "t_texts").metrics.at(0).n_scored, 5);
}

TEST(LmEvalImport, RunsOfOneFolderAreKeptApart) {
  const TemporaryFolder folder;
  write(folder / "m/samples_a_2026-01-01T00-00-00.000001.jsonl", kLine + "\n");
  write(folder / "m/samples_a_2026-01-02T00-00-00.000001.jsonl", kLine + "\n");
  write(folder / "other/samples_a_2026-01-01T00-00-00.000001.jsonl", kLine + "\n");
  EXPECT_EQ(read(folder.path().string()).size(), 3U);
}

TEST(LmEvalImport, NotANumberIsUnscored) {
  const TemporaryFolder folder;
  std::string line = kLine;
  line.replace(line.find("1.0}"), 4, "NaN}");
  write(folder / "samples_a.jsonl", line + "\n");
  const SampleRecord sample = read_one(folder / "samples_a.jsonl").run.tasks.at(0).samples.at(0);
  EXPECT_EQ(score_of(sample, "exact_match"), std::nullopt);
  EXPECT_FALSE(sample.scores.at(0).reason.empty());
}

TEST(LmEvalImport, BrokenFilesAreRefusedWithTheirLine) {
  const TemporaryFolder folder;
  const auto refused = [&](const std::string& text) {
    write(folder / "samples_a.jsonl", text);
    const std::string message = message_of([&] { read(folder / "samples_a.jsonl"); });
    EXPECT_NE(message.find("samples_a.jsonl"), std::string::npos) << message;
    return message;
  };
  const auto changed = [](const std::string& from, const std::string& to) {
    std::string line = kLine;
    return line.replace(line.find(from), from.size(), to);
  };
  EXPECT_NE(refused(kLine + "\n" + kLine.substr(0, 60)).find(":2"), std::string::npos);
  EXPECT_NE(refused(kLine + "\n" + kLine.substr(0, 60)).find("ends in the middle"),
            std::string::npos);
  EXPECT_NE(refused(kLine + "\n[1]\n").find("not a JSON object"), std::string::npos);
  EXPECT_NE(refused(kLine + "\n" + changed("\"doc_id\": 0, ", "")).find("no doc_id"),
            std::string::npos);
  EXPECT_NE(refused(changed("\"exact_match\": 1.0", "\"other\": 1.0")).find("no value for it"),
            std::string::npos);
  const std::string mixed = refused(kLine + "\n" + changed("match\": 1.0", "match\": 0.0"));
  EXPECT_NE(mixed.find("item 0 and filter 'none'"), std::string::npos);
  EXPECT_NE(mixed.find(":2"), std::string::npos);
  EXPECT_NE(refused(kLine + "\n" + changed("[[\"x\"]]", "[[\"y\"]]")).find("Two different"),
            std::string::npos);
  EXPECT_NE(refused("[" + kLine + ", {").find("ends in the middle"), std::string::npos);
  EXPECT_NE(refused("\n\n").find("no known kind"), std::string::npos);
  write(folder / "x/results_1.json", R"({"results": {}, "configs": {}})");
  EXPECT_NE(message_of([&] { read(folder / "x"); }).find("name no task"), std::string::npos);
  EXPECT_NE(message_of([&] { read(folder / "x/results_1.json"); }).find("configs"),
            std::string::npos);
  std::filesystem::create_directories(folder / "empty");
  EXPECT_NE(message_of([&] { read(folder / "empty"); }).find("Nothing in the folder"),
            std::string::npos);
}

// Every line is taken for its first object only where that is sane: wrong types do not crash.
TEST(LmEvalImport, WrongTypesNeverCrash) {
  const TemporaryFolder folder;
  const nlohmann::ordered_json good = nlohmann::ordered_json::parse(kLine);
  for (const auto& [key, value] : good.items()) {
    for (const char* wrong : {"null", "7", "[]", "{}", "\"text\"", "[[[]]]", "{\"a\": [1]}"}) {
      nlohmann::ordered_json bad = good;
      bad[key] = nlohmann::ordered_json::parse(wrong);
      write(folder / "samples_a.jsonl", bad.dump() + "\n");
      try {
        const std::vector<ImportedRun> runs = read(folder / "samples_a.jsonl");
        EXPECT_FALSE(to_json(runs.at(0).run).empty());
      } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::kBadInput) << key << wrong << error.what();
      }
    }
  }
}

// Each value of a document in turn, three levels deep, replaced by ones of other types.
void replace_everywhere(const std::string& source, const std::string& copy) {
  using Json = nlohmann::ordered_json;
  const Json good = Json::parse(std::ifstream(source));
  const Json flat = good.flatten();
  std::set<std::string> pointers;
  for (const auto& [pointer, value] : flat.items()) {
    // One task stands for all.
    if (pointer.find("/t_") != std::string::npos && pointer.find("/t_texts") == std::string::npos)
      continue;
    std::size_t at = 0;
    for (int depth = 0; depth < 3 && at != std::string::npos; ++depth) {
      at = pointer.find('/', at + 1);
      pointers.insert(pointer.substr(0, at));
    }
  }
  for (const std::string& pointer : pointers) {
    for (const char* wrong : {"null", "-1e300", "\"text\"", "[[{}]]", "{\"a\": [1]}"}) {
      Json bad = good;
      bad[Json::json_pointer(pointer)] = Json::parse(wrong);
      write(copy, bad.dump());
      try {
        for (const ImportedRun& imported : read(copy)) EXPECT_FALSE(to_json(imported.run).empty());
      } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::kBadInput) << pointer << wrong << error.what();
      }
    }
  }
}

TEST(LmEvalImport, WrongTypesInWholeDocumentsNeverCrash) {
  const TemporaryFolder folder;
  replace_everywhere(kFiles + "v0.4.13/results_2026-11-26T01-02-03.456789.json", folder / "a.json");
  for (const char* log : {"sums.json", "letters.json"})
    replace_everywhere(std::string(ASSAY_SOURCE_DIR) + "/tests/golden/inspect_logs/" + log,
                       folder / "b.json");
}

SampleRecord own_sample(int id) {
  SampleRecord sample;
  sample.id = {"t", std::to_string(id)};
  sample.doc_json = R"({"question":"ä","n":1.5})";
  sample.target = "1";
  sample.choices = {"A", "B"};
  sample.gold = {1};
  sample.cluster = "page";
  sample.requests = {{.index = 0, .body = Loglikelihood{"Q", " A"}},
                     {.index = 1, .body = Loglikelihood{"Q", " B"}}};
  sample.responses = {
      LoglikelihoodResult{.loglikelihood = -0.5, .token_logprobs = {-0.25F, -0.25F}},
      RequestError{"too long"}};
  sample.request_digests = {hash_bytes("a"), hash_bytes("b")};
  sample.filtered = {{"none", {}}, {"other", {"x"}}};
  sample.scores = {{"acc", "none", std::nullopt, "too long"},
                   {"gold", "weight", 1.0, ""},
                   {"acc", "other", 1.0, ""}};
  return sample;
}

TEST(LmEvalImport, WhatAssayExportsComesBackWhole) {
  const TemporaryFolder folder;
  assay::Run run;
  run.header.assay_version = "1.2";
  run.header.model_name = "a/b+kv=q8_0";
  run.header.limit = "2";
  run.header.bos_rule = "none";
  run.header.model.weights = hash_bytes("w");
  TaskResult task{.task = "t", .alias = "T", .version = "3", .definition = hash_bytes("d")};
  task.prompts = hash_bytes("p");
  task.output_type = "multiple_choice";
  task.n_samples = task.n_original = 2;
  task.notes = {"a note"};
  task.metrics = {{.metric = "acc", .filter = "other", .n_scored = 2}};
  task.metrics[0].estimate = {.value = 1, .std_error = 0, .ci95 = Interval{1, 1}};
  const LmEvalOutput output = open_lm_eval_output(folder.path().string(), run.header.model_name);
  for (int id = 0; id < 2; ++id) {
    SampleRecord sample = own_sample(id);
    append_lm_eval_samples(output, std::span(&sample, 1));
    sample.source_hashes = lm_eval_hashes(sample);
    task.samples.push_back(std::move(sample));
  }
  run.tasks = {task};
  run.groups = {{.group = "g", .tasks = {"t"}, .n_samples = 2}};
  write_lm_eval_results(output, run);
  EXPECT_EQ(to_json(read_one(folder.path().string()).run), to_json(run));
}

TEST(LmEvalImport, AssaysOwnRunsAreReadToo) {
  const TemporaryFolder folder;
  assay::Run run;
  run.header.model_name = "m";
  write(folder / "run.json", to_json(std::vector<assay::Run>{run, run}));
  EXPECT_EQ(read(folder / "run.json").size(), 2U);
}

}  // namespace
}  // namespace assay
