#include "tasks/prompt.h"

#include <fmt/format.h>

#include "core/unicode_text.h"
#include "tasks/python_text.h"
#include "tasks/template.h"

namespace assay::detail {
namespace {

bool starts_with_space(const std::string& text) { return space_at(text, 0) > 0; }

std::string answer_text(const Turn& turn) {
  const Json& answer = *turn.answer;
  Json chosen = answer;
  const bool is_index = answer.is_number_integer() || answer.is_boolean();
  if (turn.choices && !turn.choices->empty() && is_index) {
    const auto n = static_cast<std::int64_t>(turn.choices->size());
    const std::int64_t i =
        answer.is_boolean() ? (answer.get<bool>() ? 1 : 0) : answer.get<std::int64_t>();
    if (i < -n || i >= n)
      throw RowProblem(fmt::format("the answer {} is out of range: there are {} choices", i, n));
    chosen = (*turn.choices)[static_cast<std::size_t>(i < 0 ? i + n : i)];
  } else if (answer.is_array()) {
    if (answer.empty()) throw RowProblem("the list of right answers is empty");
    chosen = answer[0];
  }
  if (!chosen.is_string())
    throw RowProblem("the answer of an example is no text but " + python::repr(chosen));
  return chosen.get<std::string>();
}

}  // namespace

std::string joined(const std::string& prefix, const std::string& suffix,
                   const std::string& delimiter) {
  if (prefix.empty()) return suffix;
  if (suffix.empty()) return prefix;
  const bool spaced = ends_with_space(prefix) || starts_with_space(suffix);
  return prefix + (spaced ? "" : delimiter) + suffix;
}

bool ends_with_space(const std::string& text) { return space_before(text, text.size()) > 0; }

std::vector<Message> turn_messages(const Turn& turn) {
  if (!turn.question.is_string())
    throw RowProblem("the question is no text but " + python::repr(turn.question));
  const auto question = turn.question.get<std::string>();
  const bool has_answer = turn.answer && !turn.answer->is_null() && *turn.answer != "";
  const bool has_prefix = !turn.gen_prefix.empty();
  const bool delimits = has_prefix ? !question.empty() && !ends_with_space(question) &&
                                         !starts_with_space(turn.gen_prefix)
                                   : has_answer;
  std::vector<Message> messages{{"user", question, delimits ? turn.target_delimiter : ""}};
  if (has_answer)
    messages.push_back(
        {"assistant", joined(turn.gen_prefix, answer_text(turn), " "), turn.fewshot_delimiter});
  else if (has_prefix)
    messages.push_back({"assistant", turn.gen_prefix, ""});
  return messages;
}

std::string plain_text(const std::vector<Message>& messages) {
  std::string text;
  for (const Message& message : messages) text += message.content + message.delimiter;
  return text;
}

std::vector<ChatOptions::Message> chat_messages(std::vector<Message> messages, bool multiturn) {
  std::vector<ChatOptions::Message> result;
  if (multiturn) {
    for (const Message& message : messages) result.push_back({message.role, message.content});
    return result;
  }
  auto first = messages.begin(), last = messages.end();
  if (first->role == "system") {
    result.push_back({first->role, first->content});
    ++first;
  }
  const bool prefixed = (last - 1)->role == "assistant";
  if (prefixed) --last;
  (last - 1)->delimiter.clear();
  result.push_back({"user", plain_text({first, last})});
  if (prefixed) result.push_back({"assistant", messages.back().content});
  return result;
}

}  // namespace assay::detail
