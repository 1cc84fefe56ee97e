// Energy of NVIDIA GPUs by the driver's own library (NVML), which is loaded when it is there.
#pragma once

#include <optional>
#include <string>

namespace assay::detail {

class GpuEnergy {
 public:
  explicit GpuEnergy(const std::string& library = "libnvidia-ml.so.1");
  ~GpuEnergy();
  GpuEnergy(const GpuEnergy&) = delete;
  GpuEnergy& operator=(const GpuEnergy&) = delete;

  // A counter, of all GPUs together. Absent without the library, without a GPU, or when one of them
  // does not count (before Volta).
  std::optional<double> joules() const;

 private:
  void* library_ = nullptr;
};

}  // namespace assay::detail
