#include "bench/meters.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "bench/gpu_energy.h"
#include "bench/machine.h"
#include "bench/process.h"
#include "core/error.h"
#include "temporary_folder.h"

namespace assay::detail {
namespace {

void write(const std::filesystem::path& path, const std::string& text) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path) << text;
}

TEST(EnergyMeter, IsAbsentOnAMachineWithoutRapl) {
  const EnergyMeter meter("/nonexistent");
  EXPECT_FALSE(meter.joules());
  EXPECT_FALSE(meter.between(meter.joules(), meter.joules()));
}

TEST(EnergyMeter, AddsPackagesAndSurvivesAFullCounter) {
  const TemporaryFolder folder;
  const std::filesystem::path root = folder.path();
  write(root / "intel-rapl:0" / "energy_uj", "5000000\n");
  write(root / "intel-rapl:0" / "max_energy_range_uj", "100000000\n");
  write(root / "intel-rapl:0:0" / "energy_uj", "4000000\n");  // a part of the package
  const EnergyMeter meter(root.string());
  ASSERT_TRUE(meter.joules());
  EXPECT_DOUBLE_EQ(*meter.joules(), 5);
  EXPECT_DOUBLE_EQ(*meter.between(5, 7), 2);
  EXPECT_DOUBLE_EQ(*meter.between(99, 1), 2);
}

TEST(GpuEnergy, IsAbsentWithoutTheDriver) {
  EXPECT_FALSE(GpuEnergy("libnothing-of-this-name.so").joules());
}

TEST(GpuEnergy, AddsTheCountersOfAllGpus) {
  const GpuEnergy meter(ASSAY_FAKE_NVML);
  const std::optional<double> before = meter.joules(), after = meter.joules();
  ASSERT_TRUE(before && after);
  EXPECT_DOUBLE_EQ(*before, 8.5);
  EXPECT_DOUBLE_EQ(*after - *before, 1);
}

TEST(ProcessMemory, PeakIsAtLeastWhatIsResident) {
  const ProcessMemory memory = process_memory();
  if (!memory.peak_bytes) GTEST_SKIP() << "no /proc/self/status";
  EXPECT_GE(*memory.peak_bytes, *memory.steady_bytes);
  EXPECT_GT(*memory.steady_bytes, 1 << 20);
}

TEST(Process, AnswersAndSaysHowItEnded) {
  Process echo({"/bin/cat"});
  EXPECT_EQ(echo.ask("one", {}), "one");
  EXPECT_EQ(echo.ask("two", {}), "two");
  Process ends({"/bin/sh", "-c", "read line; exit 7"});
  try {
    ends.ask("anything", {});
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("code 7"), std::string::npos);
  }
  Process killed({"/bin/sh", "-c", "read line; kill -9 $$"});
  EXPECT_THROW(killed.ask("anything", {}), Error);
}

TEST(Process, AStopIsNoticedWhileWaiting) {
  Process silent({"/bin/sleep", "100"});
  std::stop_source source;
  source.request_stop();
  try {
    silent.ask("anything", source.get_token());
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInterrupted);
  }
}

TEST(MachineWarnings, NameWhatWasSeen) {
  EXPECT_TRUE(machine_warnings({}).empty());
  EXPECT_EQ(machine_warnings({.load_before = 3}).size(), 1U);
  EXPECT_EQ(machine_warnings({.governor = "powersave", .throttled = 2, .stolen_share = 0.1}).size(),
            3U);
}

TEST(CachedProbe, IsMeasuredOnceAndADamagedFileCountsAsNone) {
  const TemporaryFolder folder;
  const std::filesystem::path file = std::filesystem::path(folder.path()) / "machine-probe.json";
  write(file, "{\"cpu x2\": [3e9, 4e9]}");
  const ProbeResult kept = cached_probe({.cpu = "cpu"}, 2, std::filesystem::path(folder.path()));
  EXPECT_DOUBLE_EQ(kept.bandwidth_bytes_per_s, 3e9);
  EXPECT_DOUBLE_EQ(kept.flops, 4e9);
  write(file, "{\"cpu x1\": [");
  const ProbeResult anew = cached_probe({.cpu = "cpu"}, 1, std::filesystem::path(folder.path()));
  EXPECT_GT(anew.bandwidth_bytes_per_s, 1e8);
  EXPECT_GT(anew.flops, 1e8);
  const ProbeResult again = cached_probe({.cpu = "cpu"}, 1, std::filesystem::path(folder.path()));
  EXPECT_DOUBLE_EQ(again.flops, anew.flops);
}

}  // namespace
}  // namespace assay::detail
