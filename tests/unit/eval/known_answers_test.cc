#include <gtest/gtest.h>

#include "eval/eval.h"

namespace assay {
namespace {

TEST(KnownAnswers, AModelOfStoriesKnowsThem) {
  const auto model =
      open_llama({.path = std::string(ASSAY_SOURCE_DIR) + "/tests/data/stories260K-f32.gguf",
                  .n_ctx = 512,
                  .n_seq_max = 8,
                  .share_prefixes = true});
  const KnownAnswers known = ask_known_answers(*model, {}, 1, {});
  EXPECT_EQ(known.n, 12);
  EXPECT_FALSE(known.is_near_chance()) << known.n_right;
}

TEST(KnownAnswers, AModelThatKnowsNothingIsNearChance) {
  const auto model = open_scripted({.n_seq_max = 8});
  EXPECT_TRUE(ask_known_answers(*model, {}, 1, {}).is_near_chance());
}

}  // namespace
}  // namespace assay
