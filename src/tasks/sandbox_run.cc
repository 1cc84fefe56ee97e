#include "tasks/sandbox_run.h"

#include <fcntl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

#include <fmt/format.h>

#include "core/error.h"
#include "tasks/sandbox_spawn.h"
#include "tasks/sandbox_watch.h"

namespace assay::detail {
namespace {

using namespace std::chrono_literals;
using Outcome = SandboxResult::Outcome;

constexpr std::size_t kOutputBytes = 64 << 10;
constexpr std::size_t kTokenBytes = 32;
constexpr std::uint64_t kOpenFiles = 128;
constexpr auto kStartTimeout = 30s;  // Python's start, which is not the program's doing
constexpr auto kCheckEvery = 25ms;

std::string random_token() {
  std::string token(kTokenBytes, '\0');
  if (::getrandom(token.data(), token.size(), 0) != static_cast<ssize_t>(token.size())) {
    throw Error(ErrorKind::kEngine, "no random numbers from the kernel");
  }
  return token;
}

SandboxFile process_handle(pid_t process) {
  return {static_cast<int>(::syscall(SYS_pidfd_open, process, 0)), "pidfd_open"};
}

bool has_ended(const SandboxFile& handle) {
  pollfd file{.fd = handle.get(), .events = POLLIN, .revents = 0};
  return ::poll(&file, 1, 0) > 0;
}

std::vector<SpawnOptions::Limit> kernel_limits(const SandboxLimits& limits) {
  const auto bytes = [](std::int64_t value) { return static_cast<std::uint64_t>(value); };
  const auto seconds = static_cast<std::uint64_t>(
      std::chrono::ceil<std::chrono::seconds>(limits.wall_timeout).count());
  // The number of processes is limited by the runner, inside: there only the sandbox's own count.
  return {{RLIMIT_CPU, seconds + 1, seconds + 2},
          {RLIMIT_AS, bytes(limits.memory_bytes), bytes(limits.memory_bytes)},
          {RLIMIT_FSIZE, bytes(limits.file_bytes), bytes(limits.file_bytes)},
          {RLIMIT_NOFILE, kOpenFiles, kOpenFiles},
          {RLIMIT_STACK, 8U << 20, 8U << 20},
          {RLIMIT_MEMLOCK, 64U << 10, 64U << 10},
          {RLIMIT_CORE, 0, 0}};
}

}  // namespace

SandboxRun::SandboxRun(const SandboxRequest& request, const SandboxLimits& limits,
                       const Isolation& isolation)
    : limits_(limits), token_(random_token()), started_(Clock::now()) {
  const bool leave_root = ::geteuid() == 0;
  SandboxPipe output = make_pipe(), control = make_socket_pair();
  const SandboxFile nothing(::open("/dev/null", O_RDWR | O_CLOEXEC), "/dev/null");
  const SandboxFile program = memory_file(token_ + request.program);
  const SandboxFile filter = memory_file(isolation.filter);
  const SpawnOptions options{.arguments = sandbox_arguments(isolation, limits, leave_root),
                             .environment = sandbox_environment(),
                             .files = {nothing.get(), output.write.get(), output.write.get(),
                                       program.get(), control.write.get(), filter.get()},
                             .limits = kernel_limits(limits),
                             .leave_root = leave_root,
                             .folders = isolation.python.folders};
  set_nonblocking(output.read);
  set_nonblocking(control.read);
  bwrap_ = spawn(options);
  output_ = std::move(output.read);
  control_ = std::move(control.read);
  deadline_ = started_ + kStartTimeout;
  next_check_ = deadline_;
  try {
    bwrap_handle_ = process_handle(bwrap_);
  } catch (const Error&) {
    kill_all();
    throw;
  }
}

SandboxRun::~SandboxRun() { kill_all(); }

void SandboxRun::add_files(std::vector<pollfd>& files) const {
  const auto add = [&](const SandboxFile& file) {
    if (file) files.push_back({.fd = file.get(), .events = POLLIN, .revents = 0});
  };
  add(output_);
  add(control_);
  // Once bubblewrap is reaped its handle would stay readable.
  add(bwrap_ >= 0 ? bwrap_handle_ : init_handle_);
}

SandboxRun::Clock::time_point SandboxRun::wake_up_at() const {
  return ended_by_us_ ? Clock::time_point::max() : std::min(deadline_, next_check_);
}

bool SandboxRun::advance() {
  read_output(false);
  read_control();
  if (bwrap_ >= 0 && has_ended(bwrap_handle_)) {
    reap();  // before looking at the time: what has ended is not late because we are
  } else if (bwrap_ >= 0 && !ended_by_us_) {
    check_limits();
  }
  if (bwrap_ >= 0 || (init_handle_ && !has_ended(init_handle_))) return false;
  read_control();
  read_output(true);
  conclude();
  return true;
}

// The first part is kept, the rest thrown away, so that a program that never stops printing neither
// blocks nor fills our memory.
void SandboxRun::read_output(bool to_the_end) {
  char buffer[16384];
  for (int i = 0; output_ && (to_the_end || i < 4); ++i) {
    const ssize_t n = ::read(output_.get(), buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) break;
    if (n <= 0) {
      output_.close();
    } else {
      const std::size_t room = kOutputBytes - result_.output.size();
      result_.output.append(buffer, std::min(room, static_cast<std::size_t>(n)));
    }
  }
}

void SandboxRun::read_control() {
  char buffer[4 * kTokenBytes];
  while (control_) {
    const ssize_t n = ::read(control_.get(), buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) break;
    if (n > 0) received_.append(buffer, static_cast<std::size_t>(n));
    // More than "R" and the token is the program's own writing, and counts as no token.
    if (n <= 0 || received_.size() > 1 + kTokenBytes) {
      control_.close();
    } else if (!running_ && received_ == "R") {
      begin();
    }
  }
}

// Python is ready and waits: time counts from here.
void SandboxRun::begin() {
  const std::vector<pid_t> inside = children_of(bwrap_);
  if (inside.empty()) {
    throw Error(ErrorKind::kEngine, "the sandbox's processes cannot be found",
                fmt::format("/proc/{}/task/{}/children", bwrap_, bwrap_),
                "Assay needs /proc and a kernel with CONFIG_PROC_CHILDREN.");
  }
  init_ = inside.front();
  init_handle_ = process_handle(init_);
  running_ = true;
  started_ = Clock::now();
  deadline_ = started_ + limits_.wall_timeout;
  next_check_ = started_ + kCheckEvery;
  // A program that is gone already shows as that later.
  (void)!::send(control_.get(), "G", 1, MSG_NOSIGNAL);
}

void SandboxRun::check_limits() {
  const Clock::time_point now = Clock::now();
  if (now >= deadline_) {
    end(Outcome::kTimedOut, running_ ? "" : "Python did not start in time");
    return;
  }
  if (!running_ || now < next_check_) return;
  next_check_ = now + kCheckEvery;
  const std::vector<pid_t> processes = process_tree(init_);
  const std::int64_t memory = resident_bytes(processes, limits_.memory_bytes);
  if (memory > limits_.memory_bytes) {
    end(Outcome::kKilled, fmt::format("{} processes hold {} MiB together; the limit is {} MiB",
                                      processes.size(), memory >> 20, limits_.memory_bytes >> 20));
  } else if (const std::int64_t n = count_tmp_files(processes); n > kMaxTmpFiles) {
    end(Outcome::kKilled, fmt::format("{} files in /tmp; the limit is {}", n, kMaxTmpFiles));
  }
}

void SandboxRun::end(Outcome outcome, const std::string& reason) {
  ended_by_us_ = true;
  result_.outcome = outcome;
  if (!reason.empty()) {
    result_.output.resize(std::min(result_.output.size(), kOutputBytes - reason.size() - 10));
    result_.output += fmt::format("\nsandbox: {}", reason);
  }
  if (init_handle_) ::syscall(SYS_pidfd_send_signal, init_handle_.get(), SIGKILL, nullptr, 0);
  ::kill(bwrap_, SIGKILL);
}

// bubblewrap is gone; what the program left behind goes with the namespace's first process.
void SandboxRun::reap() {
  while (::waitpid(bwrap_, &status_, 0) < 0 && errno == EINTR) {
  }
  bwrap_ = -1;
  result_.seconds = std::chrono::duration<double>(Clock::now() - started_).count();
  if (init_handle_) ::syscall(SYS_pidfd_send_signal, init_handle_.get(), SIGKILL, nullptr, 0);
}

void SandboxRun::kill_all() {
  if (init_handle_) ::syscall(SYS_pidfd_send_signal, init_handle_.get(), SIGKILL, nullptr, 0);
  if (bwrap_ >= 0) {
    ::kill(bwrap_, SIGKILL);
    reap();
  }
  if (!init_handle_) return;
  pollfd file{.fd = init_handle_.get(), .events = POLLIN, .revents = 0};
  while (::poll(&file, 1, -1) < 0 && errno == EINTR) {
  }
}

void SandboxRun::conclude() {
  const int signal = WIFSIGNALED(status_) ? WTERMSIG(status_) : 0;
  result_.exit_status = signal != 0 ? 128 + signal : WEXITSTATUS(status_);
  if (!running_) {
    throw Error(ErrorKind::kEngine, fmt::format("the sandbox did not start: {}", result_.output));
  }
  if (ended_by_us_) return;
  if (result_.exit_status == 0 && received_ == "R" + token_) {
    result_.outcome = Outcome::kPassed;
  } else if (result_.exit_status == 128 + SIGKILL || result_.exit_status == 128 + SIGXCPU) {
    result_.outcome = Outcome::kKilled;
  }
}

void wait_for(std::vector<pollfd>& files, SandboxRun::Clock::time_point until) {
  int timeout_ms = -1;
  if (until != SandboxRun::Clock::time_point::max()) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(until - SandboxRun::Clock::now());
    timeout_ms = static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 60000));
  }
  ::poll(files.data(), files.size(), timeout_ms);
}

SandboxResult run_one(const SandboxRequest& request, const SandboxLimits& limits,
                      const Isolation& isolation) {
  SandboxRun run(request, limits, isolation);
  while (!run.advance()) {
    std::vector<pollfd> files;
    run.add_files(files);
    wait_for(files, run.wake_up_at());
  }
  return run.result();
}

}  // namespace assay::detail
