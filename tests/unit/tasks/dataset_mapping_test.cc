#include "tasks/dataset_mapping.h"

#include <gtest/gtest.h>

#include "error_text.h"
#include "tasks/mapping_text.h"

namespace assay::detail {
namespace {

std::vector<SplitPlan> plan(const std::string& yaml, const MappingQuery& query) {
  return plan_mapped(parse_mapping(yaml, "my.yaml"), "my.yaml", "/base", query);
}

std::string failure(const std::string& yaml) {
  return error_text([&] { plan(yaml, {.path = "org/set", .name = "part"}); });
}

Json map_one(const std::string& columns, const Row& row) {
  const std::vector<Row> rows = map_rows({row}, parse_mapping(columns, "c"), nullptr, "file.csv");
  return rows.at(0);
}

const std::string kEntry = "version: 1\ndatasets:\n- path: org/set\n";

TEST(DatasetMapping, FindsTheFirstEntryThatFits) {
  const std::string yaml =
      "version: 1\n"
      "datasets:\n"
      "- {path: org/other, splits: {test: other.csv}}\n"
      "- {path: [org/set, old_name], name: 'p*', splits: {test: 'd/{name}_{split}.csv', dev: "
      "[a.jsonl, /abs/b.jsonl]}}\n"
      "- {path: org/*, splits: {test: rest.parquet}, note: rest}\n";
  const auto found = plan(yaml, {.path = "old_name", .name = "part"});
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].files, std::vector<std::string>{"/base/d/part_test.csv"});
  EXPECT_EQ(found[0].read.format, RowFormat::kCsv);
  EXPECT_FALSE(found[0].read.infer_types);
  EXPECT_EQ(found[1].split, "dev");
  EXPECT_EQ(found[1].files, (std::vector<std::string>{"/base/a.jsonl", "/abs/b.jsonl"}));
  const auto rest = plan(yaml, {.path = "org/set", .name = "x"});
  ASSERT_EQ(rest.size(), 1U);
  EXPECT_EQ(rest[0].note, "rest");
  EXPECT_EQ(rest[0].read.format, RowFormat::kParquet);
  EXPECT_TRUE(plan(yaml, {.path = "elsewhere", .name = ""}).empty());
}

TEST(DatasetMapping, SplitsMayDifferInColumnsAndFilters) {
  const auto found = plan(kEntry +
                              "  format: jsonl\n  where: {kind: '{name}'}\n  splits:\n"
                              "    train: a.data\n"
                              "    test: {file: b.data, format: tsv, where: {x: 1}, note: part}\n",
                          {.path = "org/set", .name = "part"});
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].where, (Json{{"kind", "part"}}));
  EXPECT_EQ(found[0].read.format, RowFormat::kJson);
  EXPECT_EQ(found[1].where, (Json{{"x", 1}}));
  EXPECT_EQ(found[1].read.format, RowFormat::kTsv);
  EXPECT_EQ(found[1].note, "part");
}

TEST(DatasetMapping, RefusesWhatIsNotOfTheFormat) {
  EXPECT_NE(failure("version: 2\ndatasets: []\n").find("version 1"), std::string::npos);
  EXPECT_NE(failure("- a\n").find("a list 'datasets'"), std::string::npos);
  const std::string unknown = failure(kEntry + "  splitz: {}\n");
  EXPECT_NE(unknown.find("Unknown key 'splitz' (my.yaml, data set 1)"), std::string::npos)
      << unknown;
  EXPECT_NE(failure(kEntry + "  splits: {test: data.bin}\n").find("is not known"),
            std::string::npos);
  EXPECT_NE(failure(kEntry + "  splits: {test: []}\n").find("names no file"), std::string::npos);
  EXPECT_NE(failure(kEntry + "  splits: 3\n").find("'splits' must be a map"), std::string::npos);
  const std::string escape = error_text([] {
    plan(kEntry + "  splits: {test: '{name}.csv'}\n", {.path = "org/set", .name = "../../etc/x"});
  });
  EXPECT_NE(escape.find("cannot be part of a path"), std::string::npos) << escape;
}

TEST(DatasetMapping, MakesColumns) {
  const Row row = {{"q", "Q?"},   {"A", "x"},   {"B", "y"},    {"letter", " B "},
                   {"yes", true}, {"n", "-12"}, {"real", 3.0}, {"parts", "one; two;;three "}};
  EXPECT_EQ(map_one("{question: q, subject: {constant: art}, choices: {list: [A, B]}, "
                    "answer: {index: letter, in: ABCD}}",
                    row)
                .dump(),
            R"({"question":"Q?","subject":"art","choices":["x","y"],"answer":1})");
  EXPECT_EQ(map_one("{l: {column: yes_, as: integer}}", Row{{"yes_", false}}).dump(), R"({"l":0})");
  EXPECT_EQ(map_one("{a: {column: n, as: integer}, b: {column: real, as: integer}, "
                    "c: {column: real, as: text}, d: {split: parts, at: ';'}}",
                    row)
                .dump(),
            R"({"a":-12,"b":3,"c":"3.0","d":["one","two","three"]})");
  EXPECT_EQ(map_one("{i: {index: letter, in: [A, B]}}", row).dump(), R"({"i":1})");
}

TEST(DatasetMapping, MakesNestedColumns) {
  const Row row = Row::parse(
      R"({"question": {"stem": "S", "choices": [{"text": "t", "label": "A"}, {"label": "B"}]},
          "query": "Topic: the: rest", "endings": [" a", "b"]})");
  EXPECT_EQ(
      map_one("{question: question.stem, choices: {make: {text: {each: question.choices, take: "
              "text}, label: {each: question.choices, take: label}}}}",
              row)
          .dump(),
      R"({"question":"S","choices":{"text":["t",null],"label":["A","B"]}})");
  EXPECT_EQ(map_one("{a: {of: query, before: ': '}, b: {of: query, after: ': '}, "
                    "c: {of: endings, prefix: X, when_starts_with: ' '}}",
                    row)
                .dump(),
            R"({"a":"Topic","b":"the: rest","c":["X a","b"]})");
}

TEST(DatasetMapping, WhatOneRowLacksIsNull) {
  const Json columns =
      parse_mapping("{q: q, a: {index: letter, in: ABCD}, d: {split: t, at: ;}}", "c");
  const std::vector<Row> rows =
      map_rows({Row{{"q", "1"}, {"letter", "E"}, {"t", "x"}}, Row{{"q", "2"}, {"letter", nullptr}}},
               columns, nullptr, "f");
  EXPECT_TRUE(rows[0]["a"].is_null());
  EXPECT_EQ(rows[0]["d"], Json::array({"x"}));
  EXPECT_TRUE(rows[1]["a"].is_null());
  EXPECT_TRUE(rows[1]["d"].is_null());
}

TEST(DatasetMapping, AColumnThatNoRowHasIsAnError) {
  const std::string text = error_text([] { map_one("{q: question}", Row{{"prompt", "x"}}); });
  EXPECT_NE(text.find("No row has the column 'question', from which the mapping makes 'q' "
                      "(file.csv)"),
            std::string::npos)
      << text;
  EXPECT_NE(error_text([] {
              map_one("{q: {shout: a}}", Row{{"a", "x"}});
            }).find("'shout'"),
            std::string::npos);
  EXPECT_NE(error_text([] {
              map_one("{q: {take: a}}", Row{{"a", "x"}});
            }).find("A rule needs"),
            std::string::npos);
}

TEST(DatasetMapping, FiltersRows) {
  const std::vector<Row> rows = {Row{{"k", "a"}, {"n", 1}}, Row{{"k", "b"}, {"n", 1}},
                                 Row{{"k", "c"}, {"n", 2}}, Row{{"n", 1}}};
  EXPECT_EQ(map_rows(rows, nullptr, Json{{"k", "b"}}, "f").size(), 1U);
  EXPECT_EQ(map_rows(rows, nullptr, Json{{"k", Json::array({"a", "c"})}}, "f").size(), 2U);
  EXPECT_EQ(map_rows(rows, nullptr, Json{{"k", Json::array({"a", "c"})}, {"n", 1}}, "f").size(),
            1U);
}

TEST(DatasetMapping, ReadsTheHeaderOfAReadme) {
  EXPECT_EQ(parse_readme_header("---\na: [1]\n---\n# Title\n").dump(), R"({"a":[1]})");
  EXPECT_TRUE(parse_readme_header("# Title\n---\na: 1\n---\n").is_null());
  EXPECT_TRUE(parse_readme_header("---\na: [1\n---\n").is_null());
  EXPECT_TRUE(parse_readme_header("---\na: 1\n").is_null());
}

}  // namespace
}  // namespace assay::detail
