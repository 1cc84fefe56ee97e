#include <gtest/gtest.h>

#include "compress/compress.h"
#include "core/error.h"

namespace assay {
namespace {

using Weights = VariantSpec::Weights;

struct Case {
  const char* text;
  Weights weights;
  const char* file;
  const char* type;
  const char* compute_as;  // "" = none
  const char* kv;          // "k/v", "" = none
};

// Without this the tests' names would hold addresses, other ones in every run.
void PrintTo(const Case& c, std::ostream* out) { *out << c.text; }

class ParseVariant : public testing::TestWithParam<Case> {};

TEST_P(ParseVariant, Accepts) {
  const Case& expected = GetParam();
  const VariantSpec spec = parse_variant(expected.text);
  EXPECT_EQ(spec.text, expected.text);
  EXPECT_EQ(spec.weights, expected.weights);
  EXPECT_EQ(spec.file, expected.file);
  EXPECT_EQ(spec.type, expected.type);
  EXPECT_EQ(spec.compute_as.value_or(""), expected.compute_as);
  EXPECT_EQ(spec.kv ? spec.kv->k + "/" + spec.kv->v : "", expected.kv);
}

INSTANTIATE_TEST_SUITE_P(
    Table, ParseVariant,
    testing::Values(Case{"Q4_K_M", Weights::kType, "", "Q4_K_M", "", ""},
                    Case{"q4_k", Weights::kType, "", "Q4_K_M", "", ""},
                    Case{"iq2_xs", Weights::kType, "", "IQ2_XS", "", ""},
                    Case{"F16", Weights::kType, "", "F16", "", ""},
                    Case{"model.gguf", Weights::kFile, "model.gguf", "", "", ""},
                    Case{"MODEL.GGUF", Weights::kFile, "MODEL.GGUF", "", "", ""},
                    Case{"./Q4_K_M", Weights::kFile, "./Q4_K_M", "", "", ""},
                    Case{"a+b/c+d.gguf", Weights::kFile, "a+b/c+d.gguf", "", "", ""},
                    Case{"a+b.gguf+kv=q8_0", Weights::kFile, "a+b.gguf", "", "", "q8_0/q8_0"},
                    Case{"kv=q8_0", Weights::kBaseline, "", "", "", "q8_0/q8_0"},
                    Case{"KV=Q8_0/F16", Weights::kBaseline, "", "", "", "q8_0/f16"},
                    Case{"kv=iq4_nl/bf16", Weights::kBaseline, "", "", "", "iq4_nl/bf16"},
                    Case{"Q4_K_M+kv=q8_0/q4_0", Weights::kType, "", "Q4_K_M", "", "q8_0/q4_0"},
                    Case{"model.gguf+as=f32", Weights::kFile, "model.gguf", "", "F32", ""},
                    Case{"Q4_0+as=F16+kv=q5_1", Weights::kType, "", "Q4_0", "F16", "q5_1/q5_1"},
                    Case{"Q4_0+kv=q5_1+as=f16", Weights::kType, "", "Q4_0", "F16", "q5_1/q5_1"},
                    Case{"as=f32", Weights::kBaseline, "", "", "F32", ""}));

TEST(ParseVariant, RefusesWithTheAcceptedForms) {
  for (const char* text :
       {"", "+", "Q4_K_X", "kv=", "kv=q8_1", "kv=q8_0/", "kv=q8_0/q4_0/q4_0", "kv=q8_0+kv=f16",
        "Q4_0+", "Q4_0+as=q8_0", "Q4_0+as=f32+as=f16", "+kv=q8_0", "model", "Q4_0+Q5_0"}) {
    try {
      parse_variant(text);
      ADD_FAILURE() << text << " was accepted";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kUsage) << text;
      const std::string what = error.what();
      EXPECT_NE(what.find("Q4_K_M+kv=q8_0/q4_0"), std::string::npos) << what;
      EXPECT_NE(what.find("IQ4_NL"), std::string::npos) << what;
    }
  }
}

TEST(QuantisationTypes, SayWhatNeedsAnImportanceMatrix) {
  const std::vector<std::string> types = quantisation_types();
  const auto has = [&](const std::string& text) {
    return std::find(types.begin(), types.end(), text) != types.end();
  };
  EXPECT_TRUE(has("Q4_K_M"));
  EXPECT_TRUE(has("Q2_K"));
  EXPECT_TRUE(has("Q2_K_S (needs an importance matrix)"));
  EXPECT_TRUE(has("IQ1_S (needs an importance matrix)"));
  EXPECT_EQ(types.size(), 35U);
}

}  // namespace
}  // namespace assay
