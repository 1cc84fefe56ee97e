#include "bench/machine.h"

#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "bench/meters.h"
#include "bench/workload.h"
#include "core/error.h"
#include "core/files.h"
#include "models/models.h"

namespace assay::detail {
namespace {

constexpr double kBusyLoad = 0.5;  // tasks that ran before we began
constexpr double kNsPerS = 1e9;
constexpr double kOthers = 0.25;  // cores
constexpr double kStolen = 0.01;  // share of processor time
constexpr const char* kCpuFolder = "/sys/devices/system/cpu";

std::string first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

std::string cpu_name() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    const std::size_t colon = line.find(':');
    if (line.starts_with("model name") && colon != std::string::npos)
      return line.substr(std::min(colon + 2, line.size()));
  }
  return "unknown processor";
}

std::int64_t memory_line(const std::string& name) {
  std::ifstream file("/proc/meminfo");
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with(name + ":")) continue;
    std::istringstream words(line.substr(name.size() + 1));
    std::int64_t kib = 0;
    words >> kib;
    return kib * 1024;
  }
  return 0;
}

double load_average() {
  std::ifstream file("/proc/loadavg");
  double load = 0;
  file >> load;
  return load;
}

// Of this process and of its children that have ended.
std::int64_t own_cpu_ns() {
  std::int64_t ns = process_cpu_ns();
  rusage usage{};
  ::getrusage(RUSAGE_CHILDREN, &usage);
  for (const timeval& t : {usage.ru_utime, usage.ru_stime}) {
    ns += static_cast<std::int64_t>(t.tv_sec) * 1'000'000'000 +
          static_cast<std::int64_t>(t.tv_usec) * 1000;
  }
  return ns;
}

std::string system_name() {
  utsname name{};
  if (::uname(&name) != 0) return "unknown";
  return fmt::format("{} {} {}", name.sysname, name.release, name.machine);
}

}  // namespace

MachineWatch::MachineWatch()
    : ticks_(read_ticks()),
      throttled_(read_throttled()),
      own_ns_(own_cpu_ns()),
      start_ns_(steady_ns()) {
  record_.cpu = cpu_name();
  record_.n_cores = default_threads();
  record_.n_hardware_threads = static_cast<int>(std::thread::hardware_concurrency());
  record_.governor = first_line(std::string(kCpuFolder) + "/cpu0/cpufreq/scaling_governor");
  record_.memory_bytes = memory_line("MemTotal");
  record_.available_bytes = memory_line("MemAvailable");
  record_.load_before = load_average();
  record_.system = system_name();
}

MachineRecord MachineWatch::finish() const {
  MachineRecord record = record_;
  record.load_after = load_average();
  record.throttled = read_throttled() - throttled_;
  const Ticks now = read_ticks();
  if (now.all > ticks_.all)
    record.stolen_share = (now.stolen - ticks_.stolen) / (now.all - ticks_.all);
  const double own_s = static_cast<double>(own_cpu_ns() - own_ns_) / kNsPerS;
  const double elapsed_s = static_cast<double>(steady_ns() - start_ns_) / kNsPerS;
  const double busy_s = (now.busy - ticks_.busy) / static_cast<double>(::sysconf(_SC_CLK_TCK));
  if (elapsed_s > 0) record.other_load = std::max(0.0, (busy_s - own_s) / elapsed_s);
  return record;
}

// "cpu user nice system idle iowait irq softirq steal ...", in ticks since the start.
MachineWatch::Ticks MachineWatch::read_ticks() {
  std::istringstream words(first_line("/proc/stat"));
  std::string cpu;
  words >> cpu;
  Ticks ticks;
  constexpr int kIdle = 3, kIoWait = 4, kSteal = 7;
  double value = 0;
  for (int i = 0; i <= kSteal && words >> value; ++i) {
    ticks.all += value;
    if (i == kSteal) ticks.stolen = value;
    if (i != kIdle && i != kIoWait && i != kSteal) ticks.busy += value;
  }
  return ticks;
}

std::int64_t MachineWatch::read_throttled() {
  std::int64_t sum = 0;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(kCpuFolder, error)) {
    std::ifstream file(entry.path() / "thermal_throttle" / "core_throttle_count");
    std::int64_t count = 0;
    if (file >> count) sum += count;
  }
  return sum;
}

std::vector<std::string> machine_warnings(const MachineRecord& record) {
  std::vector<std::string> warnings;
  if (record.load_before > kBusyLoad) {
    warnings.push_back(
        fmt::format("the machine was not idle before the measurement (load {:.2f}): ratios stay "
                    "fair, absolute speeds are too low",
                    record.load_before));
  }
  if (record.other_load > kOthers) {
    warnings.push_back(
        fmt::format("other programs kept {:.2f} cores busy meanwhile: the engine's threads wait "
                    "for each other by spinning, so that it can be several times slower beside "
                    "other load",
                    record.other_load));
  }
  if (record.stolen_share > kStolen) {
    warnings.push_back(
        fmt::format("a hypervisor took {:.1f} % of the processor time", 100 * record.stolen_share));
  }
  if (record.throttled > 0) {
    warnings.push_back(
        fmt::format("the processor was throttled by heat {} times", record.throttled));
  }
  if (record.governor == "powersave" || record.governor == "ondemand" ||
      record.governor == "conservative") {
    warnings.push_back("the frequency governor is '" + record.governor +
                       "': speeds depend on how long the processor was busy");
  }
  return warnings;
}

ProbeResult cached_probe(const MachineRecord& record, int n_threads, const std::string& cache_dir) {
  const std::filesystem::path path = std::filesystem::path(cache_dir) / "machine-probe.json";
  const std::string key = fmt::format("{} x{}", record.cpu, n_threads);
  using Json = nlohmann::json;
  std::ifstream file(path);
  Json kept = Json::parse(file, nullptr, false);  // a damaged file counts as none
  if (!kept.is_object()) kept = Json::object();
  if (kept.contains(key) && kept[key].is_array() && kept[key].size() == 2 &&
      kept[key][0].is_number() && kept[key][1].is_number()) {
    return {kept[key][0].get<double>(), kept[key][1].get<double>()};
  }
  const ProbeResult probe = probe_machine(n_threads);
  if (record.load_before > kBusyLoad) return probe;  // the next one may find the machine idle
  kept[key] = {probe.bandwidth_bytes_per_s, probe.flops};
  try {
    write_file(path.string(), "", kept.dump(2, ' ', true, Json::error_handler_t::replace) + "\n");
  } catch (const Error&) {  // not kept: measured again next time
  }
  return probe;
}

}  // namespace assay::detail
