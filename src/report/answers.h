// Inside report only: what a model answered to one item, by one metric.
#pragma once

#include <optional>
#include <string>

#include "core/run.h"

namespace assay::detail {

// '1' right, '0' wrong, '~' in between, '-' not scored.
char outcome_of(const SampleRecord& sample, const std::string& metric, const std::string& filter);

// The choice with the largest likelihood, by its length in bytes where the metric says so. Absent
// when the item is no choice.
std::optional<int> chosen(const SampleRecord& sample, const std::string& metric);

// How far the chosen one was ahead of the next, nats (per byte for acc_norm).
std::optional<double> margin_of(const SampleRecord& sample, const std::string& metric);

// What the sample answers as one text: the choice's number or the generated text.
std::string answer_key(const SampleRecord& sample, const std::string& metric);

// The question as a person reads it: the request's context when it is there, else the field of the
// row that holds it, else the whole row.
std::string prompt_of(const SampleRecord& sample);

}  // namespace assay::detail
