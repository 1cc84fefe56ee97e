#include "bench/process.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include <fmt/format.h>

#ifdef __linux__
#include <sys/prctl.h>
#endif

#include "core/error.h"

namespace assay::detail {
namespace {

constexpr int kPollMs = 100;  // how often a stop is noticed

// Between fork and exec: system calls only.
[[noreturn]] void become(char* const* arguments, int socket) {
#ifdef __linux__
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
  ::setpgid(0, 0);
  if (::dup2(socket, STDIN_FILENO) >= 0 && ::dup2(socket, STDOUT_FILENO) >= 0)
    ::execv(arguments[0], arguments);
  ::_exit(127);
}

}  // namespace

Process::Process(const std::vector<std::string>& command) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    throw Error(ErrorKind::kIo, std::string("No socket for a child: ") + std::strerror(errno));
  std::vector<char*> arguments;
  for (const std::string& argument : command)
    arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  pid_ = ::fork();
  if (pid_ == 0) become(arguments.data(), ends[1]);
  ::close(ends[1]);
  socket_ = ends[0];
  if (pid_ < 0) {
    ::close(socket_);
    throw Error(ErrorKind::kIo, std::string("No child process: ") + std::strerror(errno));
  }
}

Process::~Process() { end(); }

void Process::end() {
  if (pid_ <= 0) return;
  ::close(socket_);
  ::kill(pid_, SIGKILL);  // it keeps nothing that would need saving
  ::waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

void Process::throw_ended() {
  int status = 0;
  ::waitpid(pid_, &status, 0);
  ::close(socket_);
  pid_ = -1;
  if (WIFSIGNALED(status)) {
    const bool killed = WTERMSIG(status) == SIGKILL;
    throw Error(ErrorKind::kEngine,
                fmt::format("The process that measured it was ended by signal {}{}",
                            WTERMSIG(status), killed ? " (out of memory?)" : ""));
  }
  throw Error(ErrorKind::kEngine,
              fmt::format("The process that measured it ended with code {}", WEXITSTATUS(status)));
}

std::string Process::ask(const std::string& line, const std::stop_token& stop) {
  const std::string message = line + "\n";
  for (std::size_t n_sent = 0; n_sent < message.size();) {
    const ssize_t n =
        ::send(socket_, message.data() + n_sent, message.size() - n_sent, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) throw_ended();
    n_sent += static_cast<std::size_t>(n);
  }
  return read_line(stop);
}

std::string Process::read_line(const std::stop_token& stop) {
  while (true) {
    const std::size_t newline = unread_.find('\n');
    if (newline != std::string::npos) {
      std::string line = unread_.substr(0, newline);
      unread_.erase(0, newline + 1);
      return line;
    }
    if (stop.stop_requested()) throw Error(ErrorKind::kInterrupted, "Interrupted");
    pollfd wait{.fd = socket_, .events = POLLIN, .revents = 0};
    if (::poll(&wait, 1, kPollMs) <= 0) continue;
    char bytes[65536];
    const ssize_t n = ::recv(socket_, bytes, sizeof bytes, 0);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) throw_ended();
    unread_.append(bytes, static_cast<std::size_t>(n));
  }
}

bool LineSource::next(std::string& line) {
  while (true) {
    const std::size_t newline = unread_.find('\n');
    if (newline != std::string::npos) {
      line = unread_.substr(0, newline);
      unread_.erase(0, newline + 1);
      return true;
    }
    char bytes[65536];
    const ssize_t n = ::read(descriptor_, bytes, sizeof bytes);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    unread_.append(bytes, static_cast<std::size_t>(n));
  }
}

bool write_line(int descriptor, const std::string& line) {
  const std::string message = line + "\n";
  for (std::size_t n_sent = 0; n_sent < message.size();) {
    const ssize_t n = ::write(descriptor, message.data() + n_sent, message.size() - n_sent);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    n_sent += static_cast<std::size_t>(n);
  }
  return true;
}

}  // namespace assay::detail
