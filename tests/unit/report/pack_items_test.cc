#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include <zlib.h>

#include "report/report.h"

namespace assay {
namespace {

using nlohmann::json;
using MadeUpRun = Run;  // inside a TEST, Run is a function of GoogleTest

std::string decoded(const std::string& base64) {
  static const std::string digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  unsigned bits = 0;
  int n = 0;
  for (const char c : base64) {
    const std::size_t digit = digits.find(c);
    if (digit == std::string::npos) break;
    bits = bits << 6 | static_cast<unsigned>(digit);
    n += 6;
    if (n < 8) continue;
    n -= 8;
    out += static_cast<char>(bits >> n & 255);
  }
  return out;
}

json unpacked(const std::string& data) {
  const std::string bytes = decoded(data);
  std::string text(std::size_t{8} << 20, '\0');
  uLongf size = text.size();
  const int status =
      uncompress(reinterpret_cast<Bytef*>(text.data()), &size,
                 reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uLong>(bytes.size()));
  EXPECT_EQ(status, Z_OK);
  return json::parse(text.substr(0, size));
}

SampleRecord choice(const std::string& key, std::vector<double> likelihoods, int gold) {
  SampleRecord sample{.id = {"task", key},
                      .doc_json = R"({"question":"Which? )" + key + "\"}",
                      .target = std::to_string(gold),
                      .choices = {"A", "BB", "C"},
                      .gold = {gold}};
  std::size_t best = 0;
  for (std::size_t i = 0; i < likelihoods.size(); ++i) {
    sample.responses.push_back(LoglikelihoodResult{.loglikelihood = likelihoods[i]});
    if (likelihoods[i] > likelihoods[best]) best = i;
  }
  sample.scores = {
      {.metric = "acc", .filter = "none", .value = best == static_cast<std::size_t>(gold) ? 1 : 0}};
  return sample;
}

MadeUpRun run_of(const std::string& name, std::vector<SampleRecord> samples) {
  MadeUpRun run;
  run.header.model_name = name;
  TaskResult task{.task = "task", .task_class = "knowledge"};
  task.metrics = {{.metric = "acc", .filter = "none"}};
  task.samples = std::move(samples);
  run.tasks = {task};
  return run;
}

TEST(PackItems, OutcomesMarginsAndAnswersComeBack) {
  const std::vector<MadeUpRun> runs = {
      run_of("base", {choice("a", {-1, -2, -3.5}, 0), choice("b", {-2, -1, -3}, 0),
                      choice("c", {-2, -1, -3}, 0)}),
      run_of("variant", {choice("a", {-2, -1, -3}, 0), choice("b", {-2, -3, -1}, 0),
                         choice("c", {-2, -1, -3}, 0)})};
  const std::vector<PackedItems> packed = pack_items(runs);
  ASSERT_EQ(packed.size(), 1u);
  EXPECT_EQ(packed[0].models, (std::vector<std::string>{"base", "variant"}));
  EXPECT_EQ(packed[0].task_class, "knowledge");
  const json index = unpacked(packed[0].index);
  EXPECT_EQ(index.at("ids"), (json{"a", "b", "c"}));
  EXPECT_EQ(index.at("outcomes"), (json{"100", "0c0"}));
  EXPECT_EQ(index.at("margins"), (json{1.0, 1.0, 1.0}));
  const json items = unpacked(packed[0].chunks.at(0).data);
  EXPECT_EQ(items.at(0).at("prompt"), "Which? a");
  EXPECT_EQ(items.at(0).at("answers").at(1).at("likelihoods"), (json{-2.0, -1.0, -3.0}));
  EXPECT_EQ(items.at(2).at("answers").at(1), "same");
}

TEST(PackItems, PairsByIdAndKeepsHolesAndErrors) {
  SampleRecord failed = choice("a", {}, 0);
  failed.responses = {RequestError{"no"}};
  failed.scores = {{.metric = "acc", .filter = "none", .reason = "error"}};
  const std::vector<MadeUpRun> runs = {
      run_of("base", {choice("a", {-1, -2, -3}, 0), choice("b", {-1, -2, -3}, 0)}),
      run_of("variant", {choice("b", {-1, -2, -3}, 0)}), run_of("other", {failed})};
  const std::vector<PackedItems> packed = pack_items(runs);
  EXPECT_EQ(unpacked(packed[0].index).at("outcomes"), (json{"11", "-1", "--"}));
  const json items = unpacked(packed[0].chunks.at(0).data);
  EXPECT_TRUE(items.at(0).at("answers").at(1).is_null());
  EXPECT_EQ(items.at(0).at("answers").at(2).at("errors"), (json{"no"}));
}

TEST(PackItems, ManyItemsAreInPieces) {
  std::vector<SampleRecord> samples;
  for (int i = 0; i < 450; ++i) samples.push_back(choice(std::to_string(i), {-1, -2, -3}, 0));
  const std::vector<PackedItems> packed =
      pack_items(std::vector<MadeUpRun>{run_of("base", samples)});
  ASSERT_EQ(packed[0].chunks.size(), 3u);
  EXPECT_EQ(packed[0].chunks[2].first, 400);
  EXPECT_EQ(unpacked(packed[0].chunks[2].data).size(), 50u);
}

}  // namespace
}  // namespace assay
