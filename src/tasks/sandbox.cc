// Model-written programs, each in a sandbox of its own, several at once from one thread.
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <memory>

#include "core/error.h"
#include "tasks/sandbox_isolation.h"
#include "tasks/sandbox_run.h"
#include "tasks/tasks.h"

namespace assay {
namespace {

using detail::SandboxRun;

struct Slot {
  std::size_t index;
  std::unique_ptr<SandboxRun> run;
};

// Waits until one of them has news, or the user wants to stop.
void wait_for_news(const std::vector<Slot>& slots, int stop_file) {
  std::vector<pollfd> files = {{.fd = stop_file, .events = POLLIN, .revents = 0}};
  auto until = SandboxRun::Clock::time_point::max();
  for (const Slot& slot : slots) {
    slot.run->add_files(files);
    until = std::min(until, slot.run->wake_up_at());
  }
  detail::wait_for(files, until);
}

}  // namespace

std::optional<std::string> sandbox_problem() {
  try {
    detail::find_isolation("python3");
    return std::nullopt;
  } catch (const Error& error) {
    return error.what();
  }
}

std::vector<SandboxResult> run_sandboxed(std::span<const SandboxRequest> programs,
                                         const SandboxOptions& options) {
  const detail::Isolation isolation = detail::find_isolation(options.python);
  const detail::SandboxFile stop_file(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd");
  const std::stop_callback wake(options.stop, [&] { ::eventfd_write(stop_file.get(), 1); });
  std::vector<SandboxResult> results(programs.size());
  std::vector<Slot> slots;
  const auto n_parallel = static_cast<std::size_t>(std::max(1, options.n_parallel));
  for (std::size_t next = 0; next < programs.size() || !slots.empty();) {
    if (options.stop.stop_requested()) {
      throw Error(ErrorKind::kInterrupted, "stopped while programs were being run");
    }
    while (next < programs.size() && slots.size() < n_parallel) {
      slots.push_back(
          {next, std::make_unique<SandboxRun>(programs[next], options.limits, isolation)});
      ++next;
    }
    wait_for_news(slots, stop_file.get());
    std::erase_if(slots, [&](const Slot& slot) {
      if (!slot.run->advance()) return false;
      results[slot.index] = slot.run->result();
      return true;
    });
  }
  return results;
}

}  // namespace assay
