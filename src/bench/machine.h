// The machine on which it was measured.
#pragma once

#include <string>

#include "core/speed.h"

namespace assay::detail {

// Reads the machine's record when made; finish() adds what happened since, and expects that child
// processes have ended: only then is their processor time known to be ours. What the system does
// not tell stays empty or 0.
class MachineWatch {
 public:
  MachineWatch();
  const MachineRecord& record() const { return record_; }
  MachineRecord finish() const;

 private:
  struct Ticks {
    double all = 0, stolen = 0, busy = 0;
  };
  static Ticks read_ticks();
  static std::int64_t read_throttled();

  MachineRecord record_;
  Ticks ticks_;
  std::int64_t throttled_ = 0;
  std::int64_t own_ns_ = 0, start_ns_ = 0;
};

// Why figures of this machine deserve doubt: load, hypervisor, throttling, governor.
std::vector<std::string> machine_warnings(const MachineRecord& record);

struct ProbeResult {
  double bandwidth_bytes_per_s = 0;
  double flops = 0;  // f32 multiplications and additions by fused instructions
};
// About a second on n_threads threads; kept in the cache folder for this processor and number of
// threads, when the machine was idle.
ProbeResult probe_machine(int n_threads);
ProbeResult cached_probe(const MachineRecord& record, int n_threads, const std::string& cache_dir);

}  // namespace assay::detail
