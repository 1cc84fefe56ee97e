// Conversations through the model's chat template: only what the assistant said is scored, because
// that is what is served.
#include <algorithm>

#include <fmt/format.h>

#include "core/error.h"
#include "eval/plan.h"

namespace assay::detail {
namespace {

std::string text_of(const Model& model, std::optional<Token> token) {
  return token ? model.detokenize(std::span(&*token, 1)) : std::string();
}

RenderedChat render(const Document& document, ChatTemplateOptions options) {
  const std::span<const ChatMessage> messages = document.messages;
  options.add_generation_prompt = false;
  RenderedChat chat{.text = render_chat(options, messages)};
  for (std::size_t i = 0; i < messages.size(); ++i) {
    if (messages[i].role != "assistant") continue;
    options.add_generation_prompt = true;
    const std::string before = render_chat(options, messages.first(i));
    options.add_generation_prompt = false;
    const std::string after = render_chat(options, messages.first(i + 1));
    // Some templates rewrite earlier turns (drop their reasoning, say): what was served then is not
    // in the whole text, so such a turn is left out.
    if (chat.text.starts_with(before) && chat.text.starts_with(after) &&
        after.size() > before.size()) {
      chat.assistant.push_back({before.size(), after.size()});
    }
  }
  return chat;
}

// How many of the first tokens are the same.
std::size_t common_prefix(const std::vector<Token>& a, const std::vector<Token>& b) {
  const auto n = static_cast<std::ptrdiff_t>(std::min(a.size(), b.size()));
  return static_cast<std::size_t>(std::mismatch(a.begin(), a.begin() + n, b.begin()).first -
                                  a.begin());
}

}  // namespace

ChatTokens tokenize_chat(const RenderedChat& chat, const Model& vocabulary) {
  const ModelInfo& info = vocabulary.info();
  const std::string bos = text_of(vocabulary, info.bos);
  const bool has_bos = !bos.empty() && chat.text.starts_with(bos);
  const TokenizeOptions options{.add_special = !has_bos, .parse_special = true};
  ChatTokens result{.tokens = vocabulary.tokenize(chat.text, options)};
  result.is_assistant.assign(result.tokens.size(), false);
  for (const RenderedChat::Span& span : chat.assistant) {
    const std::vector<Token> before =
        vocabulary.tokenize(std::string_view(chat.text).substr(0, span.begin), options);
    const std::vector<Token> after =
        vocabulary.tokenize(std::string_view(chat.text).substr(0, span.end), options);
    const std::size_t first = common_prefix(before, result.tokens);
    if (first < before.size()) ++result.n_spanning;
    const std::size_t last = std::max(first, common_prefix(after, result.tokens));
    std::fill(result.is_assistant.begin() + static_cast<std::ptrdiff_t>(first),
              result.is_assistant.begin() + static_cast<std::ptrdiff_t>(last), true);
  }
  return result;
}

WindowPlan plan_chat(const Corpus& corpus, const Model& vocabulary, const PlanOptions& options) {
  const ModelInfo& info = vocabulary.info();
  if (corpus.format != CorpusFormat::kChat) {
    throw Error(ErrorKind::kUsage, "The chat convention needs conversations", corpus.name,
                R"(Give a .jsonl whose lines are {"messages": [{"role": ..., "content": ...}]}.)");
  }
  if (info.chat_template.empty()) {
    throw Error(ErrorKind::kBadInput, "The model has no chat template", info.path,
                "Use a text convention instead.");
  }
  const ChatTemplateOptions chat_template{.source = info.chat_template,
                                          .bos = text_of(vocabulary, info.bos),
                                          .eos = text_of(vocabulary, info.eos)};
  const int n_ctx = options.n_ctx > 0 ? options.n_ctx : info.n_ctx_train;
  WindowPlan plan;
  plan.convention = {.name = ConventionName::kChat,
                     .corpus = corpus.name,
                     .corpus_digest = corpus.digest,
                     .join_rule = "one conversation each",
                     .window = n_ctx,
                     .scored = "assistant tokens",
                     .bos_rule = "template",
                     .unit = "token",
                     .n_windows_limit = options.n_windows};
  int n_cut = 0, n_skipped = 0, n_spanning = 0;
  for (const Document& document : corpus.documents) {
    if (options.n_windows > 0 && plan.windows.size() == static_cast<std::size_t>(options.n_windows))
      break;
    ChatTokens chat = tokenize_chat(render(document, chat_template), vocabulary);
    n_spanning += chat.n_spanning;
    const std::size_t limit = static_cast<std::size_t>(n_ctx) + 1;
    if (chat.tokens.size() > limit) {
      ++n_cut;
      chat.tokens.resize(limit);
      chat.is_assistant.resize(limit);
    }
    Window window{
        .first_row = 0, .document = static_cast<int>(plan.documents.size()), .position_offset = 1};
    bool any = false;
    for (std::size_t i = 1; i < chat.tokens.size(); ++i) {
      window.tokens.push_back(chat.tokens[i - 1]);
      window.targets.push_back(chat.tokens[i]);
      window.scored.push_back(chat.is_assistant[i] ? 1 : 0);
      any = any || chat.is_assistant[i];
    }
    if (!any) {
      ++n_skipped;
      continue;
    }
    plan.documents.push_back({.name = document.name});
    plan.longest_window = std::max(plan.longest_window, static_cast<int>(window.tokens.size()));
    plan.windows.push_back(std::move(window));
  }
  if (plan.windows.empty()) {
    throw Error(ErrorKind::kBadInput,
                "No conversation holds an assistant's message that could be scored", corpus.name,
                "A larger --ctx may be needed.");
  }
  if (n_cut > 0)
    plan.notes.push_back(
        fmt::format("{} conversations are longer than {} tokens and were cut", n_cut, n_ctx));
  if (n_skipped > 0)
    plan.notes.push_back(
        fmt::format("{} conversations hold nothing to score and were left out", n_skipped));
  if (n_spanning > 0) {
    plan.notes.push_back(fmt::format(
        "{} assistant turns start inside a token that also covers the prompt's end", n_spanning));
  }
  return plan;
}

}  // namespace assay::detail
