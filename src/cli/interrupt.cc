#include "cli/interrupt.h"

#include <unistd.h>

#include <csignal>
#include <ctime>

namespace assay::cli {

InterruptGuard::InterruptGuard() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  waiter_ = std::jthread([this, signals](const std::stop_token& done) {
    const timespec poll{.tv_sec = 0, .tv_nsec = 100'000'000};
    while (!done.stop_requested()) {
      if (sigtimedwait(&signals, nullptr, &poll) < 0) continue;
      if (source_.stop_requested()) _exit(130);
      source_.request_stop();
    }
  });
}

}  // namespace assay::cli
