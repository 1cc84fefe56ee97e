// Ends a task as soon as its paired difference to a baseline's run is sure.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/run.h"
#include "stats/stats.h"
#include "study/study.h"

namespace assay::detail {

// What can be told before any model is asked. Error{kUsage} for a task that cannot end early: a
// perplexity, or guided and no multiple choice.
void require_stoppable(const TaskSelection& selection, const EarlyStopOptions& options);

class EarlyStopping {
 public:
  // By the baseline's first metric, whose scores must lie in [0, 1] with more being better: else
  // Error{kUsage}. n_total: samples that the variant could be asked.
  EarlyStopping(const TaskResult& baseline, const EarlyStopOptions& options, std::int64_t n_total);
  // The order in which to ask the task's samples, guided: those that are asked. Error{kUsage} when
  // the baseline's run has no choices with likelihoods or not the same samples.
  std::vector<std::int64_t> order() const;
  // True when the question is settled, guided: when the wanted number was asked. Errors: kBadInput
  // when a sample was asked in another way than the baseline's.
  bool add(std::span<const SampleRecord> samples);
  EarlyStop result() const;

 private:
  struct Known {
    double score = 0;
    const SampleRecord* sample = nullptr;
  };
  void guide(const TaskResult& baseline);
  std::optional<double> difference_of(const SampleRecord& sample) const;
  std::size_t n_wanted() const;
  EarlyVerdict verdict() const;
  Estimate estimate() const;

  EarlyStopOptions options_;
  EarlyStop result_;
  std::map<std::string, Known> known_;  // by the sample's key
  BettingSequence sequence_;
  std::vector<double> weights_;  // guided only
  GuidedOrder guided_order_;
  std::vector<double> differences_;  // in the order asked
  double sum_ = 0;
};

}  // namespace assay::detail
