#include "core/embedded_files.h"

#include <cstdint>
#include <cstring>

namespace assay {

std::vector<EmbeddedFile> embedded_files(const unsigned char* begin, const unsigned char* end) {
  std::vector<EmbeddedFile> files;
  const char* at = reinterpret_cast<const char*>(begin);
  const char* const last = reinterpret_cast<const char*>(end);
  while (at < last) {
    std::uint32_t sizes[2];
    std::memcpy(sizes, at, sizeof(sizes));
    at += sizeof(sizes);
    files.push_back({.path = {at, sizes[0]}, .content = {at + sizes[0], sizes[1]}});
    at += std::size_t{sizes[0]} + sizes[1];
  }
  return files;
}

}  // namespace assay
