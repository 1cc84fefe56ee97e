// What a process and the machine used: read before and after a repetition.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace assay::detail {

struct ProcessMemory {
  std::optional<std::int64_t> peak_bytes, steady_bytes, mapped_bytes;
  std::optional<std::int64_t> gpu_bytes;  // taken on all GPUs since before the model was opened
};
ProcessMemory process_memory();  // of this process, from /proc; absent elsewhere. Without the GPUs

std::int64_t process_cpu_ns();  // of this process, all threads, user and system

// Seconds that the machine was suspended since it started; 0 where that is unknown.
double suspended_s();

// Energy of the processor packages (Intel's and AMD's RAPL through powercap). Absent where the
// files are missing or may not be read.
class EnergyMeter {
 public:
  explicit EnergyMeter(std::string folder = "/sys/class/powercap");
  std::optional<double> joules() const;  // a counter, of all packages
  // From one reading to a later one; the counters begin again at 0 when they are full.
  std::optional<double> between(std::optional<double> before, std::optional<double> after) const;

 private:
  std::string folder_;
};

}  // namespace assay::detail
