// File descriptors of the sandbox.
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace assay::detail {

// Owns a descriptor. All are closed on exec, and none is below 10, so that a child can arrange its
// own low numbers.
class SandboxFile {
 public:
  SandboxFile() = default;
  // Takes `fd` over; below 10 it is moved up. Errors: kEngine when `fd` is negative (`what`).
  SandboxFile(int fd, const char* what);
  SandboxFile(SandboxFile&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  SandboxFile& operator=(SandboxFile&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~SandboxFile() { close(); }
  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  void close();

 private:
  int fd_ = -1;
};

// A file in memory with this content, at its beginning.
SandboxFile memory_file(std::string_view content);

struct SandboxPipe {
  SandboxFile read, write;
};
SandboxPipe make_pipe();
// Two connected ends, each readable and writable.
SandboxPipe make_socket_pair();
void set_nonblocking(const SandboxFile& file);

// A small file's text, as /proc has them; empty when it cannot be read.
std::string read_small_file(const std::string& path);

}  // namespace assay::detail
