// Inside tasks only: the places where data sets are looked for, each with what it has.
#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "tasks/split_plan.h"

namespace assay::detail {

struct PlaceQuery {
  const DatasetQuery& query;
  const DatasetSources& sources;
  Json kwargs;  // parsed dataset_kwargs, an object
  std::stop_token stop;
};

// Errors: kBadInput when dataset_kwargs is no JSON object.
PlaceQuery make_place_query(const DatasetQuery& query, const DatasetSources& sources,
                            const std::stop_token& stop);

// "json", "csv", "parquet", "text": the task names its files itself, as data_files.
bool names_files(const PlaceQuery& place);
Offer offer_data_files(const PlaceQuery& place);
// A folder named by the path, relative to the working folder or to the task file's. One that is
// not there offers nothing.
Offer offer_folder(const PlaceQuery& place);
Offer offer_mapping_file(const PlaceQuery& place);
Offer offer_data_folder(const PlaceQuery& place);
Offer offer_hub(const PlaceQuery& place);
Offer offer_converted(const PlaceQuery& place);  // the hub's conversion to Parquet

// How the task wants files to be read: field, delimiter, column_names, header.
void apply_kwargs(const Json& kwargs, ReadOptions& read);

}  // namespace assay::detail
