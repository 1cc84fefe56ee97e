// Files as the tools themselves wrote them, shortened; llm_bench's by the columns of its
// output_csv.py (openvino.genai, 2025).
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "core/error.h"
#include "store/store.h"
#include "temporary_folder.h"

namespace assay {
namespace {

class SpeedImport : public ::testing::Test {
 protected:
  std::string write(const std::string& name, const std::string& text) {
    const std::string path = (std::filesystem::path(folder_.path()) / name).string();
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }
  static std::optional<SpeedResult> read(const std::vector<std::string>& paths) {
    return read_foreign_speed(paths);
  }

 private:
  TemporaryFolder folder_;
};

std::string llama_bench(const std::string& model, const std::string& type_k, int n_prompt,
                        int n_gen, const std::string& samples) {
  return R"({"build_commit": "de3ff81", "build_number": 1, "cpu_info": "AMD EPYC", "gpu_info": "",
    "model_filename": ")" +
         model + R"(", "model_type": "llama 135M F16", "model_size": 269000000,
    "model_n_params": 134515008, "n_batch": 2048, "n_ubatch": 512, "n_threads": 2, "type_k": ")" +
         type_k + R"(", "type_v": ")" + type_k +
         R"(", "n_gpu_layers": -1, "flash_attn": -1, "n_prompt": )" + std::to_string(n_prompt) +
         R"(, "n_gen": )" + std::to_string(n_gen) +
         R"(, "n_depth": 0, "test_time": "2026-11-26T09:52:55Z", "avg_ns": 6458470, "stddev_ns": 1,
    "avg_ts": 1, "stddev_ts": 1, "samples_ns": )" +
         samples + "}";
}

TEST_F(SpeedImport, LlamaBenchHasEveryRepetition) {
  const std::string text = "[" + llama_bench("/m/base-f16.gguf", "f16", 512, 0, "[ 1000, 2000 ]") +
                           "," + llama_bench("/m/base-f16.gguf", "f16", 0, 128, "[ 5000 ]") + "," +
                           llama_bench("/m/base-f16.gguf", "q8_0", 512, 0, "[ 3000 ]") + "," +
                           llama_bench("/m/base-Q4_0.gguf", "f16", 512, 0, "[]") + "]";
  const auto speed = read({write("bench.json", text)});
  ASSERT_TRUE(speed);
  EXPECT_EQ(speed->imported_from, "llama-bench de3ff81");
  EXPECT_EQ(speed->machine.cpu, "AMD EPYC");
  ASSERT_EQ(speed->setups.size(), 3U);
  EXPECT_EQ(speed->setups[0].name, "base-f16");
  EXPECT_EQ(speed->setups[1].name, "base-f16+kv=q8_0");
  EXPECT_EQ(speed->setups[2].name, "base-Q4_0");
  EXPECT_EQ(speed->setups[0].info.size_bytes, 269000000);
  ASSERT_EQ(speed->series.size(), 4U);
  const SpeedSeries& prompt = speed->series[0];
  ASSERT_EQ(prompt.samples.size(), 2U);
  EXPECT_EQ(prompt.samples[1].duration_ns, 2000);
  EXPECT_EQ(prompt.samples[1].n_prompt, 512);
  EXPECT_EQ(speed->series[2].samples[0].duration_ns, 6458470);  // without samples: their mean
  EXPECT_EQ(to_string(speed->tests[1]), "tg128");
  // One line per test is the same.
  std::string lines = text.substr(1, text.size() - 2);
  for (char& c : lines) c = c == '\n' ? ' ' : c;
  for (std::size_t at = 0; (at = lines.find("},{", at)) != std::string::npos;) lines[at + 1] = '\n';
  const auto same = read({write("bench.jsonl", lines)});
  ASSERT_TRUE(same);
  EXPECT_EQ(to_json(*same), to_json(*speed));
}

TEST_F(SpeedImport, SettingsThatVaryTellSetupsApart) {
  std::string two = llama_bench("base.gguf", "f16", 16, 0, "[ 10 ]");
  two.replace(two.find("\"n_threads\": 2"), 14, "\"n_threads\": 4");
  const auto speed = read(
      {write("b.json", "[" + llama_bench("base.gguf", "f16", 16, 0, "[ 9 ]") + "," + two + "]")});
  ASSERT_TRUE(speed);
  ASSERT_EQ(speed->setups.size(), 2U);
  EXPECT_EQ(speed->setups[0].name, "base [n_threads=2]");
  EXPECT_EQ(speed->setups[1].name, "base [n_threads=4]");
}

std::string benchmark_app(const std::string& shape) {
  return R"x({"cmd_options": {"-m": "ir/base-int8.xml", "-hint": "latency"  )x" + shape +
         R"x(}, "configuration_setup": {"topology": "Model1", "target device": "CPU", "API": "sync"},
    "execution_results": {"read model time (ms)": "8.84", "compile model time (ms)": "36.12",
    "first inference time (ms)": "2.06", "total number of iterations": "20",
    "latency (ms)": "25.00", "avg latency": "50.00", "min latency": "20.00",
    "max latency": "100.00", "throughput": "20.00"}})x";
}

TEST_F(SpeedImport, BenchmarkAppCountsInferencesUnlessItsShapeIsKnown) {
  const auto unknown = read({write("r.json", benchmark_app(""))});
  ASSERT_TRUE(unknown);
  EXPECT_EQ(unknown->setups[0].name, "base-int8");
  EXPECT_NEAR(static_cast<double>(unknown->setups[0].load_ns.at(0)), 44.96e6, 1);
  EXPECT_EQ(to_string(unknown->tests[0]), "inference");
  const SpeedMeasure& inference = unknown->series[0].measures.at(0);
  EXPECT_EQ(inference.name, "inferences_per_s");
  EXPECT_DOUBLE_EQ(inference.mean, 20);
  EXPECT_DOUBLE_EQ(inference.median, 40);
  EXPECT_EQ(unknown->series[0].n_rounds, 20);
  ASSERT_EQ(unknown->warnings.size(), 1U);
  const auto known =
      read({write("s.json", benchmark_app(R"(, "-data_shape": "input_ids[1,64],beam_idx[1]")"))});
  ASSERT_TRUE(known);
  EXPECT_EQ(to_string(known->tests[0]), "pp64");
  const SpeedMeasure& tokens = known->series[0].measures.at(0);
  EXPECT_EQ(tokens.name, "tokens_per_s");
  EXPECT_DOUBLE_EQ(tokens.median, 64 * 40);
  EXPECT_DOUBLE_EQ(tokens.min, 64 * 10);
  EXPECT_DOUBLE_EQ(tokens.max, 64 * 50);
}

constexpr const char* kLlmBench =
    "iteration,model,framework,device,pretrain_time(s),input_size,infer_count,generation_time(s),"
    "output_size,latency(ms),1st_latency(ms),2nd_avg_latency(ms),precision,max_rss_mem(MB),"
    "max_uss_mem(MB),max_shared_mem(MB),prompt_idx,1st_infer_latency(ms),2nd_infer_avg_latency(ms),"
    "num_beams,batch_size,tokenization_time,detokenization_time,result_md5,start,end\r\n"
    "0,tiny,ov,CPU,2.5,32,16,0.4,16,25,90,20,INT4,300.5,,,0,89,19,1,1,0.1,0.1,,T0,T1\r\n"
    "1,tiny,ov,CPU,,32,16,0.3,16,19,60,16,INT4,310,,,0,59,15,1,1,0.1,0.1,,T2,T3\r\n"
    "2,tiny,ov,CPU,,32,16,0.36,16,22,64,20,INT4,305,,,0,63,19,1,1,0.1,0.1,,T4,T5\r\n"
    "avg,tiny,ov,CPU,,32,16,0.33,16,20,62,18,INT4,305,,,0,61,17,1,1,0.1,0.1,,T2,T5\r\n"
    ",,,,,,,,,,,,,,,,,,,,,,,,,\r\n"
    "input_size: Input token size,,,,,,,,,,,,,,,,,,,,,,,,,\r\n";

TEST_F(SpeedImport, LlmBenchIsItsIterationsWithoutTheWarmUp) {
  const auto speed = read({write("report.csv", kLlmBench)});
  ASSERT_TRUE(speed);
  ASSERT_EQ(speed->setups.size(), 1U);
  EXPECT_EQ(speed->setups[0].name, "tiny INT4");
  EXPECT_EQ(speed->setups[0].peak_bytes, 310 * (1 << 20));
  EXPECT_EQ(speed->setups[0].load_ns.at(0), 2'500'000'000);
  ASSERT_EQ(speed->tests.size(), 3U);
  EXPECT_EQ(to_string(speed->tests[0]), "request 32+16");
  EXPECT_EQ(to_string(speed->tests[1]), "pp32");
  EXPECT_EQ(to_string(speed->tests[2]), "tg15");
  const std::vector<SpeedSample>& decoding = speed->series[2].samples;
  ASSERT_EQ(decoding.size(), 3U);
  EXPECT_EQ(decoding[0].round, -1);
  EXPECT_EQ(decoding[1].round, 0);
  EXPECT_EQ(decoding[1].duration_ns, 16'000'000 * 15);
  EXPECT_EQ(speed->series[0].samples[2].prompt_ns, 64'000'000);
}

TEST_F(SpeedImport, WhatIsNoneOfTheseIsLeftToOthers) {
  EXPECT_FALSE(read({write("a.json", R"({"results": {}})")}));
  EXPECT_FALSE(read({write("b.jsonl", R"({"doc_id": 1})")}));
  EXPECT_FALSE(read({write("c.csv", "id,score\n1,1\n")}));
  EXPECT_FALSE(read({"/nonexistent"}));
}

TEST_F(SpeedImport, DamageIsNamed) {
  const auto refusal = [&](const std::string& name, const std::string& text) -> std::string {
    try {
      read({write(name, text)});
    } catch (const Error& error) {
      return std::string(error.what()) + " " + error.where();
    }
    return "accepted";
  };
  const std::string good = llama_bench("m.gguf", "f16", 16, 0, "[ 9 ]");
  EXPECT_NE(refusal("a.json", "[" + good + ", 5]").find("test 2"), std::string::npos);
  EXPECT_NE(
      refusal("b.json", "[" + llama_bench("m.gguf", "f16", -7, 0, "[ 9 ]") + "]").find("n_prompt"),
      std::string::npos);
  EXPECT_NE(
      refusal("c.json", "[" + llama_bench("m.gguf", "f16", 16, 0, "[ 0 ]") + "]").find("duration"),
      std::string::npos);
  EXPECT_NE(refusal("d.csv", std::string(kLlmBench).substr(0, std::string(kLlmBench).find("\r\n")))
                .find("No iteration"),
            std::string::npos);
  std::string torn = kLlmBench;
  torn.erase(torn.find(",T2,T3"));
  EXPECT_NE(refusal("e.csv", torn).find("cells"), std::string::npos);
}

}  // namespace
}  // namespace assay
