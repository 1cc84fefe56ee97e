// Our engine against transformers: the same weights in F32, an F32 KV cache, flash attention off
// (tests/golden/log_probs).
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <numeric>
#include <vector>

#include <nlohmann/json.hpp>

#include "compress/compress.h"
#include "models/models.h"
#include "smollm2.h"
#include "temporary_folder.h"

namespace assay {
namespace {

constexpr double kTolerance = 1e-4;  // nats, of any log-probability

double log_sum_exp(std::span<const float> logits) {
  const double largest = *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (const float logit : logits) sum += std::exp(logit - largest);
  return largest + std::log(sum);
}

// Largest difference to `expected`, a list of [token, log-probability].
double largest_difference(std::span<const float> logits, const nlohmann::json& expected) {
  const double normaliser = log_sum_exp(logits);
  double largest = 0;
  for (const auto& pair : expected) {
    const auto token = pair.at(0).get<std::size_t>();
    const double difference = logits[token] - normaliser - pair.at(1).get<double>();
    largest = std::max(largest, std::abs(difference));
  }
  return largest;
}

TEST(PeerLogProbabilities, EqualTransformersInFullPrecision) {
  const std::filesystem::path source = smollm2_path();
  if (!std::filesystem::exists(source)) {
    GTEST_SKIP() << "no " << source << " (make demo-real fetches it)";
  }
  std::ifstream file(std::string(ASSAY_SOURCE_DIR) + "/tests/golden/log_probs/golden.json");
  const nlohmann::json golden = nlohmann::json::parse(file);
  const TemporaryFolder folder;
  const std::string f32 = folder / "smollm2-f32.gguf";
  quantize({.source = source.string(), .type = "F32"}, f32);
  const auto model = open_llama(
      {.path = f32, .runtime = {.kv = {"f32", "f32"}, .flash_attention = "off"}, .n_ctx = 128});

  const auto tokens = golden.at("tokens").get<std::vector<Token>>();
  ASSERT_EQ(model->tokenize(golden.at("prompt").get<std::string>(), {}), tokens);
  std::vector<int> wanted(tokens.size());
  std::iota(wanted.begin(), wanted.end(), 0);
  const std::vector<Extension> extensions = {{.child = 1, .tokens = tokens, .wanted = wanted}};
  std::size_t n_rows = 0;
  double largest = 0;
  const auto compare = [&](std::span<const Row> rows) {
    for (const Row& row : rows) {
      const auto& expected = golden.at("log_probs").at(static_cast<std::size_t>(row.index));
      largest = std::max(largest, largest_difference(row.logits, expected));
      ++n_rows;
    }
  };
  model->extend(extensions, compare, {});
  EXPECT_EQ(n_rows, tokens.size());
  EXPECT_LT(largest, kTolerance);
  RecordProperty("largest_difference", std::to_string(largest));
}

}  // namespace
}  // namespace assay
