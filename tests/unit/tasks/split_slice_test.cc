#include "tasks/split_slice.h"

#include <gtest/gtest.h>

#include "error_text.h"

namespace assay::detail {
namespace {

std::pair<std::int64_t, std::int64_t> slice(const std::string& text, std::int64_t n_rows) {
  return rows_of(parse_split(text).at(0), n_rows);
}

using Rows = std::pair<std::int64_t, std::int64_t>;

// What datasets.ReadInstruction.from_spec(text).to_absolute({"s": n}) gives (datasets 5.2.0).
TEST(SplitSlice, EqualsDatasets) {
  EXPECT_EQ(slice("s", 11), Rows(0, 11));
  EXPECT_EQ(slice("s[:3]", 11), Rows(0, 3));
  EXPECT_EQ(slice("s[3:]", 11), Rows(3, 11));
  EXPECT_EQ(slice("s[-3:]", 11), Rows(8, 11));
  EXPECT_EQ(slice("s[2:-2]", 11), Rows(2, 9));
  EXPECT_EQ(slice("s[:10%]", 11), Rows(0, 1));
  EXPECT_EQ(slice("s[50%:]", 11), Rows(6, 11));  // round(5.5) = 6
  EXPECT_EQ(slice("s[:50%]", 5), Rows(0, 2));    // round(2.5) = 2: a half to even
  EXPECT_EQ(slice("s[1_0:1_1]", 11), Rows(10, 11));
}

TEST(SplitSlice, JoinsParts) {
  const auto parts = parse_split("train[:2] + validation");
  ASSERT_EQ(parts.size(), 2U);
  EXPECT_EQ(parts[0].split, "train");
  EXPECT_EQ(parts[1].split, "validation");
  EXPECT_FALSE(parts[1].from.has_value());
}

TEST(SplitSlice, RefusesWhatIsNoSlice) {
  for (const char* text : {"", "[:3]", "s[", "s[3]", "s[a:b]", "s[:3", "s[:300%]", "s+", "s[:3]x"})
    EXPECT_NE(error_text([&] { parse_split(text); }).find("names no split"), std::string::npos)
        << text;
  EXPECT_NE(error_text([] { slice("s[:12]", 11); }).find("row 12 of a split of 11 rows"),
            std::string::npos);
}

}  // namespace
}  // namespace assay::detail
