// What comes back of a text's tokens, by the model in data/demo, whose vocabulary is byte-level.
#include <gtest/gtest.h>

#include "models/models.h"

namespace assay {
namespace {

TEST(LlamaText, ComesBackAsItWas) {
  const auto model =
      open_llama({.path = std::string(ASSAY_SOURCE_DIR) + "/data/demo/demo-small-f16.gguf",
                  .vocabulary_only = true});
  // llama_detokenize would take the spaces before punctuation and in " ' ".
  for (const std::string text :
       {"s = 'm' + s", "a , b . c ! d ?", "it ' s", " don 't", "\tx\n\n  y ", "n't 've 're", ""})
    EXPECT_EQ(model->detokenize(model->tokenize(text, {})), text);
}

}  // namespace
}  // namespace assay
