// What the assistant said, in the text that a chat template renders and in its tokens.
#include <algorithm>

#include "core/unicode_text.h"
#include "eval/plan.h"

namespace assay::detail {
namespace {

std::size_t common_prefix(const auto& a, const auto& b) {
  const auto n = static_cast<std::ptrdiff_t>(std::min(a.size(), b.size()));
  return static_cast<std::size_t>(std::mismatch(a.begin(), a.begin() + n, b.begin()).first -
                                  a.begin());
}

// Where a turn ends that starts at `begin`: behind the marker that follows its content. White space
// after the marker is the template's; without a marker it ends the turn itself and stays.
std::size_t end_of_turn(std::string_view rendered, std::size_t begin, std::string_view content) {
  const std::string_view said = strip(content);
  const std::size_t found = rendered.find(said, begin);
  if (found == std::string_view::npos) return rendered.size();
  std::size_t end = rendered.size();
  while (const std::size_t n = space_before(rendered, end)) end -= n;
  return end > found + said.size() ? end : rendered.size();
}

}  // namespace

RenderedChat render_conversation(std::span<const ChatMessage> messages,
                                 ChatTemplateOptions options) {
  const auto render = [&](std::size_t n, bool add_generation_prompt) {
    options.add_generation_prompt = add_generation_prompt;
    return render_chat(options, messages.first(n));
  };
  RenderedChat chat{.text = render(messages.size(), false)};
  for (std::size_t i = 0; i < messages.size(); ++i) {
    if (messages[i].role != "assistant") continue;
    const std::string prompt = render(i, true);
    const std::string history = i > 0 ? render(i, false) : std::string();
    const std::string after = render(i + 1, false);
    // Some templates rewrite earlier turns (drop their reasoning, say): what was served then is not
    // in the whole text.
    if (!chat.text.starts_with(history) || !chat.text.starts_with(after)) {
      ++chat.n_rewritten;
      continue;
    }
    // Others end the generation prompt with something that history lacks ("<think>").
    std::size_t begin = common_prefix(prompt, after);
    if (begin < prompt.size()) {
      ++chat.n_unrepeated;
      begin = std::min(begin, after.rfind(strip(messages[i].content)));
    }
    chat.assistant.push_back({begin, end_of_turn(after, begin, messages[i].content)});
  }
  return chat;
}

ChatTokens tokenize_chat(const RenderedChat& chat, const Model& vocabulary) {
  const ModelInfo& info = vocabulary.info();
  const std::string bos =
      info.bos ? vocabulary.detokenize(std::span(&*info.bos, 1)) : std::string();
  const bool has_bos = !bos.empty() && chat.text.starts_with(bos);
  const TokenizeOptions options{.add_special = !has_bos, .parse_special = true};
  ChatTokens result{.tokens = vocabulary.tokenize(chat.text, options)};
  result.bos_rule = has_bos ? "template" : info.adds_bos ? "once at the start" : "none";
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

}  // namespace assay::detail
