// The filter "custom" with a built-in function: programs out of answers.
#include <fmt/format.h>

#include "core/error.h"
#include "tasks/regex.h"
#include "tasks/score_builtin.h"
#include "tasks/score_filters.h"

namespace assay::detail::score {
namespace {

std::string text_of(const Json& response) {
  if (!response.is_string()) throw Unscored("the answer is not a text");
  return response.get<std::string>();
}

class HumanevalPredictions : public Filter {
 public:
  explicit HumanevalPredictions(bool until_fence) : until_fence_(until_fence) {}
  Json apply(const Json& responses, const Row& doc) const override {
    const auto prompt = doc.find("prompt");
    if (prompt == doc.end() || !prompt->is_string())
      throw Unscored("the row has no text in its column \"prompt\"");
    Json out = Json::array();
    for (const Json& response : elements(responses)) {
      std::string answer = text_of(response);
      if (until_fence_) answer = answer.substr(0, answer.find("```"));
      out.push_back(prompt->get<std::string>() + answer);
    }
    return out;
  }

 private:
  bool until_fence_;
};

// The first fenced block. The prompt has opened a fence already, so one is put in front.
class MbppPredictions : public Filter {
 public:
  Json apply(const Json& responses, const Row&) const override {
    Json out = Json::array();
    for (const Json& response : elements(responses)) out.push_back(code(text_of(response)));
    return out;
  }

 private:
  std::string code(const std::string& answer) const {
    const std::string opened = "```" + answer;
    if (const auto match = block_.search(opened)) return std::string(*match->groups[0]);
    const std::string plain =
        language_.sub(answer, [](const Regex::Match&) { return std::string("```"); });
    if (const auto match = block_.search(plain)) return std::string(*match->groups[0]);
    return {};
  }
  Regex block_ = Regex(R"(```(?:\w+)?\n?(.*?)\n?```)", {.dot_all = true});
  Regex language_ = Regex("```python");
};

// "!function utils.f", "utils.f", or a map with the function's name, as the task file gives it.
std::string function_name(const Json& value) {
  if (value.is_object()) {
    for (const char* key : {"!function", "function", "name"})
      if (value.contains(key)) return function_name(value[key]);
    return {};
  }
  if (!value.is_string()) return {};
  std::string name = value.get<std::string>();
  constexpr std::string_view kTag = "!function ";
  return name.starts_with(kTag) ? name.substr(kTag.size()) : name;
}

}  // namespace

std::unique_ptr<const Filter> make_custom_filter(const std::string& function, const Json& args,
                                                 const TaskConfig& config) {
  if (function != "custom") return nullptr;
  const std::string name = function_name(args.contains("filter_fn") ? args["filter_fn"] : Json());
  const std::optional<Builtin> builtin = find_builtin(name, config.file);
  if (builtin == Builtin::kHumanevalPredictions)
    return std::make_unique<HumanevalPredictions>(false);
  if (builtin == Builtin::kHumanevalInstructPredictions)
    return std::make_unique<HumanevalPredictions>(true);
  if (builtin == Builtin::kMbppPredictions) return std::make_unique<MbppPredictions>();
  throw Error(ErrorKind::kUsage,
              fmt::format("The task's filter function \"{}\" is not built in", name),
              fmt::format("{}, task {}", config.file, config.task),
              "Use one of the built-in functions: builtin.humaneval_predictions, "
              "builtin.humaneval_instruct_predictions, builtin.mbpp_predictions.");
}

}  // namespace assay::detail::score
