#include "bench/gpu_energy.h"

#include <dlfcn.h>

namespace assay::detail {
namespace {

// The functions of NVML that are needed, as its reference declares them; 0 is success.
using Device = void*;
using Init = int (*)();
using GetCount = int (*)(unsigned int*);
using GetDevice = int (*)(unsigned int, Device*);
using GetMillijoules = int (*)(Device, unsigned long long*);

template <typename Function>
Function find(void* library, const char* name) {
  return reinterpret_cast<Function>(::dlsym(library, name));
}

}  // namespace

GpuEnergy::GpuEnergy(const std::string& library)
    : library_(::dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL)) {
  if (library_ == nullptr) return;
  const auto init = find<Init>(library_, "nvmlInit_v2");
  if (init != nullptr && init() == 0) return;
  ::dlclose(library_);
  library_ = nullptr;
}

GpuEnergy::~GpuEnergy() {
  if (library_ == nullptr) return;
  if (const auto shutdown = find<Init>(library_, "nvmlShutdown")) shutdown();
  ::dlclose(library_);
}

std::optional<double> GpuEnergy::joules() const {
  if (library_ == nullptr) return std::nullopt;
  const auto get_count = find<GetCount>(library_, "nvmlDeviceGetCount_v2");
  const auto get_device = find<GetDevice>(library_, "nvmlDeviceGetHandleByIndex_v2");
  const auto get = find<GetMillijoules>(library_, "nvmlDeviceGetTotalEnergyConsumption");
  unsigned int n = 0;
  if (get_count == nullptr || get_device == nullptr || get == nullptr || get_count(&n) != 0 ||
      n == 0)
    return std::nullopt;
  double sum = 0;
  for (unsigned int i = 0; i < n; ++i) {
    Device device = nullptr;
    unsigned long long millijoules = 0;
    if (get_device(i, &device) != 0 || get(device, &millijoules) != 0) return std::nullopt;
    sum += static_cast<double>(millijoules) / 1000;
  }
  return sum;
}

}  // namespace assay::detail
