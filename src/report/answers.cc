#include "report/answers.h"

#include <algorithm>
#include <cmath>

#include <nlohmann/json.hpp>

namespace assay::detail {
namespace {

// Names under which data sets keep the question, the longest form first.
constexpr const char* kQuestionFields[] = {"query",   "question", "ctx",  "prompt", "problem",
                                           "passage", "sentence", "goal", "text",   "page"};

std::vector<double> likelihoods(const SampleRecord& sample, const std::string& metric) {
  std::vector<double> values;
  if (sample.choices.size() < 2) return values;
  for (const Response& response : sample.responses) {
    const auto* likelihood = std::get_if<LoglikelihoodResult>(&response);
    if (!likelihood || values.size() == sample.choices.size()) return {};
    double value = likelihood->loglikelihood;
    if (metric == "acc_norm")
      value /= std::max<double>(1, static_cast<double>(sample.choices[values.size()].size()));
    values.push_back(value);
  }
  return values.size() == sample.choices.size() ? values : std::vector<double>{};
}

}  // namespace

char outcome_of(const SampleRecord& sample, const std::string& metric, const std::string& filter) {
  for (const Score& score : sample.scores) {
    if (score.metric != metric || score.filter != filter) continue;
    if (!score.value || !std::isfinite(*score.value)) return '-';
    if (*score.value >= 1) return '1';
    return *score.value <= 0 ? '0' : '~';
  }
  return '-';
}

std::optional<int> chosen(const SampleRecord& sample, const std::string& metric) {
  const std::vector<double> values = likelihoods(sample, metric);
  if (values.empty()) return std::nullopt;
  return static_cast<int>(std::max_element(values.begin(), values.end()) - values.begin());
}

std::optional<double> margin_of(const SampleRecord& sample, const std::string& metric) {
  std::vector<double> values = likelihoods(sample, metric);
  if (values.empty()) return std::nullopt;
  std::nth_element(values.begin(), values.begin() + 1, values.end(), std::greater<>());
  return values[0] - values[1];
}

std::string answer_key(const SampleRecord& sample, const std::string& metric) {
  if (const std::optional<int> choice = chosen(sample, metric)) return std::to_string(*choice);
  std::string key;
  for (const Response& response : sample.responses) {
    if (const auto* text = std::get_if<GenerateResult>(&response)) key += text->text + '\0';
  }
  return key;
}

std::string prompt_of(const SampleRecord& sample) {
  if (!sample.requests.empty()) {
    const auto& body = sample.requests.front().body;
    if (const auto* choice = std::get_if<Loglikelihood>(&body)) return choice->context;
    if (const auto* text = std::get_if<GenerateUntil>(&body)) return text->context;
  }
  const auto row = nlohmann::json::parse(sample.doc_json, nullptr, false);
  if (!row.is_object()) return sample.doc_json;
  for (const char* name : kQuestionFields) {
    const auto field = row.find(name);
    if (field != row.end() && field->is_string() && !field->get<std::string>().empty())
      return field->get<std::string>();
  }
  return sample.doc_json;
}

}  // namespace assay::detail
