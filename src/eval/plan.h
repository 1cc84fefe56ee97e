// One function per convention; plan_windows (eval.h) chooses.
#pragma once

#include "eval/eval.h"

namespace assay::detail {

// The text as one piece, for conventions that know no documents: jsonl documents are joined by a
// blank line.
struct JoinedText {
  std::string text;
  std::string join_rule;
};

WindowPlan plan_llama_cpp(const Corpus& corpus, const Model& vocabulary,
                          const PlanOptions& options);
WindowPlan plan_lm_eval(const Corpus& corpus, const Model& vocabulary, const PlanOptions& options);
WindowPlan plan_gptq(const Corpus& corpus, const Model& vocabulary, const PlanOptions& options);
WindowPlan plan_chat(const Corpus& corpus, const Model& vocabulary, const PlanOptions& options);

// A conversation rendered by the template, with the byte ranges that the assistant said: its text
// and the marker that ends its turn, without the white space that the template puts after it.
struct RenderedChat {
  struct Span {
    std::size_t begin = 0, end = 0;
  };
  std::string text;
  std::vector<Span> assistant;
  int n_rewritten = 0;   // turns that the whole shows otherwise than they were served: left out
  int n_unrepeated = 0;  // turns before which the whole lacks a part of the generation prompt
};
RenderedChat render_conversation(std::span<const ChatMessage> messages,
                                 ChatTemplateOptions options);

// Tokens of the conversation, with a flag for each that the assistant said. n_spanning counts
// assistant turns whose first token also covers the end of what stands before (boundary rule).
struct ChatTokens {
  std::vector<Token> tokens;
  std::vector<bool> is_assistant;
  int n_spanning = 0;
  std::string bos_rule;
};
ChatTokens tokenize_chat(const RenderedChat& chat, const Model& vocabulary);

}  // namespace assay::detail
