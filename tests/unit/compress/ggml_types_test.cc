#include "compress/ggml_types.h"

#include <ggml.h>
#include <gtest/gtest.h>
#include <llama.h>

#include <algorithm>
#include <cctype>
#include <string>

// Of llama.cpp's own headers, not of its public one.
ggml_type llama_ftype_get_default_type(llama_ftype ftype);

namespace assay {
namespace {

std::string upper(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return text;
}

TEST(GgmlTypes, TableEqualsGgml) {
  for (std::uint32_t id = 0; id < GGML_TYPE_COUNT; ++id) {
    const auto theirs = static_cast<ggml_type>(id);
    const GgmlType* ours = find_ggml_type(id);
    if (ggml_blck_size(theirs) == 0) {
      EXPECT_EQ(ours, nullptr) << "removed type " << id;
      continue;
    }
    ASSERT_NE(ours, nullptr) << id;
    EXPECT_EQ(ours->name, upper(ggml_type_name(theirs)));
    EXPECT_EQ(ours->block_weights, ggml_blck_size(theirs)) << ours->name;
    EXPECT_EQ(static_cast<std::size_t>(ours->block_bytes), ggml_type_size(theirs)) << ours->name;
    EXPECT_EQ(find_ggml_type(ggml_type_name(theirs)), ours);
  }
  EXPECT_EQ(find_ggml_type(GGML_TYPE_COUNT), nullptr);
}

TEST(GgmlTypes, FileTypesEqualLlamaCpp) {
  for (std::uint32_t id = 0; id < 64; ++id) {
    const ggml_type theirs = llama_ftype_get_default_type(static_cast<llama_ftype>(id));
    const FileType* ours = file_type(id);
    ASSERT_EQ(ours == nullptr, theirs == GGML_TYPE_COUNT) << id;
    if (ours == nullptr) continue;
    EXPECT_EQ(ours->default_type, upper(ggml_type_name(theirs))) << ours->name;
  }
}

TEST(GgmlTypes, FileTypeNamesAndAliases) {
  EXPECT_EQ(file_type_named("q4_k_m")->id, 15U);
  EXPECT_EQ(file_type_named("Q4_K")->name, "Q4_K_M");
  EXPECT_EQ(file_type_named("q3_k")->name, "Q3_K_M");
  EXPECT_EQ(file_type_named("Q5_K")->name, "Q5_K_M");
  EXPECT_EQ(file_type_named("iq2_xxs")->id, 19U);
  EXPECT_EQ(file_type_named("Q4_K_X"), nullptr);
  EXPECT_EQ(file_type_named(""), nullptr);
}

}  // namespace
}  // namespace assay
