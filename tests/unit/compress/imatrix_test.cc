#include "compress/imatrix.h"

#include <gtest/gtest.h>

#include <random>

#include "core/error.h"
#include "gguf_writer.h"

namespace assay {
namespace {

std::string floats(const std::vector<float>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * 4};
}

GgufWriter matrix(const std::vector<float>& counts = {2, 0}) {
  GgufWriter writer;
  writer.string("general.type", "imatrix").uint32("imatrix.chunk_count", 5);
  writer.uint32("imatrix.chunk_size", 512);
  writer.entry(GgufWriter::text("imatrix.datasets") + GgufWriter::raw(9U) + GgufWriter::raw(8U) +
               GgufWriter::raw(std::uint64_t{2}) + GgufWriter::text("one.txt") +
               GgufWriter::text("two.txt"));
  writer.tensor({.name = "w.in_sum2", .shape = {3, 2}, .data = floats({2, 4, 6, 8, 10, 12})});
  writer.tensor({.name = "w.counts",
                 .shape = {1, static_cast<std::int64_t>(counts.size())},
                 .data = floats(counts)});
  return writer;
}

std::string legacy() {
  const auto raw = [](std::int32_t value) { return GgufWriter::raw(value); };
  return raw(2) + raw(1) + "a" + raw(4) + raw(2) + floats({4, 8}) + raw(2) + "bb" + raw(0) +
         raw(1) + floats({3}) + raw(7) + raw(5) + "x.txt";
}

class Imatrix : public FolderTest {};

TEST_F(Imatrix, AveragesTheSumsOfEachExpert) {
  const ImportanceMatrix read = read_imatrix(write("m.gguf", matrix().bytes()));
  ASSERT_EQ(read.entries.size(), 1U);
  EXPECT_EQ(read.entries[0].first, "w");
  EXPECT_EQ(read.entries[0].second, (std::vector<float>{1, 2, 3, 1, 1, 1}));
  EXPECT_EQ(read.n_chunks, 5);
  EXPECT_EQ(read.datasets, (std::vector<std::string>{"one.txt", "two.txt"}));
}

TEST_F(Imatrix, ReadsTheLegacyForm) {
  const ImportanceMatrix read = read_imatrix(write("m.dat", legacy()));
  ASSERT_EQ(read.entries.size(), 2U);
  EXPECT_EQ(read.entries[0].second, (std::vector<float>{1, 2}));
  EXPECT_EQ(read.entries[1].second, (std::vector<float>{3}));
  EXPECT_EQ(read.n_chunks, 7);
  EXPECT_EQ(read.datasets, std::vector<std::string>{"x.txt"});
}

TEST_F(Imatrix, RefusesWhatIsNone) {
  EXPECT_THROW(read_imatrix(in_folder("absent")), Error);
  EXPECT_THROW(read_imatrix(write("empty", "")), Error);
  EXPECT_THROW(read_imatrix(write("text", std::string(100, 'x'))), Error);
  EXPECT_THROW(read_imatrix(write("model.gguf", GgufWriter().bytes())), Error);
  EXPECT_THROW(read_imatrix(write("five.gguf", matrix({1, 1, 1, 1}).bytes())), Error);
  EXPECT_THROW(read_imatrix(write("nan.gguf", matrix({NAN, 1}).bytes())), Error);
}

TEST_F(Imatrix, DamagedFilesAreReadOrRefused) {
  std::mt19937 random(3);
  for (const std::string& good : {legacy(), matrix().bytes()}) {
    for (int i = 0; i < 400; ++i) {
      std::string bad = good.substr(0, i % 2 == 0 ? good.size() : random() % good.size());
      if (!bad.empty()) bad[random() % bad.size()] ^= static_cast<char>(1U << (random() % 8));
      try {
        read_imatrix(write("bad", bad));
      } catch (const Error&) {
      }
    }
  }
}

}  // namespace
}  // namespace assay
