#include <gtest/gtest.h>

#include "core/convention.h"
#include "core/error.h"
#include "core/hash.h"

namespace assay {
namespace {

TEST(Hash, EqualsPublishedXxh3Vectors) {
  // xxHash's own sanity value: XXH3-128 with seed 0 of the empty input.
  EXPECT_EQ(hash_bytes("").hex(), "99aa06d3014798d86001c324468d497f");
}

TEST(Hash, StreamingEqualsOneShot) {
  const std::string text(100000, 'x');
  Hasher hasher;
  hasher.update(std::string_view(text).substr(0, 7)).update(std::string_view(text).substr(7));
  EXPECT_EQ(hasher.finish(), hash_bytes(text));
}

TEST(Hash, FieldsDoNotRunTogether) {
  Hasher a, b;
  a.add_field("ab").add_field("c");
  b.add_field("a").add_field("bc");
  EXPECT_NE(a.finish(), b.finish());
}

TEST(Hash, HexRoundTrip) {
  const Digest digest = hash_bytes("assay");
  EXPECT_EQ(Digest::from_hex(digest.hex()), digest);
  EXPECT_THROW(Digest::from_hex("12"), Error);
}

TEST(Error, MessageNamesWhatWhereAndRemedy) {
  const Error error(ErrorKind::kBadInput, "Truncated", "a.gguf, offset 12", "Fetch it again.");
  EXPECT_STREQ(error.what(), "Truncated (a.gguf, offset 12). Fetch it again.");
}

TEST(Convention, ComparingAcrossConventionsIsRefusedAndNamesTheDifference) {
  Convention a{.name = ConventionName::kLlamaCpp, .window = 512};
  Convention b = a;
  EXPECT_NO_THROW(require_same_convention(a, b));
  b.name = ConventionName::kGptq;
  b.window = 2048;
  try {
    require_same_convention(a, b);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kBadInput);
    EXPECT_NE(std::string(error.what()).find("convention: llama.cpp / gptq"), std::string::npos);
    EXPECT_NE(std::string(error.what()).find("window: 512 / 2048"), std::string::npos);
  }
}

}  // namespace
}  // namespace assay
