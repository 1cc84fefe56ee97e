// Inside tasks only: datasets.yaml (docs/formats/datasets.md), which says where the splits of a
// data set lie as local files and how their rows become those of the hub.
#pragma once

#include <string>
#include <vector>

#include "tasks/split_plan.h"

namespace assay::detail {

struct MappingQuery {
  std::string path, name;  // as in the task file
};

// The plans of the first entry that fits; empty when none does. `tree` is the parsed YAML, `file`
// its name for messages, `folder` what relative files are relative to. Files are not looked at.
// Errors: kBadInput naming the entry for a mapping that is not as the format says.
std::vector<SplitPlan> plan_mapped(const Json& tree, const std::string& file,
                                   const std::string& folder, const MappingQuery& query);

// Rows that pass `where` ({column: value or list of values}; null: all), with the columns that
// `columns` makes (null: as they are). A value that cannot be made for one row is null there; a
// column that no row has is Error{kBadInput} naming it and `file`.
std::vector<Row> map_rows(std::vector<Row> rows, const Json& columns, const Json& where,
                          const std::string& file);

}  // namespace assay::detail
