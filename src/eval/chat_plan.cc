// Conversations through the model's chat template: only what the assistant said is scored, because
// that is what is served.
#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/error.h"
#include "eval/plan.h"

namespace assay::detail {
namespace {

struct Counts {
  int n_cut = 0, n_skipped = 0, n_spanning = 0, n_rewritten = 0, n_unrepeated = 0;
};

std::string text_of(const Model& model, std::optional<Token> token) {
  return token ? model.detokenize(std::span(&*token, 1)) : std::string();
}

ChatTokens read_conversation(const Corpus& corpus, const Document& document,
                             const Model& vocabulary, const ChatTemplateOptions& chat_template,
                             Counts& counts) {
  try {
    const RenderedChat rendered = render_conversation(document.messages, chat_template);
    ChatTokens chat = tokenize_chat(rendered, vocabulary);
    counts.n_rewritten += rendered.n_rewritten;
    counts.n_unrepeated += rendered.n_unrepeated;
    counts.n_spanning += chat.n_spanning;
    return chat;
  } catch (const Error& error) {
    if (!error.where().empty()) throw;
    throw Error(error.kind(), error.what(), fmt::format("{}, {}", corpus.name, document.name),
                "Correct this conversation or remove it.");
  }
}

// From the start to the last token that is scored; no targets when none is.
Window make_window(const ChatTokens& chat) {
  Window window{.position_offset = 1};
  const auto last = std::find(chat.is_assistant.rbegin(), chat.is_assistant.rend(), true);
  const auto n = static_cast<std::size_t>(chat.is_assistant.rend() - last);
  for (std::size_t i = 1; i < n; ++i) {
    window.tokens.push_back(chat.tokens[i - 1]);
    window.targets.push_back(chat.tokens[i]);
    window.scored.push_back(chat.is_assistant[i] ? 1 : 0);
  }
  return window;
}

void add_notes(const Counts& counts, int n_ctx, WindowPlan& plan) {
  const auto note = [&plan](int n, const std::string& unit, const std::string& what) {
    if (n > 0) plan.notes.push_back(fmt::format("{} {}{} {}", n, unit, n > 1 ? "s" : "", what));
  };
  note(counts.n_cut, "conversation", fmt::format("longer than {} tokens: cut at the end", n_ctx));
  note(counts.n_skipped, "conversation", "without anything to score: left out");
  note(counts.n_rewritten, "assistant turn",
       "that the chat template shows otherwise in a longer conversation: not scored");
  note(counts.n_unrepeated, "assistant turn",
       "before which the conversation lacks a part of the template's generation prompt");
  note(counts.n_spanning, "assistant turn",
       "whose first token also covers the end of the prompt: scored with it");
}

void require_conversations(const Corpus& corpus, const ModelInfo& info, int n_ctx) {
  if (corpus.format != CorpusFormat::kChat) {
    throw Error(ErrorKind::kUsage, "The chat convention needs conversations", corpus.name,
                R"(Give a .jsonl whose lines are {"messages": [{"role": ..., "content": ...}]}.)");
  }
  if (info.chat_template.empty()) {
    throw Error(ErrorKind::kBadInput, "The model has no chat template", info.path,
                "Use a text convention instead.");
  }
  if (n_ctx < 1) {
    throw Error(ErrorKind::kUsage, "The model does not state its context", info.path,
                "Give one with --ctx.");
  }
}

}  // namespace

WindowPlan plan_chat(const Corpus& corpus, const Model& vocabulary, const PlanOptions& options) {
  const ModelInfo& info = vocabulary.info();
  const int n_ctx = options.n_ctx > 0 ? options.n_ctx : info.n_ctx_train;
  require_conversations(corpus, info, n_ctx);
  const ChatTemplateOptions chat_template{.source = info.chat_template,
                                          .bos = text_of(vocabulary, info.bos),
                                          .eos = text_of(vocabulary, info.eos)};
  WindowPlan plan{.convention = {.name = ConventionName::kChat,
                                 .corpus = corpus.name,
                                 .corpus_digest = corpus.digest,
                                 .join_rule = "one conversation each",
                                 .window = n_ctx,
                                 .scored = "assistant tokens",
                                 .unit = "token",
                                 .n_windows_limit = options.n_windows}};
  Counts counts;
  for (const Document& document : corpus.documents) {
    if (options.n_windows > 0 && plan.windows.size() == static_cast<std::size_t>(options.n_windows))
      break;
    ChatTokens chat = read_conversation(corpus, document, vocabulary, chat_template, counts);
    const std::size_t limit = static_cast<std::size_t>(n_ctx) + 1;
    if (chat.tokens.size() > limit) {
      ++counts.n_cut;
      chat.tokens.resize(limit);
      chat.is_assistant.resize(limit);
    }
    Window window = make_window(chat);
    if (window.targets.empty()) {
      ++counts.n_skipped;
      continue;
    }
    if (plan.windows.empty()) plan.convention.bos_rule = chat.bos_rule;
    window.document = static_cast<int>(plan.documents.size());
    plan.documents.push_back({.name = document.name});
    plan.longest_window = std::max(plan.longest_window, static_cast<int>(window.tokens.size()));
    plan.windows.push_back(std::move(window));
  }
  add_notes(counts, n_ctx, plan);
  if (plan.windows.empty()) {
    throw Error(ErrorKind::kBadInput,
                fmt::format("Nothing of this can be scored: {}", fmt::join(plan.notes, "; ")),
                corpus.name, "It needs conversations in which the assistant answers.");
  }
  return plan;
}

}  // namespace assay::detail
