// The files of tasks/ inside the program (cmake/embed.cmake, assay_embed_folder).
#include <cstdint>
#include <cstring>

#include "tasks/task_files.h"

extern "C" {
extern const unsigned char assay_shipped_tasks[], assay_shipped_tasks_end[];
}

namespace assay::detail {

const std::vector<ShippedFile>& shipped_files() {
  static const std::vector<ShippedFile> kFiles = [] {
    std::vector<ShippedFile> files;
    const char* at = reinterpret_cast<const char*>(assay_shipped_tasks);
    const char* end = reinterpret_cast<const char*>(assay_shipped_tasks_end);
    while (at < end) {
      std::uint32_t sizes[2];
      std::memcpy(sizes, at, sizeof(sizes));
      at += sizeof(sizes);
      files.push_back({.path = {at, sizes[0]}, .content = {at + sizes[0], sizes[1]}});
      at += std::size_t{sizes[0]} + sizes[1];
    }
    return files;
  }();
  return kFiles;
}

}  // namespace assay::detail
