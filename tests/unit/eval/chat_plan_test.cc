// Conversations: which tokens are the assistant's, under templates of several habits.
#include <gtest/gtest.h>

#include "core/error.h"
#include "eval/eval.h"

namespace assay {
namespace {

// Bytes, and these texts as special tokens (258, 259); "n\n" is one token when `merges` is set.
// "<256>" is how the scripted model spells its BOS.
class ChatVocabulary final : public Model {
 public:
  explicit ChatVocabulary(std::string chat_template, bool adds_bos = false, bool merges = false)
      : bytes_(open_scripted({.adds_bos = adds_bos})), merges_(merges) {
    info_ = bytes_->info();
    info_.chat_template = std::move(chat_template);
  }
  const ModelInfo& info() const override { return info_; }
  std::vector<Token> tokenize(std::string_view text, TokenizeOptions options) const override {
    std::vector<Token> tokens;
    if (options.add_special && info_.adds_bos) tokens.push_back(256);
    while (!text.empty()) {
      const auto [token, length] = next(text, options.parse_special);
      tokens.push_back(token);
      text.remove_prefix(length);
    }
    return tokens;
  }
  std::string detokenize(std::span<const Token> tokens) const override {
    std::string text;
    for (const Token t : tokens) {
      text += t == 258   ? "<|start|>"
              : t == 259 ? "<|end|>"
              : t == 260 ? "n\n"
                         : bytes_->detokenize(std::span(&t, 1));
    }
    return text;
  }
  void extend(std::span<const Extension>, const RowSink&, std::stop_token) override {}
  void release(std::span<const Branch>) override {}

 private:
  std::pair<Token, std::size_t> next(std::string_view text, bool parse_special) const {
    if (parse_special) {
      if (text.starts_with("<256>")) return {256, 5};
      if (text.starts_with("<|start|>")) return {258, 9};
      if (text.starts_with("<|end|>")) return {259, 7};
    }
    if (merges_ && text.starts_with("n\n")) return {260, 2};
    return {static_cast<unsigned char>(text[0]), 1};
  }

  std::unique_ptr<Model> bytes_;
  ModelInfo info_;
  bool merges_;
};

const char* const kChatMl =
    "{% for m in messages %}<|start|>{{ m.role }}\n{{ m.content }}<|end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|start|>assistant\n{% endif %}";

Corpus conversations(const std::string& lines) { return corpus_from_text("c.jsonl", lines); }

const char* const kTwoTurns = R"([{"role": "user", "content": "Hi"},
  {"role": "assistant", "content": "Yo"}, {"role": "user", "content": "Bye"},
  {"role": "assistant", "content": "See you"}])";

std::string one_line(std::string text) {
  std::erase(text, '\n');
  return text;
}

// The scored targets as text, a bar between runs that do not touch.
std::string scored_text(const Window& window, const Model& vocabulary) {
  std::string text;
  bool inside = false;
  for (std::size_t i = 0; i < window.targets.size(); ++i) {
    const bool scored = window.scored.empty() || window.scored[i] != 0;
    if (scored && !inside && !text.empty()) text += '|';
    if (scored) text += vocabulary.detokenize(std::span(&window.targets[i], 1));
    inside = scored;
  }
  return text;
}

WindowPlan plan_of(const std::string& lines, const Model& vocabulary, PlanOptions options = {}) {
  options.convention = ConventionName::kChat;
  return plan_windows(conversations(lines), vocabulary, options);
}

bool has_note(const WindowPlan& plan, const std::string& part) {
  for (const std::string& note : plan.notes) {
    if (note.find(part) != std::string::npos) return true;
  }
  return false;
}

TEST(Chat, ScoresWhatTheAssistantSaidWithItsEndOfTurn) {
  const ChatVocabulary vocabulary(kChatMl);
  const WindowPlan plan = plan_of(one_line(kTwoTurns), vocabulary);
  ASSERT_EQ(plan.windows.size(), 1U);
  const Window& window = plan.windows[0];
  EXPECT_EQ(scored_text(window, vocabulary), "Yo<|end|>|See you<|end|>");
  EXPECT_EQ(window.scored.size(), window.targets.size());
  EXPECT_LE(static_cast<std::size_t>(window.first_row) + window.targets.size(),
            window.tokens.size());
  EXPECT_EQ(plan.convention.scored, "assistant tokens");
  EXPECT_EQ(plan.convention.bos_rule, "none");
  EXPECT_TRUE(plan.notes.empty());
}

TEST(Chat, TargetsFollowTheirRows) {
  const ChatVocabulary vocabulary(kChatMl);
  const Window window = plan_of(one_line(kTwoTurns), vocabulary).windows[0];
  for (std::size_t i = 0; i + 1 < window.targets.size(); ++i) {
    EXPECT_EQ(window.targets[i], window.tokens[static_cast<std::size_t>(window.first_row) + i + 1]);
  }
  EXPECT_EQ(window.tokens[0], 258);
}

TEST(Chat, BosComesFromTheTokenizerOrTheTemplateAndNeverTwice) {
  const ChatVocabulary adds(kChatMl, true);
  const WindowPlan by_tokenizer = plan_of(one_line(kTwoTurns), adds);
  EXPECT_EQ(by_tokenizer.windows[0].tokens[0], 256);
  EXPECT_EQ(by_tokenizer.windows[0].tokens[1], 258);
  EXPECT_EQ(by_tokenizer.convention.bos_rule, "once at the start");
  const ChatVocabulary renders(std::string("{{ bos_token }}") + kChatMl, true);
  const WindowPlan by_template = plan_of(one_line(kTwoTurns), renders);
  EXPECT_EQ(by_template.windows[0].tokens, by_tokenizer.windows[0].tokens);
  EXPECT_EQ(by_template.windows[0].scored, by_tokenizer.windows[0].scored);
  EXPECT_EQ(by_template.convention.bos_rule, "template");
}

TEST(Chat, ATokenThatSpansTheJoinIsTheAssistantsAndCounted) {
  // The template ends its prompt with "n", the answer begins with a new line: one token.
  const ChatVocabulary vocabulary(
      "{% for m in messages %}{{ m.role }}:n{{ m.content }};{% endfor %}"
      "{% if add_generation_prompt %}assistant:n{% endif %}",
      false, true);
  const WindowPlan plan = plan_of(
      R"([{"role": "user", "content": "a"}, {"role": "assistant", "content": "\nb"}])", vocabulary);
  EXPECT_EQ(scored_text(plan.windows[0], vocabulary), "n\nb;");
  EXPECT_TRUE(has_note(plan, "1 assistant"));
}

TEST(Chat, WhiteSpaceOfTheAnswerIsKeptWhenNoMarkerEndsTheTurn) {
  const ChatVocabulary vocabulary(
      "{% for m in messages %}{{ m.role }}: {{ m.content }}{% endfor %}"
      "{% if add_generation_prompt %}assistant: {% endif %}");
  const WindowPlan plan =
      plan_of(R"([{"role": "user", "content": "a"}, {"role": "assistant", "content": "b \n"}])",
              vocabulary);
  EXPECT_EQ(scored_text(plan.windows[0], vocabulary), "b \n");
}

TEST(Chat, AGenerationPromptThatHistoryDoesNotRepeatStillFindsTheAnswer) {
  const ChatVocabulary vocabulary(
      "{% for m in messages %}<|start|>{{ m.role }}\n{{ m.content }}<|end|>\n{% endfor %}"
      "{% if add_generation_prompt %}<|start|>assistant\n<think>{% endif %}");
  const WindowPlan plan = plan_of(one_line(kTwoTurns), vocabulary);
  EXPECT_EQ(scored_text(plan.windows[0], vocabulary), "Yo<|end|>|See you<|end|>");
  EXPECT_TRUE(has_note(plan, "generation prompt"));
}

TEST(Chat, TurnsThatTheTemplateRewritesAreLeftOutAndCounted) {
  const ChatVocabulary vocabulary(  // shortens every answer but the last
      "{% for m in messages %}<|start|>{{ m.role }}\n"
      "{% if m.role == 'assistant' and not loop.last %}...{% else %}{{ m.content }}{% endif %}"
      "<|end|>\n{% endfor %}{% if add_generation_prompt %}<|start|>assistant\n{% endif %}");
  const WindowPlan plan = plan_of(one_line(kTwoTurns), vocabulary);
  EXPECT_EQ(scored_text(plan.windows[0], vocabulary), "See you<|end|>");
  EXPECT_TRUE(has_note(plan, "1 assistant turn"));
}

TEST(Chat, LongConversationsAreCutAndCounted) {
  const ChatVocabulary vocabulary(kChatMl);
  const WindowPlan whole = plan_of(one_line(kTwoTurns), vocabulary);
  const WindowPlan cut = plan_of(one_line(kTwoTurns), vocabulary, {.n_ctx = 25});
  EXPECT_EQ(cut.convention.window, 25);
  EXPECT_LE(cut.windows[0].tokens.size(), 25U);
  EXPECT_EQ(scored_text(cut.windows[0], vocabulary), "Yo<|end|>");
  EXPECT_TRUE(has_note(cut, "1 conversation"));
  EXPECT_GT(whole.longest_window, cut.longest_window);
}

TEST(Chat, ConversationsWithoutAnAnswerAreSkippedAndCounted) {
  const ChatVocabulary vocabulary(kChatMl);
  const std::string silent = R"([{"role": "user", "content": "a"}])";
  const WindowPlan plan = plan_of(silent + "\n" + one_line(kTwoTurns) + "\n" + silent, vocabulary);
  ASSERT_EQ(plan.windows.size(), 1U);
  ASSERT_EQ(plan.documents.size(), 1U);
  EXPECT_EQ(plan.documents[0].name, "line 2");
  EXPECT_TRUE(has_note(plan, "2 conversations"));
  EXPECT_THROW(plan_of(silent, vocabulary), Error);
}

TEST(Chat, LimitCountsConversations) {
  const ChatVocabulary vocabulary(kChatMl);
  const std::string line = one_line(kTwoTurns) + "\n";
  EXPECT_EQ(plan_of(line + line + line, vocabulary, {.n_windows = 2}).windows.size(), 2U);
}

TEST(Chat, NoTemplateAndFailingTemplatesAreErrorsThatSayWhere) {
  try {
    plan_of(one_line(kTwoTurns), ChatVocabulary(""));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kBadInput);
    EXPECT_FALSE(error.remedy().empty());
  }
  try {
    plan_of(one_line(kTwoTurns), ChatVocabulary("{{ raise_exception('roles must alternate') }}"));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kBadInput);
    EXPECT_NE(std::string(error.what()).find("roles must alternate"), std::string::npos);
    EXPECT_NE(error.where().find("line 1"), std::string::npos);
    EXPECT_FALSE(error.remedy().empty());
  }
}

}  // namespace
}  // namespace assay
