#include <gtest/gtest.h>

#include <fstream>

#include "../../temporary_folder.h"
#include "core/error.h"
#include "eval/eval.h"
#include "eval/unicode_text.h"
#include "golden_values.h"

namespace assay {
namespace {

void expect_error(const std::function<void()>& run, ErrorKind kind, const std::string& what,
                  const std::string& where) {
  try {
    run();
    FAIL() << "no error with \"" << what << '"';
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), kind);
    EXPECT_NE(std::string(error.what()).find(what), std::string::npos) << error.what();
    EXPECT_EQ(error.where(), where);
  }
}

void expect_bad_text(const std::string& name, const std::string& text, const std::string& what,
                     const std::string& where, CorpusFormat format = CorpusFormat::kAuto) {
  expect_error([&] { corpus_from_text(name, text, format); }, ErrorKind::kBadInput, what, where);
}

TEST(WikiText, ArticlesAndCountsEqualLmEvals) {
  const auto path = wikitext_path();
  if (!path) GTEST_SKIP() << kNoWikiText;
  const Corpus corpus = load_corpus(*path);
  EXPECT_EQ(corpus.format, CorpusFormat::kWikiText);
  const auto& articles = eval_golden().at("articles");
  ASSERT_EQ(articles.size(), 62U);
  ASSERT_EQ(corpus.documents.size(), 62U);
  for (std::size_t i = 0; i < articles.size(); ++i) {
    const Document& document = corpus.documents[i];
    EXPECT_EQ(document.name, articles[i].at("name").get<std::string>());
    EXPECT_EQ(document.text.size(), articles[i].at("n_bytes").get<std::size_t>()) << document.name;
    EXPECT_EQ(detail::count_words(document.text), articles[i].at("n_words").get<std::int64_t>())
        << document.name;
  }
}

TEST(WikiText, OnlyOneEqualsSignMakesATitle) {
  const Corpus corpus = corpus_from_text(
      "wiki", " \n = First = \n \n text \n = = Section = = \n = = = Deep = = = \n = Second = \n b");
  ASSERT_EQ(corpus.format, CorpusFormat::kWikiText);
  ASSERT_EQ(corpus.documents.size(), 2U);
  EXPECT_EQ(corpus.documents[0].name, "First");
  EXPECT_EQ(corpus.documents[0].text,
            " = First = \n \n text \n = = Section = = \n = = = Deep = = = ");
  EXPECT_EQ(corpus.documents[1].text, " = Second = \n b");
}

TEST(Plain, IsOneDocumentWithItsBytes) {
  const Corpus corpus = corpus_from_text("notes.txt", "one\r\ntwo\n");
  EXPECT_EQ(corpus.format, CorpusFormat::kPlain);
  ASSERT_EQ(corpus.documents.size(), 1U);
  EXPECT_EQ(corpus.documents[0].name, "notes.txt");
  EXPECT_EQ(corpus.documents[0].text, "one\r\ntwo\n");
  EXPECT_EQ(corpus.digest, hash_bytes("one\r\ntwo\n"));
}

TEST(Jsonl, ReadsTextsSkipsBlankLinesAndKeepsIds) {
  const Corpus corpus = corpus_from_text(
      "a.jsonl", "{\"text\": \"one\", \"id\": \"x\"}\n\n{\"text\": \"caf\\u00e9\"}\r\n");
  EXPECT_EQ(corpus.format, CorpusFormat::kJsonl);
  ASSERT_EQ(corpus.documents.size(), 2U);
  EXPECT_EQ(corpus.documents[0].name, "x");
  EXPECT_EQ(corpus.documents[1].name, "line 3");
  EXPECT_EQ(corpus.documents[1].text, "caf\xc3\xa9");
}

TEST(Jsonl, ErrorsNameTheLine) {
  expect_bad_text("a.jsonl", "{\"text\": \"one\"}\n{\"text\": \n", "not valid JSON",
                  "a.jsonl, line 2");
  expect_bad_text("a.jsonl", "{\"text\": \"one\"}\n\n{\"words\": 1}\n", "There is no \"text\"",
                  "a.jsonl, line 3");
  expect_bad_text("a.jsonl", "{\"text\": 5}", "There is no \"text\"", "a.jsonl, line 1");
}

TEST(Chat, ReadsBothForms) {
  const std::string messages =
      R"([{"role": "user", "content": "hi"}, {"role": "assistant", "content": "yes"}])";
  const Corpus corpus =
      corpus_from_text("c.jsonl", "{\"messages\": " + messages + "}\n" + messages);
  EXPECT_EQ(corpus.format, CorpusFormat::kChat);
  ASSERT_EQ(corpus.documents.size(), 2U);
  for (const Document& document : corpus.documents) {
    ASSERT_EQ(document.messages.size(), 2U);
    EXPECT_EQ(document.messages[1].role, "assistant");
    EXPECT_EQ(document.messages[1].content, "yes");
  }
}

TEST(Chat, ErrorsNameTheLine) {
  const std::string good = R"({"messages": [{"role": "user", "content": "hi"}]})";
  expect_bad_text("c.jsonl", good + "\n{\"text\": \"one\"}", "There are no \"messages\"",
                  "c.jsonl, line 2");
  expect_bad_text("c.jsonl", good + "\n{\"messages\": [{\"role\": \"user\"}]}",
                  "\"role\" and \"content\"", "c.jsonl, line 2");
  expect_bad_text("c.jsonl", good + "\n{\"messages\": 3}", "is no list", "c.jsonl, line 2");
}

TEST(Utf8, ErrorsNameTheByte) {
  expect_bad_text("l.txt", "caf\xe9 au lait", "not valid UTF-8", "l.txt, byte 3");
  expect_bad_text("l.txt", "ok \xc0\xaf", "not valid UTF-8", "l.txt, byte 3");        // overlong
  expect_bad_text("l.txt", "\xed\xa0\x80", "not valid UTF-8", "l.txt, byte 0");       // surrogate
  expect_bad_text("l.txt", "a\xf4\x90\x80\x80", "not valid UTF-8", "l.txt, byte 1");  // > 10FFFF
  expect_bad_text("l.txt", "cut \xe2\x82", "not valid UTF-8", "l.txt, byte 4");
  expect_bad_text("l.txt",
                  "\xef\xbb\xbf"
                  "ab\xff",
                  "not valid UTF-8", "l.txt, byte 5");
  EXPECT_EQ(corpus_from_text("l.txt", "\xf4\x8f\xbf\xbf\xed\x9f\xbf").documents.size(), 1U);
}

TEST(ByteOrderMark, IsNoPartOfTheTextButOfTheBytesRead) {
  const std::string bytes = "\xef\xbb\xbfhello";
  const Corpus corpus = corpus_from_text("b.txt", bytes);
  EXPECT_EQ(corpus.documents[0].text, "hello");
  EXPECT_EQ(corpus.digest, hash_bytes(bytes));
}

TEST(Empty, IsRefused) {
  expect_bad_text("e.txt", "", "The text is empty", "e.txt");
  expect_bad_text("e.txt", " \n\t\xc2\xa0", "The text is empty", "e.txt");
}

TEST(LoadCorpus, MissingFileAndFolderAreIoErrors) {
  const TemporaryFolder folder;
  const std::string missing = folder / "none.txt";
  expect_error([&] { load_corpus(missing); }, ErrorKind::kIo, "Cannot open", missing);
  const std::string path = folder.path().string();
  expect_error([&] { load_corpus(path); }, ErrorKind::kIo, "folder", path);
}

TEST(LoadCorpus, TakesTheFilesName) {
  const TemporaryFolder folder;
  std::ofstream(folder / "t.txt") << "some text";
  const Corpus corpus = load_corpus(folder / "t.txt");
  EXPECT_EQ(corpus.name, "t.txt");
  EXPECT_EQ(corpus.text, "some text");
}

}  // namespace
}  // namespace assay
