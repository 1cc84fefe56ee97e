#include "bench/fleet.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include "bench/workload.h"
#include "core/error.h"

namespace assay::detail {
namespace {

// llama.cpp's threads wait for more work by spinning, for some milliseconds: the next process must
// not share the cores with them.
constexpr auto kSettle = std::chrono::milliseconds(30);

}  // namespace

Fleet::Fleet(const BenchOptions& options, SpeedResult& result, std::int64_t limit_bytes)
    : options_(options),
      result_(result),
      limit_bytes_(limit_bytes),
      members_(options.setups.size()) {
  for (std::size_t i = 0; i < members_.size(); ++i) {
    members_[i].estimate_bytes =
        estimate_memory_bytes(options.setups[i].model, options.setups[i].setup.info);
  }
}

void Fleet::fail(int setup, const std::string& reason) {
  const SpeedSetup& failed = result_.setups[static_cast<std::size_t>(setup)];
  if (failed.baseline == setup) {
    throw Error(ErrorKind::kEngine, "The baseline cannot be measured: " + reason, failed.name);
  }
  result_.setups[static_cast<std::size_t>(setup)].failure = reason;
  member(setup).process.reset();
}

// Closes those that were not used for the longest time until this one fits.
void Fleet::make_room(int setup) {
  while (true) {
    std::int64_t open_bytes = 0;
    int oldest = -1;
    for (int other = 0; other < static_cast<int>(members_.size()); ++other) {
      if (!member(other).process) continue;
      open_bytes += member(other).estimate_bytes;
      if (oldest < 0 || member(other).used < member(oldest).used) oldest = other;
    }
    if (oldest < 0 || open_bytes + member(setup).estimate_bytes <= limit_bytes_) return;
    end(oldest);
  }
}

void Fleet::end(int setup) {
  try {
    read_memory_of(setup);
  } catch (const Error&) {
    // It ended already, or everything is being stopped: its memory stays unknown.
  }
  member(setup).process.reset();
}

bool Fleet::open(int setup) {
  SpeedSetup& described = result_.setups[static_cast<std::size_t>(setup)];
  Member& mine = member(setup);
  if (!described.failure.empty()) return false;
  mine.used = ++turn_;
  if (mine.process) return true;
  make_room(setup);
  try {
    mine.warm.clear();
    mine.process = std::make_unique<Process>(options_.child);
    const BenchSetup& asked = options_.setups[static_cast<std::size_t>(setup)];
    Opened opened = read_opened(mine.process->ask(open_message(asked.model), options_.stop));
    described.load_ns.push_back(opened.load_ns);
    if (mine.was_open) return true;
    const ModelInfo from_file = described.info;
    described.info = std::move(opened.info);
    described.info.weights = from_file.weights;
    described.info.tensor_types = from_file.tensor_types;
    if (from_file.size_bytes > 0) described.info.size_bytes = from_file.size_bytes;
    mine.was_open = true;
    return true;
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::kInterrupted) throw;
    fail(setup, error.what());
    return false;
  }
}

std::optional<Ran> Fleet::run(int setup, const RunRequest& request) {
  if (!open(setup)) return std::nullopt;
  try {
    Process& process = *member(setup).process;
    std::vector<SpeedTest>& warm = member(setup).warm;
    const bool is_warm = std::find(warm.begin(), warm.end(), request.test) != warm.end();
    if (!is_warm && !request.warm_up) {
      RunRequest warm_up = request;
      warm_up.warm_up = true;
      warm_up.seed = ~request.seed >> 1;  // no repetition sees its tokens again
      warm_up.prompt.clear();
      (void)read_ran(process.ask(run_message(warm_up), options_.stop));
    }
    if (!is_warm) warm.push_back(request.test);
    Ran ran = read_ran(process.ask(run_message(request), options_.stop));
    std::this_thread::sleep_for(kSettle);
    return ran;
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::kInterrupted) throw;
    fail(setup, error.what());
    return std::nullopt;
  }
}

void Fleet::read_memory_of(int setup) {
  if (!member(setup).process) return;
  const ProcessMemory memory =
      detail::read_memory(member(setup).process->ask(memory_message(), options_.stop));
  SpeedSetup& described = result_.setups[static_cast<std::size_t>(setup)];
  if (!described.peak_bytes || memory.peak_bytes > described.peak_bytes)
    described.peak_bytes = memory.peak_bytes;
  described.steady_bytes = memory.steady_bytes;
  described.mapped_bytes = memory.mapped_bytes;
  described.gpu_bytes = memory.gpu_bytes;
}

void Fleet::close() {
  for (int setup = 0; setup < static_cast<int>(members_.size()); ++setup) end(setup);
}

}  // namespace assay::detail
