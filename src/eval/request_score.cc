#include "eval/request_score.h"

#include <algorithm>
#include <limits>

#include "eval/row_math.h"

namespace assay::detail {
namespace {

float margin_of(std::span<const float> logits, const RowSummary& summary) {
  if (summary.top[1] < 0) return std::numeric_limits<float>::max();
  return logits[static_cast<std::size_t>(summary.top[0])] -
         logits[static_cast<std::size_t>(summary.top[1])];
}

}  // namespace

void use_row(std::span<const ScoreJob> jobs, std::span<const float> logits, RowUse& use) {
  const RowSummary summary = summarize_row(logits);
  use.finite = summary.finite;
  if (!summary.finite) return;
  const float margin = margin_of(logits, summary);
  for (const std::size_t j : use.jobs) {
    const ScoreJob& job = jobs[j];
    const std::size_t index = use.position - 1 - job.first_row();
    const Token target = job.targets[index];
    const double logit = static_cast<double>(logits[static_cast<std::size_t>(target)]);
    use.targets.push_back({.job = j,
                           .record = job.first_record + index,
                           .logprob = static_cast<float>(logit - summary.log_sum_exp),
                           .is_top = target == summary.top[0],
                           .margin = margin});
  }
  for (const ChoiceWish& wish : use.wishes) {
    const bool greedy = wish.sampling->temperature <= 0;
    const Token token =
        greedy ? summary.top[0] : sample(logits, *wish.sampling, wish.draw, wish.position);
    use.choices.push_back({.answer = wish.answer, .token = token, .margin = margin});
  }
}

ScoreSum::ScoreSum(const EncodedRequest& request, std::size_t n_records)
    : n_left_(n_records), is_rolling_(request.kind == EncodedRequest::Kind::kRolling) {
  result_.is_greedy = !is_rolling_;
  result_.token_logprobs.resize(n_records);
  result_.top_margin = n_records == 0 ? 0 : std::numeric_limits<double>::max();
  result_.n_context_tokens = request.n_context;
  result_.n_truncated_tokens = request.n_truncated;
  result_.joined = request.joined;
}

void ScoreSum::add(const ScoredTarget& target) {
  result_.token_logprobs[target.record] = target.logprob;
  result_.is_greedy = result_.is_greedy && target.is_top;
  result_.top_margin = std::min(result_.top_margin, static_cast<double>(target.margin));
  --n_left_;
}

// Added in the order of the tokens, so that no packing changes a bit of the sum.
LoglikelihoodResult ScoreSum::result() const {
  LoglikelihoodResult result = result_;
  for (const float logprob : result.token_logprobs)
    result.loglikelihood += static_cast<double>(logprob);
  return result;
}

}  // namespace assay::detail
