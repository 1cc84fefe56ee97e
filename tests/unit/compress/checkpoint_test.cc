#include <gtest/gtest.h>

#include "compress/compress.h"
#include "core/error.h"
#include "gguf_writer.h"

namespace assay {
namespace {

class Checkpoint : public FolderTest {
 protected:
  // `source` made into `type`; a quantised source is allowed.
  std::string make(const std::string& source, const std::string& type) {
    const std::string path = in_folder(fmt::format("{}-{}.gguf", n_++, type));
    quantize({.source = source, .type = type, .allow_requantize = true, .n_threads = 2}, path);
    return path;
  }
  int n_ = 0;
};

TEST_F(Checkpoint, FactsFromMetadata) {
  GgufWriter writer;
  writer.string("general.architecture", "gemma3").string("general.name", "G");
  writer.uint32("general.file_type", 15).uint32("gemma3.block_count", 18);
  writer.uint32("gemma3.embedding_length", 640).uint32("gemma3.context_length", 32768);
  writer.uint32("gemma3.attention.head_count", 4).uint32("gemma3.attention.key_length", 256);
  writer.uint32("gemma3.vocab_size", 1000);
  const CheckpointFacts facts = inspect_checkpoint(write("a.gguf", writer.bytes()));
  EXPECT_EQ(facts.architecture, "gemma3");
  EXPECT_EQ(facts.name, "G");
  EXPECT_EQ(facts.file_type, "Q4_K_M");
  EXPECT_EQ(facts.n_layer, 18);
  EXPECT_EQ(facts.n_embd, 640);
  EXPECT_EQ(facts.n_ctx_train, 32768);
  EXPECT_EQ(facts.head_dim_k, 256);
  EXPECT_EQ(facts.head_dim_v, 160) << "640 / 4: the file does not say";
  EXPECT_EQ(facts.n_vocab, 1000);
  EXPECT_FALSE(facts.quantised);
  EXPECT_EQ(facts.dequantised_from, std::nullopt);
}

TEST_F(Checkpoint, RefusesNonsense) {
  GgufWriter writer;
  writer.string("general.architecture", "x");
  writer.entry(GgufWriter::text("x.block_count") + GgufWriter::raw(10U) +
               GgufWriter::raw(1LL << 40));
  EXPECT_THROW(inspect_checkpoint(write("a.gguf", writer.bytes())), Error);
}

TEST_F(Checkpoint, PartsCountTogether) {
  const auto part = [](const std::string& name) {
    return GgufWriter()
        .string("general.architecture", "llama")
        .tensor({.name = name, .shape = {32, 2}, .type = 8, .data = std::string(68, 'x')})
        .bytes();
  };
  const std::string first = write("m-00001-of-00002.gguf", part("a.weight"));
  write("m-00002-of-00002.gguf", part("b.weight"));
  const CheckpointFacts facts = inspect_checkpoint(first);
  EXPECT_EQ(facts.n_weights, 128);
  EXPECT_EQ(facts.size_bytes, 2 * static_cast<std::int64_t>(part("a.weight").size()));
  ASSERT_EQ(facts.tensor_types.size(), 1U);
  EXPECT_EQ(facts.tensor_types[0].n_tensors, 2);
  EXPECT_DOUBLE_EQ(facts.bits_per_weight, 8.5);
  EXPECT_TRUE(facts.quantised);
}

// Bits per weight as llama.cpp printed them when it loaded the files, and the files' sizes, from
// its golden logs of stories15M. Its simple types were made with --pure.
struct Golden {
  const char* type;
  bool pure;
  const char* bits;
  std::int64_t size_bytes;
};
constexpr Golden kStories15M[] = {
    {"F16", false, "16.00", 49550112},  {"Q8_0", false, "8.50", 26671392},
    {"Q6_K", false, "8.40", 26349984},  {"Q5_1", true, "6.00", 19045152},
    {"Q5_0", true, "5.50", 17519904},   {"Q4_K_M", false, "6.64", 20986272},
    {"IQ4_NL", true, "4.50", 14469408}, {"Q4_1", true, "5.00", 15994656},
    {"Q4_0", true, "4.50", 14469408},   {"Q2_K", false, "5.96", 18901152},
};

TEST_F(Checkpoint, Stories15MAndItsVariants) {
  ASSAY_NEED_DATA(model, "models/stories15M/stories15M-f16.gguf");
  const CheckpointFacts base = inspect_checkpoint(model);
  EXPECT_EQ(base.n_layer, 6);
  EXPECT_EQ(base.n_embd, 288);
  EXPECT_EQ(base.n_vocab, 32000);
  EXPECT_EQ(base.head_dim_k, 48);
  EXPECT_EQ(base.head_dim_v, 48);
  EXPECT_EQ(base.dequantised_from, std::nullopt);
  EXPECT_EQ(base.file_type, "F16");
  EXPECT_FALSE(base.quantised);
  EXPECT_TRUE(base.fallbacks.empty());
  for (const Golden& golden : kStories15M) {
    const std::string path = in_folder(std::string(golden.type) + ".gguf");
    quantize({.source = model, .type = golden.type, .pure = golden.pure, .n_threads = 2}, path);
    const CheckpointFacts facts = inspect_checkpoint(path);
    EXPECT_EQ(fmt::format("{:.2f}", facts.bits_per_weight), golden.bits) << golden.type;
    EXPECT_EQ(facts.size_bytes, golden.size_bytes) << golden.type;
    EXPECT_EQ(facts.file_type, golden.type);
    EXPECT_EQ(facts.quantised, facts.file_type != "F16");
    EXPECT_EQ(facts.dequantised_from, std::nullopt) << golden.type;
  }
}

TEST_F(Checkpoint, GenuineWeightsOfF32) {
  ASSAY_NEED_DATA(model, "models/stories260K/stories260K-f32.gguf");
  const CheckpointFacts facts = inspect_checkpoint(model);
  EXPECT_EQ(facts.dequantised_from, std::nullopt);
  EXPECT_EQ(facts.head_dim_k, 8);
  EXPECT_EQ(inspect_checkpoint(make(model, "F16")).dequantised_from, std::nullopt);
  EXPECT_EQ(inspect_checkpoint(make(model, "BF16")).dequantised_from, std::nullopt);
}

struct Dequantised {
  const char* type;
  const char* start;
};

// 288 is no multiple of 256: the K-quants fall back to blocks of 32, as their names here show.
TEST_F(Checkpoint, FindsWhatWasDequantised) {
  ASSAY_NEED_DATA(model, "models/stories15M/stories15M-f16.gguf");
  const std::vector<Dequantised> cases = {
      {"Q8_0", "about 8-bit blocks of 32"},
      {"Q5_1", "about 5-bit blocks of 32"},
      {"Q5_0", "about 5-bit blocks of 32"},
      {"Q4_0", "about 4-bit blocks of 32"},
      {"Q4_1", "about 4-bit blocks of 32"},
      {"IQ4_NL", "about 4-bit blocks of 32 (16 values each: IQ4_NL"},
      {"Q4_K_M", "about "},
      {"Q6_K", "about 8-bit blocks of 32"},
      {"Q2_K", "about "}};
  for (const Dequantised& made : cases) {
    const std::string quantised = make(model, made.type);
    for (const char* storage : {"F16", "F32", "BF16"}) {
      const auto found = inspect_checkpoint(make(quantised, storage)).dequantised_from;
      EXPECT_EQ(found.value_or("nothing").find(made.start), 0U)
          << made.type << " as " << storage << ": " << found.value_or("nothing");
    }
  }
}

TEST_F(Checkpoint, SmolLM2WasDequantisedAndFallsBack) {
  ASSAY_NEED_VARIABLE(model, "ASSAY_SMOLLM2", "SmolLM2-135M dequantised to F16");
  const CheckpointFacts base = inspect_checkpoint(model);
  EXPECT_EQ(base.dequantised_from.value_or("nothing").find("about 4-bit blocks of 32 (Q4_0/Q4_1"),
            0U)
      << base.dequantised_from.value_or("nothing");
  for (const char* type : {"Q4_K_M", "Q6_K", "Q2_K", "IQ4_XS"}) {
    const std::string path = in_folder(std::string(type) + ".gguf");
    const QuantizeResult made = quantize({.source = model, .type = type, .n_threads = 2}, path);
    const CheckpointFacts facts = inspect_checkpoint(path);
    EXPECT_EQ(made.fallbacks.size(), 180U) << type;
    ASSERT_EQ(facts.fallbacks.size(), 180U) << type;
    std::int64_t n_tensors = 0;
    for (const TensorTypeCount& count : facts.tensor_types) n_tensors += count.n_tensors;
    EXPECT_EQ(n_tensors, 272) << type;
    // What inspecting derives from the file is what llama.cpp's log said when it was made.
    std::map<std::string, Fallback> logged;
    for (const Fallback& fallback : made.fallbacks) logged[fallback.tensor] = fallback;
    for (const Fallback& fallback : facts.fallbacks) {
      const Fallback& said = logged[fallback.tensor];
      EXPECT_EQ(fallback.got, said.got) << type << ' ' << fallback.tensor;
      EXPECT_EQ(fallback.row_length, said.row_length);
      // Q2_K and Q3_K fall back to the same type, which a file does not tell apart.
      if (said.wanted == "Q3_K") continue;
      EXPECT_EQ(fallback.wanted, said.wanted) << fallback.tensor;
    }
    for (const char* storage : {"F16", "F32"}) {
      const auto found = inspect_checkpoint(make(path, storage)).dequantised_from;
      EXPECT_TRUE(found) << type << " as " << storage;
      if (found) RecordProperty(std::string(type) + storage, *found);
    }
  }
}

}  // namespace
}  // namespace assay
