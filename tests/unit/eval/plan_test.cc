#include <gtest/gtest.h>

#include "core/error.h"
#include "eval/eval.h"
#include "golden_values.h"

namespace assay {
namespace {

void expect_error(const std::function<void()>& run, ErrorKind kind, const std::string& what) {
  try {
    run();
    FAIL() << "no error with \"" << what << '"';
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), kind);
    EXPECT_NE(std::string(error.what()).find(what), std::string::npos) << error.what();
  }
}

std::vector<Token> bytes(std::string_view text) {
  return {text.begin(), text.end()};  // ASCII only
}

Corpus plain(const std::string& text) {
  return corpus_from_text("t.txt", text, CorpusFormat::kPlain);
}

TEST(RollingWindows, EqualLmEvals) {
  for (const auto& expected : eval_golden().at("rolling")) {
    std::vector<Token> tokens(expected.at("n").get<std::size_t>());
    for (std::size_t i = 0; i < tokens.size(); ++i) tokens[i] = static_cast<Token>(i);
    const int length = expected.at("max_length");
    const std::vector<RollingWindow> windows = rolling_windows(tokens, -100, length);
    ASSERT_EQ(windows.size(), expected.at("input").size()) << tokens.size() << "/" << length;
    for (std::size_t w = 0; w < windows.size(); ++w) {
      EXPECT_EQ(windows[w].input, expected.at("input")[w].get<std::vector<Token>>());
      EXPECT_EQ(windows[w].predicted, expected.at("predicted")[w].get<std::vector<Token>>());
    }
  }
}

TEST(LlamaCpp, SecondHalfOfWholeWindowsIsScored) {
  const auto model = open_scripted({});
  // 27 letters and a newline that llama.cpp's --file drops: 3 windows of 8, 3 tokens left over.
  const WindowPlan plan =
      plan_windows(plain("abcdefghijklmnopqrstuvwxyz!\n"), *model, {.n_ctx = 8});
  ASSERT_EQ(plan.windows.size(), 3U);
  for (std::size_t w = 0; w < 3; ++w) {
    const std::string text = std::string("abcdefghijklmnopqrstuvwxyz!").substr(8 * w, 8);
    EXPECT_EQ(plan.windows[w].tokens, bytes(text));
    EXPECT_EQ(plan.windows[w].first_row, 4);
    EXPECT_EQ(plan.windows[w].targets, bytes(text.substr(5)));  // 8 - 4 - 1 of them
    EXPECT_EQ(plan.windows[w].position_offset, static_cast<int>(8 * w) + 5);
  }
  EXPECT_EQ(plan.longest_window, 8);
  ASSERT_EQ(plan.notes.size(), 1U);
  EXPECT_NE(plan.notes[0].find("last 3 tokens"), std::string::npos);
  EXPECT_EQ(plan.convention.bos_rule, "none");
}

TEST(LlamaCpp, BosReplacesTheFirstTokenOfEachWindow) {
  const auto model = open_scripted({.adds_bos = true});
  // With BOS in front: 24 tokens = 3 windows; the first token of windows 2 and 3 is lost to BOS.
  const WindowPlan plan = plan_windows(plain("abcdefghijklmnopqrstuvw"), *model, {.n_ctx = 8});
  ASSERT_EQ(plan.windows.size(), 3U);
  EXPECT_EQ(plan.windows[0].tokens, (std::vector<Token>{256, 'a', 'b', 'c', 'd', 'e', 'f', 'g'}));
  EXPECT_EQ(plan.windows[1].tokens, (std::vector<Token>{256, 'i', 'j', 'k', 'l', 'm', 'n', 'o'}));
  EXPECT_EQ(plan.windows[1].targets, bytes("mno"));
  EXPECT_EQ(plan.convention.bos_rule, "replaces the first token");
  EXPECT_TRUE(plan.notes.empty());
}

TEST(LlamaCpp, LimitTakesTheFirstWindows) {
  const auto model = open_scripted({});
  const WindowPlan plan =
      plan_windows(plain(std::string(80, 'x')), *model, {.n_ctx = 8, .n_windows = 2});
  EXPECT_EQ(plan.windows.size(), 2U);
  EXPECT_TRUE(plan.notes.empty());
}

TEST(LlamaCpp, TooShortTextSaysHowManyTokensAreNeeded) {
  const auto model = open_scripted({});
  expect_error([&] { plan_windows(plain("abcdefghijklmno"), *model, {.n_ctx = 8}); },
               ErrorKind::kBadInput, "has 15 tokens, this convention needs at least 16");
  expect_error([&] { plan_windows(plain("abc"), *model, {.n_ctx = 3}); }, ErrorKind::kUsage,
               "3 tokens scores nothing");
  expect_error([&] { plan_windows(plain("abc"), *model, {.n_ctx = -1}); }, ErrorKind::kUsage,
               "negative");
}

TEST(Gptq, DisjointWindowsScoreAllButTheFirstToken) {
  const auto model = open_scripted({});
  const WindowPlan plan =
      plan_windows(plain("abcdefghij"), *model, {.convention = ConventionName::kGptq, .n_ctx = 4});
  ASSERT_EQ(plan.windows.size(), 2U);
  EXPECT_EQ(plan.windows[1].tokens, bytes("efgh"));
  EXPECT_EQ(plan.windows[1].first_row, 0);
  EXPECT_EQ(plan.windows[1].targets, bytes("fgh"));
  expect_error(
      [&] {
        plan_windows(plain("abc"), *model, {.convention = ConventionName::kGptq, .n_ctx = 4});
      },
      ErrorKind::kBadInput, "has 3 tokens, this convention needs at least 4");
}

// The text that the gptq convention tokenizes: with a window as long as the text, its bytes.
std::string gptq_text(const Corpus& corpus, std::size_t n_bytes) {
  const auto model = open_scripted({});
  const WindowPlan plan = plan_windows(
      corpus, *model, {.convention = ConventionName::kGptq, .n_ctx = static_cast<int>(n_bytes)});
  EXPECT_EQ(plan.windows.size(), 1U);
  EXPECT_TRUE(plan.notes.empty());  // nothing left over: the text has exactly n_bytes
  return model->detokenize(plan.windows.at(0).tokens);
}

TEST(Gptq, RowsAreJoinedAsHuggingFacesDataSetHasThem) {
  const auto& golden = eval_golden().at("gptq");
  const std::string expected = golden.at("small_joined");
  const Corpus corpus = corpus_from_text("wiki", golden.at("small"));
  ASSERT_EQ(corpus.format, CorpusFormat::kWikiText);
  EXPECT_EQ(gptq_text(corpus, expected.size()), expected);
}

TEST(Gptq, WholeWikiTextJoinEqualsTheRestatement) {
  const auto path = wikitext_path();
  if (!path) GTEST_SKIP() << kNoWikiText;
  const auto& golden = eval_golden().at("gptq");
  const std::string text = gptq_text(load_corpus(*path), golden.at("n_bytes").get<std::size_t>());
  EXPECT_EQ(crc32(text), golden.at("crc32").get<std::uint32_t>());
}

TEST(LmEval, ScoresEveryTokenOfEveryDocumentOnce) {
  const auto model = open_scripted({});
  const Corpus corpus =
      corpus_from_text("d.jsonl", "{\"text\": \"abcdefghijklm\"}\n{\"text\": \"one  two\"}\n");
  const WindowPlan plan =
      plan_windows(corpus, *model, {.convention = ConventionName::kLmEval, .n_ctx = 5});
  ASSERT_EQ(plan.documents.size(), 2U);
  EXPECT_EQ(plan.documents[0].n_bytes, 13);
  EXPECT_EQ(plan.documents[1].n_words, 2);
  std::vector<std::string> texts(2);
  for (const Window& window : plan.windows) {
    EXPECT_LE(window.tokens.size(), 5U);
    EXPECT_EQ(window.tokens.size(),
              static_cast<std::size_t>(window.first_row) + window.targets.size());
    std::string& text = texts.at(static_cast<std::size_t>(window.document));
    EXPECT_EQ(window.position_offset, static_cast<int>(text.size()));
    text += model->detokenize(window.targets);
  }
  EXPECT_EQ(texts, (std::vector<std::string>{"abcdefghijklm", "one  two"}));
  EXPECT_EQ(plan.windows[0].tokens.front(), 256);  // BOS as prefix
}

TEST(LmEval, DetokenisesWikiTextButCountsThePage) {
  const auto model = open_scripted({});
  const Corpus corpus = corpus_from_text("wiki", " = A = \n one , two");
  const WindowPlan plan =
      plan_windows(corpus, *model, {.convention = ConventionName::kLmEval, .n_ctx = 100});
  ASSERT_EQ(plan.windows.size(), 1U);
  EXPECT_EQ(model->detokenize(plan.windows[0].targets), " = A =\none, two");
  EXPECT_EQ(plan.documents[0].n_bytes, 18);
  EXPECT_EQ(plan.documents[0].n_words, 7);  // Python: one empty string before the first space
}

TEST(TextConventions, RefuseConversations) {
  const auto model = open_scripted({});
  const Corpus corpus =
      corpus_from_text("c.jsonl", R"({"messages": [{"role": "user", "content": "hi"}]})");
  for (const auto name :
       {ConventionName::kLlamaCpp, ConventionName::kLmEval, ConventionName::kGptq}) {
    expect_error([&] { plan_windows(corpus, *model, {.convention = name, .n_ctx = 8}); },
                 ErrorKind::kUsage, "conversations");
  }
}

}  // namespace
}  // namespace assay
