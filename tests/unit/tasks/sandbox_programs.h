// Running one program in the sandbox, for the tests of it.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include "tasks/tasks.h"

namespace assay {

using Outcome = SandboxResult::Outcome;

// PATH as given, until the end of the test.
class PathVariable {
 public:
  explicit PathVariable(const std::string& path) : before_(std::getenv("PATH")) {
    ::setenv("PATH", path.c_str(), 1);
  }
  ~PathVariable() { ::setenv("PATH", before_.c_str(), 1); }
  PathVariable(const PathVariable&) = delete;
  PathVariable& operator=(const PathVariable&) = delete;

 private:
  std::string before_;
};

// Skipped, with the reason, where the machine has no isolation. Where bubblewrap does work, a
// problem is ours.
class SandboxTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto problem = sandbox_problem();
    if (!problem) return;
    const char* const plain =
        "bwrap --unshare-all --unshare-user --ro-bind / / --proc /proc --dev /dev --size 4096 "
        "--tmpfs /tmp "
        "true >/dev/null 2>&1";
    if (std::system(plain) == 0) FAIL() << *problem;
    GTEST_SKIP() << *problem;
  }
};

// Short, so that a test of a program that never ends does not take long.
inline SandboxLimits short_limits() { return {.wall_timeout = std::chrono::milliseconds(1500)}; }

inline SandboxResult run_program(const std::string& program, const SandboxLimits& limits = {}) {
  const SandboxRequest request{.program = program};
  return run_sandboxed({&request, 1}, {.limits = limits}).at(0);
}

inline ::testing::AssertionResult contains(const std::string& text, const std::string& part) {
  return ::testing::IsSubstring("part", "text", part, text);
}

// Of programs that try to get out: whatever they do must end in time.
class SandboxEscape : public SandboxTest {
 protected:
  void TearDown() override {
    EXPECT_LT(std::chrono::steady_clock::now() - started_, std::chrono::seconds(60));
  }
  static void expect_pass(const SandboxResult& result) {
    EXPECT_EQ(result.outcome, Outcome::kPassed) << result.output;
  }
  static void expect_no_pass(const SandboxResult& result, const std::string& program) {
    EXPECT_NE(result.outcome, Outcome::kPassed) << program << "\n" << result.output;
  }

 private:
  std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
};

// Defines denied(f, *args): f must raise OSError.
inline const std::string kDenied = R"(
import os
def denied(what, *arguments):
  try:
    what(*arguments)
  except OSError:
    return
  raise AssertionError('allowed: %s%r' % (what.__name__, arguments))
)";

// Programs mark their processes by writing this to /proc/self/comm, where the host sees it.
inline bool is_marked_process_there(const std::string& mark) {
  std::error_code failed;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", failed)) {
    std::string name;
    std::ifstream(entry.path() / "comm") >> name;
    if (name == mark) return true;
  }
  return false;
}

inline bool wait_for_mark(const std::string& mark, bool there) {
  for (int i = 0; i < 1000; ++i) {
    if (is_marked_process_there(mark) == there) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return false;
}

}  // namespace assay
