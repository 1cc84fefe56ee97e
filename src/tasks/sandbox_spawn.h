// Starting a process with limits, from a program that may hold many gigabytes.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace assay::detail {

struct SpawnOptions {
  std::vector<std::string> arguments;    // the first is the program's path
  std::vector<std::string> environment;  // all of it
  std::vector<int> files;                // become 0, 1, 2, ...; everything else is closed
  struct Limit {
    int resource;  // RLIMIT_...
    std::uint64_t soft, hard;
  };
  std::vector<Limit> limits;
  // Run as the user "nobody" when we are root, for whom the kernel counts no processes. These
  // folders, which nobody may not be able to reach, appear for it as /tmp/0, /tmp/1, ...
  bool leave_root = false;
  std::vector<std::string> folders;
};

constexpr unsigned kNobody = 65534;

// Returns the child's id; it leads a session of its own. Errors: kEngine.
pid_t spawn(const SpawnOptions& options);

}  // namespace assay::detail
