#include "tasks/sandbox_spawn.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sched.h>
#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>

#include <fmt/format.h>

#include "core/error.h"

namespace assay::detail {
namespace {

// All that the child needs, made before it exists: it shares our memory until it executes, so it
// only makes system calls.
struct Prepared {
  std::vector<char*> arguments, environment;
  std::vector<int> files;
  std::vector<std::pair<int, rlimit>> limits;
  struct Mount {
    std::string folder, opened, at;
  };
  std::vector<Mount> mounts;
  bool leave_root = false;
  const char* failed_at = nullptr;  // written by the child
  int error = 0;
};

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (const std::string& text : texts) result.push_back(const_cast<char*>(text.c_str()));
  result.push_back(nullptr);
  return result;
}

Prepared prepare(const SpawnOptions& options) {
  Prepared prepared{.arguments = pointers(options.arguments),
                    .environment = pointers(options.environment),
                    .files = options.files,
                    .leave_root = options.leave_root && ::geteuid() == 0};
  for (const auto& limit : options.limits) {
    rlimit now{};
    ::getrlimit(static_cast<__rlimit_resource>(limit.resource), &now);
    const rlim_t hard = std::min<rlim_t>(limit.hard, now.rlim_max);
    prepared.limits.emplace_back(limit.resource, rlimit{std::min<rlim_t>(limit.soft, hard), hard});
  }
  for (std::size_t i = 0; i < options.folders.size(); ++i) {
    prepared.mounts.push_back({.folder = options.folders[i],
                               .opened = fmt::format("/proc/self/fd/{}", options.files.size() + i),
                               .at = fmt::format("/tmp/{}", i)});
  }
  return prepared;
}

// ---- In the child ----

bool arrange_files(const Prepared& prepared) {
  const int n = static_cast<int>(prepared.files.size());
  for (int i = 0; i < n; ++i) {
    if (::dup2(prepared.files[static_cast<std::size_t>(i)], i) < 0) return false;
  }
  // Whatever else this program has open (a model, the store, a socket) must not be inherited.
  if (::syscall(SYS_close_range, static_cast<unsigned>(n), ~0U, 0U) == 0) return true;
  const long last = ::sysconf(_SC_OPEN_MAX);
  for (int fd = n; fd < last; ++fd) ::close(fd);
  return true;
}

// Its own view of the mounts, in which /tmp has the folders that nobody could not reach. They are
// opened before that /tmp hides those that lie in the real one, and in the new view, because the
// kernel mounts nothing from another.
bool show_folders(const Prepared& prepared) {
  if (prepared.mounts.empty()) return true;
  if (::unshare(CLONE_NEWNS) != 0 ||
      ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
    return false;
  }
  for (const Prepared::Mount& mount : prepared.mounts) {  // the lowest numbers that are free
    if (::open(mount.folder.c_str(), O_PATH | O_CLOEXEC) < 0) return false;
  }
  if (::mount("tmpfs", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV, "size=64k,mode=0755") != 0)
    return false;
  for (const Prepared::Mount& mount : prepared.mounts) {
    if (::mkdir(mount.at.c_str(), 0755) != 0 ||
        ::mount(mount.opened.c_str(), mount.at.c_str(), nullptr, MS_BIND | MS_REC, nullptr) != 0) {
      return false;
    }
  }
  return true;
}

// The C library's functions would change the user of all threads, which are the parent's.
bool become_nobody() {
  return ::syscall(SYS_setgroups, 0, nullptr) == 0 &&
         ::syscall(SYS_setresgid, kNobody, kNobody, kNobody) == 0 &&
         ::syscall(SYS_setresuid, kNobody, kNobody, kNobody) == 0;
}

bool set_limits(const Prepared& prepared) {
  for (const auto& [resource, limit] : prepared.limits) {
    if (::setrlimit(static_cast<__rlimit_resource>(resource), &limit) != 0) return false;
  }
  return true;
}

void reset_signals() {
  for (int signal = 1; signal < NSIG; ++signal) ::signal(signal, SIG_DFL);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

[[noreturn]] void run_child(Prepared& prepared) {
  const auto step = [&](bool done, const char* name) {
    if (done) return;
    prepared.error = errno;
    prepared.failed_at = name;
    ::_exit(127);
  };
  ::setsid();  // Ctrl-C is for this program to handle, not for its children
  step(arrange_files(prepared), "arranging its files");
  if (prepared.leave_root) step(show_folders(prepared), "mounting the folders of Python");
  if (prepared.leave_root) step(become_nobody(), "changing the user to nobody");
  step(set_limits(prepared), "setting its limits");
  reset_signals();
  ::execve(prepared.arguments[0], prepared.arguments.data(), prepared.environment.data());
  step(false, prepared.arguments[0]);
  ::_exit(127);
}

}  // namespace

pid_t spawn(const SpawnOptions& options) {
  Prepared prepared = prepare(options);
  // No handler of ours may run in the child while it shares our memory.
  sigset_t all, before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  // Not fork: that would copy the page tables of a loaded model for each program.
  const pid_t child = ::vfork();
  if (child == 0) run_child(prepared);
  const int vfork_error = errno;
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (child < 0) {
    throw Error(ErrorKind::kEngine,
                fmt::format("no process could be started: {}", std::strerror(vfork_error)), {},
                "Close other programs, or raise the limit of processes (ulimit -u).");
  }
  if (prepared.failed_at != nullptr) {
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    throw Error(ErrorKind::kEngine,
                fmt::format("no process could be started: {}", std::strerror(prepared.error)),
                prepared.failed_at);
  }
  return child;
}

}  // namespace assay::detail
