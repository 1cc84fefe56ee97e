// SmolLM2-135M-Instruct in F16, which `make demo-real` leaves in the cache.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

namespace assay {

inline std::filesystem::path smollm2_path() {
  const auto variable = [](const char* name) {
    const char* value = std::getenv(name);
    return std::filesystem::path(value == nullptr ? "" : value);
  };
  std::filesystem::path cache = variable("ASSAY_CACHE");
  if (cache.empty()) {
    const std::filesystem::path folder = variable("XDG_CACHE_HOME");
    cache = (folder.empty() ? variable("HOME") / ".cache" : folder) / "assay";
  }
  return cache / "demo-real" / "smollm2-135m-f16.gguf";
}

}  // namespace assay
