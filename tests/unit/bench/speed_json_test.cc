#include <gtest/gtest.h>

#include "core/error.h"
#include "core/speed.h"

namespace assay {
namespace {

SpeedResult made_up() {
  SpeedResult result;
  result.setups.resize(2);  // field by field: g++ 12 warns of initialiser lists
  SpeedSetup& base = result.setups[0];
  base.name = "base.gguf";
  base.n_batch = 2048;
  base.flash_attention = "auto";
  base.load_ns = {5, 6};
  base.peak_bytes = 123;
  base.notes = {"a note"};
  result.setups[1].name = "Q4_0";
  result.setups[1].failure = "no such thing";
  result.setups[0].info.path = "base.gguf";
  result.tests = {{.n_prompt = 512}, {.n_prompt = 3, .n_gen = 4, .request = true}};
  SpeedSeries series{.setup = 0, .test = 1};
  series.samples = {{.round = 2,
                     .start_s = 1.5,
                     .duration_ns = 77,
                     .prompt_ns = 5,
                     .token_ns = {1, 2},
                     .cpu_ns = 9,
                     .energy_j = 0.25,
                     .n_prompt = 3,
                     .n_gen = 4,
                     .slept = true}};
  series.n_rounds = 1;
  series.measures = {{.name = "tokens_per_s", .median = 3, .mean = 3, .min = 2, .max = 4}};
  series.measures[0].ratio = Estimate{.value = 1.5, .std_error = 0.1, .ci95 = Interval{1.3, 1.7}};
  series.between_tokens = Latencies{.n = 2, .mean = 1, .median = 1, .max = 2};
  series.flags = {"spread"};
  result.series = {series};
  result.machine.cpu = "a processor";
  result.machine.flops = 1e9;
  result.started = "2026-01-01T00:00:00Z";
  result.ended = "precise";
  result.precision = 0.02;
  result.warnings = {"warm"};
  return result;
}

TEST(SpeedJson, ReadsBackWhatItWrote) {
  const std::string text = to_json(made_up());
  EXPECT_EQ(to_json(speed_result_from_json(text)), text);
  const SpeedResult read = speed_result_from_json(text);
  EXPECT_EQ(read.setups[1].failure, "no such thing");
  EXPECT_EQ(read.tests[1], made_up().tests[1]);
  EXPECT_EQ(read.series[0].samples[0].token_ns, (std::vector<std::int64_t>{1, 2}));
  EXPECT_FALSE(read.setups[1].peak_bytes);
}

TEST(SpeedJson, RefusesOtherDocumentsAndWrongIndices) {
  EXPECT_THROW(speed_result_from_json("{}"), Error);
  EXPECT_THROW(speed_result_from_json("{\"schema\": \"assay-run/1\"}"), Error);
  SpeedResult result = made_up();
  result.series[0].setup = 7;
  EXPECT_THROW(speed_result_from_json(to_json(result)), Error);
}

TEST(SpeedTestName, IsLlamaBenchs) {
  EXPECT_EQ(to_string(SpeedTest{.n_prompt = 512}), "pp512");
  EXPECT_EQ(to_string(SpeedTest{.n_gen = 128, .n_depth = 1024}), "tg128 @ d1024");
  EXPECT_EQ(to_string(SpeedTest{.n_prompt = 512, .n_gen = 128}), "pp512+tg128");
  EXPECT_EQ(to_string(SpeedTest{.n_gen = 32, .n_parallel = 8}), "tg32 x 8");
  EXPECT_EQ(to_string(SpeedTest{.n_prompt = 5, .n_gen = 6, .request = true}), "request 5+6");
}

}  // namespace
}  // namespace assay
