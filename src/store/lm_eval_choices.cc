// Which choices were offered and which were right: the harness's files hold neither as such.
#include <algorithm>
#include <charconv>
#include <cmath>

#include "store/lm_eval_import.h"

namespace assay::detail {
namespace {

std::vector<std::string> texts_of(const Json& value) {
  std::vector<std::string> texts;
  if (!value.is_array()) return texts;
  for (const Json& part : value) texts.push_back(python_text(part));
  return texts;
}

// The column at position `at` of each of the first n requests.
std::vector<std::string> column(const std::vector<std::vector<Json>>& arguments, std::size_t at,
                                std::size_t n) {
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < n; ++i) texts.push_back(python_text(arguments[i].at(at)));
  return texts;
}

bool all_equal(const std::vector<std::string>& texts) {
  return std::adjacent_find(texts.begin(), texts.end(), std::not_equal_to<>()) == texts.end();
}

// acc_mutual_info asks every continuation a second time, after nothing.
std::size_t n_choices(const std::vector<std::vector<Json>>& arguments) {
  const std::size_t n = arguments.size(), half = n / 2;
  if (n < 4 || n % 2 != 0) return n;
  for (std::size_t i = 0; i < half; ++i) {
    if (arguments[half + i][0] != "" || arguments[half + i][1] != arguments[i][1]) return n;
  }
  return half;
}

std::vector<std::string> without_delimiter(std::vector<std::string> texts,
                                           const std::string& delimiter) {
  const bool all = std::all_of(texts.begin(), texts.end(), [&](const std::string& text) {
    return text.starts_with(delimiter);
  });
  if (!all) return texts;
  for (std::string& text : texts) text.erase(0, delimiter.size());
  return texts;
}

// "3" or "[0, 2]", as the harness prints indices; empty when the text is neither.
std::vector<int> indices_of(const Json& target, std::size_t n) {
  const Json list =
      target.is_string() ? Json::parse(target.get<std::string>(), nullptr, false) : target;
  std::vector<int> indices;
  for (const Json& part : list.is_array() ? list : Json::array({list})) {
    if (!part.is_number_integer()) return {};
    const auto index = part.get<std::int64_t>();
    if (index < 0 || index >= static_cast<std::int64_t>(n)) return {};
    indices.push_back(static_cast<int>(index));
  }
  return indices;
}

std::vector<int> places_of(const std::string& text, const std::vector<std::string>& choices) {
  const auto at = std::find(choices.begin(), choices.end(), text);
  if (at == choices.end()) return {};
  return {static_cast<int>(at - choices.begin())};
}

// The first of the most likely; -1 when a response is none.
int likeliest(const SampleRecord& sample) {
  int best = -1;
  double most = 0;
  for (std::size_t i = 0; i < sample.choices.size() && i < sample.responses.size(); ++i) {
    const auto* ll = std::get_if<LoglikelihoodResult>(&sample.responses[i]);
    if (ll == nullptr) return -1;
    if (best < 0 || ll->loglikelihood > most) {
      best = static_cast<int>(i);
      most = ll->loglikelihood;
    }
  }
  return best;
}

bool contains(const std::vector<int>& gold, int choice) {
  return std::find(gold.begin(), gold.end(), choice) != gold.end();
}

// Metrics that carry it: f1, mcc, brier_score and likelihood are [gold, something].
std::vector<int> stated_gold(const Json& line, std::size_t n) {
  for (const char* metric : {"f1", "mcc", "brier_score", "likelihood"}) {
    const auto at = line.find(metric);
    if (at != line.end() && at->is_array() && at->size() == 2) return indices_of(at->front(), n);
  }
  return {};
}

// From what the answer scored: known when it was right, or when only one other choice is left.
std::vector<int> gold_by_score(std::optional<double> acc, int answer, std::size_t n) {
  if (answer < 0 || !acc) return {};
  if (*acc == 1) return {answer};
  if (*acc == 0 && n == 2) return {1 - answer};
  return {};
}

std::vector<int> gold_of(const Json& line, const SampleRecord& sample, bool several_contexts) {
  const std::size_t n = sample.choices.size();
  if (std::vector<int> stated = stated_gold(line, n); !stated.empty()) return stated;
  const int answer = likeliest(sample);
  std::optional<double> acc;
  if (const auto at = line.find("acc"); at != line.end()) acc = number_of(*at);
  if (acc && *acc != 0 && *acc != 1) acc.reset();
  // A target that is a number may be a place or, where choices are numbers, a choice's text: the
  // score decides. With several contexts the target is the common continuation.
  if (!several_contexts && line.contains("target")) {
    const Json& target = line.at("target");
    for (const std::vector<int>& gold :
         {indices_of(target, n), places_of(python_text(target), sample.choices)}) {
      const bool fits = !acc || answer < 0 || contains(gold, answer) == (*acc == 1);
      if (!gold.empty() && fits) return gold;
    }
  }
  return gold_by_score(acc, answer, n);
}

}  // namespace

std::vector<std::vector<Json>> arguments_of(const Json& line) {
  std::vector<std::vector<Json>> all;
  const auto at = line.find("arguments");
  if (at == line.end() || !at->is_structured()) return all;
  for (const Json& one : *at) {  // values, of a map too: gen_args_0, gen_args_1 ...
    std::vector<Json> parts;
    if (one.is_structured()) {
      for (const Json& part : one) parts.push_back(part);
    }
    all.push_back(std::move(parts));
  }
  return all;
}

void fill_choices(const Json& line, const TaskFacts& facts, SampleRecord& sample) {
  const auto arguments = arguments_of(line);
  const bool all_pairs = std::all_of(arguments.begin(), arguments.end(),
                                     [](const auto& parts) { return parts.size() == 2; });
  if (arguments.empty() || !all_pairs) return;
  const std::size_t n = n_choices(arguments);
  const std::vector<std::string> contexts = column(arguments, 0, n);
  const std::vector<std::string> continuations = column(arguments, 1, n);
  const bool several_contexts = n > 1 && all_equal(continuations) && !all_equal(contexts);
  sample.choices =
      several_contexts ? contexts : without_delimiter(continuations, facts.target_delimiter);
  std::vector<std::string> given = texts_of(facts.doc_to_choice);
  if (facts.doc_to_choice.is_string() && line.contains("doc") && line.at("doc").is_object()) {
    const auto column_of_doc = line.at("doc").find(facts.doc_to_choice.get<std::string>());
    if (column_of_doc != line.at("doc").end()) given = texts_of(*column_of_doc);
  }
  if (given.size() == n) sample.choices = std::move(given);
  sample.gold = gold_of(line, sample, several_contexts);
}

}  // namespace assay::detail
