// Weights whose changes are known by construction.
#include <gtest/gtest.h>

#include <cmath>

#include "compress/compress.h"
#include "core/error.h"
#include "gguf_writer.h"

namespace assay {
namespace {

constexpr std::uint32_t kF32 = 0, kQ4_0 = 2;

std::string floats(const std::vector<float>& values) {
  std::string bytes;
  for (const float value : values) bytes += GgufWriter::raw(value);
  return bytes;
}

// 64 weights, two rows.
std::vector<float> ramp(float scale) {
  std::vector<float> values;
  for (int i = 0; i < 64; ++i) values.push_back(scale * static_cast<float>(i % 16 - 8));
  return values;
}

// Two blocks of Q4_0 with the scale 1: the values of ramp(1), each nibble being the value + 8. The
// first half of a block is in the low nibbles.
std::string q4_0_ramp() {
  std::string bytes;
  for (int block = 0; block < 2; ++block) {
    bytes += GgufWriter::raw(std::uint16_t{0x3C00});
    for (int i = 0; i < 16; ++i)
      bytes += static_cast<char>(static_cast<unsigned char>(i | (i << 4)));
  }
  return bytes;
}

class TensorLosses : public FolderTest {
 protected:
  std::string file(const std::string& name, const std::vector<GgufWriter::Tensor>& tensors) {
    GgufWriter writer;
    writer.string("general.architecture", "llama");
    for (const GgufWriter::Tensor& tensor : tensors) writer.tensor(tensor);
    return write(name, writer.bytes());
  }
};

TEST_F(TensorLosses, AreTheChangeOverTheSizeOfTheWeights) {
  const std::string base =
      file("base.gguf", {{"a", {32, 2}, kF32, floats(ramp(1))},
                         {"norm", {32}, kF32, floats(std::vector<float>(32, 1))},
                         {"b", {32, 2}, kF32, floats(ramp(1))},
                         {"zero", {32, 2}, kF32, floats(std::vector<float>(64, 0))},
                         {"only_here", {32, 2}, kF32, floats(ramp(1))}});
  const std::string variant =
      file("variant.gguf", {{"zero", {32, 2}, kF32, floats(std::vector<float>(64, 0))},
                            {"a", {32, 2}, kF32, floats(ramp(1.25F))},
                            {"norm", {32}, kF32, floats(std::vector<float>(32, 2))},
                            {"b", {32, 2}, kQ4_0, q4_0_ramp()}});
  const std::vector<TensorLoss> losses = tensor_losses(base, variant);
  ASSERT_EQ(losses.size(), 3U);  // matrices of both
  EXPECT_EQ(losses[0].name, "zero");
  EXPECT_EQ(losses[0].relative_rms, 0);
  EXPECT_EQ(losses[1].name, "a");
  EXPECT_DOUBLE_EQ(losses[1].relative_rms, 0.25);
  EXPECT_EQ(losses[1].n_weights, 64);
  EXPECT_EQ(losses[2].name, "b");
  EXPECT_EQ(losses[2].baseline_type, "F32");
  EXPECT_EQ(losses[2].type, "Q4_0");
  EXPECT_EQ(losses[2].relative_rms, 0);
}

TEST_F(TensorLosses, RefuseOtherModelsAndWeightsThatAreNoNumbers) {
  const std::string base = file("base.gguf", {{"a", {32, 2}, kF32, floats(ramp(1))}});
  const auto refusal = [&](const std::string& variant) -> std::string {
    try {
      tensor_losses(base, variant);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kBadInput);
      return error.what();
    }
    return "accepted";
  };
  EXPECT_NE(refusal(file("shape.gguf", {{"a", {64, 1}, kF32, floats(ramp(1))},
                                        {"a2", {32, 2}, kF32, floats(ramp(1))}})),
            "accepted");
  EXPECT_NE(refusal(file("wide.gguf", {{"a", {16, 4}, kF32, floats(ramp(1))}})).find("shape"),
            std::string::npos);
  EXPECT_NE(refusal(file("nan.gguf", {{"a", {32, 2}, kF32, floats(ramp(NAN))}})).find("no numbers"),
            std::string::npos);
  EXPECT_NE(refusal(file("other.gguf", {{"x", {32, 2}, kF32, floats(ramp(1))}})).find("No tensor"),
            std::string::npos);
}

// 8 bits in blocks of 32: the error of rounding is uniform, at most half a step of max / 127.
TEST_F(TensorLosses, OfARealModelStayBelowWhatRoundingCanDo) {
  ASSAY_NEED_DATA(model, "models/stories15M/stories15M-f16.gguf");
  const std::string made = in_folder("q8.gguf");
  quantize({.source = model, .type = "Q8_0"}, made);
  for (const TensorLoss& loss : tensor_losses(model, made)) {
    if (loss.type != "Q8_0") continue;
    EXPECT_GT(loss.relative_rms, 0.001) << loss.name;
    EXPECT_LT(loss.relative_rms, 0.01) << loss.name;
  }
}

}  // namespace
}  // namespace assay
