// Scores of generated texts against targets.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "tasks/regex.h"
#include "tasks/score_sample.h"
#include "tasks/score_target_list.h"
#include "tasks/score_text.h"

namespace assay::detail::score {
namespace {

// An array of texts as numpy has it: all have the width of the longest, and NULs at the end are
// not seen.
class TextArray {
 public:
  explicit TextArray(std::vector<std::string> texts) : texts_(std::move(texts)) { measure(); }

  template <typename Change>
  void map(Change change) {
    for (std::string& text : texts_) text = change(text);
  }
  // numpy keeps the width: what lower case makes longer is cut.
  void to_lower() {
    for (std::string& text : texts_) {
      std::u32string lowered = characters(lower(text));
      if (lowered.size() > width_) lowered.resize(width_);
      text = utf8(lowered);
    }
  }
  void measure() {
    width_ = 1;
    for (std::string& text : texts_) {
      text.erase(text.find_last_not_of('\0') + 1);
      width_ = std::max(width_, characters(text).size());
    }
  }
  std::size_t size() const { return texts_.size(); }
  const std::string& operator[](std::size_t i) const { return texts_[i]; }

 private:
  std::vector<std::string> texts_;
  std::size_t width_ = 1;
};

bool flag(const Json& args, const char* key) { return argument(args, key, false); }

bool has_regexes(const Json& args) {
  return args.contains("regexes_to_ignore") && !args["regexes_to_ignore"].is_null();
}

void clean(TextArray& texts, const Json& args) {
  if (has_regexes(args)) {
    for (const Json& pattern : args["regexes_to_ignore"]) {
      const Regex regex(pattern.get<std::string>());
      texts.map([&](const std::string& text) {
        return regex.sub(text, [](const Regex::Match&) { return std::string(); });
      });
      texts.measure();
    }
  }
  if (flag(args, "ignore_case")) texts.to_lower();
  if (flag(args, "ignore_punctuation")) texts.map(without_ascii_punctuation);
  if (flag(args, "ignore_numbers")) texts.map(without_ascii_digits);
  texts.measure();
}

// lm-eval turns the target into the type of the answer.
double match_number(const Json& result, const std::string& target, const Json& args) {
  if (has_regexes(args) || flag(args, "ignore_case") || flag(args, "ignore_punctuation") ||
      flag(args, "ignore_numbers"))
    throw Unscored("the filters made a number, which exact_match cannot clean");
  const std::string_view text = strip(target);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = value == static_cast<double>(static_cast<std::int64_t>(value));
  if (error != std::errc() || end != text.data() + text.size() ||
      (result.is_number_integer() && !whole))
    throw Unscored(fmt::format("the target \"{}\" is no number, the answer is one", target));
  return result.get<double>() == value ? 1 : 0;
}

std::vector<std::string> texts_of(const Json& result) {
  if (result.is_string()) return {result.get<std::string>()};
  std::vector<std::string> texts;
  for (const Json& part : result) {
    if (!part.is_string()) throw Unscored("the filters left an answer that is not a text");
    texts.push_back(part.get<std::string>());
  }
  if (texts.empty()) throw Unscored("the filters left no answer");
  return texts;
}

double score_exact_match(const SampleView& view, const Json& args, const Json& result) {
  const Targets targets = targets_of(view);
  if (result.is_null()) throw Unscored("the filters left no answer (None)");
  if (targets.several) {
    if (!result.is_string()) throw Unscored("several targets need one text for an answer");
    const std::vector<std::string> answers(targets.texts.size(), result.get<std::string>());
    return exact_match(answers, targets.texts, args) > 0 ? 1 : 0;
  }
  if (result.is_number() && !result.is_boolean())
    return match_number(result, targets.texts[0], args);
  if (!result.is_string() && !result.is_array()) throw Unscored("the answer is not a text");
  if (result.is_array() && has_regexes(args))
    throw Unscored("exact_match with regexes_to_ignore needs one answer: add take_first");
  return exact_match(texts_of(result), targets.texts, args);
}

}  // namespace

double exact_match(std::vector<std::string> predictions, std::vector<std::string> references,
                   const Json& args) {
  TextArray answers(std::move(predictions)), targets(std::move(references));
  clean(answers, args);
  clean(targets, args);
  double equal = 0;
  for (std::size_t i = 0; i < answers.size(); ++i)
    equal += answers[i] == targets[targets.size() == 1 ? 0 : i] ? 1 : 0;
  return equal / static_cast<double>(answers.size());
}

Targets targets_of(const SampleView& view) {
  const SampleRecord& sample = view.sample;
  if (view.config.doc_to_choice.kind != TaskValue::Kind::kAbsent) {
    if (sample.gold.empty() || sample.gold[0] < 0 ||
        static_cast<std::size_t>(sample.gold[0]) >= sample.choices.size())
      throw Unscored("the row names no right choice");
    return {{sample.choices[static_cast<std::size_t>(sample.gold[0])]}, false};
  }
  if (const auto list = target_list(view.config.doc_to_target, view.doc, sample.target)) {
    if (list->empty()) throw Unscored("the row's list of targets is empty");
    return {*list, true};
  }
  return {{sample.target}, false};
}

double score_generated(const SampleView& view, const MetricPlan& metric, const Json& result) {
  if (metric.metric != "exact_match")
    throw Unscored(fmt::format("Assay does not compute the metric {}", metric.metric));
  const bool has_arguments = metric.config != nullptr && !metric.config->args_json.empty();
  const Json args = has_arguments ? Json::parse(metric.config->args_json) : Json::object();
  return score_exact_match(view, args, result);
}

}  // namespace assay::detail::score
