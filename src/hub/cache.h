// Where files of one repository lie: CACHE/hub/models--org--name/{commit}/{file}. Beside the
// commits, .refs/{revision} names the commit a branch or tag last was, and .partial/ has unfinished
// downloads; no revision may begin with a dot. Internal to this folder.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "hub/hub.h"

namespace assay {

class HubCache {
 public:
  HubCache(const std::string& cache_dir,
           const HubReference& reference);  // Error{kUsage}: no folder

  // The snapshot a revision stood for when it was last fetched; else named as the revision itself.
  std::string snapshot_of(const std::string& revision) const;
  void remember(const std::string& revision, const std::string& commit) const;

  std::filesystem::path file(const std::string& snapshot, const std::string& path) const;
  std::filesystem::path partial(const std::string& snapshot, const std::string& path) const;
  std::vector<HubFile> list(const std::string& snapshot) const;

  static std::string folder_name(const std::string& revision);  // '/' becomes "--"

 private:
  std::filesystem::path root_;
};

}  // namespace assay
