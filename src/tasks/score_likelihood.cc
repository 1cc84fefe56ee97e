// Scores out of log-likelihoods (ConfigurableTask.process_results of lm-eval).
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tasks/score_sample.h"
#include "tasks/score_text.h"

namespace assay::detail::score {
namespace {

std::vector<double> divided(const std::vector<double>& sums, const std::vector<double>& lengths) {
  std::vector<double> out(sums.size());
  for (std::size_t i = 0; i < sums.size(); ++i) out[i] = sums[i] / lengths[i];
  return out;
}

std::vector<double> softmax(const std::vector<double>& sums) {
  const double top = sums[argmax(sums)];
  std::vector<double> out(sums.size());
  double total = 0;
  for (std::size_t i = 0; i < sums.size(); ++i) total += out[i] = std::exp(sums[i] - top);
  for (double& p : out) p /= total;
  return out;
}

struct Choices {
  explicit Choices(const SampleView& view);
  std::vector<double> sums, unconditional;
  std::vector<bool> greedy;
  std::vector<double> n_characters, n_bytes, n_tokens;
  std::vector<int> gold;

  double right(std::size_t i) const {
    return std::find(gold.begin(), gold.end(), static_cast<int>(i)) != gold.end() ? 1 : 0;
  }
  double only_gold() const {
    if (gold.size() != 1) throw Unscored("this metric needs one right choice, the row has several");
    return gold.front();
  }
};

Choices::Choices(const SampleView& view) : gold(view.sample.gold) {
  Likelihoods all = likelihoods_of(view.sample);
  const std::vector<std::string>& choices = view.sample.choices;
  if (choices.empty()) throw Unscored("the row has no choices");
  const bool mutual = has_metric(view.plan, "acc_mutual_info");
  const std::size_t n = choices.size() * (mutual ? 2 : 1);
  if (all.sums.size() != n)
    throw Unscored(fmt::format("{} answers for {} choices", all.sums.size(), choices.size()));
  if (gold.empty()) throw Unscored("the row names no right choice");
  for (const int g : gold)
    if (g < 0 || static_cast<std::size_t>(g) >= choices.size())
      throw Unscored(fmt::format("right choice {} of {} does not exist", g, choices.size()));
  const auto middle = all.sums.begin() + static_cast<std::ptrdiff_t>(choices.size());
  unconditional.assign(middle, all.sums.end());
  sums.assign(all.sums.begin(), middle);
  greedy = std::move(all.greedy);
  for (std::size_t i = 0; i < choices.size(); ++i) {
    n_characters.push_back(static_cast<double>(characters(choices[i]).size()));
    n_bytes.push_back(static_cast<double>(choices[i].size()));
    n_tokens.push_back(static_cast<double>(all.n_tokens[i]));
  }
}

double mutual_information(const Choices& c) {
  std::vector<double> gains(c.sums.size());
  for (std::size_t i = 0; i < gains.size(); ++i) gains[i] = c.sums[i] - c.unconditional[i];
  c.only_gold();  // lm-eval compares with the gold as a whole, which fails for a list
  return c.right(argmax(gains));
}

double by_tokens(const Choices& c) {
  if (std::find(c.n_tokens.begin(), c.n_tokens.end(), 0) != c.n_tokens.end())
    throw Unscored("the tokens of a choice were not recorded");
  return c.right(argmax(divided(c.sums, c.n_tokens)));
}

double brier(const Choices& c) {
  const double gold = c.only_gold();
  const std::vector<double> p = softmax(c.sums);
  double sum = 0;
  for (std::size_t i = 0; i < p.size(); ++i) {
    const double d = p[i] - (static_cast<double>(i) == gold ? 1 : 0);
    sum += d * d;
  }
  return sum;
}

double choice_metric(const Choices& c, const std::string& metric) {
  if (metric == "acc") return c.right(argmax(c.sums));
  if (metric == "acc_norm") return c.right(argmax(divided(c.sums, c.n_characters)));
  if (metric == "acc_bytes") return c.right(argmax(divided(c.sums, c.n_bytes)));
  if (metric == "acc_norm_tokens") return by_tokens(c);
  if (metric == "acc_mutual_info") return mutual_information(c);
  if (metric == "brier_score") return brier(c);
  if (metric == "likelihood") return c.sums[static_cast<std::size_t>(c.only_gold())];
  if (metric == "f1" || metric == "mcc") {
    c.only_gold();
    return static_cast<double>(argmax(c.sums));
  }
  if (metric == "exact_match") {
    for (const int g : c.gold)
      if (c.greedy[static_cast<std::size_t>(g)]) return 1;
    return 0;
  }
  throw Unscored(fmt::format("the metric {} is not for choices", metric));
}

}  // namespace

Likelihoods likelihoods_of(const SampleRecord& sample) {
  Likelihoods all;
  for (const Response& response : sample.responses) {
    const auto* result = std::get_if<LoglikelihoodResult>(&response);
    if (result == nullptr) throw Unscored("an answer is no log-likelihood");
    all.sums.push_back(result->loglikelihood);
    all.greedy.push_back(result->is_greedy);
    all.n_tokens.push_back(result->token_logprobs.size());
  }
  if (all.sums.empty()) throw Unscored("there are no answers");
  return all;
}

std::size_t argmax(const std::vector<double>& values) {
  std::size_t best = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (std::isnan(values[i])) return i;
    if (values[i] > values[best]) best = i;
  }
  return best;
}

Outcomes score_multiple_choice(const SampleView& view, Outcomes& weights) {
  const Choices choices(view);
  Outcomes outcomes;
  for (const MetricPlan& plan : view.plan)
    outcomes.push_back(attempt(plan.metric, [&] { return choice_metric(choices, plan.metric); }));
  if (has_metric(view.plan, "f1") || has_metric(view.plan, "mcc"))
    weights.push_back(attempt("gold", [&] { return choices.only_gold(); }));
  return outcomes;
}

Outcomes score_loglikelihood(const SampleView& view) {
  const Likelihoods all = likelihoods_of(view.sample);
  Outcomes outcomes;
  for (const MetricPlan& plan : view.plan)
    outcomes.push_back(
        {plan.metric, plan.metric == "acc" ? (all.greedy[0] ? 1.0 : 0.0) : all.sums[0], {}});
  return outcomes;
}

Outcomes score_rolling(const SampleView& view, Outcomes& weights) {
  const Likelihoods all = likelihoods_of(view.sample);
  std::string text = view.sample.target;
  // wikitext counts in the page before its spaces are undone.
  if (view.config.process_results.kind == TaskValue::Kind::kFunction) {
    const auto page = view.doc.find("page");
    if (page == view.doc.end() || !page->is_string())
      throw Unscored("the row has no text in its column \"page\"");
    text = page->get<std::string>();
  }
  weights.push_back({"n_words", static_cast<double>(count_words(text)), {}});
  weights.push_back({"n_bytes", static_cast<double>(text.size()), {}});
  Outcomes outcomes;
  for (const MetricPlan& plan : view.plan) outcomes.push_back({plan.metric, all.sums[0], {}});
  return outcomes;
}

Outcomes score_truthfulqa_mc2(const SampleView& view) {
  const Likelihoods all = likelihoods_of(view.sample);
  const auto targets = view.doc.find("mc2_targets");
  if (targets == view.doc.end() || !targets->is_object() || !targets->contains("labels") ||
      (*targets)["labels"].size() != all.sums.size())
    throw Unscored("the row's mc2_targets do not fit its choices");
  double sum = 0, right = 0;
  for (const double ll : all.sums) sum += std::exp(ll);
  for (std::size_t i = 0; i < all.sums.size(); ++i)
    if ((*targets)["labels"][i] == 1) right += std::exp(all.sums[i]) / sum;
  if (std::isnan(right)) throw Unscored("all probabilities are zero");
  return {{"acc", right, {}}};
}

}  // namespace assay::detail::score
