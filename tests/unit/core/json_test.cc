#include "core/json.h"

#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>

namespace assay {
namespace {

TEST(ModelInfoJson, RoundTrip) {
  ModelInfo info{.path = "a \"b\".gguf", .n_weights = 1234567890123, .bits_per_weight = 4.1};
  info.weights = hash_bytes("w");
  info.tensor_types = {{"Q4_K", 2, 30, 40}};
  info.eos = 0;
  info.chat_template = "{{ x }}\n";
  info.runtime.kv = {"q8_0", "f16"};
  const std::string text = to_json(info);
  EXPECT_EQ(text.find('\n'), std::string::npos);
  const ModelInfo back = model_info_from_json(text);
  EXPECT_EQ(to_json(back), text);
  EXPECT_EQ(back.path, info.path);
  EXPECT_EQ(back.n_weights, info.n_weights);
  EXPECT_EQ(back.bits_per_weight, info.bits_per_weight);
  EXPECT_EQ(back.weights, info.weights);
  EXPECT_EQ(back.runtime.kv, info.runtime.kv);
  EXPECT_FALSE(back.bos);
  EXPECT_EQ(back.eos, 0);
}

TEST(DivergenceJson, HasTheRequiredFields) {
  DivergenceReport report;
  report.variants.resize(1);
  report.variants[0].divergence.kld.value = std::numeric_limits<double>::quiet_NaN();
  report.variants[0].divergence.kld_percentiles.max = std::numeric_limits<double>::infinity();
  const auto json = nlohmann::json::parse(to_json(report));
  const auto& variant = json.at("variants").at(0);
  for (const auto* model : {&json.at("baseline"), &variant}) {
    for (const char* name : {"name", "path", "size_bytes", "bits_per_weight", "tensor_types",
                             "kv_types", "n_scored_tokens", "n_chunks"})
      EXPECT_TRUE(model->contains(name)) << name;
    for (const char* name : {"value", "std_error", "std_error_iid", "convention"})
      EXPECT_TRUE(model->at("perplexity").contains(name)) << name;
  }
  for (const char* path :
       {"/ppl_ratio/value", "/ppl_ratio/ci95", "/kld/mean", "/kld/std_error", "/kld/median",
        "/kld/p90", "/kld/p99", "/kld/p999", "/kld/max", "/same_top_p/value",
        "/same_top_p/std_error", "/delta_p/mean", "/delta_p/rms", "/sentence"})
    EXPECT_TRUE(variant.contains(nlohmann::json::json_pointer(path))) << path;
  EXPECT_TRUE(variant.at("kld").at("mean").is_null());
  EXPECT_TRUE(variant.at("kld").at("max").is_null());
}

}  // namespace
}  // namespace assay
