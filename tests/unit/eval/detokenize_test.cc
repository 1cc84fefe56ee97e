// The detokeniser and the counts of words and bytes against lm-eval's own answers.
#include <gtest/gtest.h>

#include "core/unicode_text.h"
#include "golden_vectors.h"

namespace assay {
namespace {

TEST(Detokenize, EqualsLmEvalOnHandMadeAndRandomTexts) {
  const auto& cases = golden_vectors()["detokenize"];
  ASSERT_GT(cases.size(), 300U);
  for (const auto& pair : cases) {
    EXPECT_EQ(wikitext_detokenize(pair[0]), pair[1].get<std::string>()) << "of " << pair[0];
  }
}

TEST(Detokenize, EqualsTheTextsThatLmEvalLogged) {
  const auto path = data_file("golden/lm_eval_smollm2/samples_wikitext_5pages_maxlen512.jsonl");
  if (!path) GTEST_SKIP() << "ASSAY_DATA does not hold lm-eval's samples";
  std::ifstream file(*path);
  int n = 0;
  for (std::string line; std::getline(file, line); ++n) {
    const auto sample = nlohmann::json::parse(line);
    EXPECT_EQ(wikitext_detokenize(sample["doc"]["page"]),
              sample["arguments"]["gen_args_0"]["arg_0"].get<std::string>());
  }
  EXPECT_EQ(n, 5);
}

TEST(Detokenize, ManyOpenBracketsTakeLinearTime) {
  const std::string brackets(2'000'000, '(');
  EXPECT_EQ(wikitext_detokenize(brackets), brackets);
  std::string digits;
  for (int i = 0; i < 300'000; ++i) digits += "/' 5/ ";
  EXPECT_EQ(wikitext_detokenize(digits).substr(0, 10), "/'[0-9]/ /");
}

TEST(Words, AreCountedAsPythonSplits) {
  for (const auto& pair : golden_vectors()["words"]) {
    EXPECT_EQ(detail::count_words(pair[0].get<std::string>()), pair[1].get<std::int64_t>())
        << "of " << pair[0];
  }
}

// The examples of RFC 3629 and of Unicode's table 3-7 (well-formed sequences).
TEST(Utf8, AcceptsWellFormedSequencesOnly) {
  for (const char* valid : {"\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf",
                            "\xee\x80\x80", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_FALSE(detail::find_invalid_utf8(valid)) << valid;
  }
  for (const char* invalid :
       {"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc2", "\xc2\x41", "\xe0\x9f\xbf", "\xed\xa0\x80",
        "\xed\xbf\xbf", "\xe2\x82", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80",
        "\xf0\x90\x80", "\xfe", "\xff"}) {
    EXPECT_EQ(detail::find_invalid_utf8(std::string("ab") + invalid), 2U);
  }
}

}  // namespace
}  // namespace assay
