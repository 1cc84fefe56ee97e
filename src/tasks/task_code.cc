#include "tasks/task_code.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <thread>

#include "core/error.h"
#include "tasks/task_code_script.h"
#include "tasks/template.h"

extern char** environ;

namespace assay::detail {
namespace {

using Clock = std::chrono::steady_clock;
constexpr int kAllRowsSeconds = 600, kOneRowSeconds = 60;
constexpr std::size_t kMostReplyBytes = std::size_t{1} << 30;

pid_t start(const std::string& python, int end) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, end, 0);
  posix_spawn_file_actions_adddup2(&actions, end, 1);
  posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
  std::string script = kTaskCodeScript, name = python, no_cache = "-B", command = "-c";
  char* arguments[] = {name.data(), no_cache.data(), command.data(), script.data(), nullptr};
  pid_t pid = 0;
  const int failed = posix_spawnp(&pid, python.c_str(), &actions, nullptr, arguments, environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0)
    throw Error(ErrorKind::kIo, fmt::format("Python cannot be started: {}", std::strerror(failed)),
                python, "The functions of tasks need a Python 3.");
  return pid;
}

}  // namespace

struct TaskCode::Process {
  Process(const std::string& python, std::stop_token asked) : stop(std::move(asked)) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
      throw Error(ErrorKind::kIo, "No channel to a Python process");
    socket = ends[0];
    try {
      pid = start(python, ends[1]);
    } catch (...) {
      close(ends[0]);
      close(ends[1]);
      throw;
    }
    close(ends[1]);
  }
  ~Process() {
    close(socket);  // it ends by itself, unless its code hangs
    for (int i = 0; i < 50; ++i) {
      if (waitpid(pid, nullptr, WNOHANG) != 0) return;
      std::this_thread::sleep_for(std::chrono::milliseconds(i < 10 ? 2 : 20));
    }
    kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
  }
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  void wait_for(short event, Clock::time_point deadline) const {
    while (true) {
      if (stop.stop_requested()) throw Error(ErrorKind::kInterrupted, "Stopped");
      pollfd waiting{.fd = socket, .events = event, .revents = 0};
      if (poll(&waiting, 1, 100) > 0) return;
      if (Clock::now() > deadline)
        throw Error(ErrorKind::kBadInput, "The task's code does not answer", {},
                    "A call may take a minute for a row and ten for all rows.");
    }
  }

  void send(const std::string& line, Clock::time_point deadline) const {
    for (std::size_t at = 0; at < line.size();) {
      wait_for(POLLOUT, deadline);
      const ssize_t n =
          ::send(socket, line.data() + at, line.size() - at, MSG_NOSIGNAL | MSG_DONTWAIT);
      if (n > 0)
        at += static_cast<std::size_t>(n);
      else if (errno != EAGAIN && errno != EINTR)
        ended();
    }
  }

  std::string receive(Clock::time_point deadline) const {
    std::string line;
    std::vector<char> buffer(1 << 16);
    while (line.empty() || line.back() != '\n') {
      wait_for(POLLIN, deadline);
      const ssize_t n = recv(socket, buffer.data(), buffer.size(), MSG_DONTWAIT);
      if (n > 0)
        line.append(buffer.data(), static_cast<std::size_t>(n));
      else if (n == 0 || (errno != EAGAIN && errno != EINTR))
        ended();
      if (line.size() > kMostReplyBytes)
        throw Error(ErrorKind::kBadInput, "The task's code answers more than 1 GiB");
    }
    return line;
  }

  [[noreturn]] static void ended() {
    throw Error(ErrorKind::kIo, "The Python process that runs the task's code has ended", {},
                "Does its module import in that Python?");
  }

  std::stop_token stop;
  int socket = -1;
  pid_t pid = 0;
};

TaskCode::TaskCode(std::string python, std::stop_token stop)
    : python_(std::move(python)), stop_(std::move(stop)) {}
TaskCode::~TaskCode() = default;

// Errors: RowProblem with what Python says.
Json TaskCode::call(const TaskValue& function, const char* kind, Json argument, int timeout_s) {
  if (!process_) process_ = std::make_unique<Process>(python_, stop_);
  const Json request = {{"file", function.file},
                        {"name", function.text},
                        {"kind", kind},
                        {"argument", std::move(argument)}};
  const auto deadline = Clock::now() + std::chrono::seconds(timeout_s);
  Json reply;
  try {
    process_->send(request.dump(-1, ' ', true, Json::error_handler_t::replace) + "\n", deadline);
    reply = Json::parse(process_->receive(deadline), nullptr, false);
  } catch (const Error& error) {
    process_.reset();
    throw Error(error.kind(), fmt::format("{}: {}", function.text, error.what()), function.file);
  }
  if (reply.is_object() && reply.contains("value")) return std::move(reply["value"]);
  throw RowProblem(fmt::format("{} of {}: {}", function.text, function.file,
                               reply.is_object() ? reply.value("error", "?") : "no JSON"));
}

std::vector<Row> TaskCode::on_documents(const TaskValue& function, std::vector<Row> rows) {
  try {
    Json list = call(function, "documents", Json(std::move(rows)), kAllRowsSeconds);
    return {std::make_move_iterator(list.begin()), std::make_move_iterator(list.end())};
  } catch (const RowProblem& problem) {
    throw Error(ErrorKind::kBadInput, fmt::format("The task's code failed: {}", problem.what()));
  }
}

std::vector<Row> TaskCode::samples(const TaskValue& function) {
  try {
    Json list = call(function, "samples", nullptr, kAllRowsSeconds);
    return {std::make_move_iterator(list.begin()), std::make_move_iterator(list.end())};
  } catch (const RowProblem& problem) {
    throw Error(ErrorKind::kBadInput, fmt::format("The task's code failed: {}", problem.what()));
  }
}

Json TaskCode::on_document(const TaskValue& function, const Row& row) {
  return call(function, "document", row, kOneRowSeconds);
}

Json TaskCode::on_results(const TaskValue& function, const Row& row, const Json& results) {
  return call(function, "results", {{"doc", row}, {"results", results}}, kOneRowSeconds);
}

}  // namespace assay::detail
