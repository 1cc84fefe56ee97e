#include "tasks/sandbox_watch.h"

#include <dirent.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <memory>
#include <string>

#include <fmt/format.h>

#include "tasks/sandbox_file.h"

namespace assay::detail {
namespace {

std::vector<pid_t> threads_of(pid_t process) {
  std::vector<pid_t> threads;
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(
      ::opendir(fmt::format("/proc/{}/task", process).c_str()), &::closedir);
  if (!folder) return threads;
  while (const dirent* entry = ::readdir(folder.get())) {
    if (const int id = std::atoi(entry->d_name); id > 0) threads.push_back(id);
  }
  return threads;
}

// The second field of /proc/PID/statm.
std::int64_t resident_pages(pid_t process) {
  const std::string text = read_small_file(fmt::format("/proc/{}/statm", process));
  const std::size_t space = text.find(' ');
  return space == std::string::npos ? 0 : std::strtoll(text.c_str() + space, nullptr, 10);
}

// Its own memory and its share of what it shares; -1 when it cannot be read.
std::int64_t proportional_bytes(pid_t process) {
  const std::string text = read_small_file(fmt::format("/proc/{}/smaps_rollup", process));
  const std::size_t at = text.find("\nPss:");
  return at == std::string::npos ? -1 : std::strtoll(text.c_str() + at + 5, nullptr, 10) * 1024;
}

}  // namespace

std::vector<pid_t> children_of(pid_t process) {
  std::vector<pid_t> children;
  for (const pid_t thread : threads_of(process)) {
    const std::string text =
        read_small_file(fmt::format("/proc/{}/task/{}/children", process, thread));
    const char* at = text.data();
    const char* const end = at + text.size();
    for (pid_t child = 0; at < end; ++at) {
      const auto [next, error] = std::from_chars(at, end, child);
      if (error != std::errc()) break;
      children.push_back(child);
      at = next;
    }
  }
  return children;
}

std::vector<pid_t> process_tree(pid_t root) {
  std::vector<pid_t> processes = {root};
  for (std::size_t i = 0; i < processes.size(); ++i) {
    const std::vector<pid_t> children = children_of(processes[i]);
    processes.insert(processes.end(), children.begin(), children.end());
  }
  return processes;
}

std::int64_t resident_bytes(const std::vector<pid_t>& processes, std::int64_t enough) {
  static const std::int64_t page_bytes = ::sysconf(_SC_PAGESIZE);
  std::int64_t resident = 0;
  for (const pid_t process : processes) resident += resident_pages(process) * page_bytes;
  if (resident <= enough) return resident;
  std::int64_t proportional = 0;
  for (const pid_t process : processes) {
    const std::int64_t bytes = proportional_bytes(process);
    proportional += bytes >= 0 ? bytes : resident_pages(process) * page_bytes;
  }
  return proportional;
}

std::int64_t count_tmp_files(const std::vector<pid_t>& processes) {
  struct statvfs space {};
  for (const pid_t process : processes) {
    if (::statvfs(fmt::format("/proc/{}/root/tmp", process).c_str(), &space) == 0) {
      return static_cast<std::int64_t>(space.f_files - space.f_ffree);
    }
  }
  return -1;
}

}  // namespace assay::detail
