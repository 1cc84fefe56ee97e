#include "tasks/sandbox_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/error.h"

namespace assay::detail {
namespace {

constexpr int kFirstOwnFile = 10;

[[noreturn]] void fail(const char* what) {
  throw Error(ErrorKind::kEngine,
              std::string("the sandbox cannot be set up: ") + std::strerror(errno), what,
              "Too many open files or no memory left: close other programs or run fewer at once.");
}

}  // namespace

SandboxFile::SandboxFile(int fd, const char* what) : fd_(fd) {
  if (fd < 0) fail(what);
  if (fd >= kFirstOwnFile) return;
  fd_ = ::fcntl(fd, F_DUPFD_CLOEXEC, kFirstOwnFile);
  ::close(fd);
  if (fd_ < 0) fail(what);
}

void SandboxFile::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

SandboxFile memory_file(std::string_view content) {
  SandboxFile file(::memfd_create("assay", MFD_CLOEXEC), "memfd_create");
  while (!content.empty()) {
    const ssize_t n = ::write(file.get(), content.data(), content.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail("a file in memory");
    content.remove_prefix(static_cast<std::size_t>(n));
  }
  ::lseek(file.get(), 0, SEEK_SET);
  return file;
}

SandboxPipe make_pipe() {
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_CLOEXEC) != 0) fail("pipe");
  SandboxFile read(ends[0], "pipe");
  return {std::move(read), SandboxFile(ends[1], "pipe")};
}

SandboxPipe make_socket_pair() {
  int ends[2] = {-1, -1};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) fail("socketpair");
  SandboxFile first(ends[0], "socketpair");
  return {std::move(first), SandboxFile(ends[1], "socketpair")};
}

void set_nonblocking(const SandboxFile& file) {
  ::fcntl(file.get(), F_SETFL, ::fcntl(file.get(), F_GETFL) | O_NONBLOCK);
}

std::string read_small_file(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return {};
  std::string text(8192, '\0');
  const ssize_t n = ::read(fd, text.data(), text.size());
  ::close(fd);
  text.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
  return text;
}

}  // namespace assay::detail
