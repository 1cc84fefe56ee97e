#include "tasks/sandbox_python.h"

#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <string_view>

#include <fmt/format.h>

#include "core/error.h"
#include "tasks/sandbox_file.h"
#include "tasks/sandbox_spawn.h"

namespace assay::detail {
namespace {

namespace fs = std::filesystem;

constexpr int kAnswerTimeoutMs = 20000;
constexpr char kQuestion[] =
    "import platform, sys; print('', platform.python_version(), sys.executable, sys.prefix, "
    "sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix, sep='\\n')";

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::vector<std::string> on_path(const std::string& name) {
  const char* path = std::getenv("PATH");
  std::string_view rest = path != nullptr ? path : "";
  std::vector<std::string> found;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(':'), rest.size());
    const std::string file = fmt::format("{}/{}", rest.substr(0, end), name);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    std::error_code failed;
    if (file.front() == '/' && ::access(file.c_str(), X_OK) == 0 &&
        fs::is_regular_file(file, failed)) {
      found.push_back(file);
    }
  }
  return found;
}

std::string read_answer(const SandboxFile& file) {
  std::string answer;
  char buffer[4096];
  pollfd waiting{.fd = file.get(), .events = POLLIN, .revents = 0};
  while (answer.size() < 65536) {
    const int n_ready = ::poll(&waiting, 1, kAnswerTimeoutMs);
    if (n_ready < 0 && errno == EINTR) continue;
    const ssize_t n = n_ready > 0 ? ::read(file.get(), buffer, sizeof buffer) : 0;
    if (n <= 0) break;
    answer.append(buffer, static_cast<std::size_t>(n));
  }
  return answer;
}

std::vector<std::string> current_environment() {
  std::vector<std::string> result;
  for (char** variable = environ; *variable != nullptr; ++variable) result.emplace_back(*variable);
  return result;
}

// The user's own Python, run as the user would.
std::string ask(const std::string& program) {
  SandboxPipe output = make_pipe();
  const SandboxFile nothing(::open("/dev/null", O_RDWR | O_CLOEXEC), "/dev/null");
  const pid_t child = spawn({.arguments = {program, "-c", kQuestion},
                             .environment = current_environment(),
                             .files = {nothing.get(), output.write.get(), nothing.get()}});
  output.write.close();
  std::string answer = read_answer(output.read);
  ::kill(child, SIGKILL);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return answer;
}

bool is_within(const fs::path& path, const fs::path& folder) {
  const fs::path relative = path.lexically_relative(folder);
  return !relative.empty() && *relative.begin() != "..";
}

std::vector<fs::path> home_folders() {
  std::vector<fs::path> homes;
  if (const char* home = std::getenv("HOME"); home != nullptr && *home == '/')
    homes.emplace_back(home);
  if (const passwd* user = ::getpwuid(::getuid()); user != nullptr)
    homes.emplace_back(user->pw_dir);
  return homes;
}

void check_folder(const fs::path& folder, const std::string& program) {
  constexpr std::string_view kShared[] = {"/",    "/home", "/etc", "/var", "/tmp",  "/opt",
                                          "/srv", "/mnt",  "/run", "/dev", "/proc", "/sys"};
  bool too_wide =
      std::find(std::begin(kShared), std::end(kShared), folder.string()) != std::end(kShared);
  for (const fs::path& home : home_folders()) too_wide = too_wide || is_within(home, folder);
  if (too_wide) {
    throw Error(ErrorKind::kEngine,
                fmt::format("the Python at {} calls {} its own, which holds more than a Python",
                            program, folder.string()),
                {}, "Name a Python that has a folder of its own, such as /usr/bin/python3.");
  }
}

}  // namespace

std::string find_on_path(const std::string& name) {
  const std::vector<std::string> found = on_path(name);
  return found.empty() ? std::string() : found.front();
}

std::vector<std::string> python_candidates(const std::string& python) {
  if (python.find('/') != std::string::npos) return {fs::absolute(python).string()};
  return on_path(python);
}

PythonHome find_python_home(const std::string& program) {
  constexpr std::size_t kAnswers = 6;
  std::vector<std::string> answers = lines_of(ask(program));
  if (answers.size() < kAnswers || answers[answers.size() - kAnswers + 1].empty()) {
    throw Error(ErrorKind::kEngine, fmt::format("{} does not run as a Python 3", program), {},
                "Name another one.");
  }
  answers.erase(answers.begin(), answers.end() - kAnswers);  // whatever its start-up printed
  PythonHome home{.executable = answers[1], .version = answers[0]};
  for (auto folder = answers.begin() + 2; folder != answers.end(); ++folder) {
    const fs::path path = fs::path(*folder).lexically_normal();
    const auto same = std::find(home.folders.begin(), home.folders.end(), path.string());
    if (is_within(path, "/usr") || same != home.folders.end()) continue;
    check_folder(path, program);
    home.folders.push_back(path.string());
  }
  return home;
}

}  // namespace assay::detail
