// The filters that look for an answer: regex, regex_pos, multi_choice_regex.
#include <algorithm>
#include <map>

#include "tasks/regex.h"
#include "tasks/score_filters.h"
#include "tasks/score_text.h"

namespace assay::detail::score {
namespace {

// What Python's findall()[select] is: absent when nothing matched. With several groups, the first
// that is not empty; absent text: all are empty.
struct Found {
  bool any = false;
  std::optional<std::string> text;
};

Found find_selected(const Regex& regex, std::string_view text, std::int64_t select) {
  const std::vector<Regex::Match> matches = regex.find_iter(text);
  if (matches.empty()) return {};
  const auto n = static_cast<std::int64_t>(matches.size());
  const std::int64_t at = select < 0 ? select + n : select;
  if (at < 0 || at >= n) throw Unscored("group_select is out of range of the matches");
  const Regex::Match& match = matches[static_cast<std::size_t>(at)];
  if (match.groups.empty())
    return {true, std::string(text.substr(match.begin, match.end - match.begin))};
  if (match.groups.size() == 1) return {true, std::string(match.groups[0].value_or(""))};
  for (const auto& group : match.groups)
    if (group && !group->empty()) return {true, std::string(*group)};
  return {true, std::nullopt};
}

std::string text_or_empty(const Json& value) {
  return value.is_string() ? value.get<std::string>() : std::string();
}

struct RegexArguments {
  explicit RegexArguments(const Json& args)
      : regex(argument<std::string>(args, "regex_pattern", R"(#### (\-?[0-9\.\,]+))")),
        select(argument<std::int64_t>(args, "group_select", 0)),
        fallback(args.contains("fallback") ? args["fallback"] : Json("[invalid]")) {}
  Regex regex;
  std::int64_t select;
  Json fallback;
};

class RegexFilter : public Filter {
 public:
  explicit RegexFilter(const Json& args) : args_(args) {}
  Json apply(const Json& responses, const Row&) const override {
    Json out = Json::array();
    for (const Json& response : elements(responses)) out.push_back(one(text_or_empty(response)));
    return out;
  }

 private:
  Json one(const std::string& response) const {
    const Found found = find_selected(args_.regex, response, args_.select);
    if (found.text) return std::string(strip(*found.text));
    if (!found.any || !args_.fallback.is_string()) return args_.fallback;
    return std::string(strip(args_.fallback.get_ref<const std::string&>()));
  }
  RegexArguments args_;
};

// Its pattern is not used, as in lm-eval: pairs ('word', 'TAG') are read off the answer.
class TagFilter : public Filter {
 public:
  explicit TagFilter(const Json& args)
      : pairs_(R"(\('([^']*)', '([^']*)'\))"),
        fallback_(args.contains("fallback") && !args["fallback"].is_null()
                      ? args["fallback"]
                      : Json::array({"invalid"})) {
    if (args.contains("regex_pattern")) Regex(args["regex_pattern"].get<std::string>());
  }
  Json apply(const Json& responses, const Row&) const override {
    Json out = Json::array();
    for (const Json& response : elements(responses)) {
      Json tags = Json::array();
      const std::string text = text_or_empty(response);
      for (const Regex::Match& match : pairs_.find_iter(text))
        tags.push_back(std::string(match.groups[1].value_or("")));
      out.push_back(tags.empty() ? fallback_ : tags);
    }
    return out;
  }

 private:
  Regex pairs_;
  Json fallback_;
};

class ChoiceFilter : public Filter {
 public:
  explicit ChoiceFilter(const Json& args)
      : args_(args),
        ignore_case_(argument(args, "ignore_case", false)),
        ignore_punctuation_(argument(args, "ignore_punctuation", false)) {
    for (const auto& p : argument(args, "regexes_to_ignore", std::vector<std::string>()))
      ignored_.emplace_back(p);
  }

  Json apply(const Json& responses, const Row& doc) const override {
    const auto choices = doc.find("choices");
    if (choices == doc.end() || !choices->is_array())
      throw Unscored("multi_choice_regex needs a column \"choices\" with a list");
    std::vector<std::string> escaped, letters;
    std::map<std::string, std::string> by_text, by_letter;
    char32_t letter = U'A';
    for (const Json& choice : *choices) {
      if (!choice.is_string()) throw Unscored("a choice is not a text");
      const std::string text = cleaned(std::string(strip(choice.get_ref<const std::string&>())));
      const std::string label = utf8(std::u32string_view(&letter, 1));
      escaped.push_back(regex_escape(text));
      letters.push_back(label);
      by_text[text] = "(" + label + ")";
      by_letter[label] = "(" + label + ")";
      ++letter;
    }
    // Longest first: a choice that begins another one must not hide it.
    std::stable_sort(escaped.begin(), escaped.end(), [](const auto& a, const auto& b) {
      return characters(a).size() > characters(b).size();
    });
    const Regex by_choice(joined(escaped));
    const Regex after_colon(":[\\s]*(" + joined(letters) + ")");
    Json out = Json::array();
    for (const Json& response : elements(responses)) {
      std::string match = found(args_.regex, text_or_empty(response), {});
      if (match.empty()) {
        if (!response.is_string()) throw Unscored("the answer is not a text");
        const std::string text = response.get<std::string>();
        match = found(by_choice, cleaned(text), by_text);
        if (match.empty()) match = found(after_colon, text, by_letter);
      }
      out.push_back(match.empty() ? args_.fallback : Json(match));
    }
    return out;
  }

 private:
  static std::string joined(const std::vector<std::string>& parts) {
    std::string out;
    for (std::size_t i = 0; i < parts.size(); ++i) out += (i == 0 ? "" : "|") + parts[i];
    return out;
  }
  std::string cleaned(std::string text) const {
    for (const Regex& regex : ignored_)
      text = regex.sub(text, [](const Regex::Match&) { return std::string(); });
    if (ignore_case_) text = lower(text);
    if (ignore_punctuation_) text = without_punctuation(text);
    return text;
  }
  std::string found(const Regex& regex, const std::string& text,
                    const std::map<std::string, std::string>& labels) const {
    const Found match = find_selected(regex, text, args_.select);
    if (!match.text) return {};
    const std::string stripped(strip(*match.text));
    const auto label = labels.find(stripped);
    return !stripped.empty() && label != labels.end() ? label->second : stripped;
  }

  RegexArguments args_;
  bool ignore_case_, ignore_punctuation_;
  std::vector<Regex> ignored_;
};

}  // namespace

std::unique_ptr<const Filter> make_regex_filter(const std::string& function, const Json& args) {
  if (function == "regex") return std::make_unique<RegexFilter>(args);
  if (function == "regex_pos") return std::make_unique<TagFilter>(args);
  if (function == "multi_choice_regex") return std::make_unique<ChoiceFilter>(args);
  return nullptr;
}

}  // namespace assay::detail::score
