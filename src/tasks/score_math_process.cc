// Symbolic equality by SymPy in a Python process: what minerva_math of lm-eval does in its own.
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <mutex>

#include "core/error.h"
#include "tasks/score_deferred.h"

extern char** environ;

namespace assay::detail::score {
namespace {

// Reads {answer, gold, response, solution} a line, writes {equal, verified} a line; first of all
// {sympy, math_verify}. Five seconds a comparison, as in lm-eval.
constexpr const char* kScript = R"python(
import json, os, resource, signal, sys
out = os.fdopen(os.dup(1), "w")
os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
for what in (resource.RLIMIT_AS,):
    resource.setrlimit(what, (4 << 30, 4 << 30))
def say(reply):
    out.write(json.dumps(reply) + "\n")
    out.flush()
def late(signum, frame):
    raise TimeoutError
signal.signal(signal.SIGALRM, late)
try:
    import sympy
    from sympy.parsing.latex import parse_latex
    parse_latex("1")
    have_sympy = True
except Exception:
    have_sympy = False
try:
    import math_verify
    have_verify = True
except Exception:
    have_verify = False
say({"sympy": have_sympy, "math_verify": have_verify})
def equal(a, b):
    signal.alarm(5)
    try:
        return bool(sympy.simplify(parse_latex(a) - parse_latex(b)) == 0)
    except (Exception, RecursionError):
        return False
    finally:
        signal.alarm(0)
def verified(solution, response):
    try:
        return bool(math_verify.verify(gold=math_verify.parse(solution),
                                       target=math_verify.parse(response)))
    except (Exception, RecursionError):
        return None
for line in sys.stdin:
    job = json.loads(line)
    same = job["answer"] == job["gold"] and job["answer"] != ""
    reply = {"equal": True if same else equal(job["answer"], job["gold"]) if have_sympy else None,
             "verified": verified(job["solution"], job["response"]) if have_verify else None}
    say(reply)
)python";

constexpr int kStartMs = 180'000;  // importing SymPy from a cold disk on a busy machine
constexpr int kReplyMs = 30'000;   // what its own alarms did not end

// Ends with the object. Not thread-safe.
class Process {
 public:
  explicit Process(const std::string& python) {
    int to[2], from[2];
    if (pipe2(to, O_CLOEXEC) != 0) throw Error(ErrorKind::kIo, "No pipe for a Python process");
    if (pipe2(from, O_CLOEXEC) != 0) {
      close(to[0]);
      close(to[1]);
      throw Error(ErrorKind::kIo, "No pipe for a Python process");
    }
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, to[0], 0);
    posix_spawn_file_actions_adddup2(&actions, from[1], 1);
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    std::string name = python, dash_c = "-c", script = kScript;
    char* arguments[] = {name.data(), dash_c.data(), script.data(), nullptr};
    if (posix_spawnp(&pid_, name.c_str(), &actions, nullptr, arguments, environ) != 0) pid_ = -1;
    posix_spawn_file_actions_destroy(&actions);
    close(to[0]);
    close(from[1]);
    in_ = to[1];
    out_ = from[0];
  }
  ~Process() {
    close(in_);
    close(out_);
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  bool started() const { return pid_ > 0; }
  bool write(const std::string& line) const {
    std::size_t at = 0;
    while (at < line.size()) {
      const ssize_t n = ::write(in_, line.data() + at, line.size() - at);
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return false;
      at += static_cast<std::size_t>(n);
    }
    return true;
  }
  // nullopt: it ended, or took longer.
  std::optional<std::string> read_line(int timeout_ms) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(timeout_ms);
    for (;;) {
      const std::size_t newline = buffer_.find('\n');
      if (newline != std::string::npos) {
        std::string line = buffer_.substr(0, newline);
        buffer_.erase(0, newline + 1);
        return line;
      }
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
          end - std::chrono::steady_clock::now());
      pollfd waited{.fd = out_, .events = POLLIN, .revents = 0};
      if (left.count() <= 0 || poll(&waited, 1, static_cast<int>(left.count())) < 0) {
        if (left.count() > 0 && errno == EINTR) continue;
        return std::nullopt;
      }
      char bytes[4096];
      const ssize_t n = waited.revents == 0 ? 0 : ::read(out_, bytes, sizeof bytes);
      if (n <= 0) return std::nullopt;
      buffer_.append(bytes, static_cast<std::size_t>(n));
    }
  }

 private:
  pid_t pid_ = -1;
  int in_ = -1, out_ = -1;
  std::string buffer_;
};

// A process that dies while it is written to must not end ours.
class IgnoreBrokenPipe {
 public:
  IgnoreBrokenPipe() {
    sigset_t pipe;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, &before_);
  }
  ~IgnoreBrokenPipe() {
    sigset_t pipe;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    const timespec none{};
    while (sigtimedwait(&pipe, nullptr, &none) > 0) {
    }
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  IgnoreBrokenPipe(const IgnoreBrokenPipe&) = delete;
  IgnoreBrokenPipe& operator=(const IgnoreBrokenPipe&) = delete;

 private:
  sigset_t before_{};
};

class Checker {
 public:
  explicit Checker(const ScoreOptions& options) : options_(options) { start(); }

  void check(const MathJob& job) {
    if (options_.stop.stop_requested()) throw Error(ErrorKind::kInterrupted, "Stopped");
    const bool same = job.answer == job.gold && !job.answer.empty();
    Json reply;
    if ((sympy_ && !same) || math_verify_) reply = ask(job);
    const bool symbolic = sympy_ && !same;
    Outcome equal{.value = same ? 1.0 : 0.0};
    if (symbolic) {
      if (reply.is_object()) {
        equal.value = reply["equal"] == true ? 1.0 : 0.0;
      } else {
        equal = {.reason = "comparing the answers did not end"};
      }
    }
    job.exact_match.fill(equal);
    job.symbolic.fill({.value = sympy_ ? 1.0 : 0.0});
    job.math_verify.fill(verified(reply));
  }

 private:
  void start() {
    process_.reset();
    auto process = std::make_unique<Process>(options_.python);
    if (!process->started()) return;
    const std::optional<std::string> hello = process->read_line(kStartMs);
    if (!hello) return;
    const Json have = Json::parse(*hello, nullptr, false);
    if (!have.is_object()) return;
    sympy_ = have.value("sympy", false);
    math_verify_ = have.value("math_verify", false);
    process_ = std::move(process);
  }

  Json ask(const MathJob& job) {
    if (!process_) start();
    if (!process_) return {};
    const Json request = {{"answer", job.answer},
                          {"gold", job.gold},
                          {"response", job.response},
                          {"solution", job.solution}};
    std::optional<std::string> line;
    if (process_->write(request.dump() + "\n")) line = process_->read_line(kReplyMs);
    if (line) return Json::parse(*line, nullptr, false);
    process_.reset();  // it hangs or died: the next answer gets a new one
    return {};
  }

  Outcome verified(const Json& reply) const {
    if (!math_verify_)
      return {.reason = fmt::format("math_verify is not installed for {}: pip install "
                                    "math-verify \"antlr4-python3-runtime==4.11\"",
                                    options_.python)};
    if (!reply.is_object() || reply["verified"].is_null())
      return {.reason = "math_verify did not end"};
    return {.value = reply["verified"] == true ? 1.0 : 0.0};
  }

  const ScoreOptions& options_;
  bool sympy_ = false, math_verify_ = false;
  std::unique_ptr<Process> process_;
};

}  // namespace

void run_math_jobs(std::span<const MathJob> jobs, const ScoreOptions& options) {
  if (jobs.empty()) return;
  const IgnoreBrokenPipe guard;
  Checker checker(options);
  for (const MathJob& job : jobs) checker.check(job);
}

}  // namespace assay::detail::score
