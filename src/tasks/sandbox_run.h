// One program in its sandbox, from start to result.
#pragma once

#include <poll.h>
#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "tasks/sandbox_file.h"
#include "tasks/sandbox_isolation.h"
#include "tasks/tasks.h"

namespace assay::detail {

// Owns the processes: whatever still runs is dead when it is gone. Never blocks but in the
// destructor, so one thread can drive many.
class SandboxRun {
 public:
  using Clock = std::chrono::steady_clock;

  // Starts it. Errors: kEngine.
  SandboxRun(const SandboxRequest& request, const SandboxLimits& limits,
             const Isolation& isolation);
  SandboxRun(const SandboxRun&) = delete;
  SandboxRun& operator=(const SandboxRun&) = delete;
  ~SandboxRun();

  // What to wait for, and until when at most.
  void add_files(std::vector<pollfd>& files) const;
  Clock::time_point wake_up_at() const;
  // Takes in what happened. True when the result is there and every process is dead. Errors:
  // kEngine when the sandbox did not start.
  bool advance();
  const SandboxResult& result() const { return result_; }

 private:
  void read_output(bool to_the_end);
  void read_control();
  void begin();
  void check_limits();
  void end(SandboxResult::Outcome outcome, const std::string& reason);
  void reap();
  void kill_all();
  void conclude();

  SandboxLimits limits_;
  SandboxResult result_;
  std::string token_, received_;
  SandboxFile output_, control_;
  pid_t bwrap_ = -1;  // -1: reaped
  // Handles, because ids are used again: bubblewrap's outer process, and the first process of the
  // namespace, with which all others die.
  SandboxFile bwrap_handle_, init_handle_;
  pid_t init_ = -1;
  int status_ = 0;
  bool ended_by_us_ = false;
  Clock::time_point started_, deadline_, next_check_;
  bool running_ = false;  // the program itself
};

// Returns when one of the files can be read, or at that time.
void wait_for(std::vector<pollfd>& files, SandboxRun::Clock::time_point until);

// Starts, waits and returns. Errors: kEngine.
SandboxResult run_one(const SandboxRequest& request, const SandboxLimits& limits,
                      const Isolation& isolation);

}  // namespace assay::detail
