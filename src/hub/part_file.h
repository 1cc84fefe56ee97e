// An unfinished download on disk: FILE.part, and FILE.part.json that says what it is the beginning
// of. Internal to this folder.
#pragma once

#include <cstdint>
#include <filesystem>
#include <stop_token>
#include <string>
#include <string_view>

namespace assay {

class PartFile {
 public:
  // Opens and locks it, waiting while another process is downloading the same file (a lock ends
  // with its process). What was kept of another content than `identity` (the hub's tag) is thrown
  // away;
  // "" matches nothing. Error{kIo}, Error{kInterrupted}.
  PartFile(std::filesystem::path path, const std::string& identity, const std::stop_token& stop);
  ~PartFile();
  PartFile(const PartFile&) = delete;
  PartFile& operator=(const PartFile&) = delete;

  std::int64_t size() const { return size_; }
  // ETag of the answer that the content came from; may differ from the hub's own tag.
  const std::string& body_tag() const { return body_tag_; }

  void restart(const std::string& body_tag);  // empties it
  void append(std::string_view bytes);  // Error{kIo} that names the file when the disk is full
  void finish(const std::filesystem::path& target);  // makes it durable and moves it there
  void remove();
  const std::filesystem::path& path() const { return path_; }

 private:
  void open_and_lock(const std::stop_token& stop);
  void load_state();
  void save_state() const;
  std::filesystem::path state_path() const { return path_.string() + ".json"; }

  std::filesystem::path path_;
  std::string identity_, body_tag_;
  int descriptor_ = -1;
  std::int64_t size_ = 0;
};

}  // namespace assay
