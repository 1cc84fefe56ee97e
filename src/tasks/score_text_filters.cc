// The filters that select among answers or rewrite them.
#include <fmt/format.h>

#include <utility>

#include "tasks/regex.h"
#include "tasks/score_filters.h"
#include "tasks/score_text.h"

namespace assay::detail::score {
namespace {

class TakeFirst : public Filter {
 public:
  Json apply(const Json& responses, const Row&) const override {
    const std::vector<Json> all = elements(responses);
    if (all.empty()) throw Unscored("take_first got no answers");
    return all.front();
  }
};

class TakeFirstK : public Filter {
 public:
  explicit TakeFirstK(const Json& args) : k_(args.at("k").get<std::int64_t>()) {}
  Json apply(const Json& responses, const Row&) const override {
    const std::vector<Json> all = elements(responses);
    if (static_cast<std::int64_t>(all.size()) < k_)
      throw Unscored(
          fmt::format("take_first_k needs {} answers, there are {}: raise the task's "
                      "repeats",
                      k_, all.size()));
    return std::vector<Json>(all.begin(), all.begin() + k_);
  }

 private:
  std::ptrdiff_t k_;
};

class MajorityVote : public Filter {
 public:
  Json apply(const Json& responses, const Row&) const override {
    std::vector<std::pair<Json, int>> counts;  // in the order of first appearance
    for (const Json& response : elements(responses)) {
      if (response.is_structured()) throw Unscored("majority_vote got a list for an answer");
      std::size_t i = 0;
      while (i < counts.size() && counts[i].first != response) ++i;
      if (i == counts.size()) counts.emplace_back(response, 0);
      ++counts[i].second;
    }
    if (counts.empty()) throw Unscored("majority_vote got no answers");
    std::size_t best = 0;  // of equal ones the first
    for (std::size_t i = 1; i < counts.size(); ++i)
      if (counts[i].second > counts[best].second) best = i;
    return Json::array({counts[best].first});
  }
};

// Filters that change each answer by itself.
class TextFilter : public Filter {
 public:
  using Change = std::string (*)(std::string_view);
  explicit TextFilter(Change change) : change_(change) {}
  Json apply(const Json& responses, const Row&) const override {
    Json out = Json::array();
    for (const Json& response : elements(responses)) {
      if (!response.is_string()) throw Unscored("the answer is not a text");
      out.push_back(change_(response.get_ref<const std::string&>()));
    }
    return out;
  }

 private:
  Change change_;
};

class MapFilter : public Filter {
 public:
  explicit MapFilter(const Json& args)
      : map_(argument(args, "mapping_dict", Json::object())),
        otherwise_(args.contains("default_value") ? args["default_value"] : Json()) {}
  Json apply(const Json& responses, const Row&) const override {
    Json out = Json::array();
    for (const Json& response : elements(responses)) {
      if (response.is_structured()) throw Unscored("map got a list for an answer");
      const auto at =
          response.is_string() ? map_.find(response.get_ref<const std::string&>()) : map_.end();
      out.push_back(at == map_.end() ? otherwise_ : *at);
    }
    return out;
  }

 private:
  Json map_, otherwise_;
};

std::string stripped(std::string_view text) { return std::string(strip(text)); }

// "person: a $$ place: b" and its variants to "per: a $ loc: b", entities that are "none" left out.
std::string span_labels(std::string_view response) {
  constexpr std::pair<const char*, const char*> kLabels[] = {
      {"person", "PER"},  {"location", "LOC"},  {"organization", "ORG"}, {"counties", "LOC"},
      {"places", "LOC"},  {"people", "PER"},    {"persons", "PER"},      {"company", "ORG"},
      {"country", "LOC"}, {"continent", "LOC"}, {"time", "DATE"},        {"date", "DATE"},
      {"per", "PER"},     {"loc", "LOC"},       {"org", "ORG"}};
  std::string text = lower(response);
  for (const auto& [word, label] : kLabels)
    text = Regex(fmt::format(R"(\b{}\s*:)", word)).sub(text, [&](const Regex::Match&) {
      return std::string(label) + ":";
    });
  text = replace_all(text, "$$", "$");
  text.erase(text.find_last_not_of('$') + 1);
  return text;
}

std::string format_span(std::string_view response) {
  static const Regex entities(R"(\b(PER|LOC|ORG|DATE):\s*([^$]+))");
  const std::string text = stripped(replace_all(span_labels(lower(response)), "\n", "$"));
  std::string out;
  for (const Regex::Match& match : entities.find_iter(text)) {
    for (const std::string& part : split(*match.groups[1], ",")) {
      const std::string entity = stripped(part);
      if (lower(entity) == "none") continue;
      out += fmt::format("{}{}: {}", out.empty() ? "" : " $ ", lower(*match.groups[0]), entity);
    }
  }
  return out;
}

}  // namespace

std::unique_ptr<const Filter> make_text_filter(const std::string& function, const Json& args) {
  if (function == "take_first") return std::make_unique<TakeFirst>();
  if (function == "take_first_k") return std::make_unique<TakeFirstK>(args);
  if (function == "majority_vote") return std::make_unique<MajorityVote>();
  if (function == "remove_whitespace") return std::make_unique<TextFilter>(stripped);
  if (function == "lowercase") return std::make_unique<TextFilter>(lower);
  if (function == "uppercase") return std::make_unique<TextFilter>(upper);
  if (function == "format_span") return std::make_unique<TextFilter>(format_span);
  if (function == "map") return std::make_unique<MapFilter>(args);
  return nullptr;
}

}  // namespace assay::detail::score
