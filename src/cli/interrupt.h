// Ctrl-C: the first asks the work to stop at a safe point, the second ends the program at once.
#pragma once

#include <stop_token>
#include <thread>

namespace assay::cli {

// Make one before any other thread starts: it blocks SIGINT and SIGTERM for the process and waits
// for them itself.
class InterruptGuard {
 public:
  InterruptGuard();
  std::stop_token token() const { return source_.get_token(); }

 private:
  std::stop_source source_;
  std::jthread waiter_;
};

}  // namespace assay::cli
