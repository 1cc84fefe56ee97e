#include "bench/meters.h"

#include <sys/resource.h>
#include <time.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace assay::detail {
namespace {

constexpr std::int64_t kNsPerS = 1'000'000'000;
constexpr double kMicro = 1e-6;

std::int64_t ns_of(const timeval& t) {
  return static_cast<std::int64_t>(t.tv_sec) * kNsPerS +
         static_cast<std::int64_t>(t.tv_usec) * 1000;
}

std::optional<double> read_number(const std::filesystem::path& path) {
  std::ifstream file(path);
  double value = 0;
  return file >> value ? std::optional(value) : std::nullopt;
}

// intel-rapl:0 is a package; intel-rapl:0:1 a part of one.
bool is_package(const std::string& name) {
  const std::size_t colon = name.find(':');
  return name.find("rapl") != std::string::npos && colon != std::string::npos &&
         name.find(':', colon + 1) == std::string::npos;
}

// Sum over packages of one of their files; absent unless every package tells.
std::optional<double> sum_of(const std::string& folder, const char* file) {
  std::error_code error;
  std::optional<double> sum;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    if (!is_package(entry.path().filename().string())) continue;
    const auto value = read_number(entry.path() / file);
    if (!value) return std::nullopt;
    sum = sum.value_or(0) + *value * kMicro;
  }
  return sum;
}

}  // namespace

ProcessMemory process_memory() {
  ProcessMemory memory;
  std::ifstream file("/proc/self/status");
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string name;
    std::int64_t kib = 0;
    if (!(words >> name >> kib)) continue;
    if (name == "VmHWM:") memory.peak_bytes = kib * 1024;
    if (name == "VmRSS:") memory.steady_bytes = kib * 1024;
    if (name == "RssFile:") memory.mapped_bytes = kib * 1024;
  }
  return memory;
}

std::int64_t process_cpu_ns() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return ns_of(usage.ru_utime) + ns_of(usage.ru_stime);
}

double suspended_s() {
#ifdef CLOCK_BOOTTIME
  timespec with{}, without{};
  ::clock_gettime(CLOCK_BOOTTIME, &with);
  ::clock_gettime(CLOCK_MONOTONIC, &without);
  return static_cast<double>(with.tv_sec - without.tv_sec) +
         static_cast<double>(with.tv_nsec - without.tv_nsec) / static_cast<double>(kNsPerS);
#else
  return 0;
#endif
}

EnergyMeter::EnergyMeter(std::string folder) : folder_(std::move(folder)) {}

std::optional<double> EnergyMeter::joules() const { return sum_of(folder_, "energy_uj"); }

std::optional<double> EnergyMeter::between(std::optional<double> before,
                                           std::optional<double> after) const {
  if (!before || !after) return std::nullopt;
  if (*after >= *before) return *after - *before;
  const auto full = sum_of(folder_, "max_energy_range_uj");
  return full ? std::optional(*after - *before + *full) : std::nullopt;
}

}  // namespace assay::detail
