// Data sets by name: the places are asked in order, the first that has the split gives its rows.
#include <algorithm>
#include <map>
#include <set>

#include "core/error.h"
#include "core/hash.h"
#include "tasks/dataset_mapping.h"
#include "tasks/dataset_places.h"
#include "tasks/split_slice.h"

namespace assay::detail {
namespace {

using Ask = Offer (*)(const PlaceQuery&);

std::vector<Ask> places_of(const PlaceQuery& place) {
  if (names_files(place)) return {offer_data_files, offer_mapping_file};
  const std::string& path = place.query.path;
  if (path.starts_with('/') || path.starts_with("./") || path.starts_with("../"))
    return {offer_mapping_file, offer_folder};
  return {offer_mapping_file, offer_folder, offer_data_folder, offer_hub, offer_converted};
}

// Calls `use` with each place's offer until it returns true. A hub that cannot be reached is asked
// once: its other branch would take as long to say the same.
template <typename Use>
void for_each_offer(const PlaceQuery& place, Use use) {
  for (const Ask ask : places_of(place)) {
    const Offer offer = ask(place);
    if (use(offer) || offer.network_failed) return;
  }
}

struct Search {
  std::string looked;            // "PLACE: why not; PLACE: why not"
  std::vector<std::string> has;  // other splits that were seen
  bool network_failed = false;
  std::string remedy;  // of the first place that names one
};

void note_failure(const Offer& offer, Search& search) {
  std::string why = offer.why_not;
  if (!offer.splits.empty()) {
    std::string names;
    for (const SplitPlan& plan : offer.splits) {
      names += (names.empty() ? "" : ", ") + plan.split;
      if (std::find(search.has.begin(), search.has.end(), plan.split) == search.has.end())
        search.has.push_back(plan.split);
    }
    why = "it has only " + names + (why.empty() ? "" : "; " + why);
  }
  search.looked += (search.looked.empty() ? "" : "; ") + offer.place + ": " + why;
  search.network_failed = search.network_failed || offer.network_failed;
  if (search.remedy.empty()) search.remedy = offer.remedy;
}

[[noreturn]] void refuse_missing(const DatasetQuery& query, const Search& search) {
  std::string name = "'" + query.path + "'";
  if (!query.name.empty()) name += " (" + query.name + ")";
  std::string remedy =
      "Name local files for it in a mapping given with --data (docs/formats/datasets.md)";
  if (search.network_failed) remedy += ", or get it from the hub";
  throw Error(search.network_failed ? ErrorKind::kIo : ErrorKind::kBadInput,
              "The split '" + query.split + "' of the data set " + name +
                  " was not found. Looked at: " + search.looked,
              query.task_file, remedy + "." + (search.remedy.empty() ? "" : " " + search.remedy));
}

struct SplitRows {
  std::vector<Row> rows;
  std::string source;
};

SplitRows read_plan(const Offer& offer, const SplitPlan& plan, const std::stop_token& stop) {
  SplitRows result;
  ReadOptions read = plan.read;
  read.stop = stop;
  for (const std::string& file : plan.files) {
    std::vector<Row> rows = map_rows(read_rows(offer.fetch ? offer.fetch(file) : file, read),
                                     plan.columns, plan.where, file);
    result.rows.insert(result.rows.end(), std::make_move_iterator(rows.begin()),
                       std::make_move_iterator(rows.end()));
  }
  if (plan.files.size() > 1) fill_missing_columns(result.rows);
  result.source = offer.source_prefix + plan.files.front();
  if (plan.files.size() > 1)
    result.source += " and " + std::to_string(plan.files.size() - 1) + " more";
  if (!plan.note.empty()) result.source += " (" + plan.note + ")";
  return result;
}

SplitRows load_split(const PlaceQuery& place, const std::string& split) {
  Search search;
  std::optional<SplitRows> found;
  for_each_offer(place, [&](const Offer& offer) {
    for (const SplitPlan& plan : offer.splits)
      if (plan.split == split) {
        found = read_plan(offer, plan, place.stop);
        return true;
      }
    note_failure(offer, search);
    return false;
  });
  if (!found) refuse_missing(place.query, search);
  return std::move(*found);
}

// Keys in byte order and without nulls: the same text whichever format held the row.
void append_canonical(const Json& value, std::string& text) {
  if (value.is_object()) {
    std::map<std::string_view, const Json*> members;
    for (const auto& item : value.items())
      if (!item.value().is_null()) members[item.key()] = &item.value();
    char separator = '{';
    for (const auto& [key, member] : members) {
      text += separator + Json(key).dump() + ":";
      append_canonical(*member, text);
      separator = ',';
    }
    text += members.empty() ? "{}" : "}";
  } else if (value.is_array()) {
    char separator = '[';
    for (const Json& item : value) {
      text += separator;
      append_canonical(item, text);
      separator = ',';
    }
    text += value.empty() ? "[]" : "]";
  } else {
    text += value.dump();
  }
}

Digest content_of(const std::vector<Row>& rows) {
  Hasher hasher;
  std::string text;
  for (const Row& row : rows) {
    text.clear();
    append_canonical(row, text);
    hasher.add_field(text);
  }
  return hasher.finish();
}

}  // namespace

Dataset load_dataset(const DatasetQuery& query, const DatasetSources& sources,
                     const std::stop_token& stop) {
  const PlaceQuery place = make_place_query(query, sources, stop);
  const std::vector<SplitPart> parts = parse_split(query.split);
  Dataset dataset;
  dataset.identity = {.path = query.path, .name = query.name, .split = query.split};
  for (const SplitPart& part : parts) {
    SplitRows split = load_split(place, part.split);
    const auto [from, to] = rows_of(part, static_cast<std::int64_t>(split.rows.size()));
    dataset.rows.insert(dataset.rows.end(), std::make_move_iterator(split.rows.begin() + from),
                        std::make_move_iterator(split.rows.begin() + to));
    std::string& source = dataset.identity.source;
    if (!source.empty()) source += " + ";
    source += split.source;
  }
  if (parts.size() > 1) fill_missing_columns(dataset.rows);
  dataset.identity.content = content_of(dataset.rows);
  dataset.identity.n_rows = static_cast<std::int64_t>(dataset.rows.size());
  return dataset;
}

std::vector<std::string> dataset_splits(const DatasetQuery& query, const DatasetSources& sources) {
  std::vector<std::string> splits;
  for_each_offer(make_place_query(query, sources, {}), [&](const Offer& offer) {
    for (const SplitPlan& plan : offer.splits)
      if (std::find(splits.begin(), splits.end(), plan.split) == splits.end())
        splits.push_back(plan.split);
    return false;
  });
  return splits;
}

}  // namespace assay::detail
