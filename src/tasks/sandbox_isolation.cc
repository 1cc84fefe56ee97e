#include "tasks/sandbox_isolation.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <mutex>
#include <variant>

#include <fmt/format.h>

#include "core/error.h"
#include "tasks/sandbox_file.h"
#include "tasks/sandbox_filter.h"
#include "tasks/sandbox_run.h"
#include "tasks/sandbox_spawn.h"

namespace assay::detail {
namespace {

namespace fs = std::filesystem;

// What a refusal of the kernel's means here: the switches that distributions have.
std::string remedy_for(const std::string& message) {
  if (message.find("nknown option") != std::string::npos) {
    return "bubblewrap 0.7 or newer is needed (Debian 12, Ubuntu 24.04, or build it).";
  }
  if (read_small_file("/proc/sys/kernel/unprivileged_userns_clone").starts_with("0")) {
    return "This system forbids user namespaces: as root, sysctl -w "
           "kernel.unprivileged_userns_clone=1";
  }
  if (read_small_file("/proc/sys/kernel/apparmor_restrict_unprivileged_userns").starts_with("1")) {
    return "AppArmor forbids user namespaces (Ubuntu 24.04): give bwrap a profile with `userns,`, "
           "or "
           "as root, sysctl -w kernel.apparmor_restrict_unprivileged_userns=0";
  }
  if (read_small_file("/proc/sys/user/max_user_namespaces").starts_with("0")) {
    return "This system allows no user namespaces: as root, sysctl -w "
           "user.max_user_namespaces=10000";
  }
  return "In a container, start it with --security-opt seccomp=unconfined --security-opt "
         "apparmor=unconfined --security-opt systempaths=unconfined; docs/sandbox.md has more.";
}

void probe(const Isolation& isolation) {
  const SandboxLimits limits{.wall_timeout = std::chrono::seconds(20)};
  SandboxResult result;
  try {
    result = run_one({.program = kSandboxProbe}, limits, isolation);
  } catch (const Error& error) {
    throw Error(ErrorKind::kEngine, error.what(), {}, remedy_for(error.what()));
  }
  if (result.outcome != SandboxResult::Outcome::kPassed) {
    throw Error(ErrorKind::kEngine,
                fmt::format("the sandbox does not hold what it should: {}", result.output), {},
                remedy_for(result.output));
  }
}

Isolation look_for(const std::string& python) {
  Isolation isolation{.bwrap = find_on_path("bwrap"), .filter = {}, .python = {}};
  if (isolation.bwrap.empty()) {
    throw Error(ErrorKind::kEngine, "bubblewrap (bwrap) is not installed", {},
                "apt-get install bubblewrap (Debian, Ubuntu), dnf install bubblewrap (Fedora).");
  }
  isolation.filter = sandbox_filter();
  std::optional<Error> first;
  for (const std::string& candidate : python_candidates(python)) {
    try {
      isolation.python = find_python_home(candidate);
      probe(isolation);
      return isolation;
    } catch (const Error& error) {
      if (!first) first = error;
    }
  }
  if (first) throw *first;
  throw Error(ErrorKind::kEngine, fmt::format("there is no {} on PATH", python), {},
              "apt-get install python3, or name another one.");
}

// /bin, /lib ... are links into /usr nowadays; where they are not, they are shown as they are.
void add_system(std::vector<std::string>& arguments) {
  const auto add = [&](std::initializer_list<std::string> more) {
    arguments.insert(arguments.end(), more);
  };
  add({"--ro-bind", "/usr", "/usr"});
  for (const char* folder : {"/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"}) {
    std::error_code failed;
    if (fs::is_symlink(folder, failed)) {
      add({"--symlink", fs::read_symlink(folder).string(), folder});
    } else if (fs::is_directory(folder, failed)) {
      add({"--ro-bind", folder, folder});
    }
  }
  add({"--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache"});
  add({"--ro-bind-try", "/etc/alternatives", "/etc/alternatives"});
}

}  // namespace

std::int64_t tmp_bytes(const SandboxLimits& limits) { return 4 * limits.file_bytes; }

std::vector<std::string> sandbox_environment() {
  // A fixed hash seed: a program's result should not depend on the order of a set.
  return {"PATH=/usr/bin:/bin", "HOME=/tmp",         "TMPDIR=/tmp",           "LANG=C.UTF-8",
          "PYTHONHASHSEED=0",   "OMP_NUM_THREADS=1", "OPENBLAS_NUM_THREADS=1"};
}

std::vector<std::string> sandbox_arguments(const Isolation& isolation, const SandboxLimits& limits,
                                           bool folders_at_tmp) {
  const std::string nobody = std::to_string(kNobody);
  std::vector<std::string> arguments = {
      isolation.bwrap, "--unshare-all", "--unshare-user",   "--uid",   nobody,
      "--gid",         nobody,          "--hostname",       "sandbox", "--new-session",
      "--cap-drop",    "ALL",           "--die-with-parent"};
  const auto add = [&](std::initializer_list<std::string> more) {
    arguments.insert(arguments.end(), more);
  };
  add_system(arguments);
  add({"--proc", "/proc", "--dev", "/dev"});
  add({"--size", std::to_string(tmp_bytes(limits)), "--tmpfs", "/tmp"});
  for (std::size_t i = 0; i < isolation.python.folders.size(); ++i) {
    const std::string& folder = isolation.python.folders[i];
    add({"--ro-bind", folders_at_tmp ? fmt::format("/tmp/{}", i) : folder, folder});
  }
  // bubblewrap makes / and /dev as file systems in memory that are writable until then.
  add({"--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/tmp", "--seccomp", "5", "--"});
  add({isolation.python.executable, "-s", "-B", "-c", kSandboxRunner});
  add({std::to_string(limits.n_processes)});
  return arguments;
}

Isolation find_isolation(const std::string& python) {
  static std::mutex mutex;
  static std::map<std::string, std::variant<Isolation, Error>> known;
  const char* path = std::getenv("PATH");
  const std::string key = fmt::format("{}\n{}", python, path != nullptr ? path : "");
  const std::lock_guard lock(mutex);
  auto found = known.find(key);
  if (found == known.end()) {
    try {
      found = known.emplace(key, look_for(python)).first;
    } catch (const Error& error) {
      found = known.emplace(key, error).first;
    }
  }
  if (const Error* error = std::get_if<Error>(&found->second)) throw Error(*error);
  return std::get<Isolation>(found->second);
}

}  // namespace assay::detail
