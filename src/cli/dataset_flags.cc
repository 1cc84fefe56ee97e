#include "cli/dataset_flags.h"

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <map>
#include <memory>

namespace assay::cli {
namespace {

// "org/name" or "org/name@revision", a data set's.
HubReference to_reference(const std::string& repository, const std::string& file) {
  HubReference reference = parse_hub_reference("hf:datasets/" + repository);
  reference.file = file;
  return reference;
}

struct HubMemory {
  std::map<std::string, std::vector<std::string>> listed;  // by repository
  std::map<std::string, std::string> fetched;              // by repository and file
};

}  // namespace

void add_dataset_flags(CLI::App& app, DatasetFlags& flags) {
  app.add_option("--data", flags.mapping_file,
                 "Mapping from data sets to local files (a datasets.yaml); looked at before the "
                 "folder of ASSAY_DATA, the cache and the hub")
      ->check(CLI::ExistingFile);
}

DatasetSources dataset_sources(const DatasetFlags& flags, const HubOptions& hub) {
  DatasetSources sources{.mapping_file = flags.mapping_file};
  if (const char* folder = std::getenv("ASSAY_DATA"); folder != nullptr)
    sources.data_folder = folder;
  const auto memory = std::make_shared<HubMemory>();
  sources.list_hub = [hub, memory](const std::string& repository) {
    const auto known = memory->listed.find(repository);
    if (known != memory->listed.end()) return known->second;
    std::vector<std::string> names;
    for (HubFile& file : list_hub_files(to_reference(repository, ""), hub))
      names.push_back(std::move(file.path));
    return memory->listed[repository] = names;
  };
  sources.fetch_hub = [hub, memory](const std::string& repository, const std::string& file) {
    const std::string key = repository + "/" + file;
    const auto known = memory->fetched.find(key);
    if (known != memory->fetched.end()) return known->second;
    return memory->fetched[key] = fetch_hub_file(to_reference(repository, file), hub);
  };
  return sources;
}

}  // namespace assay::cli
