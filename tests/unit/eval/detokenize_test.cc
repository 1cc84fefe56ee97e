#include <gtest/gtest.h>

#include "eval/eval.h"
#include "eval/unicode_text.h"
#include "golden_values.h"

namespace assay {
namespace {

TEST(WikitextDetokenize, EqualsLmEvalOnTrickyStrings) {
  ASSERT_GE(eval_golden().at("detokenised").size(), 40U);
  for (const auto& expected : eval_golden().at("detokenised")) {
    const std::string page = expected.at("page");
    EXPECT_EQ(wikitext_detokenize(page), expected.at("text").get<std::string>())
        << "page: " << expected.at("page").dump();
  }
}

TEST(CountWords, EqualsPythonsSplit) {
  for (const auto& expected : eval_golden().at("detokenised")) {
    EXPECT_EQ(detail::count_words(expected.at("page").get<std::string>()),
              expected.at("n_words").get<std::int64_t>())
        << expected.at("page").dump();
  }
}

TEST(WikitextDetokenize, EqualsLmEvalOnEveryArticle) {
  const auto path = wikitext_path();
  if (!path) GTEST_SKIP() << kNoWikiText;
  const Corpus corpus = load_corpus(*path);
  const auto& articles = eval_golden().at("articles");
  ASSERT_EQ(corpus.documents.size(), articles.size());
  for (std::size_t i = 0; i < articles.size(); ++i) {
    const std::string text = wikitext_detokenize(corpus.documents[i].text);
    EXPECT_EQ(text.size(), articles[i].at("detokenised_bytes").get<std::size_t>()) << i;
    EXPECT_EQ(crc32(text), articles[i].at("detokenised_crc32").get<std::uint32_t>()) << i;
  }
}

TEST(WikitextDetokenize, LongPagesWithoutPartnersDoNotOverflow) {
  const std::string open(200000, '(');
  EXPECT_EQ(wikitext_detokenize(open), open);
}

}  // namespace
}  // namespace assay
