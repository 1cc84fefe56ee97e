#include "tasks/dataset_file.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "error_text.h"
#include "tasks/text_file.h"
#include "temporary_folder.h"

namespace assay::detail {
namespace {

using testing::Test;

const std::string kGolden = std::string(ASSAY_SOURCE_DIR) + "/tests/golden/datasets/";

std::string content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

class DatasetFile : public Test {
 protected:
  std::string write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name, std::ios::binary) << text;
    return folder_ / name;
  }
  std::vector<Row> read(const std::string& name, const std::string& text,
                        ReadOptions options = {}) {
    const std::string path = write(name, text);
    options.format = *format_of(path);
    return read_rows(path, options);
  }
  std::string failure(const std::string& name, const std::string& text) {
    return error_text([&] { read(name, text); });
  }
  TemporaryFolder folder_;
};

ReadOptions options_of(const std::string& name, const Json& golden) {
  ReadOptions options;
  options.format = *parse_format(golden["builder"].get<std::string>());
  const Json& kwargs = golden["kwargs"];
  options.field = kwargs.value("field", "");
  if (kwargs.contains("sep")) options.delimiter = kwargs["sep"].get<std::string>()[0];
  if (kwargs.contains("column_names"))
    options.column_names = kwargs["column_names"].get<std::vector<std::string>>();
  EXPECT_TRUE(name.ends_with(".json") || !options.field.empty() || format_of(name)) << name;
  return options;
}

// Rows as Python's `datasets` and pyarrow give them (tests/golden/datasets/make_golden.py).
TEST_F(DatasetFile, RowsEqualThoseOfPython) {
  const Json golden = Json::parse(content(kGolden + "expected.json"));
  ASSERT_GE(golden.size(), 13U);
  for (const auto& item : golden.items()) {
    const ReadOptions options = options_of(item.key(), item.value());
    if (options.format == RowFormat::kParquet && !can_read_parquet()) continue;
    const std::vector<Row> rows = read_rows(kGolden + item.key(), options);
    const Json& expected = item.value()["rows"];
    ASSERT_EQ(rows.size(), expected.size()) << item.key();
    // The text tells 2 from 2.0, and the order of columns, which == would not.
    for (std::size_t i = 0; i < rows.size(); ++i)
      EXPECT_EQ(rows[i].dump(), expected[i].dump()) << item.key() << ", row " << i;
  }
}

TEST_F(DatasetFile, ParquetIsReadOrTheRemedyIsSaid) {
  const std::string path = kGolden + "types.parquet";
  if (can_read_parquet()) {
    EXPECT_EQ(read_rows(path, {.format = RowFormat::kParquet}).size(), 3U);
  } else {
    const std::string text = error_text([&] { read_rows(path, {.format = RowFormat::kParquet}); });
    EXPECT_NE(text.find("This build cannot read Parquet"), std::string::npos) << text;
    EXPECT_NE(text.find("python3-pip"), std::string::npos) << text;
  }
}

TEST_F(DatasetFile, BrokenParquetIsAnErrorAtEveryLength) {
  if (!can_read_parquet()) GTEST_SKIP() << "this build cannot read Parquet";
  const std::string whole = content(kGolden + "types.parquet");
  for (std::size_t size = 0; size < whole.size(); size += 97) {
    const std::string text = failure("cut.parquet", whole.substr(0, size));
    EXPECT_NE(text.find("The Parquet file cannot be read"), std::string::npos) << size << text;
  }
  // Damage inside must not end the program; a flipped bit in a text may stay unseen.
  for (std::size_t at = 4; at < whole.size() - 8; at += 41) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x55);
    error_text([&] { read("damaged.parquet", damaged); });
  }
}

TEST_F(DatasetFile, EmptyFilesHaveNoRows) {
  for (const char* name : {"a.jsonl", "a.csv", "a.tsv", "a.txt"})
    EXPECT_TRUE(read(name, "").empty()) << name;
  EXPECT_TRUE(read("only_header.csv", "a,b\n").empty());
  EXPECT_TRUE(read("list.json", "[]").empty());
  EXPECT_TRUE(read("blank.jsonl", "\n \n\r\n").empty());
}

TEST_F(DatasetFile, WrongJsonNamesItsLine) {
  const std::string cut = failure("a.jsonl", "{\"a\": 1}\n\n{\"a\": \n");
  EXPECT_NE(cut.find("This is not JSON: syntax error"), std::string::npos) << cut;
  EXPECT_NE(cut.find("a.jsonl, line 3)"), std::string::npos) << cut;
  const std::string list = failure("b.jsonl", "{\"a\": 1}\n[1]\n");
  EXPECT_NE(list.find("A row must be a JSON object, this is of type array"), std::string::npos);
  EXPECT_NE(list.find("b.jsonl, line 2)"), std::string::npos) << list;
  const std::string document = failure("c.json", "[\n {\"a\": 1},\n {\"a\": ]\n");
  EXPECT_NE(document.find("c.json, line 3)"), std::string::npos) << document;
  const std::string bytes = failure("d.jsonl", "{\"a\": \"\xff\"}\n");
  EXPECT_NE(bytes.find("d.jsonl, line 1)"), std::string::npos) << bytes;
}

TEST_F(DatasetFile, DeepJsonIsRefusedBeforeItIsBuilt) {
  const std::string deep = "{\"a\": " + std::string(1000000, '[') + "}\n";
  EXPECT_NE(failure("deep.jsonl", deep).find("nested deeper than 256 levels"), std::string::npos);
  EXPECT_NE(failure("deep.json", "[" + deep).find("nested deeper than 256 levels"),
            std::string::npos);
  const std::string text = "{\"a\": \"" + std::string(1000, '[') + "\\\"{\"}";
  EXPECT_EQ(read("brackets.jsonl", text).size(), 1U);
}

TEST_F(DatasetFile, HugeLinesAreReadUpToTheLimit) {
  const std::string huge(std::size_t{3} << 20, 'x');
  const std::vector<Row> rows = read("huge.jsonl", "{\"a\": \"" + huge + "\"}\n{\"a\": \"y\"}\n");
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0]["a"].get<std::string>(), huge);
  EXPECT_EQ(rows[1]["a"], "y");
  const std::string path = write("longer.txt", "short\n" + huge);
  const std::string text = error_text([&] {
    LineReader reader(path, {}, 1000000);
    for (std::string line; reader.next(line);) {
    }
  });
  EXPECT_NE(text.find("A line is longer than 1000000 bytes"), std::string::npos) << text;
  EXPECT_NE(text.find("longer.txt, line 2)"), std::string::npos) << text;
}

TEST_F(DatasetFile, CutOrDamagedGzipIsAnError) {
  const std::string whole = content(kGolden + "escaped.jsonl.gz");
  const std::string cut = failure("cut.jsonl.gz", whole.substr(0, whole.size() - 12));
  EXPECT_NE(cut.find("The gzip file ends in the middle"), std::string::npos) << cut;
  std::string damaged = whole;
  damaged[damaged.size() / 2] = static_cast<char>(damaged[damaged.size() / 2] ^ 0x7f);
  const std::string text = failure("damaged.jsonl.gz", damaged);
  EXPECT_NE(text.find("damaged.jsonl.gz"), std::string::npos) << text;
}

TEST_F(DatasetFile, WrongTablesNameTheirLine) {
  const std::string open = failure("a.csv", "a,b\n1,2\n3,\"no end\nof it\n");
  EXPECT_NE(open.find("A quoted field does not end"), std::string::npos) << open;
  EXPECT_NE(open.find("a.csv, line 3)"), std::string::npos) << open;
  const std::string wide = failure("b.csv", "a,b\n\"x\ny\",2\n1,2,3\n");
  EXPECT_NE(wide.find("The row has 3 fields, the table 2 columns"), std::string::npos) << wide;
  EXPECT_NE(wide.find("b.csv, line 4)"), std::string::npos) << wide;
  const std::string bytes = failure("c.csv", "a\nok\n\xc3\x28\n");
  EXPECT_NE(bytes.find("The text is not UTF-8 (" + (folder_ / "c.csv") + ", line 3)"),
            std::string::npos)
      << bytes;
}

TEST_F(DatasetFile, ShortRowsGetNull) {
  const std::vector<Row> rows = read("a.csv", "a,b\nx,y\nz\n");
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_TRUE(rows[1]["b"].is_null());
}

TEST_F(DatasetFile, WikitextPagesKeepEveryByte) {
  const std::string first = " = One = \n \n text = = \n = = Part = = \n more\n";
  const std::string second = " = Two = \n last";
  const std::string path = write("wiki.raw", " \n" + first + second);
  const std::vector<Row> rows = read_rows(path, {.format = RowFormat::kWikitext});
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0]["page"].get<std::string>() + "\n", first);
  EXPECT_EQ(rows[1]["page"], second);
}

TEST_F(DatasetFile, MissingFilesAndFoldersAreErrorsOfReading) {
  for (const std::string& path : {folder_ / "none.jsonl", folder_.path().string()})
    EXPECT_NE(error_text([&] { read_rows(path, {}); }, ErrorKind::kIo).find(path),
              std::string::npos);
}

TEST_F(DatasetFile, StopsWhenAsked) {
  std::stop_source source;
  source.request_stop();
  const std::string path = write("a.jsonl", "{}\n");
  EXPECT_EQ(
      error_text([&] { read_rows(path, {.stop = source.get_token()}); }, ErrorKind::kInterrupted),
      "Stopped while reading a data set");
}

}  // namespace
}  // namespace assay::detail
