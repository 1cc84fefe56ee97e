#include "hub/cache.h"

#include <algorithm>
#include <fstream>

#include "core/error.h"
#include "core/files.h"
#include "hub/names.h"

namespace assay {
namespace fs = std::filesystem;
namespace {

std::string with_slashes_replaced(std::string text) {
  for (std::size_t at = 0; (at = text.find('/', at)) != std::string::npos;)
    text.replace(at, 1, "--");
  return text;
}

}  // namespace

HubCache::HubCache(const std::string& cache_dir, const HubReference& reference) {
  if (cache_dir.empty()) {
    throw Error(ErrorKind::kUsage, "No folder for the hub's files was given", {},
                "Set ASSAY_CACHE to one.");
  }
  root_ = fs::path(cache_dir) / "hub" /
          ((reference.dataset ? "datasets--" : "models--") +
           with_slashes_replaced(reference.repository));
}

std::string HubCache::folder_name(const std::string& revision) {
  return with_slashes_replaced(revision);
}

std::string HubCache::snapshot_of(const std::string& revision) const {
  std::string commit;
  std::ifstream(root_ / ".refs" / folder_name(revision)) >> commit;
  return is_commit(commit) ? commit : folder_name(revision);
}

void HubCache::remember(const std::string& revision, const std::string& commit) const {
  if (!is_commit(commit) || revision == commit) return;
  write_file((root_ / ".refs" / folder_name(revision)).string(),
             "Free space, or choose another folder with ASSAY_CACHE.", commit + "\n");
}

fs::path HubCache::file(const std::string& snapshot, const std::string& path) const {
  return root_ / snapshot / path;
}

fs::path HubCache::partial(const std::string& snapshot, const std::string& path) const {
  return root_ / ".partial" / snapshot / (path + ".part");
}

std::vector<HubFile> HubCache::list(const std::string& snapshot) const {
  std::vector<HubFile> files;
  const fs::path folder = root_ / snapshot;
  if (!fs::is_directory(folder)) return files;
  try {
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder)) {
      if (!entry.is_regular_file()) continue;
      files.push_back({.path = entry.path().lexically_relative(folder).generic_string(),
                       .size_bytes = static_cast<std::int64_t>(entry.file_size())});
    }
  } catch (const fs::filesystem_error& error) {
    throw Error(ErrorKind::kIo, "Cannot read the cache: " + error.code().message(),
                folder.string());
  }
  std::sort(files.begin(), files.end(),
            [](const HubFile& a, const HubFile& b) { return a.path < b.path; });
  return files;
}

}  // namespace assay
