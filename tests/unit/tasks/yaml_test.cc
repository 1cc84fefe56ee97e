// YAML as PyYAML's SafeLoader reads it, and what a hostile file can do: nothing.
#include "tasks/yaml.h"

#include <gtest/gtest.h>

#include <chrono>
#include <fstream>

#include "unit/tasks/error_text.h"

namespace assay::detail {
namespace {

Json read(const std::string& text) { return to_json(*parse_yaml(text, "t.yaml")); }
std::string refused(const std::string& text) {
  return error_text([&] { parse_yaml(text, "t.yaml"); });
}
bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// Expected values: PyYAML 6, by tests/golden/task_configs/make_golden.py.
TEST(Yaml, ReadsPlainScalarsAsPyYaml) {
  std::ifstream file(ASSAY_SOURCE_DIR "/tests/golden/task_configs/golden.json");
  const Json golden = Json::parse(file);
  ASSERT_GT(golden["scalars"].size(), 60U);
  for (const Json& item : golden["scalars"]) {
    const Json value = resolve_plain_scalar(item[0].get<std::string>());
    EXPECT_EQ(value.dump(), item[1].dump()) << item[0];
    EXPECT_EQ(value.type_name(), std::string(item[1].type_name())) << item[0];
  }
}

TEST(Yaml, QuotedScalarsAreTexts) {
  EXPECT_EQ(read("a: '1'\nb: \"yes\"\nc: ''\nd:\n").dump(),
            R"({"a":"1","b":"yes","c":"","d":null})");
}

TEST(Yaml, KeepsBlocksAndEscapes) {
  EXPECT_EQ(read("a: |\n  x\n   y\nb: >-\n  x\n  y\n\n  z\nc: \"\\n\\u00e9\\x41\\/\"\n").dump(),
            "{\"a\":\"x\\n y\\n\",\"b\":\"x y\\nz\",\"c\":\"\\né"
            "A/\"}");
}

TEST(Yaml, EscapesAreUtf8) {
  EXPECT_EQ(read("a: \"é\\_x\\N\\xA0\"\n").dump(), "{\"a\":\"é\u00A0x\u0085\u00A0\"}");
  for (const char* bytes :
       {"\xC0\xAF", "\xE0\x80\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xE2\x82"}) {
    EXPECT_TRUE(contains(refused("a: " + std::string(bytes)), "not UTF-8"));
  }
}

// Expected values: PyYAML 6.
TEST(Yaml, FoldsQuotedLines) {
  EXPECT_EQ(read("é: 'é\n\n\n  '\n")["é"], "é\n\n");
  EXPECT_EQ(read("a: 'x  \n   y''s\n\n  z '\n")["a"], "x y's\nz ");
  EXPECT_EQ(read("a: \"x \\\n   \\ y\\n\n   \\u00e9\\U0001F600\\_\n\n\n   \"\n")["a"],
            "x  y\n é😀\u00A0\n\n");
  EXPECT_EQ(read("a: 'x\r\n  y'\r\nb: &q !!str \"1\n  2\"\n")["b"], "1 2");
}

TEST(Yaml, OfEqualKeysTheLastCounts) {
  EXPECT_EQ(read("a: 1\nb: 2\na: 3\n").dump(), R"({"a":3,"b":2})");
}

TEST(Yaml, MergesMapsBelowTheirOwnKeys) {
  const std::string text =
      "base: &b {x: 1, y: 2}\nother: &o {y: 3, z: 4}\n"
      "one: {<<: *b, x: 9}\nmany: {<<: [*b, *o], w: 0}\nquoted: {'<<': 1}\n";
  const Json json = read(text);
  EXPECT_EQ(json["one"], (Json{{"x", 9}, {"y", 2}}));
  EXPECT_EQ(json["many"]["y"], 2);
  EXPECT_EQ(json["many"]["z"], 4);
  EXPECT_EQ(json["quoted"].dump(), R"({"<<":1})");
  EXPECT_TRUE(contains(refused("a: {<<: 3}"), "merges a map"));
}

TEST(Yaml, KeepsFunctionsAndLines) {
  const Yaml root = parse_yaml("a: 1\nb:\n  - !function utils.f\n", "folder/t.yaml");
  const Yaml item = root->find("b")->items.at(0);
  EXPECT_EQ(item->kind, YamlNode::Kind::kFunction);
  EXPECT_EQ(item->text(), "utils.f");
  EXPECT_EQ(place(*item), "folder/t.yaml:3");
  EXPECT_EQ(to_json(*item).dump(), R"({"!function":"utils.f"})");
}

TEST(Yaml, ReadsYamlsOwnTags) {
  EXPECT_EQ(read("a: !!str 12\nb: !!int '0x10'\nc: !!float 3\nd: !!bool yes\ne: !!null x\n").dump(),
            R"({"a":"12","b":16,"c":3.0,"d":true,"e":null})");
  EXPECT_TRUE(contains(refused("a: !!int x"), "malformed"));
}

TEST(Yaml, RefusesTagsThatWouldRunCode) {
  for (const char* tag : {"!!python/object:os.system", "!!python/object/apply:os.system",
                          "!!python/name:os.system", "!!python/tuple", "!exec", "!!binary"}) {
    const std::string message = refused(std::string("x: 1\na: ") + tag + " ['true']\n");
    EXPECT_TRUE(contains(message, "is not allowed")) << tag << ": " << message;
    EXPECT_TRUE(contains(message, "t.yaml:2")) << message;
  }
  EXPECT_TRUE(contains(refused("a: !!python/none ''"), "is not allowed"));
  EXPECT_TRUE(contains(refused("a: !function [x]"), "is not allowed"));
}

TEST(Yaml, RefusesAliasBombsBeforeTheyGrow) {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 30; ++i) {
    const std::string inner = "*a" + std::to_string(i - 1);
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + inner;
    for (int k = 0; k < 9; ++k) text += ", " + inner;
    text += "]\n";
  }
  EXPECT_TRUE(contains(refused(text), "too large once its aliases are written out"));
  std::string texts = "a: &a '" + std::string(1 << 20, 'x') + "'\nb: [";
  for (int i = 0; i < 40; ++i) texts += "*a, ";
  EXPECT_TRUE(contains(refused(texts + "]\n"), "too large once its aliases are written out"));
  EXPECT_TRUE(contains(refused("a: &a [*a]\n"), "stands inside the value"));
  EXPECT_FALSE(refused("a: *nothing\n").empty());
}

TEST(Yaml, RefusesDeepNesting) {
  EXPECT_TRUE(contains(refused("a: " + std::string(100, '[')), "nested deeper than 64"));
  EXPECT_FALSE(refused("a: " + std::string(100'000, '[')).empty());
  EXPECT_FALSE(refused(std::string(100'000, '{')).empty());
  std::string blocks;
  for (int i = 0; i < 300; ++i) blocks += std::string(static_cast<std::size_t>(i), ' ') + "a:\n";
  EXPECT_TRUE(contains(refused(blocks), "nested deeper than 64"));
  std::string chain = "a0: &a0 [1]\n";  // each alias puts what was before one level deeper
  for (int i = 1; i < 100; ++i) {
    chain += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [*a" + std::to_string(i - 1) +
             "]\n";
  }
  EXPECT_TRUE(contains(refused(chain), "nested deeper than 64"));
}

TEST(Yaml, RefusesHugeFiles) {
  EXPECT_TRUE(contains(refused("a: " + std::string(10 << 20, 'x')), "may have 4194304"));
  std::string keys, items = "a:\n";
  for (int i = 0; i < 2001; ++i) keys += "k" + std::to_string(i) + ": 1\n";
  EXPECT_TRUE(contains(refused(keys), "more than 2000 keys"));
  for (int i = 0; i < 200'001; ++i) items += "- 1\n";
  EXPECT_TRUE(contains(refused(items), "too large"));
}

TEST(Yaml, RefusesWhatIsNotText) {
  EXPECT_TRUE(contains(refused("a: 1\nb: \xff\n"), "not UTF-8"));
  EXPECT_TRUE(contains(refused("a: 1\nb: \xff\n"), "t.yaml:2"));
  EXPECT_TRUE(contains(refused(std::string("a: \0", 4)), "control character"));
  EXPECT_TRUE(contains(refused("a: .inf"), "not finite"));
  EXPECT_TRUE(contains(refused("a: 99999999999999999999999"), "too large"));
}

TEST(Yaml, RefusesWhatIsNotOneDocument) {
  EXPECT_TRUE(contains(refused("a: 1\n---\nb: 2\n"), "several YAML documents"));
  EXPECT_TRUE(contains(refused("a: 1\nb: [1\n"), "Not YAML"));
  EXPECT_TRUE(contains(refused("[a, b]: 1\n"), "A key is a list or a map"));
  EXPECT_TRUE(read("").is_null());
  EXPECT_TRUE(read("# nothing\n").is_null());
}

}  // namespace
}  // namespace assay::detail
