#include "tasks/dataset_places.h"

#include <filesystem>

#include "core/error.h"
#include "tasks/dataset_mapping.h"
#include "tasks/mapping_text.h"
#include "tasks/text_file.h"

namespace assay::detail {
namespace {

namespace fs = std::filesystem;

// Splits whose files are all there; the others are named in why_not.
void keep_present(Offer& offer) {
  std::erase_if(offer.splits, [&](const SplitPlan& plan) {
    for (const std::string& file : plan.files) {
      std::error_code ignored;
      if (fs::is_regular_file(file, ignored)) continue;
      offer.why_not += (offer.why_not.empty() ? "no file " : ", ") + file;
      return true;
    }
    return false;
  });
}

// The hub's answer, or none: what failed goes into the message that lists all places.
template <typename Ask>
bool ask_hub(Offer& offer, Ask ask) {
  try {
    ask();
    return true;
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::kInterrupted) throw;
    offer.network_failed = error.kind() == ErrorKind::kIo;
    offer.why_not = error.what();
    offer.remedy = error.remedy();  // said once for all places
    if (const std::size_t at = offer.why_not.rfind(". " + offer.remedy);
        !offer.remedy.empty() && at != std::string::npos) {
      offer.why_not.resize(at);
    }
    return false;
  }
}

std::string repository_of(const PlaceQuery& place) {
  const auto revision = place.kwargs.find("revision");
  if (revision == place.kwargs.end() || !revision->is_string()) return place.query.path;
  return place.query.path + "@" + revision->get<std::string>();
}

bool has_hub(const PlaceQuery& place, Offer& offer) {
  if (place.sources.list_hub && place.sources.fetch_hub) return true;
  offer.why_not = "not asked for";
  return false;
}

void offer_files_of(const PlaceQuery& place, const std::string& repository, Offer& offer) {
  offer.source_prefix = "hf:datasets/" + repository + "/";
  offer.fetch = [fetch = place.sources.fetch_hub, repository](const std::string& file) {
    return fetch(repository, file);
  };
  for (SplitPlan& plan : offer.splits) apply_kwargs(place.kwargs, plan.read);
}

// A data set made by a Python script has no rows that could be read as they are.
bool is_script(const PlaceQuery& place, const std::vector<std::string>& files) {
  const std::string name = place.query.path.substr(place.query.path.rfind('/') + 1);
  return std::find(files.begin(), files.end(), name + ".py") != files.end();
}

}  // namespace

PlaceQuery make_place_query(const DatasetQuery& query, const DatasetSources& sources,
                            const std::stop_token& stop) {
  PlaceQuery place{.query = query, .sources = sources, .kwargs = Json::object(), .stop = stop};
  if (query.kwargs_json.empty()) return place;
  place.kwargs = Json::parse(query.kwargs_json, nullptr, false);
  if (place.kwargs.is_null()) place.kwargs = Json::object();
  if (!place.kwargs.is_object())
    throw Error(ErrorKind::kBadInput, "dataset_kwargs must be a map", query.task_file);
  return place;
}

Offer offer_mapping_file(const PlaceQuery& place) {
  const std::string& file = place.sources.mapping_file;
  Offer offer{.place = "the mapping " + (file.empty() ? "of --data" : file)};
  if (file.empty()) {
    offer.why_not = "not given";
    return offer;
  }
  const Json tree = parse_mapping(read_text_file(file, place.stop), file);
  offer.splits = plan_mapped(tree, file, fs::path(file).parent_path().string(),
                             {.path = place.query.path, .name = place.query.name});
  if (offer.splits.empty()) offer.why_not = "no entry for it";
  keep_present(offer);
  return offer;
}

Offer offer_data_folder(const PlaceQuery& place) {
  Offer offer{.place = "the folder of ASSAY_DATA"};
  if (place.sources.data_folder.empty()) {
    offer.why_not = "not set";
    return offer;
  }
  offer.place = place.sources.data_folder + " (ASSAY_DATA)";
  const std::string folder = (fs::path(place.sources.data_folder) / "datasets").string();
  offer.splits = plan_mapped(shipped_mapping(), "tasks/datasets.yaml", folder,
                             {.path = place.query.path, .name = place.query.name});
  if (offer.splits.empty()) offer.why_not = "tasks/datasets.yaml has no entry for it";
  keep_present(offer);
  return offer;
}

Offer offer_hub(const PlaceQuery& place) {
  const std::string repository = repository_of(place);
  Offer offer{.place = "the hub's " + repository};
  if (!has_hub(place, offer)) return offer;
  ask_hub(offer, [&] {
    const std::vector<std::string> files = place.sources.list_hub(repository);
    Json header;
    if (std::find(files.begin(), files.end(), "README.md") != files.end())
      header = parse_readme_header(
          read_text_file(place.sources.fetch_hub(repository, "README.md"), place.stop));
    const bool described = header.is_object() && header.contains("configs");
    if (is_script(place, files) && !described) {
      offer.why_not = "its rows are made by a Python script";
      return;
    }
    offer.splits = plan_repository(files, header, place.query.name,
                                   place.kwargs.value("data_files", Json()), offer.why_not);
  });
  offer_files_of(place, repository, offer);
  return offer;
}

Offer offer_converted(const PlaceQuery& place) {
  const std::string repository = place.query.path + "@refs/convert/parquet";
  Offer offer{.place = "the hub's " + repository};
  if (!has_hub(place, offer)) return offer;
  ask_hub(offer, [&] {
    offer.splits =
        plan_converted(place.sources.list_hub(repository), place.query.name, offer.why_not);
  });
  offer.network_failed = false;  // most data sets have none; offer_hub says whether the hub answers
  offer_files_of(place, repository, offer);
  return offer;
}

}  // namespace assay::detail
