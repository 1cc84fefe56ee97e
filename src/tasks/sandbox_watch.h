// What a sandbox's processes hold together. Limits of the kernel's count per process.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <vector>

namespace assay::detail {

// The process ids of `root` and all below it.
std::vector<pid_t> process_tree(pid_t root);
// Children of one process.
std::vector<pid_t> children_of(pid_t process);
// Memory that these processes hold; what they share is counted once where it matters, that is above
// `enough`.
std::int64_t resident_bytes(const std::vector<pid_t>& processes, std::int64_t enough);
// Files and folders in the /tmp that these processes see; -1 when that cannot be seen.
std::int64_t count_tmp_files(const std::vector<pid_t>& processes);

}  // namespace assay::detail
