#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "study/study.h"
#include "temporary_folder.h"

namespace assay {
namespace {

SpeedResult of_names(const std::vector<std::string>& names) {
  SpeedResult speed{.imported_from = "llama-bench", .tests = {{.n_prompt = 8}}};
  for (int i = 0; i < static_cast<int>(names.size()); ++i) {
    speed.setups.push_back({.name = names[static_cast<std::size_t>(i)]});
    SpeedSeries series{.setup = i};
    for (int round = 0; round < 3; ++round)
      series.samples.push_back(
          {.round = round, .duration_ns = 8000 * (i + 1 + round), .n_prompt = 8});
    speed.series.push_back(std::move(series));
  }
  return speed;
}

TEST(AdoptNames, AFileIsTheModelWhoseNameItEndsWith) {
  SpeedResult speed =
      of_names({"tiny-Q4_0", "tiny-f16", "tiny-q4_0+kv=q8_0", "tiny-f16+kv=q8_0", "other"});
  const std::vector<std::string> variants{"Q4_0", "Q4_0+kv=q8_0", "kv=q8_0", "Q8_0"};
  EXPECT_EQ(adopt_names(speed, "tiny-f16.gguf", variants), 4);
  EXPECT_EQ(speed.setups[0].name, "Q4_0");
  EXPECT_EQ(speed.setups[1].name, "tiny-f16.gguf");
  EXPECT_EQ(speed.setups[2].name, "Q4_0+kv=q8_0");
  EXPECT_EQ(speed.setups[3].name, "kv=q8_0");
  EXPECT_EQ(speed.setups[4].name, "other");
  for (const SpeedSetup& setup : speed.setups) EXPECT_EQ(setup.baseline, 1);
  // 3 us a token against 2 us: medians, no interval.
  const SpeedMeasure& q4 = speed.series[0].measures.at(0);
  ASSERT_TRUE(q4.ratio);
  EXPECT_DOUBLE_EQ(q4.ratio->value, 1.5);
  EXPECT_FALSE(q4.ratio->ci95);
  EXPECT_FALSE(q4.ratio->reason.empty());
  EXPECT_FALSE(speed.series[1].measures.at(0).ratio);
}

TEST(AdoptNames, AVariantOfTheCacheIsTheBaselinesFileOnly) {
  SpeedResult speed = of_names({"tiny-Q4_0+kv=q8_0", "notQ4_0"});
  const std::vector<std::string> variants{"kv=q8_0", "Q4_0"};
  EXPECT_EQ(adopt_names(speed, "tiny-f16.gguf", variants), 0);
}

TEST(AdoptNames, WithoutTheBaselineThereIsNoRatio) {
  SpeedResult speed = of_names({"tiny-Q4_0", "tiny-Q8_0"});
  const std::vector<std::string> variants{"Q4_0", "Q8_0"};
  EXPECT_EQ(adopt_names(speed, "tiny-f16.gguf", variants), 2);
  for (const SpeedSeries& series : speed.series) EXPECT_FALSE(series.measures.at(0).ratio);
}

TEST(ImportSpeed, FiguresThatAreAllThereIsAreKept) {
  const TemporaryFolder folder;
  const std::string path = (std::filesystem::path(folder.path()) / "report.json").string();
  std::ofstream(path) << R"x({"cmd_options": {"-m": "m.xml"}, "configuration_setup": {},
    "execution_results": {"latency (ms)": "25.00", "throughput": "20.00"}})x";
  const auto speed = import_speed(std::span(&path, 1));
  ASSERT_TRUE(speed);
  EXPECT_DOUBLE_EQ(speed->series.at(0).measures.at(0).median, 40);
  const SpeedResult again = speed_result_from_json(to_json(*speed));
  EXPECT_EQ(to_json(again), to_json(*speed));
}

}  // namespace
}  // namespace assay
