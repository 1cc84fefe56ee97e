// Inside tasks only: which files hold the splits of a data set, as one place offers them.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tasks/dataset_file.h"

namespace assay::detail {

struct SplitPlan {
  std::string split;
  std::vector<std::string> files;  // local paths; for the hub paths inside the repository
  ReadOptions read;
  Json columns, where;  // of the mapping; null: rows as they are read
  std::string note;     // said beside the source, for example "1,000 of 10,042 rows"
};

// What one place has of a data set. Nothing: `why_not` says what was looked for, for a message.
struct Offer {
  std::string place;  // "the mapping FILE", "the hub's org/name"
  std::vector<SplitPlan> splits;
  std::string why_not, remedy;
  bool network_failed = false;
  // Path of a file of `splits`; empty when they are paths already.
  std::function<std::string(const std::string& file)> fetch;
  std::string source_prefix;  // before the first file's name in DatasetIdentity::source
};

// The splits among a repository's files, as the `datasets` library finds them. `header` is the
// YAML header of its README.md (null: none); `data_files` as in dataset_kwargs (null: none).
// Empty with the reason in `why_not` when there is no such configuration or no file of rows.
std::vector<SplitPlan> plan_repository(const std::vector<std::string>& files, const Json& header,
                                       const std::string& config, const Json& data_files,
                                       std::string& why_not);
// Those of the hub's own conversion to Parquet: CONFIG/SPLIT/0000.parquet.
std::vector<SplitPlan> plan_converted(const std::vector<std::string>& files,
                                      const std::string& config, std::string& why_not);
// {split: [pattern]} of a data_files value: text, a list, or a map by split.
std::vector<std::pair<std::string, std::vector<std::string>>> patterns_by_split(
    const Json& data_files);
bool matches_pattern(const std::string& pattern, const std::string& path);  // *, ?, [..], **

}  // namespace assay::detail
