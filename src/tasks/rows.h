// Inside tasks only: a row of a data set, and loading data sets.
#pragma once

#include <nlohmann/json.hpp>
#include <stop_token>
#include <string>
#include <vector>

#include "tasks/tasks.h"

namespace assay::detail {

using Json = nlohmann::ordered_json;
using Row = Json;  // an object: column to value; integers stay integers, bytes are UTF-8 text

struct DatasetQuery {
  std::string path, name;   // "cais/mmlu", "anatomy"; path may also be "json", "csv", "parquet"
  std::string kwargs_json;  // dataset_kwargs, for example data_files
  std::string split;        // "test"; "train[:100]" slices are understood
  std::string task_file;    // relative data_files are looked for beside it too
};

struct Dataset {
  DatasetIdentity identity;
  std::vector<Row> rows;
};

// Errors: kBadInput (not found: every place that was looked at and the remedy; a broken file with
// its line), kIo, kInterrupted.
Dataset load_dataset(const DatasetQuery& query, const DatasetSources& sources,
                     const std::stop_token& stop);
// The splits that can be had, for messages and for choosing a few-shot split.
std::vector<std::string> dataset_splits(const DatasetQuery& query, const DatasetSources& sources);

}  // namespace assay::detail
