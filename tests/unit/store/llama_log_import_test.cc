// Output of llama-perplexity (golden/llama_cpp_stories15M), as imported.
#include <cstdlib>
#include <fstream>

#include <gtest/gtest.h>

#include "core/error.h"
#include "store/store.h"
#include "temporary_folder.h"

namespace assay {
namespace {

std::optional<Estimate> metric_of(const assay::Run& run, const std::string& name) {
  for (const MetricResult& metric : run.tasks.at(0).metrics) {
    if (metric.metric == name) return metric.estimate;
  }
  return std::nullopt;
}

assay::Run read_log(const std::string& path) {
  return read_foreign_runs(std::vector<std::string>{path}).at(0).run;
}

TEST(LlamaLogImport, BlocksOfARealRun) {
  const char* data = std::getenv("ASSAY_DATA");
  if (data == nullptr) GTEST_SKIP() << "ASSAY_DATA is not set";
  const std::string folder = std::string(data) + "/golden/llama_cpp_stories15M/";
  const assay::Run run = read_log(folder + "ts_kld_iq4_nl.log");  // values as printed there
  EXPECT_EQ(run.header.model_name, "./s15-iq4_nl.gguf");
  EXPECT_EQ(run.tasks.at(0).n_samples, 40);
  EXPECT_EQ(run.tasks.at(0).metrics.at(0).n_scored, 40 * 127);
  EXPECT_EQ(metric_of(run, "perplexity")->value, 3.748842);
  EXPECT_EQ(metric_of(run, "ln_ppl_ratio")->std_error, 0.006775);
  EXPECT_EQ(metric_of(run, "kld")->value, 0.094286);
  EXPECT_EQ(metric_of(run, "kld_p99.9")->value, 1.458465);
  EXPECT_EQ(metric_of(run, "kld_p99")->value, 0.569977);  // printed twice by that build
  EXPECT_FALSE(metric_of(run, "kld_p95").has_value());    // not printed
  EXPECT_NEAR(metric_of(run, "delta_p_rms")->value, 0.10276, 1e-12);
  EXPECT_NEAR(metric_of(run, "delta_p_p0.1")->value, -0.60870, 1e-12);
  EXPECT_NEAR(metric_of(run, "same_top_p")->std_error.value(), 0.00475, 1e-12);
  const assay::Run base = read_log(folder + "ts_f32_base.log");
  EXPECT_EQ(metric_of(base, "perplexity")->value, 3.5331);
  EXPECT_EQ(metric_of(base, "perplexity")->std_error, 0.09665);
}

TEST(LlamaLogImport, AStoppedRunIsRefused) {
  const TemporaryFolder folder;
  std::ofstream(folder / "a.log")
      << "perplexity: calculating perplexity over 40 chunks, n_ctx=256, "
         "batch_size=2048, n_seq=8\n[1]4.1,[2]4.2";
  try {
    read_log(folder / "a.log");
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("no final numbers"), std::string::npos);
    EXPECT_NE(std::string(error.what()).find("a.log"), std::string::npos);
  }
}

}  // namespace
}  // namespace assay
