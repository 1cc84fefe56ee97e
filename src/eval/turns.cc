#include "eval/turns.h"

#include <algorithm>
#include <fstream>
#include <limits>

#include <fmt/format.h>

namespace assay {
namespace {

std::int64_t number_in(const std::string& path) {
  std::ifstream file(path);
  std::int64_t value = 0;
  return file >> value ? value : std::numeric_limits<std::int64_t>::max();
}

double gib(std::int64_t bytes) { return static_cast<double>(bytes) / (1 << 30); }

}  // namespace

std::int64_t available_memory_bytes() {
  std::int64_t available = std::numeric_limits<std::int64_t>::max();
  std::ifstream meminfo("/proc/meminfo");
  std::string word;
  while (meminfo >> word) {
    std::int64_t kib = 0;
    if (word == "MemAvailable:" && meminfo >> kib) available = kib * 1024;
  }
  const std::int64_t limit = number_in("/sys/fs/cgroup/memory.max");
  const std::int64_t used = number_in("/sys/fs/cgroup/memory.current");
  if (limit != std::numeric_limits<std::int64_t>::max() &&
      used != std::numeric_limits<std::int64_t>::max()) {
    available = std::min(available, limit - used);
  }
  return available;
}

namespace detail {

Turns plan_turns(const Candidate& baseline, std::span<const Candidate> variants,
                 const std::vector<std::size_t>& needed, std::int64_t limit_bytes) {
  const std::int64_t limit = limit_bytes > 0 ? limit_bytes : available_memory_bytes() / 10 * 9;
  Turns turns;
  std::int64_t used = 0;
  bool too_large = false;
  for (const std::size_t v : needed) {
    const std::int64_t bytes = variants[v].memory_bytes;
    if (turns.variants.empty() || used + bytes > limit) {
      turns.variants.emplace_back();
      used = baseline.memory_bytes;
      too_large = too_large || used + bytes > limit;
    }
    turns.variants.back().push_back(v);
    used += bytes;
  }
  if (turns.variants.size() > 1) {
    turns.note = fmt::format(
        "Not all models fit into {:.1f} GiB of memory together: the variants take {} turns, and "
        "the baseline is "
        "computed once in each",
        gib(limit), turns.variants.size());
  }
  if (too_large) {
    turns.note +=
        fmt::format("{}A model and the baseline together are estimated to exceed {:.1f} GiB",
                    turns.note.empty() ? "" : ". ", gib(limit));
  }
  return turns;
}

}  // namespace detail
}  // namespace assay
