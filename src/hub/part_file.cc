#include "hub/part_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <fstream>
#include <thread>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/files.h"

namespace assay {
namespace fs = std::filesystem;
namespace {

[[noreturn]] void fail(const std::string& what, const fs::path& path) {
  const int code = errno;
  throw Error(ErrorKind::kIo, what + ": " + std::strerror(code), path.string(),
              code == ENOSPC || code == EDQUOT || code == EFBIG
                  ? "Free space on that disk, or choose another folder with ASSAY_CACHE; the same "
                    "command then goes on where it stopped."
                  : "Check the folder's permissions, or choose another with ASSAY_CACHE.");
}

}  // namespace

PartFile::PartFile(fs::path path, const std::string& identity, const std::stop_token& stop)
    : path_(std::move(path)), identity_(identity) {
  std::error_code error;
  fs::create_directories(path_.parent_path(), error);
  if (error) {
    throw Error(ErrorKind::kIo, "Cannot make the cache's folder: " + error.message(),
                path_.parent_path().string(), "Choose another folder with ASSAY_CACHE.");
  }
  open_and_lock(stop);
  load_state();
}

PartFile::~PartFile() {
  if (descriptor_ >= 0) close(descriptor_);  // also ends the lock
}

void PartFile::open_and_lock(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    descriptor_ = open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (descriptor_ < 0) fail("Cannot open the partial download", path_);
    struct stat mine {
    }, named{};
    if (flock(descriptor_, LOCK_EX | LOCK_NB) == 0) {
      // The one who had it may have moved it away in between.
      if (fstat(descriptor_, &mine) == 0 && stat(path_.c_str(), &named) == 0 &&
          mine.st_ino == named.st_ino) {
        size_ = mine.st_size;
        return;
      }
    } else if (errno != EWOULDBLOCK && errno != EINTR) {
      fail("Cannot lock the partial download", path_);
    } else {
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    close(std::exchange(descriptor_, -1));
  }
  throw Error(ErrorKind::kInterrupted, "Stopped while another process downloads the file",
              path_.string());
}

void PartFile::load_state() {
  std::ifstream file(state_path());
  const nlohmann::json state = nlohmann::json::parse(file, nullptr, /*allow_exceptions=*/false);
  const auto text = [&](const char* name) {
    return state.is_object() && state.contains(name) && state[name].is_string()
               ? state[name].get<std::string>()
               : std::string();
  };
  if (identity_.empty() || text("identity") != identity_) return restart({});
  body_tag_ = text("body_tag");
}

void PartFile::save_state() const {
  const nlohmann::json state = {{"identity", identity_}, {"body_tag", body_tag_}};
  write_file(state_path(), "Free space, or choose another folder with ASSAY_CACHE.",
             state.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace));
}

void PartFile::restart(const std::string& body_tag) {
  // Emptied before it gets its new name tag, so that a kill in between mislabels nothing.
  if (ftruncate(descriptor_, 0) != 0) fail("Cannot empty the partial download", path_);
  size_ = 0;
  body_tag_ = body_tag;
  save_state();
}

void PartFile::append(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = pwrite(descriptor_, bytes.data(), bytes.size(), size_);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail("Cannot write the download", path_);
    size_ += n;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
}

void PartFile::finish(const fs::path& target) {
  if (fsync(descriptor_) != 0) fail("Cannot write the download", path_);
  std::error_code error;
  fs::create_directories(target.parent_path(), error);
  if (!error) fs::rename(path_, target, error);
  if (error) {
    throw Error(ErrorKind::kIo, "Cannot move the download into place: " + error.message(),
                target.string(), "Check the cache folder's permissions.");
  }
  fs::remove(state_path(), error);
}

void PartFile::remove() {
  std::error_code ignored;
  fs::remove(state_path(), ignored);
  fs::remove(path_, ignored);
}

}  // namespace assay
