#include <gtest/gtest.h>

#include "core/error.h"
#include "eval/eval.h"

namespace assay {
namespace {

const std::string kChatMl =
    "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\\n' + m['content'] + '<|im_end|>\\n' "
    "}}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";

// The scripted model's byte tokens with a chat template.
class ChatModel final : public Model {
 public:
  explicit ChatModel(const std::string& chat_template, int n_ctx = 4096)
      : bytes_(open_scripted({.n_ctx = n_ctx})), info_(bytes_->info()) {
    info_.chat_template = chat_template;
  }
  const ModelInfo& info() const override { return info_; }
  std::vector<Token> tokenize(std::string_view text, TokenizeOptions options) const override {
    return bytes_->tokenize(text, options);
  }
  std::string detokenize(std::span<const Token> tokens) const override {
    return bytes_->detokenize(tokens);
  }
  void extend(std::span<const Extension>, const RowSink&, std::stop_token) override {}
  void release(std::span<const Branch>) override {}

 private:
  std::unique_ptr<Model> bytes_;
  ModelInfo info_;
};

Corpus conversations(const std::string& lines) {
  return corpus_from_text("c.jsonl", lines, CorpusFormat::kChat);
}

const std::string kTwoTurns =
    R"({"messages": [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "yes"},)"
    R"( {"role": "user", "content": "more"}, {"role": "assistant", "content": "no"}]})";

// What a window scores, as text.
std::string scored_text(const Window& window) {
  std::string text;
  for (std::size_t i = 0; i < window.targets.size(); ++i) {
    if (window.scored.at(i) != 0) text += static_cast<char>(window.targets[i]);
  }
  return text;
}

constexpr PlanOptions kChat{.convention = ConventionName::kChat};

TEST(ChatPlan, ScoresTheAssistantsBytesOnly) {
  const ChatModel model(kChatMl);
  const WindowPlan plan = plan_windows(conversations(kTwoTurns), model, kChat);
  ASSERT_EQ(plan.windows.size(), 1U);
  const Window& window = plan.windows[0];
  // The turns with the marks that end them, which the assistant has to produce as well.
  EXPECT_EQ(scored_text(window), "yes<|im_end|>\nno<|im_end|>\n");
  ASSERT_EQ(window.tokens.size(), window.targets.size());
  for (std::size_t i = 1; i < window.tokens.size(); ++i)
    EXPECT_EQ(window.tokens[i], window.targets[i - 1]);
  EXPECT_EQ(model.detokenize(window.tokens).substr(0, 22), "<|im_start|>user\nhi<|i");
  EXPECT_TRUE(plan.notes.empty());
}

TEST(ChatPlan, ATemplateThatRewritesEarlierTurnsScoresWhatWasServed) {
  // Only the last message is shown in full: the first answer is not in the whole text as served.
  const std::string forgetful =
      "{% for m in messages %}{{ m.role }}:{% if loop.last or m.role == 'user' %}{{ m.content }}"
      "{% else %}...{% endif %};{% endfor %}{% if add_generation_prompt %}assistant:{% endif %}";
  const WindowPlan plan = plan_windows(conversations(kTwoTurns), ChatModel(forgetful), kChat);
  EXPECT_EQ(scored_text(plan.windows.at(0)), "no;");
}

TEST(ChatPlan, LongConversationsAreCutWithANote) {
  // 31 bytes stand before "yes": 33 tokens of context see its first two bytes as targets.
  const WindowPlan whole = plan_windows(conversations(kTwoTurns), ChatModel(kChatMl), kChat);
  std::size_t before = 0;
  while (whole.windows.at(0).scored.at(before) == 0) ++before;
  const int n_ctx = static_cast<int>(before) + 2;
  const WindowPlan plan = plan_windows(conversations(kTwoTurns), ChatModel(kChatMl),
                                       {.convention = ConventionName::kChat, .n_ctx = n_ctx});
  EXPECT_EQ(scored_text(plan.windows.at(0)), "ye");
  EXPECT_EQ(plan.longest_window, n_ctx);
  ASSERT_EQ(plan.notes.size(), 1U);
  EXPECT_NE(plan.notes[0].find("were cut"), std::string::npos);
}

TEST(ChatPlan, ConversationsWithoutAnAnswerAreLeftOut) {
  const std::string question = R"({"messages": [{"role": "user", "content": "hi"}]})";
  const WindowPlan plan =
      plan_windows(conversations(question + "\n" + kTwoTurns), ChatModel(kChatMl), kChat);
  ASSERT_EQ(plan.windows.size(), 1U);
  ASSERT_EQ(plan.documents.size(), 1U);
  EXPECT_EQ(plan.documents[0].name, "line 2");
  ASSERT_EQ(plan.notes.size(), 1U);
  EXPECT_NE(plan.notes[0].find("left out"), std::string::npos);
}

void expect_error(const Corpus& corpus, const Model& model, ErrorKind kind,
                  const std::string& part) {
  try {
    plan_windows(corpus, model, kChat);
    FAIL() << "no error with \"" << part << '"';
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), kind);
    EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
  }
}

TEST(ChatPlan, Refusals) {
  const std::string question = R"({"messages": [{"role": "user", "content": "hi"}]})";
  expect_error(conversations(question), ChatModel(kChatMl), ErrorKind::kBadInput,
               "No conversation holds an assistant's message");
  expect_error(conversations(kTwoTurns), ChatModel(""), ErrorKind::kBadInput, "no chat template");
  expect_error(corpus_from_text("t.txt", "plain"), ChatModel(kChatMl), ErrorKind::kUsage,
               "needs conversations");
  expect_error(conversations(kTwoTurns), ChatModel("{{ raise_exception('not so') }}"),
               ErrorKind::kBadInput, "not so");
}

}  // namespace
}  // namespace assay
