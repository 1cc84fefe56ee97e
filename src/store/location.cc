#include <cstdlib>
#include <string>

#include "core/error.h"
#include "store/store.h"

namespace assay {
namespace {

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

}  // namespace

std::string default_store_path() {
  if (std::string path = environment("ASSAY_STORE"); !path.empty()) return path;
  // The XDG specification: a relative path there is invalid and to be ignored.
  if (const std::string data = environment("XDG_DATA_HOME"); data.starts_with('/')) {
    return data + "/assay/store.sqlite";
  }
  if (const std::string home = environment("HOME"); !home.empty()) {
    return home + "/.local/share/assay/store.sqlite";
  }
  throw Error(ErrorKind::kUsage, "There is no place for the store: HOME is not set", {},
              "Set ASSAY_STORE to a file, or name one with --store.");
}

}  // namespace assay
