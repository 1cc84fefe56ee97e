// What passes, what fails, and what is refused.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

#include <fmt/format.h>

#include "core/error.h"
#include "temporary_folder.h"
#include "unit/tasks/sandbox_programs.h"

namespace assay {
namespace {

class Sandbox : public SandboxTest {};

TEST_F(Sandbox, AProgramThatRunsToItsEndPasses) {
  const SandboxResult result =
      run_program("import sys\nprint('out')\nprint('err', file=sys.stderr)");
  EXPECT_EQ(result.outcome, Outcome::kPassed);
  EXPECT_EQ(result.exit_status, 0);
  EXPECT_TRUE(contains(result.output, "out\n"));
  EXPECT_TRUE(contains(result.output, "err\n"));
  EXPECT_GT(result.seconds, 0);
}

TEST_F(Sandbox, WhatRaisesFails) {
  for (const char* program :
       {"assert 1 == 2, 'the message'", "raise ValueError('the message')",
        "raise SystemExit('the message')", "class E(BaseException): pass\nraise E('the message')",
        "import sys\nsys.exit('the message')", "exit('the message')"}) {
    const SandboxResult result = run_program(program);
    EXPECT_EQ(result.outcome, Outcome::kFailed) << program;
    EXPECT_EQ(result.exit_status, 1) << program;
    EXPECT_TRUE(contains(result.output, "the message")) << program;
  }
  EXPECT_TRUE(contains(run_program("def f(:").output, "SyntaxError"));
  EXPECT_EQ(run_program(std::string("a = 1\0", 6)).outcome, Outcome::kFailed);
  EXPECT_EQ(run_program("a = '\xff'").outcome, Outcome::kFailed);
}

// As in HF's code_eval, which the harness uses: the source is executed in an empty namespace, and
// what happens after its end (exit handlers, threads that go on) does not count.
TEST_F(Sandbox, SourceRunsAsCodeEvalRunsIt) {
  for (const char* program :
       {"", "assert __name__ == 'builtins'", "if __name__ == '__main__':\n  raise ValueError",
        "def f(n):\n  return n if n < 2 else f(n - 1) + f(n - 2)\nassert f(10) == 55",
        "from __future__ import annotations\nimport typing, math, collections, itertools",
        "s = 'h\xc3\xa9'\nassert len(s) == 2",
        "import atexit, os\natexit.register(lambda: os._exit(3))",
        "import threading, time\nthreading.Thread(target=time.sleep, args=(60,)).start()",
        "import multiprocessing, asyncio\nasyncio.run(asyncio.sleep(0))"}) {
    const SandboxResult result = run_program(program);
    EXPECT_EQ(result.outcome, Outcome::kPassed) << program << result.output;
  }
}

TEST_F(Sandbox, ReadingTheKeyboardFailsAtOnce) {
  const SandboxResult result = run_program("input()");
  EXPECT_EQ(result.outcome, Outcome::kFailed);
  EXPECT_TRUE(contains(result.output, "EOFError"));
}

TEST_F(Sandbox, EndsAfterItsTime) {
  const SandboxResult result =
      run_program("print('begun', flush=True)\nwhile True: pass", short_limits());
  EXPECT_EQ(result.outcome, Outcome::kTimedOut);
  EXPECT_TRUE(contains(result.output, "begun"));
  EXPECT_GE(result.seconds, 1.5);
  EXPECT_LT(result.seconds, 12);
}

TEST_F(Sandbox, LargeProgramsArrive) {
  std::string program = "n = 0\n";
  for (int i = 0; i < 20000; ++i) program += "n += 1\n";
  EXPECT_EQ(run_program(program + "assert n == 20000", {.wall_timeout = std::chrono::seconds(60)})
                .outcome,
            Outcome::kPassed);
}

TEST_F(Sandbox, ResultsComeInOrderWhateverEndsFirst) {
  std::vector<SandboxRequest> programs;
  for (int i = 0; i < 12; ++i) {
    programs.push_back({fmt::format("import time\ntime.sleep({})\nprint({})\nassert {} % 3 != 0",
                                    i % 2 == 0 ? 0.3 : 0.0, i, i)});
  }
  const auto results = run_sandboxed(
      programs, {.limits = {.wall_timeout = std::chrono::seconds(20)}, .n_parallel = 5});
  ASSERT_EQ(results.size(), programs.size());
  for (std::size_t i = 0; i < results.size(); ++i) {
    EXPECT_EQ(results[i].outcome, i % 3 == 0 ? Outcome::kFailed : Outcome::kPassed) << i;
    EXPECT_TRUE(results[i].output.starts_with(fmt::format("{}\n", i))) << results[i].output;
  }
  EXPECT_TRUE(run_sandboxed({}, {}).empty());
}

TEST_F(Sandbox, StopsWhenAsked) {
  std::stop_source stop;
  std::jthread stopper([&] {
    EXPECT_TRUE(wait_for_mark("assay-stop", true));
    stop.request_stop();
  });
  const std::vector<SandboxRequest> programs(
      4, {"open('/proc/self/comm', 'w').write('assay-stop')\nimport time\ntime.sleep(60)"});
  try {
    run_sandboxed(programs, {.limits = {.wall_timeout = std::chrono::seconds(60)},
                             .n_parallel = 2,
                             .stop = stop.get_token()});
    FAIL() << "was not stopped";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInterrupted);
  }
  EXPECT_FALSE(is_marked_process_there("assay-stop"));
}

TEST_F(Sandbox, APythonInAHomeFolderShowsNothingElseOfIt) {
  const TemporaryFolder home;
  const auto environment = home.path() / "environment";
  std::filesystem::create_directories(environment / "bin");
  std::filesystem::create_symlink("/usr/bin/python3", environment / "bin/python");
  std::ofstream(environment / "pyvenv.cfg") << "home = /usr/bin\n";
  std::ofstream(home.path() / "secret") << "secret";
  const std::string program = fmt::format(R"(
import sys, os
environment, home = '{}', '{}'
assert sys.prefix == environment, sys.prefix
assert os.listdir(home) == ['environment'], os.listdir(home)
try:
  open(environment + '/x', 'w')
except OSError:
  pass
else:
  raise ValueError
)",
                                          environment.string(), home.path().string());
  const SandboxRequest request{.program = program};
  const auto results = run_sandboxed({&request, 1}, {.python = environment / "bin/python"});
  EXPECT_EQ(results[0].outcome, Outcome::kPassed) << results[0].output;
}

void expect_refusal(const SandboxOptions& options, const std::string& part) {
  const SandboxRequest request{.program = "pass"};
  try {
    run_sandboxed({&request, 1}, options);
    FAIL() << "ran without isolation";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kEngine);
    EXPECT_TRUE(contains(error.what(), part));
  }
}

TEST(SandboxRefusal, WithoutBubblewrapNothingRuns) {
  const TemporaryFolder empty;
  const PathVariable path(empty.path());
  ASSERT_NE(sandbox_problem(), std::nullopt);
  EXPECT_TRUE(contains(*sandbox_problem(), "bubblewrap (bwrap) is not installed"));
  EXPECT_TRUE(contains(*sandbox_problem(), "apt-get install bubblewrap"));
  expect_refusal({}, "bubblewrap (bwrap) is not installed");
}

// A bubblewrap that is there but isolates nothing: the trial notices.
TEST(SandboxRefusal, ABubblewrapThatDoesNotIsolateIsNotUsed) {
  for (const char* last_line :
       {"\"$@\"", "exec \"$@\"", "exit 0", "sleep 0.1; echo no namespaces >&2; exit 1"}) {
    const TemporaryFolder folder;
    std::filesystem::permissions(folder.path(), std::filesystem::perms(0755));
    std::ofstream(folder / "bwrap") << "#!/bin/sh\nwhile [ \"$1\" != -- ]; do shift; done; shift\n"
                                    << last_line << "\n";
    std::filesystem::permissions(folder / "bwrap", std::filesystem::perms(0755));
    const PathVariable path(folder.path().string() + ":/usr/bin:/bin");
    ASSERT_NE(sandbox_problem(), std::nullopt) << last_line;
    expect_refusal({}, "sandbox");
  }
}

TEST_F(Sandbox, APythonThatIsNotOneIsRefused) {
  expect_refusal({.python = "/nonexistent/python3"}, "/nonexistent/python3");
  expect_refusal({.python = "/bin/true"}, "/bin/true does not run as a Python 3");
  expect_refusal({.python = "no-such-python"}, "no-such-python");
}

}  // namespace
}  // namespace assay
