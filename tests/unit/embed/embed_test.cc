// cmake/embed.cmake: the bytes in the program are the file's.
#include <gtest/gtest.h>

#include <cstdint>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

extern "C" {
extern const unsigned char test_embedded_model[], test_embedded_model_end[];
extern const unsigned char test_embedded_text[], test_embedded_text_end[];
}

namespace assay {
namespace {

std::string_view bytes_between(const unsigned char* begin, const unsigned char* end) {
  return {reinterpret_cast<const char*>(begin), static_cast<std::size_t>(end - begin)};
}

std::string read_data_file(const std::string& name) {
  std::ifstream file(std::string(ASSAY_SOURCE_DIR) + "/tests/data/" + name, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(Embed, ModelEqualsItsFile) {
  const auto embedded = bytes_between(test_embedded_model, test_embedded_model_end);
  EXPECT_TRUE(embedded == read_data_file("stories260K-f32.gguf"));
  EXPECT_EQ(embedded.substr(0, 4), "GGUF");
}

TEST(Embed, TextEqualsItsFile) {
  const auto embedded = bytes_between(test_embedded_text, test_embedded_text_end);
  EXPECT_TRUE(embedded == read_data_file("tinystories_excerpt.txt"));
  EXPECT_GT(embedded.size(), 100'000U);
}

TEST(Embed, IsAlignedForTensorsAndTerminatedForText) {
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(test_embedded_model) % 64, 0U);
  EXPECT_EQ(*test_embedded_text_end, 0);
}

}  // namespace
}  // namespace assay
