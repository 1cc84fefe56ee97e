// Inside compare only: the texts that two models wrote, and in what the models differ.
#pragma once

#include <optional>
#include <vector>

#include "compare/pairing.h"
#include "core/comparison.h"

namespace assay::detail {

// nullopt for tasks that generate nothing.
std::optional<TextComparison> compare_texts(const PairedTask& task);

std::vector<PartDifference> part_differences(const RunHeader& baseline, const RunHeader& variant);
int count_parts(const std::vector<PartDifference>& differences);
bool is_same_model(const RunHeader& baseline, const RunHeader& variant);
ComparedModel compared_model(const RunHeader& header);

}  // namespace assay::detail
