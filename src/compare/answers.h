// Inside compare only: what a model answered, to tell one wrong answer from another.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "compare/evidence.h"

namespace assay::detail {

// The chosen option ("2") or the filtered text; nullopt where the record does not tell.
std::optional<std::string> answer_of(const SampleRecord& sample, const MetricKey& key);

// Items that both got wrong in different ways; nullopt when any of them cannot be told.
std::optional<std::int64_t> count_churn(const PairedScores& scores, const MetricKey& key);

// What blind choice scores on these items; 0 for texts, nullopt for metrics that are not right or
// wrong.
std::optional<double> chance_of(const PairedScores& scores, const PairedTask& task);

// Every response of every shared item equal, to the last bit of its likelihoods and letter of its
// texts. False where no likelihood is recorded: good variants often write the same texts.
bool answers_are_equal(const std::vector<PairedTask>& tasks);

}  // namespace assay::detail
