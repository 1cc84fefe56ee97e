// How pieces become one prompt: lm-eval 0.4.13's Message, build_qa_turn and multiturn_to_singleturn
// (lm_eval/api/utils.py, api/task.py).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tasks/rows.h"

namespace assay::detail {

struct Message {
  std::string role;  // system, user, assistant
  std::string content;
  std::string delimiter;  // after it, when the prompt is plain text
};

// prefix + delimiter + suffix; no delimiter where white space or nothing is at the join.
std::string joined(const std::string& prefix, const std::string& suffix,
                   const std::string& delimiter);
bool ends_with_space(const std::string& text);

struct Turn {
  Json question;                // must be a text
  std::optional<Json> choices;  // absent: none
  std::optional<Json> answer;   // absent: the question that the model is to answer
  std::string gen_prefix, target_delimiter, fewshot_delimiter;
};
// One or two messages. Errors: RowProblem when question or answer are no texts, or the answer's
// index is out of range.
std::vector<Message> turn_messages(const Turn& turn);

std::string plain_text(const std::vector<Message>& messages);
// The messages as a chat: one by one, or all examples inside one user message.
std::vector<ChatOptions::Message> chat_messages(std::vector<Message> messages, bool multiturn);

}  // namespace assay::detail
