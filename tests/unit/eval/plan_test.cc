// Windows of the text conventions, by algebra on a model whose tokens are bytes, and lm-eval's.
#include <gtest/gtest.h>

#include <numeric>

#include "core/error.h"
#include "eval/eval.h"
#include "golden_vectors.h"

namespace assay {
namespace {

constexpr Token kBos = 256;

std::string letters(std::size_t n) {
  std::string text;
  for (std::size_t i = 0; i < n; ++i) text += static_cast<char>('a' + i % 26);
  return text;
}

std::string text_of(const std::vector<Token>& tokens) {
  std::string text;
  for (const Token token : tokens) text += static_cast<char>(token);
  return text;
}

WindowPlan plan_of(const Corpus& corpus, PlanOptions options, ScriptedOptions model = {}) {
  return plan_windows(corpus, *open_scripted(model), options);
}

// What every convention promises: each row that is scored stands in the window.
void expect_sound(const WindowPlan& plan) {
  for (const Window& window : plan.windows) {
    ASSERT_FALSE(window.targets.empty());
    ASSERT_GE(window.first_row, 0);
    ASSERT_LE(static_cast<std::size_t>(window.first_row) + window.targets.size(),
              window.tokens.size());
    EXPECT_LE(static_cast<int>(window.tokens.size()), plan.longest_window);
    ASSERT_LT(static_cast<std::size_t>(window.document), plan.documents.size());
    // A target is the token after its row, as far as the window still holds it.
    for (std::size_t i = 0; i < window.targets.size(); ++i) {
      const std::size_t next = static_cast<std::size_t>(window.first_row) + i + 1;
      if (next < window.tokens.size()) {
        EXPECT_EQ(window.targets[i], window.tokens[next]);
      }
    }
  }
  const Convention& c = plan.convention;
  for (const std::string& field : {c.corpus, c.join_rule, c.scored, c.bos_rule, c.unit})
    EXPECT_FALSE(field.empty());
  EXPECT_GT(c.window, 0);
}

ErrorKind refusal(const Corpus& corpus, PlanOptions options, std::string* message) {
  try {
    plan_of(corpus, options);
  } catch (const Error& error) {
    *message = error.what();
    EXPECT_FALSE(error.remedy().empty());
    return error.kind();
  }
  ADD_FAILURE() << "accepted";
  return ErrorKind::kIo;
}

TEST(Rolling, WindowsAreThoseOfLmEval) {
  for (const auto& golden : golden_vectors()["rolling"]) {
    std::vector<Token> tokens(golden["n_tokens"].get<std::size_t>());
    std::iota(tokens.begin(), tokens.end(), 0);
    const auto windows = rolling_windows(tokens, -100, golden["max_length"]);
    ASSERT_EQ(windows.size(), golden["windows"].size()) << golden["n_tokens"];
    for (std::size_t i = 0; i < windows.size(); ++i) {
      EXPECT_EQ(windows[i].input, golden["windows"][i]["input"].get<std::vector<Token>>());
      EXPECT_EQ(windows[i].predicted, golden["windows"][i]["predicted"].get<std::vector<Token>>());
    }
  }
}

TEST(LlamaCpp, ScoresTheSecondHalfOfWholeWindows) {
  const std::string text = letters(27);
  const WindowPlan plan = plan_of(corpus_from_text("t", text), {.n_ctx = 8}, {.adds_bos = false});
  expect_sound(plan);
  ASSERT_EQ(plan.windows.size(), 3U);
  for (std::size_t w = 0; w < 3; ++w) {
    EXPECT_EQ(text_of(plan.windows[w].tokens), text.substr(8 * w, 8));
    EXPECT_EQ(plan.windows[w].first_row, 4);
    EXPECT_EQ(text_of(plan.windows[w].targets), text.substr(8 * w + 5, 3));
    EXPECT_EQ(plan.windows[w].position_offset, static_cast<int>(8 * w) + 5);
  }
  ASSERT_EQ(plan.notes.size(), 1U);
  EXPECT_NE(plan.notes[0].find("last 3 tokens"), std::string::npos);
  EXPECT_EQ(plan.convention.bos_rule, "none");
  EXPECT_EQ(plan.convention.window, 8);
  EXPECT_EQ(plan.convention.scored, "second half");
}

TEST(LlamaCpp, DefaultWindowScores255Of512) {
  const WindowPlan plan = plan_of(corpus_from_text("t", letters(1024)), {});
  ASSERT_EQ(plan.windows.size(), 2U);
  EXPECT_EQ(plan.windows[0].targets.size(), 255U);
  EXPECT_EQ(plan.windows[0].first_row, 256);
}

TEST(LlamaCpp, BosReplacesTheFirstTokenOfEachWindow) {
  const WindowPlan plan =
      plan_of(corpus_from_text("t", letters(23)), {.n_ctx = 8}, {.adds_bos = true});
  ASSERT_EQ(plan.windows.size(), 3U);  // 23 and the tokenizer's BOS
  for (const Window& window : plan.windows) EXPECT_EQ(window.tokens[0], kBos);
  EXPECT_EQ(text_of({plan.windows[0].tokens.begin() + 1, plan.windows[0].tokens.end()}), "abcdefg");
  EXPECT_EQ(text_of({plan.windows[1].tokens.begin() + 1, plan.windows[1].tokens.end()}), "ijklmno");
  EXPECT_EQ(plan.convention.bos_rule, "replaces the first token");
}

TEST(LlamaCpp, OneTrailingNewlineGoesAsInItsFileOption) {
  const auto last_window = [](const std::string& text) {
    return text_of(plan_of(corpus_from_text("t", text), {.n_ctx = 8}).windows.back().tokens);
  };
  EXPECT_EQ(last_window(letters(16) + "\n"), "ijklmnop");
  EXPECT_EQ(last_window(letters(15) + "\n\n"), "ijklmno\n");
  EXPECT_EQ(last_window(letters(15) + "\r\n"), "ijklmno\r");
}

TEST(LlamaCpp, AnOddWindowScoresFromItsHalfRoundedDown) {
  const WindowPlan plan = plan_of(corpus_from_text("t", letters(14)), {.n_ctx = 7});
  EXPECT_EQ(plan.windows[0].first_row, 3);
  EXPECT_EQ(text_of(plan.windows[0].targets), "efg");
}

TEST(LlamaCpp, TwoWindowsAreNeededEvenWhenOneIsAsked) {
  EXPECT_EQ(plan_of(corpus_from_text("t", letters(16)), {.n_ctx = 8}).windows.size(), 2U);
  std::string message;
  EXPECT_EQ(refusal(corpus_from_text("t", letters(15)), {.n_ctx = 8, .n_windows = 1}, &message),
            ErrorKind::kBadInput);
  EXPECT_NE(message.find("15 tokens"), std::string::npos) << message;
  EXPECT_NE(message.find("16"), std::string::npos) << message;
  EXPECT_NE(message.find("--ctx"), std::string::npos) << message;
}

TEST(LlamaCpp, LimitTakesTheFirstWindowsAndIsNamed) {
  const WindowPlan plan = plan_of(corpus_from_text("t", letters(27)), {.n_ctx = 8, .n_windows = 2});
  EXPECT_EQ(plan.windows.size(), 2U);
  EXPECT_EQ(plan.convention.n_windows_limit, 2);
}

TEST(LlamaCpp, WholeWikiTextFile) {
  if (!wiki_test_raw()) GTEST_SKIP() << "ASSAY_DATA does not hold wiki.test.raw";
  const Corpus corpus = load_corpus(*wiki_test_raw());
  const WindowPlan plan = plan_of(corpus, {});
  ASSERT_EQ(plan.windows.size(), (corpus.text.size() - 1) / 512);
  expect_sound(plan);
  EXPECT_EQ(plan.documents.size(), 1U);
  EXPECT_EQ(text_of(plan.windows[9].tokens), corpus.text.substr(9 * 512, 512));
}

TEST(Jsonl, DocumentsAreJoinedByABlankLine) {
  const Corpus corpus =
      corpus_from_text("d.jsonl", "{\"text\": \"abc\"}\n{\"text\": \"defgh\"}\n{\"text\": \"i\"}");
  for (const ConventionName name : {ConventionName::kLlamaCpp, ConventionName::kGptq}) {
    const WindowPlan plan = plan_of(corpus, {.convention = name, .n_ctx = 6});
    EXPECT_EQ(text_of(plan.windows[0].tokens) + text_of(plan.windows[1].tokens),
              "abc\n\ndefgh\n\n");
    EXPECT_NE(plan.convention.join_rule, "whole file");
  }
}

TEST(Jsonl, AnEmptyFirstDocumentIsJoinedLikeAnyOther) {
  const Corpus corpus =
      corpus_from_text("d.jsonl", "{\"text\": \"\"}\n{\"text\": \"ab\"}\n{\"text\": \"cd\"}");
  const WindowPlan plan = plan_of(corpus, {.convention = ConventionName::kGptq, .n_ctx = 8});
  EXPECT_EQ(text_of(plan.windows[0].tokens), "\n\nab\n\ncd");
}

TEST(Gptq, ScoresAllButTheFirstOfDisjointWindows) {
  const std::string text = letters(27);
  const WindowPlan plan =
      plan_of(corpus_from_text("t", text), {.convention = ConventionName::kGptq, .n_ctx = 8});
  expect_sound(plan);
  ASSERT_EQ(plan.windows.size(), 3U);
  for (std::size_t w = 0; w < 3; ++w) {
    EXPECT_EQ(text_of(plan.windows[w].tokens), text.substr(8 * w, 8));
    EXPECT_EQ(plan.windows[w].first_row, 0);
    EXPECT_EQ(text_of(plan.windows[w].targets), text.substr(8 * w + 1, 7));
    EXPECT_EQ(plan.windows[w].position_offset, static_cast<int>(8 * w) + 1);
  }
  EXPECT_EQ(plan.notes.size(), 1U);
  EXPECT_EQ(plan.convention.scored, "all but the first");
}

TEST(Gptq, BosStandsOnceAtTheStart) {
  const WindowPlan plan =
      plan_of(corpus_from_text("t", letters(15)), {.convention = ConventionName::kGptq, .n_ctx = 8},
              {.adds_bos = true});
  ASSERT_EQ(plan.windows.size(), 2U);
  EXPECT_EQ(plan.windows[0].tokens[0], kBos);
  EXPECT_EQ(text_of(plan.windows[1].tokens), "hijklmno");
}

TEST(Gptq, OneWindowIsEnoughAndFewerTokensAreRefused) {
  const PlanOptions options{.convention = ConventionName::kGptq};
  EXPECT_EQ(plan_of(corpus_from_text("t", letters(2048)), options).windows.size(), 1U);
  std::string message;
  EXPECT_EQ(refusal(corpus_from_text("t", letters(2047)), options, &message), ErrorKind::kBadInput);
  EXPECT_NE(message.find("2047 tokens"), std::string::npos) << message;
  EXPECT_NE(message.find("2048"), std::string::npos) << message;
}

TEST(Gptq, WikiTextRowsAreThoseOfTheDataset) {
  if (!wiki_test_raw()) GTEST_SKIP() << "ASSAY_DATA does not hold wiki.test.raw";
  const auto& golden = golden_vectors()["wikitext2"]["gptq"];
  const WindowPlan plan =
      plan_of(load_corpus(*wiki_test_raw()), {.convention = ConventionName::kGptq});
  std::string text;
  for (const Window& window : plan.windows) text += text_of(window.tokens);
  EXPECT_EQ(text.size(), golden["n_bytes"].get<std::size_t>() / 2048 * 2048);
  EXPECT_EQ(hash_bytes(text).hex(), golden["first_whole_windows"]);
}

TEST(LmEval, EachDocumentIsRolledFromThePrefixToken) {
  const Corpus corpus =
      corpus_from_text("d.jsonl", "{\"text\": \"abcdefg\"}\n{\"text\": \"\"}\n{\"text\": \"h i\"}");
  const WindowPlan plan = plan_of(corpus, {.convention = ConventionName::kLmEval, .n_ctx = 3});
  expect_sound(plan);
  ASSERT_EQ(plan.documents.size(), 3U);
  EXPECT_EQ(plan.documents[1].n_words, 1);  // re.split of "" gives one piece
  EXPECT_EQ(plan.documents[1].n_bytes, 0);
  EXPECT_EQ(plan.documents[2].n_words, 2);
  ASSERT_EQ(plan.windows.size(), 4U);
  EXPECT_EQ(plan.windows[0].tokens, (std::vector<Token>{kBos, 'a', 'b'}));
  EXPECT_EQ(text_of(plan.windows[0].targets), "abc");
  EXPECT_EQ(text_of(plan.windows[1].tokens), "cde");
  EXPECT_EQ(text_of(plan.windows[1].targets), "def");
  EXPECT_EQ(text_of(plan.windows[2].tokens), "def");  // extended to the left
  EXPECT_EQ(text_of(plan.windows[2].targets), "g");
  EXPECT_EQ(plan.windows[2].first_row, 2);
  EXPECT_EQ(plan.windows[2].position_offset, 6);
  EXPECT_EQ(plan.windows[3].document, 2);
  EXPECT_EQ(plan.windows[3].tokens, (std::vector<Token>{kBos, 'h', ' '}));
}

TEST(LmEval, TheTokenizersOwnBosIsATargetAsInLmEval) {  // the hf model encodes by its default
  const WindowPlan plan = plan_of(corpus_from_text("t", "ab"),
                                  {.convention = ConventionName::kLmEval}, {.adds_bos = true});
  ASSERT_EQ(plan.windows.size(), 1U);
  EXPECT_EQ(plan.windows[0].tokens, (std::vector<Token>{kBos, kBos, 'a'}));
  EXPECT_EQ(plan.windows[0].targets, (std::vector<Token>{kBos, 'a', 'b'}));
}

TEST(LmEval, LimitCountsDocuments) {
  const Corpus corpus = corpus_from_text("d.jsonl", "{\"text\": \"abcdefg\"}\n{\"text\": \"x\"}");
  const WindowPlan plan =
      plan_of(corpus, {.convention = ConventionName::kLmEval, .n_ctx = 3, .n_windows = 1});
  EXPECT_EQ(plan.documents.size(), 1U);
  EXPECT_EQ(plan.windows.size(), 3U);
}

TEST(LmEval, WikiTextCountsTheOriginalAndScoresTheDetokenisedPages) {
  if (!wiki_test_raw()) GTEST_SKIP() << "ASSAY_DATA does not hold wiki.test.raw";
  const WindowPlan plan =
      plan_of(load_corpus(*wiki_test_raw()), {.convention = ConventionName::kLmEval, .n_ctx = 512});
  expect_sound(plan);
  const auto& pages = golden_vectors()["wikitext2"]["pages"];
  ASSERT_EQ(plan.documents.size(), pages.size());
  std::vector<std::string> scored(pages.size());
  for (const Window& window : plan.windows) {
    std::string& text = scored[static_cast<std::size_t>(window.document)];
    EXPECT_EQ(window.position_offset, static_cast<int>(text.size()));
    text += text_of(window.targets);
  }
  for (std::size_t i = 0; i < pages.size(); ++i) {
    EXPECT_EQ(plan.documents[i].n_words, pages[i]["n_words"]);
    EXPECT_EQ(plan.documents[i].n_bytes, pages[i]["n_bytes"]);
    EXPECT_EQ(hash_bytes(scored[i]).hex(), pages[i]["detokenized"]);
  }
}

TEST(LmEval, DefaultWindowIsTheTrainedContext) {
  const WindowPlan plan = plan_of(corpus_from_text("t", letters(200)),
                                  {.convention = ConventionName::kLmEval}, {.n_ctx = 96});
  EXPECT_EQ(plan.convention.window, 96);
  EXPECT_EQ(plan.windows.size(), 3U);
}

TEST(LmEval, DocumentsWithoutTokensAreRefused) {
  std::string message;
  EXPECT_EQ(refusal(corpus_from_text("d.jsonl", "{\"text\": \"\"}"),
                    {.convention = ConventionName::kLmEval}, &message),
            ErrorKind::kBadInput);
}

TEST(Plan, ImpossibleWindowsAreUsageErrors) {
  const Corpus corpus = corpus_from_text("t", letters(100));
  std::string message;
  for (const int n_ctx : {-1, 1, 2}) {
    EXPECT_EQ(refusal(corpus, {.n_ctx = n_ctx}, &message), ErrorKind::kUsage);
  }
  EXPECT_EQ(refusal(corpus, {.convention = ConventionName::kGptq, .n_ctx = 1}, &message),
            ErrorKind::kUsage);
  EXPECT_EQ(refusal(corpus, {.n_ctx = 8, .n_windows = -1}, &message), ErrorKind::kUsage);
  EXPECT_EQ(plan_of(corpus, {.n_ctx = 3}).windows[0].targets.size(), 1U);
}

TEST(Plan, ConversationsAreNoTextAndTextIsNoConversation) {
  const Corpus chat =
      corpus_from_text("c.jsonl", R"({"messages": [{"role": "user", "content": "a"}]})");
  std::string message;
  for (const ConventionName name :
       {ConventionName::kLlamaCpp, ConventionName::kGptq, ConventionName::kLmEval}) {
    EXPECT_EQ(refusal(chat, {.convention = name}, &message), ErrorKind::kUsage);
    EXPECT_NE(message.find("--convention chat"), std::string::npos);
  }
  EXPECT_EQ(refusal(corpus_from_text("t", "text"), {.convention = ConventionName::kChat}, &message),
            ErrorKind::kUsage);
}

TEST(Plan, TheThreeConventionsOfOneTextCannotBeCompared) {
  const Corpus corpus = corpus_from_text("t", letters(5000));
  const Convention a = plan_of(corpus, {}).convention;
  const Convention b = plan_of(corpus, {.convention = ConventionName::kGptq}).convention;
  const Convention c = plan_of(corpus, {.convention = ConventionName::kLmEval}).convention;
  EXPECT_THROW(require_same_convention(a, b), Error);
  EXPECT_THROW(require_same_convention(b, c), Error);
  EXPECT_THROW(require_same_convention(a, c), Error);
}

}  // namespace
}  // namespace assay
