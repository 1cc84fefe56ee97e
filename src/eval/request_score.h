// Logits rows to what requests want of them; the rows themselves are not kept.
#pragma once

#include <span>
#include <vector>

#include "eval/request_sample.h"
#include "eval/request_tree.h"

namespace assay::detail {

struct ScoredTarget {
  std::size_t job = 0;
  std::size_t record = 0;  // of the request
  float logprob = 0;
  bool is_top = false;  // the most likely token
  float margin = 0;     // nats between the two most likely tokens
};

// The row's choice of an answer's token `position`.
struct ChoiceWish {
  std::size_t answer = 0;
  std::size_t position = 0;
  const Sampling* sampling = nullptr;
  std::uint64_t draw = 0;
};
struct Choice {
  std::size_t answer = 0;
  Token token = 0;
  float margin = 0;
};

// What is wanted of one row, and then what it says.
struct RowUse {
  std::vector<std::size_t> jobs;  // that score the token after the row
  std::size_t position = 0;       // tokens of their inputs up to the row
  std::vector<ChoiceWish> wishes;

  bool finite = true;  // false: NaN or infinite logits, no answer
  std::vector<ScoredTarget> targets;
  std::vector<Choice> choices;
};
void use_row(std::span<const ScoreJob> jobs, std::span<const float> logits, RowUse& use);

// The answer of a loglikelihood or rolling request, record by record, in any order.
class ScoreSum {
 public:
  ScoreSum(const EncodedRequest& request, std::size_t n_records);
  void add(const ScoredTarget& target);
  bool is_complete() const { return n_left_ == 0; }
  LoglikelihoodResult result() const;

 private:
  LoglikelihoodResult result_;
  std::size_t n_left_;
  bool is_rolling_;
};

}  // namespace assay::detail
