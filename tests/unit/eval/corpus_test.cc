// Texts: formats, how they fall into documents, and what is refused.
#include <gtest/gtest.h>

#include <iostream>
#include <sstream>

#include "core/error.h"
#include "core/unicode_text.h"
#include "eval/eval.h"
#include "golden_vectors.h"
#include "temporary_folder.h"

namespace assay {
namespace {

// The message of the Error that reading this text raises.
std::string refusal(const std::string& name, const std::string& text,
                    CorpusFormat format = CorpusFormat::kAuto) {
  try {
    corpus_from_text(name, text, format);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kBadInput);
    EXPECT_FALSE(error.where().empty());
    return error.what();
  }
  return "accepted";
}

#define EXPECT_CONTAINS(text, part) \
  EXPECT_NE(std::string(text).find(part), std::string::npos) << "in: " << (text)

TEST(Corpus, PlainTextIsOneDocumentWithEveryByteKept) {
  for (const std::string text : {"one\n\ntwo\n", "a\r\nb\r\n", "\n\n x", "\xef\xbb\xbfmarked\n"}) {
    const Corpus corpus = corpus_from_text("notes.txt", text);
    EXPECT_EQ(corpus.format, CorpusFormat::kPlain);
    EXPECT_EQ(corpus.text, text);
    EXPECT_EQ(corpus.digest, hash_bytes(text));
    ASSERT_EQ(corpus.documents.size(), 1U);
    EXPECT_EQ(corpus.documents[0].text, text);
    EXPECT_EQ(corpus.documents[0].name, "notes.txt");
  }
}

TEST(Corpus, PagesOfACraftedTextAreLmEvals) {
  const auto& pages = golden_vectors()["pages"];
  const Corpus corpus = corpus_from_text("crafted", pages["text"], CorpusFormat::kWikiText);
  std::vector<std::string> texts;
  for (const Document& document : corpus.documents) {
    EXPECT_FALSE(document.name.empty());
    texts.push_back(document.text);
  }
  EXPECT_EQ(texts, pages["pages"].get<std::vector<std::string>>());
  EXPECT_EQ(corpus.documents[1].name, "A");
}

TEST(Corpus, WikiText2IsThe62PagesOfLmEval) {
  const auto path = wiki_test_raw();
  if (!path) GTEST_SKIP() << "ASSAY_DATA does not hold wiki.test.raw";
  const Corpus corpus = load_corpus(*path);
  EXPECT_EQ(corpus.format, CorpusFormat::kWikiText);
  EXPECT_EQ(corpus.name, "wiki.test.raw");
  EXPECT_EQ(corpus.digest, hash_file(*path));
  const auto& pages = golden_vectors()["wikitext2"]["pages"];
  ASSERT_EQ(corpus.documents.size(), 62U);
  ASSERT_EQ(pages.size(), 62U);
  for (std::size_t i = 0; i < pages.size(); ++i) {
    const std::string& text = corpus.documents[i].text;
    EXPECT_EQ(hash_bytes(text).hex(), pages[i]["page"]) << corpus.documents[i].name;
    EXPECT_EQ(hash_bytes(wikitext_detokenize(text)).hex(), pages[i]["detokenized"]);
  }
  EXPECT_EQ(corpus.documents[0].name, "Robert Boulter");
}

TEST(Corpus, FirstPagesEqualThoseThatLmEvalLogged) {
  const auto samples = data_file("golden/lm_eval_smollm2/samples_wikitext_5pages_maxlen512.jsonl");
  if (!samples || !wiki_test_raw()) GTEST_SKIP() << "ASSAY_DATA does not hold lm-eval's samples";
  const Corpus corpus = load_corpus(*wiki_test_raw());
  std::ifstream file(*samples);
  for (std::string line; std::getline(file, line);) {
    const auto sample = nlohmann::json::parse(line);
    EXPECT_EQ(corpus.documents.at(sample["doc_id"]).text, sample["doc"]["page"]);
  }
}

TEST(Corpus, JsonlHasOneDocumentPerLine) {
  const Corpus corpus = corpus_from_text(
      "d.jsonl",
      "{\"text\": \"a\\nb\", \"id\": \"first\"}\r\n\r\n{\"id\": 7, \"text\": \"\"}\n"
      "{\"text\": \"\\u6771 \\ud83d\\ude00\"}");
  EXPECT_EQ(corpus.format, CorpusFormat::kJsonl);
  ASSERT_EQ(corpus.documents.size(), 3U);
  EXPECT_EQ(corpus.documents[0].name, "first");
  EXPECT_EQ(corpus.documents[0].text, "a\nb");
  EXPECT_EQ(corpus.documents[1].name, "7");
  EXPECT_EQ(corpus.documents[1].text, "");
  EXPECT_EQ(corpus.documents[2].name, "line 4");
  EXPECT_EQ(corpus.documents[2].text, "東 😀");
}

TEST(Corpus, JsonlMayStartWithAByteOrderMark) {
  EXPECT_EQ(corpus_from_text("d.jsonl", "\xef\xbb\xbf{\"text\": \"a\"}").documents[0].text, "a");
}

TEST(Corpus, ConversationsAreObjectsOrLists) {
  const Corpus corpus =
      corpus_from_text("c.jsonl", R"({"messages": [{"role": "user", "content": "hi"}]}
[{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}])");
  EXPECT_EQ(corpus.format, CorpusFormat::kChat);
  ASSERT_EQ(corpus.documents.size(), 2U);
  EXPECT_EQ(corpus.documents[0].messages[0].role, "user");
  EXPECT_EQ(corpus.documents[1].messages[1].content, "b");
}

TEST(Corpus, JsonlErrorsNameTheLine) {
  const std::string good = "{\"text\": \"a\"}\n";
  EXPECT_CONTAINS(refusal("d.jsonl", good + "\n{\"text\": "), "d.jsonl, line 3");
  EXPECT_CONTAINS(refusal("d.jsonl", good + "{\"txet\": \"a\"}"), "d.jsonl, line 2");
  EXPECT_CONTAINS(refusal("d.jsonl", good + "{\"text\": 3}"), "no \"text\"");
  EXPECT_CONTAINS(refusal("d.jsonl", good + "{\"text\": \"\\ud800\"}"), "line 2");
  EXPECT_CONTAINS(refusal("d.jsonl", good + good + "[]"), "line 3");
  EXPECT_CONTAINS(refusal("d.jsonl", good + "{} {}"), "line 2");
  EXPECT_CONTAINS(refusal("d.jsonl", "{\"text\": " + std::string(1'000'000, '[')), "line 1");
  EXPECT_CONTAINS(refusal("d.jsonl", good + "{\"messages\": []}"), "line 2");
}

TEST(Corpus, ConversationErrorsNameTheLine) {
  const std::string good = "{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}]}\n";
  EXPECT_CONTAINS(refusal("c.jsonl", good + "{\"text\": \"a\"}"), "line 2");
  EXPECT_CONTAINS(refusal("c.jsonl", good + "{\"messages\": \"a\"}"), "line 2");
  EXPECT_CONTAINS(refusal("c.jsonl", good + "{\"messages\": [{\"role\": \"user\"}]}"), "line 2");
  EXPECT_CONTAINS(refusal("c.jsonl", good + "[{\"role\": \"user\", \"content\": null}]"), "line 2");
  EXPECT_CONTAINS(refusal("c.jsonl", good + "[1]"), "line 2");
}

TEST(Corpus, InvalidUtf8IsRefusedWithItsOffset) {
  EXPECT_CONTAINS(refusal("latin1.txt", "caf\xe9 au lait"), "latin1.txt, byte 3");
  EXPECT_CONTAINS(refusal("latin1.txt", "caf\xe9 au lait"), "iconv");
  EXPECT_CONTAINS(refusal("cut.txt", "ab\xe2\x82"), "byte 2");
  EXPECT_CONTAINS(refusal("utf16.txt", std::string("\xff\xfe"
                                                   "a\0",
                                                   4)),
                  "byte 0");
}

TEST(Corpus, EmptyTextsAreRefused) {
  EXPECT_CONTAINS(refusal("a.txt", ""), "empty");
  EXPECT_CONTAINS(refusal("a.jsonl", "\n\n"), "empty");
  EXPECT_CONTAINS(refusal("a.jsonl", "\xef\xbb\xbf"), "empty");
}

TEST(Corpus, AZeroByteIsText) {
  const std::string text("a\0b", 3);
  EXPECT_EQ(corpus_from_text("a.txt", text).documents[0].text, text);
}

// A line of 8 MB must not take quadratic time in any format.
TEST(Corpus, HugeSingleLineIsRead) {
  std::string equals;
  for (int i = 0; i < 2'000'000; ++i) equals += " = =";
  EXPECT_EQ(corpus_from_text("a.txt", equals).documents[0].text.size(), equals.size());
  EXPECT_EQ(corpus_from_text("a.txt", equals, CorpusFormat::kWikiText).documents.size(), 1U);
  const Corpus jsonl = corpus_from_text("a.jsonl", "{\"text\": \"" + equals + "\"}");
  EXPECT_EQ(jsonl.documents[0].text, equals);
}

TEST(Corpus, ReadsStandardInput) {
  std::istringstream input("typed\n");
  std::streambuf* const terminal = std::cin.rdbuf(input.rdbuf());
  const Corpus corpus = load_corpus("-");
  std::cin.rdbuf(terminal);
  EXPECT_EQ(corpus.name, "stdin");
  EXPECT_EQ(corpus.text, "typed\n");
}

TEST(Corpus, MissingFilesAndFoldersAreBadInput) {
  const TemporaryFolder folder;
  for (const std::string& path : {folder.path().string() + "/none.txt", folder.path().string()}) {
    try {
      load_corpus(path);
      FAIL();
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kBadInput);
      EXPECT_EQ(error.where(), path);
    }
  }
}

}  // namespace
}  // namespace assay
