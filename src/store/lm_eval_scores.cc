// Values of a samples line to scores, in Assay's terms.
#include <algorithm>
#include <cmath>
#include <set>

#include <fmt/format.h>

#include "store/lm_eval_import.h"

namespace assay::detail {
namespace {

constexpr const char* kWeight = "weight";  // completes other scores (src/tasks/tasks.h)

const std::set<std::string>& keys_that_are_no_metric() {
  static const std::set<std::string> keys{
      "doc_id", "doc",     "target",   "arguments",   "resps",       "filtered_resps",
      "filter", "metrics", "doc_hash", "prompt_hash", "target_hash", "assay"};
  return keys;
}

std::vector<std::string> metrics_of(const Json& line, const std::string& where) {
  std::vector<std::string> names;
  if (line.contains("metrics") && line.at("metrics").is_array()) {
    for (const Json& name : line.at("metrics")) names.push_back(python_text(name));
    for (const std::string& name : names) {
      if (line.contains(name)) continue;
      refuse(fmt::format("The line names the metric '{}' but has no value for it", name), where,
             "Give the file as lm-evaluation-harness wrote it.");
    }
    return names;
  }
  for (const auto& [key, value] : line.items()) {  // before 0.4.9
    if (!keys_that_are_no_metric().contains(key)) names.push_back(key);
  }
  return names;
}

std::vector<double> likelihoods_of(const SampleRecord& sample) {
  std::vector<double> values;
  for (std::size_t i = 0; i < sample.choices.size() && i < sample.responses.size(); ++i) {
    const auto* ll = std::get_if<LoglikelihoodResult>(&sample.responses[i]);
    if (ll == nullptr) return {};
    values.push_back(ll->loglikelihood);
  }
  return values;
}

// The harness prints these probabilities with eight digits: they are computed again.
std::optional<double> brier_of(const std::vector<double>& lls, std::size_t gold) {
  if (gold >= lls.size()) return std::nullopt;
  const double most = *std::max_element(lls.begin(), lls.end());
  double total = 0, sum = 0;
  for (const double ll : lls) total += std::exp(ll - most);
  for (std::size_t i = 0; i < lls.size(); ++i) {
    const double off = std::exp(lls[i] - most) / total - (i == gold ? 1 : 0);
    sum += off * off;
  }
  return sum;
}

class LineScores {
 public:
  LineScores(const std::string& filter, const SampleRecord& sample)
      : filter_(filter), sample_(sample) {}

  void add(const std::string& metric, const Json& value) {
    if (const auto number = number_of(value)) return put(metric, filter_, *number);
    if (value.is_array() && value.size() == 2) {
      if (const auto first = number_of(value[0])) return add_pair(metric, *first, value[1]);
    }
    put(metric, filter_, std::nullopt,
        value.is_null() ? "the source has no value"
                        : "the source's value is not a number: " + value.dump().substr(0, 60));
  }

  std::vector<Score> take() { return std::move(scores_); }

 private:
  void add_pair(const std::string& metric, double first, const Json& second) {
    const std::vector<double> lls = likelihoods_of(sample_);
    const auto gold = first >= 0 && first < 1e6 ? static_cast<std::size_t>(first) : lls.size();
    if (metric == "brier_score") {
      return put(metric, filter_, brier_of(lls, gold), "the source has no likelihoods");
    }
    if (metric == "likelihood" && gold < lls.size()) return put(metric, filter_, lls[gold]);
    const auto number = number_of(second);
    if (!number)
      return put(metric, filter_, std::nullopt, "the source's value is no pair of numbers");
    if (metric == "f1" || metric == "mcc") {
      put(metric, filter_, *number);
      return put_weight("gold", first);
    }
    put(metric, filter_, first);
    put_weight(metric == "word_perplexity" ? "n_words" : "n_bytes", *number);
  }

  void put(const std::string& metric, const std::string& filter, std::optional<double> value,
           const std::string& reason = {}) {
    if (value && !std::isfinite(*value)) {
      scores_.push_back({metric, filter, std::nullopt, "the source's value is not finite"});
      return;
    }
    scores_.push_back({metric, filter, value, value ? std::string() : reason});
  }

  void put_weight(const std::string& name, double value) {
    for (const Score& score : scores_) {
      if (score.filter == kWeight && score.metric == name) return;
    }
    put(name, kWeight, value);
  }

  const std::string& filter_;
  const SampleRecord& sample_;
  std::vector<Score> scores_;
};

}  // namespace

std::vector<Score> scores_of(const Json& line, const std::string& filter,
                             const SampleRecord& sample, const std::string& where) {
  LineScores scores(filter, sample);
  for (const std::string& metric : metrics_of(line, where)) scores.add(metric, line.at(metric));
  return scores.take();
}

}  // namespace assay::detail
