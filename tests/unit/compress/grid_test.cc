#include "compress/grid.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>
#include <random>

#include "gguf_writer.h"

namespace assay {
namespace {

float to_bf16(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  return std::bit_cast<float>((bits + 0x7fff + ((bits >> 16) & 1)) & 0xffff0000U);
}
float to_f16(float value) {  // normal numbers only, ties away from even: enough for random values
  const int exponent = std::max(std::ilogb(value == 0 ? 1.0F : value), -14);
  const float ulp = std::ldexp(1.0F, exponent - 10);
  return std::round(value / ulp) * ulp;
}
float store(float value, Precision precision) {
  switch (precision) {
    case Precision::kF32:
      return value;
    case Precision::kF16:
      return to_f16(value);
    case Precision::kBf16:
      return to_bf16(value);
  }
  return value;
}

constexpr std::array kPrecisions = {Precision::kF32, Precision::kF16, Precision::kBf16};

// Blocks of `size` weights scale * k + offset, k in 0..n_levels, normal in the middle.
std::vector<float> on_grid(int size, int n_levels, bool through_zero, Precision precision,
                           std::mt19937& random) {
  std::normal_distribution<float> normal;
  std::vector<float> weights;
  for (int block = 0; block < 256; ++block) {
    const float scale = to_f16(0.01F * std::exp(0.3F * normal(random)));
    const float half = static_cast<float>(n_levels) / 2;
    const float offset =
        through_zero ? -std::ceil(half) * scale : to_f16((0.2F * normal(random) - half) * scale);
    for (int i = 0; i < size; ++i) {
      const float level = std::round(half + normal(random) * half / 2.2F);
      const float k = std::clamp(level, 0.0F, static_cast<float>(n_levels));
      weights.push_back(store(scale * k + offset, precision));
    }
  }
  return weights;
}

TEST(Grid, SaysNothingOfRandomWeights) {
  std::mt19937 random(11);
  for (const Precision precision : kPrecisions) {
    for (const float scale : {1.0F, 0.02F, 1e-3F}) {
      std::normal_distribution<float> normal(0, scale);
      std::vector<float> weights(65536);
      for (float& weight : weights) weight = store(normal(random), precision);
      EXPECT_EQ(find_grid(weights, precision), std::nullopt) << static_cast<int>(precision);
      // 2:4 pruning: half of the weights are zero, the others are genuine.
      for (std::size_t i = 0; i < weights.size(); i += 2) weights[i] = 0;
      EXPECT_EQ(find_grid(weights, precision), std::nullopt) << static_cast<int>(precision);
    }
    std::uniform_real_distribution<float> uniform(-1, 1);
    std::vector<float> weights(65536);
    for (float& weight : weights) weight = store(uniform(random), precision);
    EXPECT_EQ(find_grid(weights, precision), std::nullopt) << static_cast<int>(precision);
  }
}

// A 16-bit file widened to F32 without being told so must not look like a grid either.
TEST(Grid, SaysNothingOfWidenedBf16) {
  std::mt19937 random(12);
  std::normal_distribution<float> normal(0, 0.02F);
  std::vector<float> weights(65536);
  for (float& weight : weights) weight = to_bf16(normal(random));
  EXPECT_EQ(find_grid(weights, Precision::kF32), std::nullopt);
}

TEST(Grid, SaysNothingOfConstantAndEmptyInput) {
  EXPECT_EQ(find_grid({}, Precision::kF32), std::nullopt);
  EXPECT_EQ(find_grid(std::vector<float>(4096, 0.5F), Precision::kF32), std::nullopt);
  EXPECT_EQ(find_grid(std::vector<float>(4096, NAN), Precision::kF32), std::nullopt);
}

TEST(Grid, FindsGridsOfFewBits) {
  std::mt19937 random(13);
  for (const Precision precision : kPrecisions) {
    for (const int bits : {2, 3, 4, 5, 6}) {
      for (const bool through_zero : {true, false}) {
        const int n_levels = (1 << bits) - 1;
        const auto weights = on_grid(32, n_levels, through_zero, precision, random);
        const auto grid = find_grid(weights, precision);
        if (bits == 6 && precision == Precision::kBf16 && !through_zero) continue;  // see below
        ASSERT_TRUE(grid) << bits << " bits, precision " << static_cast<int>(precision);
        EXPECT_EQ(grid->block, 32);
        EXPECT_EQ(grid->bits, bits) << static_cast<int>(precision);
      }
    }
    for (const int bits : {2, 3, 4}) {
      const auto weights = on_grid(16, (1 << bits) - 1, true, precision, random);
      const auto grid = find_grid(weights, precision);
      ASSERT_TRUE(grid) << bits << " bits, precision " << static_cast<int>(precision);
      EXPECT_EQ(grid->block, 16);
      EXPECT_EQ(grid->bits, bits);
    }
  }
}

TEST(Grid, FindsEightBits) {
  std::mt19937 random(14);
  for (const Precision precision : kPrecisions) {
    const auto grid = find_grid(on_grid(32, 254, true, precision, random), precision);
    ASSERT_TRUE(grid) << static_cast<int>(precision);
    EXPECT_GE(grid->bits, 7) << static_cast<int>(precision);
  }
}

// ggml's blocks, dequantised by gguf-py.
TEST(Grid, FindsGgmlsOwnTypes) {
  ASSAY_NEED_DATA(path, "golden/checkpoints/gguf-blocks/gguf_blocks.safetensors");
  const std::string bytes = read_all(path);
  std::uint64_t header_bytes = 0;
  std::memcpy(&header_bytes, bytes.data(), 8);
  const auto header = nlohmann::json::parse(bytes.substr(8, header_bytes));
  const auto floats = [&](const std::string& name) {
    const std::size_t begin = header.at(name).at("data_offsets").at(0);
    const std::size_t end = header.at(name).at("data_offsets").at(1);
    std::vector<float> out((end - begin) / 4);
    std::memcpy(out.data(), bytes.data() + 8 + header_bytes + begin, end - begin);
    return out;
  };
  EXPECT_EQ(find_grid(floats("source"), Precision::kF32), std::nullopt);
  const std::map<std::string, std::pair<int, int>> block_and_bits = {
      {"Q4_0", {32, 4}}, {"Q4_1", {32, 4}}, {"Q5_0", {32, 5}}, {"Q5_1", {32, 5}},
      {"Q8_0", {32, 8}}, {"Q2_K", {16, 2}}, {"Q3_K", {16, 3}}, {"Q4_K", {32, 4}},
      {"Q5_K", {32, 5}}, {"Q6_K", {16, 6}}};
  for (const auto& [type, expected] : block_and_bits) {
    for (const Precision precision : kPrecisions) {
      std::vector<float> weights = floats(type + ".dequant");
      for (float& weight : weights) weight = store(weight, precision);
      const auto grid = find_grid(weights, precision);
      ASSERT_TRUE(grid) << type << " as " << static_cast<int>(precision);
      EXPECT_EQ(grid->block, expected.first) << type << " as " << static_cast<int>(precision);
      EXPECT_EQ(grid->bits, expected.second) << type << " as " << static_cast<int>(precision);
    }
  }
  const auto codebook = find_grid(floats("IQ4_NL.dequant"), Precision::kF32);
  ASSERT_TRUE(codebook);
  EXPECT_TRUE(codebook->codebook);
}

}  // namespace
}  // namespace assay
