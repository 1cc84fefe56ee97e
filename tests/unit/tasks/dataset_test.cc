#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "error_text.h"
#include "tasks/dataset_file.h"
#include "tasks/rows.h"
#include "temporary_folder.h"

namespace assay::detail {
namespace {

const std::string kGolden = std::string(ASSAY_SOURCE_DIR) + "/tests/golden/datasets/";

// A hub whose repositories are folders: FOLDER/org/name or FOLDER/org/name@revision.
class DatasetPlaces : public testing::Test {
 protected:
  std::string write(const std::string& name, const std::string& text) {
    const std::string path = folder_ / name;
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }
  void put(const std::string& repository, const std::string& file, const std::string& text) {
    write("hub/" + repository + "/" + file, text);
  }
  DatasetSources hub() {
    DatasetSources sources;
    sources.list_hub = [this](const std::string& repository) {
      const std::filesystem::path root = folder_ / ("hub/" + repository);
      if (!std::filesystem::exists(root))
        throw Error(ErrorKind::kIo, "The hub has no " + repository, {}, "Check the name.");
      std::vector<std::string> files;
      for (const auto& entry : std::filesystem::recursive_directory_iterator(root))
        if (entry.is_regular_file())
          files.push_back(entry.path().lexically_relative(root).string());
      std::sort(files.begin(), files.end());
      return files;
    };
    sources.fetch_hub = [this](const std::string& repository, const std::string& file) {
      fetched_.push_back(file);
      return folder_ / ("hub/" + repository + "/" + file);
    };
    return sources;
  }
  static std::string texts(const Dataset& dataset) {
    std::string all;
    for (const Row& row : dataset.rows) all += row.at("a").get<std::string>() + " ";
    return all;
  }
  static std::string rows(const std::vector<std::string>& values) {
    std::string text;
    for (const std::string& value : values) text += "{\"a\": \"" + value + "\"}\n";
    return text;
  }
  std::string load(const DatasetQuery& query, const DatasetSources& sources) {
    return texts(load_dataset(query, sources, {}));
  }

  TemporaryFolder folder_;
  std::vector<std::string> fetched_;
};

TEST_F(DatasetPlaces, DataFilesBesideTheTaskFile) {
  write("task/rows.jsonl", rows({"x", "y", "z"}));
  write("task/more-1.jsonl", rows({"1"}));
  write("task/more-2.jsonl", rows({"2"}));
  DatasetQuery query{.path = "json",
                     .kwargs_json = R"({"data_files": "rows.jsonl"})",
                     .split = "train",
                     .task_file = folder_ / "task/t.yaml"};
  EXPECT_EQ(load(query, {}), "x y z ");
  query.split = "train[1:]";
  EXPECT_EQ(load(query, {}), "y z ");
  query.kwargs_json = R"({"data_files": {"test": "more-*.jsonl", "dev": ["rows.jsonl"]}})";
  query.split = "test+dev[:1]";
  const Dataset both = load_dataset(query, {}, {});
  EXPECT_EQ(texts(both), "1 2 x ");
  EXPECT_EQ(both.identity.n_rows, 3);
  EXPECT_EQ(both.identity.split, "test+dev[:1]");
  EXPECT_NE(both.identity.source.find("more-1.jsonl and 1 more + "), std::string::npos);
  EXPECT_EQ(dataset_splits(query, {}), (std::vector<std::string>{"test", "dev"}));
}

TEST_F(DatasetPlaces, KwargsOfTables) {
  write("t/a.csv", "x;1\ny;2\n");
  const DatasetQuery query{
      .path = "csv",
      .kwargs_json =
          R"({"data_files": {"test": "a.csv"}, "sep": ";", "header": null, "column_names": ["a", "n"]})",
      .split = "test",
      .task_file = folder_ / "t/t.yaml"};
  const Dataset dataset = load_dataset(query, {}, {});
  EXPECT_EQ(dataset.rows.at(1).dump(), R"({"a":"y","n":2})");
}

TEST_F(DatasetPlaces, AFolderIsReadLikeARepository) {
  write("data/train.jsonl", rows({"t"}));
  write("data/dev.jsonl", rows({"v"}));
  const DatasetQuery query{
      .path = "./data", .split = "validation", .task_file = folder_ / "t.yaml"};
  EXPECT_EQ(load(query, {}), "v ");
}

TEST_F(DatasetPlaces, AMappingComesFirst) {
  put("org/set", "test.jsonl", rows({"hub"}));
  write("own/a.jsonl", rows({"mapped"}));
  DatasetSources sources = hub();
  sources.mapping_file =
      write("own/datasets.yaml",
            "version: 1\ndatasets:\n- {path: org/set, splits: {test: a.jsonl, dev: none.jsonl}}\n");
  EXPECT_EQ(load({.path = "org/set", .split = "test"}, sources), "mapped ");
  EXPECT_EQ(load({.path = "org/set", .split = "test"}, hub()), "hub ");
  put("org/one", "rows.jsonl", rows({"all"}));
  EXPECT_EQ(load({.path = "org/one", .split = "train"}, hub()), "all ");
}

TEST_F(DatasetPlaces, ShardsOfAConfiguration) {
  put("org/set", "README.md", "no header");
  put("org/set", "anatomy/test-00000-of-00002.jsonl", rows({"a"}));
  put("org/set", "anatomy/test-00001-of-00002.jsonl", rows({"b"}));
  put("org/set", "anatomy/dev-00000-of-00001.jsonl", rows({"d"}));
  put("org/set", "virology/test-00000-of-00001.jsonl", rows({"no"}));
  const DatasetQuery query{.path = "org/set", .name = "anatomy", .split = "test"};
  const Dataset dataset = load_dataset(query, hub(), {});
  EXPECT_EQ(texts(dataset), "a b ");
  EXPECT_EQ(dataset.identity.source,
            "hf:datasets/org/set/anatomy/test-00000-of-00002.jsonl and 1 more");
  EXPECT_EQ(dataset_splits(query, hub()), (std::vector<std::string>{"dev", "test"}));
  const std::string text = error_text([&] { load({.path = "org/set", .split = "test"}, hub()); });
  EXPECT_NE(text.find("several folders, and nothing says which one"), std::string::npos) << text;
}

TEST_F(DatasetPlaces, TheReadmeNamesConfigurations) {
  put("org/set", "README.md",
      "---\nlicense: mit\nconfigs:\n"
      "- config_name: en\n  data_files:\n  - split: test\n    path: x/en_*.jsonl\n"
      "- config_name: de\n  default: true\n  data_files:\n  - {split: test, path: [x/de.jsonl]}\n"
      "- config_name: fr\n  data_files: x/fr.jsonl\n"
      "- config_name: it\n  data_dir: it\n---\n# Set\n");
  put("org/set", "x/en_1.jsonl", rows({"one"}));
  put("org/set", "x/en_2.jsonl", rows({"two"}));
  put("org/set", "x/de.jsonl", rows({"eins"}));
  put("org/set", "x/fr.jsonl", rows({"un"}));
  put("org/set", "it/validation.jsonl", rows({"uno"}));
  EXPECT_EQ(load({.path = "org/set", .name = "en", .split = "test"}, hub()), "one two ");
  EXPECT_EQ(load({.path = "org/set", .split = "test"}, hub()), "eins ");
  EXPECT_EQ(load({.path = "org/set", .name = "fr", .split = "train"}, hub()), "un ");
  EXPECT_EQ(load({.path = "org/set", .name = "it", .split = "validation"}, hub()), "uno ");
  const std::string text =
      error_text([&] { load({.path = "org/set", .name = "es", .split = "test"}, hub()); });
  EXPECT_NE(text.find("it has no configuration 'es'; there are: en, de, fr, it"), std::string::npos)
      << text;
}

TEST_F(DatasetPlaces, ParquetBeforeOtherForms) {
  if (!can_read_parquet()) GTEST_SKIP() << "this build cannot read Parquet";
  std::filesystem::create_directories(folder_ / "hub/org/set/data");
  std::filesystem::copy(kGolden + "plain.parquet",
                        folder_ / "hub/org/set/data/test-00000-of-00001.parquet");
  put("org/set", "data/test-00000-of-00001.jsonl", rows({"no"}));
  const Dataset parquet = load_dataset({.path = "org/set", .split = "test"}, hub(), {});
  EXPECT_EQ(parquet.identity.n_rows, 3);
  // The same rows by another form are the same data set.
  const Dataset jsonl =
      load_dataset({.path = "json",
                    .kwargs_json = R"({"data_files": ")" + kGolden + R"(plain.jsonl"})",
                    .split = "train"},
                   {}, {});
  EXPECT_EQ(parquet.identity.content, jsonl.identity.content);
}

TEST_F(DatasetPlaces, AScriptsRowsComeFromTheConversion) {
  put("org/set", "set.py", "import datasets");
  put("org/set", "raw/test.jsonl", rows({"raw"}));
  const std::string text =
      error_text([&] { load({.path = "org/set", .name = "main", .split = "test"}, hub()); });
  EXPECT_NE(text.find("its rows are made by a Python script"), std::string::npos) << text;
  if (!can_read_parquet()) GTEST_SKIP() << "this build cannot read Parquet";
  std::filesystem::create_directories(folder_ / "hub/org/set@refs/convert/parquet/main/test");
  std::filesystem::copy(kGolden + "plain.parquet",
                        folder_ / "hub/org/set@refs/convert/parquet/main/test/0000.parquet");
  const Dataset dataset =
      load_dataset({.path = "org/set", .name = "main", .split = "test"}, hub(), {});
  EXPECT_EQ(dataset.identity.n_rows, 3);
  EXPECT_EQ(dataset.identity.source,
            "hf:datasets/org/set@refs/convert/parquet/main/test/0000.parquet");
}

TEST_F(DatasetPlaces, ARevisionIsAskedFor) {
  put("org/set@v2", "test.jsonl", rows({"second"}));
  put("org/set@v2", "train.jsonl", rows({"t"}));
  const DatasetQuery query{
      .path = "org/set", .kwargs_json = R"({"revision": "v2"})", .split = "test"};
  EXPECT_EQ(load(query, hub()), "second ");
}

TEST_F(DatasetPlaces, SaysEveryPlaceThatWasLookedAt) {
  DatasetSources sources;
  sources.mapping_file = write("m.yaml", "version: 1\ndatasets: []\n");
  sources.data_folder = folder_ / "data";
  const std::string text = error_text([&] {
    load({.path = "cais/mmlu", .name = "anatomy", .split = "test", .task_file = "t.yaml"}, sources);
  });
  EXPECT_EQ(
      text,
      "The split 'test' of the data set 'cais/mmlu' (anatomy) was not found. Looked at: the "
      "mapping " +
          sources.mapping_file +
          ": no entry for it; the folder cais/mmlu: there is "
          "no such folder; " +
          sources.data_folder + " (ASSAY_DATA): no file " + sources.data_folder +
          "/datasets/mmlu/test/anatomy_test.csv, " + sources.data_folder +
          "/datasets/mmlu/val/anatomy_val.csv, " + sources.data_folder +
          "/datasets/mmlu/dev/anatomy_dev.csv; the hub's cais/mmlu: not asked for; the hub's "
          "cais/mmlu@refs/convert/parquet: not asked for (t.yaml). Name local files for it in a "
          "mapping given with --data (docs/formats/datasets.md).");
}

TEST_F(DatasetPlaces, AHubThatDoesNotAnswerIsAnErrorOfReading) {
  const std::string text =
      error_text([&] { load({.path = "org/none", .split = "test"}, hub()); }, ErrorKind::kIo);
  EXPECT_NE(text.find("the hub's org/none: The hub has no org/none. Name"), std::string::npos)
      << text;
  EXPECT_NE(text.find("or get it from the hub. Check the name."), std::string::npos) << text;
  EXPECT_EQ(text.find("refs/convert/parquet"), std::string::npos) << text;  // not asked as well
}

TEST_F(DatasetPlaces, SaysWhichSplitsThereAre) {
  put("org/set", "train.jsonl", rows({"a"}));
  put("org/set", "test.jsonl", rows({"a"}));
  const std::string text = error_text([&] { load({.path = "org/set", .split = "dev"}, hub()); });
  EXPECT_NE(text.find("the hub's org/set: it has only test, train;"), std::string::npos) << text;
  const std::string address = error_text([&] {
    load({.path = "json",
          .kwargs_json = R"({"data_files": "https://example.org/a.jsonl"})",
          .split = "train"},
         {});
  });
  EXPECT_NE(address.find("https://example.org/a.jsonl is an address: download it"),
            std::string::npos)
      << address;
}

TEST_F(DatasetPlaces, TheContentIgnoresOrderOfColumnsAndMissingValues) {
  write("a.jsonl", "{\"a\": 1, \"b\": {\"x\": [], \"y\": null}}\n{\"b\": null, \"a\": 2}\n");
  write("b.jsonl", "{\"b\": {\"x\": []}, \"a\": 1}\n{\"a\": 2}\n");
  write("c.jsonl", "{\"a\": 2}\n{\"b\": {\"x\": []}, \"a\": 1}\n");
  const auto content = [&](const std::string& file) {
    return load_dataset({.path = "json",
                         .kwargs_json = R"({"data_files": ")" + (folder_ / file) + R"("})",
                         .split = "train"},
                        {}, {})
        .identity.content;
  };
  EXPECT_EQ(content("a.jsonl"), content("b.jsonl"));
  EXPECT_NE(content("b.jsonl"), content("c.jsonl"));
}

// Every data set that tasks/datasets.yaml maps, against rows made in Python from the same files.
TEST(LocalDatasets, EqualThoseMadeInPython) {
  const char* folder = std::getenv("ASSAY_DATA");
  if (folder == nullptr) GTEST_SKIP() << "ASSAY_DATA is not set";
  DatasetSources sources;
  sources.data_folder = folder;
  std::ifstream file(kGolden + "local.json");
  const Json golden = Json::parse(file);
  ASSERT_GT(golden.size(), 190U);
  for (const Json& expected : golden) {
    const DatasetQuery query{.path = expected["path"].get<std::string>(),
                             .name = expected["name"].get<std::string>(),
                             .split = expected["split"].get<std::string>()};
    const Dataset dataset = load_dataset(query, sources, {});
    EXPECT_EQ(dataset.identity.n_rows, expected["n_rows"].get<std::int64_t>()) << expected;
    EXPECT_EQ(dataset.identity.content.hex(), expected["content"].get<std::string>()) << expected;
    std::vector<std::string> columns;
    for (const auto& item : dataset.rows.at(0).items()) columns.push_back(item.key());
    std::sort(columns.begin(), columns.end());
    EXPECT_EQ(columns, expected["columns"].get<std::vector<std::string>>()) << expected;
  }
}

struct Count {
  const char *path, *name, *split;
  std::int64_t n_rows;
};

TEST(LocalDatasets, HaveThePublishedNumbersOfRows) {
  const char* folder = std::getenv("ASSAY_DATA");
  if (folder == nullptr) GTEST_SKIP() << "ASSAY_DATA is not set";
  DatasetSources sources;
  sources.data_folder = folder;
  const Count counts[] = {{"TIGER-Lab/MMLU-Pro", "", "test", 12032},
                          {"openai/gsm8k", "main", "train", 7473},
                          {"openai/gsm8k", "main", "test", 1319},
                          {"HuggingFaceH4/MATH-500", "", "test", 500},
                          {"EleutherAI/hendrycks_math", "algebra", "test", 1187},
                          {"openai/openai_humaneval", "", "test", 164},
                          {"Rowan/hellaswag", "", "validation", 1000},
                          {"truthfulqa/truthful_qa", "generation", "validation", 817},
                          {"EleutherAI/wikitext_document_level", "wikitext-2-raw-v1", "test", 62}};
  for (const Count& count : counts)
    EXPECT_EQ(
        load_dataset({.path = count.path, .name = count.name, .split = count.split}, sources, {})
            .identity.n_rows,
        count.n_rows)
        << count.path;
}

}  // namespace
}  // namespace assay::detail
