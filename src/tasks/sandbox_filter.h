// The system calls that sandboxed programs are denied.
#pragma once

#include <string>

namespace assay::detail {

// A seccomp filter for this machine's architecture, as the kernel and `bwrap --seccomp` read it.
// Denied calls fail with EPERM; those of another architecture kill the process. Errors: kEngine.
std::string sandbox_filter();

}  // namespace assay::detail
