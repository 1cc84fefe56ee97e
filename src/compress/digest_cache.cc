// Hashes of files, remembered. One line per file, of fixed form and with a checksum of its own:
//   FILE-HASH SIZE MTIME-NS PATH-HASH LINE-HASH
// appended in one write under a lock; later lines win; lines that do not check out are skipped.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "compress/compress.h"
#include "core/error.h"

namespace assay {
namespace {

namespace fs = std::filesystem;

struct FileState {
  std::int64_t size = 0, modified_ns = 0;
  bool operator==(const FileState&) const = default;
};

FileState state_of(const std::string& path) {
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) {
    throw Error(ErrorKind::kIo, "cannot be read", path, "Check the path and its permissions.");
  }
  return {.size = info.st_size,
          .modified_ns = std::int64_t{info.st_mtim.tv_sec} * 1'000'000'000 + info.st_mtim.tv_nsec};
}

// The part of a line that says which content is meant.
std::string identity(const std::string& path, const FileState& state) {
  std::error_code ignored;
  fs::path whole = fs::canonical(path, ignored);
  if (whole.empty()) whole = fs::absolute(path);
  return fmt::format("{} {} {}", state.size, state.modified_ns, hash_bytes(whole.string()).hex());
}

std::optional<Digest> find_line(const std::string& cache_file, const std::string& wanted) {
  std::ifstream in(cache_file);
  std::optional<Digest> found;
  for (std::string line; std::getline(in, line);) {
    const std::size_t end = line.rfind(' ');
    if (end == std::string::npos || end < 33) continue;
    const std::string body = line.substr(0, end);
    if (body.substr(33) != wanted || hash_bytes(body).hex() != line.substr(end + 1)) continue;
    found = Digest::from_hex(body.substr(0, 32));
  }
  return found;
}

// A cache that cannot be written costs time, nothing else.
void append_line(const std::string& cache_file, const std::string& body) {
  std::error_code ignored;
  fs::create_directories(fs::path(cache_file).parent_path(), ignored);
  const int fd = open(cache_file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (fd < 0) return;
  flock(fd, LOCK_EX);
  // A leading newline ends what a killed process may have left unfinished.
  const std::string line = fmt::format("\n{} {}\n", body, hash_bytes(body).hex());
  [[maybe_unused]] const auto n = write(fd, line.data(), line.size());
  close(fd);
}

// A file that was changed a moment ago may be changed again without its time moving on.
bool is_settled(const FileState& state) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return state.modified_ns <
         std::chrono::duration_cast<std::chrono::nanoseconds>(now).count() - 1'000'000'000;
}

Digest file_digest(const std::string& path, const std::string& cache_file) {
  const FileState before = state_of(path);
  const std::string wanted = identity(path, before);
  if (const auto known = find_line(cache_file, wanted)) return *known;
  const Digest digest = hash_file(path);
  if (state_of(path) != before) {
    throw Error(ErrorKind::kIo, "the file changed while it was read", path,
                "Wait until it is complete.");
  }
  if (is_settled(before)) append_line(cache_file, digest.hex() + " " + wanted);
  return digest;
}

}  // namespace

Digest weights_digest(const std::string& path, const std::string& cache_dir) {
  const std::string cache_file = (fs::path(cache_dir) / "digests.txt").string();
  const std::vector<std::string> parts = gguf_parts(path);
  if (parts.size() == 1) return file_digest(parts.front(), cache_file);
  Hasher hasher;
  for (const std::string& part : parts) hasher.add_field(file_digest(part, cache_file));
  return hasher.finish();
}

std::string default_cache_dir() {
  const auto variable = [](const char* name) -> std::string {
    const char* value = std::getenv(name);
    return value == nullptr ? "" : value;
  };
  if (std::string own = variable("ASSAY_CACHE"); !own.empty()) return own;
  if (const std::string xdg = variable("XDG_CACHE_HOME"); !xdg.empty()) return xdg + "/assay";
  if (const std::string home = variable("HOME"); !home.empty()) return home + "/.cache/assay";
  throw Error(ErrorKind::kUsage, "no folder for the cache: HOME is not set", "",
              "Set ASSAY_CACHE to a folder.");
}

}  // namespace assay
