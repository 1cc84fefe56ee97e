#include <gtest/gtest.h>

#include <random>
#include <sstream>

#include "compress/compress.h"
#include "compress/gguf_parser.h"
#include "core/error.h"
#include "gguf_writer.h"

namespace assay {
namespace {

GgufHeader parse(const std::string& bytes) {
  std::istringstream in(bytes);
  return parse_gguf(in, static_cast<std::int64_t>(bytes.size()), "x.gguf");
}

GgufWriter small() {
  GgufWriter writer;
  writer.string("general.architecture", "llama").uint32("llama.block_count", 2);
  writer.tensor({.name = "a", .shape = {32, 2}, .type = 2, .data = std::string(36, 'x')});
  writer.tensor({.name = "b", .shape = {3}, .type = 0, .data = std::string(12, 'y')});
  return writer;
}

std::string problem(const std::string& bytes) {
  try {
    parse(bytes);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kBadInput) << error.what();
    return error.what();
  }
  return "it was accepted";
}

#define EXPECT_PROBLEM(bytes, words) \
  EXPECT_NE(problem(bytes).find(words), std::string::npos) << problem(bytes)

TEST(Gguf, ReadsMetadataAndTensors) {
  const GgufHeader header = parse(small().bytes());
  EXPECT_EQ(header.version, 3U);
  EXPECT_EQ(header.text("general.architecture"), "llama");
  EXPECT_EQ(header.integer("llama.block_count"), 2);
  EXPECT_EQ(header.text("llama.block_count"), std::nullopt);
  EXPECT_EQ(header.integer("absent"), std::nullopt);
  ASSERT_EQ(header.tensors.size(), 2U);
  EXPECT_EQ(header.tensors[0].type, "Q4_0");
  EXPECT_EQ(header.tensors[0].n_weights, 64);
  EXPECT_EQ(header.tensors[0].size_bytes, 36);
  EXPECT_EQ(header.tensors[1].offset, header.tensors[0].offset + 64);
  EXPECT_DOUBLE_EQ(bits_per_weight(header), 8.0 * 48 / 67);
  ASSERT_EQ(tensor_types(header).size(), 2U);
  EXPECT_EQ(tensor_types(header)[0].type, "Q4_0");
}

TEST(Gguf, KeepsTheKindOfEveryValue) {
  GgufWriter writer;
  const auto raw = [](auto value) { return GgufWriter::raw(value); };
  const auto add = [&](const std::string& key, std::uint32_t kind, const std::string& value) {
    writer.entry(GgufWriter::text(key) + raw(kind) + value);
  };
  add("u8", 0, raw(std::uint8_t{200}));
  add("i8", 1, raw(std::int8_t{-3}));
  add("u16", 2, raw(std::uint16_t{60000}));
  add("i16", 3, raw(std::int16_t{-30000}));
  add("i32", 5, raw(std::int32_t{-5}));
  add("f32", 6, raw(1.5F));
  add("bool", 7, raw(std::int8_t{1}));
  add("u64", 10, raw(~std::uint64_t{0}));
  add("i64", 11, raw(std::int64_t{-9}));
  add("f64", 12, raw(2.5));
  add("array", 9,
      raw(std::uint32_t{8}) + raw(std::uint64_t{2}) + GgufWriter::text("a") +
          GgufWriter::text("bc"));
  const GgufHeader header = parse(writer.bytes());
  ASSERT_EQ(header.metadata.size(), 11U);
  EXPECT_EQ(header.integer("u8"), 200);
  EXPECT_EQ(header.integer("i8"), -3);
  EXPECT_EQ(header.integer("u16"), 60000);
  EXPECT_EQ(header.integer("i16"), -30000);
  EXPECT_EQ(header.integer("i32"), -5);
  EXPECT_EQ(std::get<double>(header.metadata[5].second), 1.5);
  EXPECT_TRUE(std::get<bool>(header.metadata[6].second));
  EXPECT_EQ(header.integer("u64"), std::nullopt) << "it does not fit";
  EXPECT_EQ(header.integer("i64"), -9);
  EXPECT_EQ(std::get<double>(header.metadata[9].second), 2.5);
  EXPECT_EQ(std::get<GgufArray>(header.metadata[10].second).n, 2U);
  EXPECT_EQ(std::get<GgufArray>(header.metadata[10].second).element_type, "string");
}

TEST(Gguf, RefusesWhatIsNoGguf) {
  EXPECT_PROBLEM("", "not a GGUF: it has only 0 bytes (x.gguf, byte 0)");
  EXPECT_PROBLEM("PK\3\4......", "not a GGUF: it starts with 'PK\\x03\\x04'");
  EXPECT_PROBLEM("FUGG....", "big-endian");
  EXPECT_PROBLEM(std::string("GGUF\0\0\0\3", 8) + std::string(16, '\0'), "big-endian");
  EXPECT_PROBLEM(std::string("GGUF\1\0\0\0", 8) + std::string(16, '\0'), "GGUF version 1");
  EXPECT_PROBLEM(std::string("GGUF\11\0\0\0", 8) + std::string(16, '\0'), "Update assay");
}

TEST(Gguf, RefusesHostileCountsBeforeAllocating) {
  const std::string start = std::string("GGUF") + GgufWriter::raw(std::uint32_t{3});
  const auto raw = [](auto value) { return GgufWriter::raw(static_cast<std::uint64_t>(value)); };
  EXPECT_PROBLEM(start + raw(~0ULL) + raw(0), "tensors cannot fit in the 8 bytes");
  EXPECT_PROBLEM(start + raw(0) + raw(1ULL << 62), "metadata entries cannot fit");
  EXPECT_PROBLEM(start + raw(0) + raw(1) + raw(1ULL << 32) + std::string(20, 'k'),
                 "a metadata key claims 4294967296 bytes");
  GgufWriter writer;
  writer.entry(GgufWriter::text("a") + GgufWriter::raw(std::uint32_t{9}) +
               GgufWriter::raw(std::uint32_t{10}) + raw((1ULL << 61) + 1));
  EXPECT_PROBLEM(writer.bytes(), "elements of metadata 'a' cannot fit");
}

TEST(Gguf, RefusesWrongMetadata) {
  EXPECT_PROBLEM(small().uint32("llama.block_count", 3).bytes(), "is there twice");
  EXPECT_PROBLEM(small().entry(GgufWriter::text("k") + GgufWriter::raw(13U)).bytes(),
                 "unknown type 13");
  EXPECT_PROBLEM(small()
                     .entry(GgufWriter::text("k") + GgufWriter::raw(9U) + GgufWriter::raw(9U) +
                            GgufWriter::raw(std::uint64_t{1}))
                     .bytes(),
                 "arrays in an array");
  EXPECT_PROBLEM(small().uint32("general.alignment", 0).bytes(), "power of two");
  EXPECT_PROBLEM(small().uint32("general.alignment", 48).bytes(), "power of two");
  EXPECT_PROBLEM(small().string("general.alignment", "32").bytes(), "power of two");
}

TEST(Gguf, RefusesWrongTensors) {
  const auto with = [](GgufWriter::Tensor tensor) {
    tensor.data = std::string(64, 'x');
    return small().tensor(std::move(tensor)).bytes();
  };
  EXPECT_PROBLEM(with({.name = "a", .shape = {1}}), "tensor 'a' is there twice");
  EXPECT_PROBLEM(with({.name = "", .shape = {1}}), "without a name");
  EXPECT_PROBLEM(with({.name = "c", .shape = {1, 1, 1, 1, 1}}), "5 dimensions");
  EXPECT_PROBLEM(with({.name = "c", .shape = {0}}), "dimension 0");
  EXPECT_PROBLEM(with({.name = "c", .shape = {-4}}), "dimension -4");
  EXPECT_PROBLEM(with({.name = "c", .shape = {4}, .type = 99}), "ggml type 99");
  EXPECT_PROBLEM(with({.name = "c", .shape = {4}, .type = 31}), "ggml type 31");
  EXPECT_PROBLEM(with({.name = "c", .shape = {33}, .type = 2}), "Q4_0's block of 32");
  EXPECT_PROBLEM(with({.name = "c", .shape = {1LL << 40, 1LL << 40}}), "more weights than");
  EXPECT_PROBLEM(with({.name = "c", .shape = {1LL << 60, 4}}), "more weights than");
  EXPECT_PROBLEM(with({.name = "c", .shape = {1LL << 60}}), "truncated: tensor 'c' ends at");
  EXPECT_PROBLEM(with({.name = "c", .shape = {17}}), "truncated: tensor 'c' ends at");
}

TEST(Gguf, RefusesOverlapsAndWildOffsets) {
  const std::string good = small().bytes();
  const std::size_t at = good.find(GgufWriter::text("b")) + 9 + 4 + 8 + 4;
  const auto with_offset = [&](std::uint64_t offset) {
    std::string bytes = good;
    bytes.replace(at, 8, GgufWriter::raw(offset));
    return bytes;
  };
  EXPECT_NO_THROW(parse(with_offset(64)));
  EXPECT_PROBLEM(with_offset(32), "tensors 'a' and 'b' overlap");
  EXPECT_PROBLEM(with_offset(65), "not a multiple of 32");
  EXPECT_PROBLEM(with_offset(96), "truncated");
  EXPECT_PROBLEM(with_offset(~0ULL - 31), "beyond any file");
}

TEST(Gguf, EveryTruncationIsNoticed) {
  const std::string good = small().bytes();
  const std::size_t end = good.size() - 32 + 12;  // after the last tensor's bytes comes padding
  for (std::size_t n = 0; n < end; ++n) {
    EXPECT_NE(problem(good.substr(0, n)), "it was accepted") << n;
  }
  EXPECT_NO_THROW(parse(good.substr(0, end)));
}

TEST(Gguf, MutationsParseOrThrow) {
  const std::string good = small().bytes();
  std::mt19937 random(20260711);
  int n_refused = 0;
  for (int i = 0; i < 2000; ++i) {
    std::string bytes = good;
    for (unsigned n = 1 + random() % 4; n > 0; --n) {
      bytes[random() % bytes.size()] ^= static_cast<char>(1U << (random() % 8));
    }
    try {
      parse(bytes);
    } catch (const Error&) {
      ++n_refused;
    }
  }
  EXPECT_GT(n_refused, 200);
}

class GgufFile : public FolderTest {};

TEST_F(GgufFile, CommittedCorpus) {
  int n = 0;
  for (const auto& file :
       std::filesystem::directory_iterator(ASSAY_SOURCE_DIR "/tests/fuzz/gguf")) {
    const std::string name = file.path().filename().string();
    if (file.path().extension() != ".gguf") continue;
    ++n;
    if (name.starts_with("valid")) {
      EXPECT_NO_THROW(read_gguf(file.path().string())) << name;
    } else {
      EXPECT_NE(problem(read_all(file.path().string())), "it was accepted") << name;
      EXPECT_THROW(read_gguf(file.path().string()), Error) << name;
    }
  }
  EXPECT_GT(n, 15);
}

TEST_F(GgufFile, MissingFileAndFolder) {
  EXPECT_THROW(read_gguf(in_folder("absent.gguf")), Error);
  EXPECT_THROW(read_gguf(folder_.string()), Error);
}

TEST_F(GgufFile, RealFilesAndTheirTruncations) {
  ASSAY_NEED_DATA(model, "models/stories260K/stories260K-f32.gguf");
  const GgufHeader header = read_gguf(model);
  EXPECT_EQ(header.text("general.architecture"), "llama");
  EXPECT_EQ(header.integer("llama.embedding_length"), 64);
  EXPECT_EQ(header.file_bytes, 1185376);
  const std::string bytes = read_all(model);
  std::mt19937 random(7);
  for (int i = 0; i < 300; ++i) {
    // Half of them inside the header, where the parser works.
    const std::size_t n = random() % (i % 2 == 0 ? bytes.size() - 256 : header.tensors[0].offset);
    EXPECT_NE(problem(bytes.substr(0, n)), "it was accepted") << n;
  }
  for (int i = 0; i < 400; ++i) {
    std::string mutated = bytes.substr(0, header.tensors[0].offset);
    mutated[random() % mutated.size()] ^= static_cast<char>(1U << (random() % 8));
    std::istringstream in(mutated);
    try {
      parse_gguf(in, static_cast<std::int64_t>(bytes.size()), "mutated");
    } catch (const Error&) {
    }
  }
}

TEST_F(GgufFile, PartsOfASplitModel) {
  EXPECT_EQ(gguf_parts("model.gguf"), std::vector<std::string>{"model.gguf"});
  EXPECT_EQ(gguf_parts("m-00004-of-00003.gguf").size(), 1U);
  const std::string one = write("m-00001-of-00002.gguf", "x");
  EXPECT_THROW(gguf_parts(one), Error);
  const std::string two = write("m-00002-of-00002.gguf", "x");
  EXPECT_EQ(gguf_parts(two), (std::vector<std::string>{one, two}));
}

}  // namespace
}  // namespace assay
