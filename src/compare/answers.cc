#include "compare/answers.h"

#include <algorithm>

namespace assay::detail {
namespace {

std::size_t n_characters(const std::string& text) {  // of UTF-8, as Python's len
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80;
  }));
}

// What a choice's log-likelihood is divided by; 0 = this metric's rule is not known here.
double length_for(const std::string& metric, const std::string& choice) {
  if (metric == "acc") return 1;
  if (metric == "acc_norm") return static_cast<double>(n_characters(choice));
  if (metric == "acc_bytes") return static_cast<double>(choice.size());
  return 0;
}

std::optional<std::string> chosen_option(const SampleRecord& sample, const std::string& metric) {
  const std::size_t n = sample.choices.size();
  if (n < 2 || sample.responses.size() != n) return std::nullopt;
  std::size_t best = 0;
  double best_value = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const auto* response = std::get_if<LoglikelihoodResult>(&sample.responses[i]);
    const double length = length_for(metric, sample.choices[i]);
    if (response == nullptr || length == 0) return std::nullopt;
    const double value = response->loglikelihood / length;
    if (i == 0 || value > best_value) {  // the first of equals, as NumPy's argmax
      best = i;
      best_value = value;
    }
  }
  return std::to_string(best);
}

bool equal(const Response& a, const Response& b) {
  if (const auto* x = std::get_if<LoglikelihoodResult>(&a)) {
    const auto* y = std::get_if<LoglikelihoodResult>(&b);
    return y != nullptr && x->loglikelihood == y->loglikelihood &&
           x->token_logprobs == y->token_logprobs;
  }
  const auto* x = std::get_if<GenerateResult>(&a);
  const auto* y = std::get_if<GenerateResult>(&b);
  return x != nullptr && y != nullptr && x->text == y->text && x->tokens == y->tokens;
}

}  // namespace

std::optional<std::string> answer_of(const SampleRecord& sample, const MetricKey& key) {
  if (!sample.responses.empty() &&
      std::holds_alternative<LoglikelihoodResult>(sample.responses.front())) {
    return chosen_option(sample, key.metric);
  }
  for (const FilteredAnswers& filtered : sample.filtered) {
    if (filtered.filter == key.filter && !filtered.answers.empty()) return filtered.answers.front();
  }
  return std::nullopt;
}

std::optional<std::int64_t> count_churn(const PairedScores& scores, const MetricKey& key) {
  std::int64_t n_changed = 0;
  for (std::size_t i = 0; i < scores.pairs.size(); ++i) {
    if (scores.baseline[i] == 1 || scores.variant[i] == 1) continue;
    const auto b = answer_of(*scores.pairs[i].baseline, key);
    const auto v = answer_of(*scores.pairs[i].variant, key);
    if (!b || !v) return std::nullopt;
    if (*b != *v) ++n_changed;
  }
  return n_changed;
}

std::optional<double> chance_of(const PairedScores& scores, const PairedTask& task) {
  if (scores.pairs.empty() || !scores.binary) return std::nullopt;
  if (task.baseline->output_type == "generate_until") return 0.0;
  double sum = 0;
  for (const SamplePair& pair : scores.pairs) {
    if (pair.baseline->choices.size() < 2) return 0.0;
    sum += 1 / static_cast<double>(pair.baseline->choices.size());
  }
  return sum / static_cast<double>(scores.pairs.size());
}

bool answers_are_equal(const std::vector<PairedTask>& tasks) {
  std::int64_t n_likelihoods = 0;
  for (const PairedTask& task : tasks) {
    for (const SamplePair& pair : task.pairs) {
      const auto& b = pair.baseline->responses;
      const auto& v = pair.variant->responses;
      if (b.size() != v.size()) return false;
      for (std::size_t i = 0; i < b.size(); ++i) {
        if (!equal(b[i], v[i])) return false;
        if (std::holds_alternative<LoglikelihoodResult>(b[i])) ++n_likelihoods;
      }
    }
  }
  return n_likelihoods > 0;
}

}  // namespace assay::detail
