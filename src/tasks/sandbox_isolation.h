// What isolation there is on this machine, and how it is asked for.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tasks/sandbox_python.h"
#include "tasks/tasks.h"

namespace assay::detail {

struct Isolation {
  std::string bwrap;   // path
  std::string filter;  // for bwrap --seccomp
  PythonHome python;
};

// Found, tried out with the program below, and remembered for this process by PATH and `python`.
// Errors: kEngine with what is missing and what to do.
Isolation find_isolation(const std::string& python);

// What bubblewrap is asked for, with Python and the runner at the end. Descriptors in the sandbox:
// 3 the token and the program, 4 the control socket, 5 the filter. `folders_at_tmp`: the Python's
// folders lie at /tmp/0, /tmp/1 ... (SpawnOptions::leave_root).
std::vector<std::string> sandbox_arguments(const Isolation& isolation, const SandboxLimits& limits,
                                           bool folders_at_tmp);
// All of the environment that a program sees.
std::vector<std::string> sandbox_environment();
// What /tmp may hold.
std::int64_t tmp_bytes(const SandboxLimits& limits);
inline constexpr std::int64_t kMaxTmpFiles = 16384;

// What Python runs: sets the last limits, runs the program, and hands the token in
// when it has come to its end.
extern const char kSandboxRunner[];
// Passes when the isolation is what docs/sandbox.md says.
extern const char kSandboxProbe[];

}  // namespace assay::detail
