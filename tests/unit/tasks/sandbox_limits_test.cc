// Programs that try to take everything, or to stay when they should be gone.
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "unit/tasks/sandbox_programs.h"

namespace assay {
namespace {

// ---- Taking everything ----

TEST_F(SandboxEscape, ForkBombs) {
  const SandboxResult bomb = run_program(R"(
import os
open('/proc/self/comm', 'w').write('assay-bomb')
while True:
  try: os.fork()
  except OSError: pass
)",
                                         short_limits());
  expect_no_pass(bomb, "fork bomb");
  EXPECT_LT(bomb.seconds, 20);
  EXPECT_FALSE(is_marked_process_there("assay-bomb"));
  expect_pass(run_program(R"(
import os, time
children = 0
try:
  while children < 1000:
    if os.fork() == 0: time.sleep(60)
    children += 1
except BlockingIOError:
  pass
assert 10 < children < 32, children
)",
                          {.wall_timeout = std::chrono::seconds(20)}));
  EXPECT_EQ(
      run_program("import os\nwhile True:\n  if os.fork(): os._exit(0)", short_limits()).outcome,
      Outcome::kFailed);
}

TEST_F(SandboxEscape, MemoryBombs) {
  const SandboxLimits limits{.wall_timeout = std::chrono::seconds(20), .memory_bytes = 256 << 20};
  const SandboxResult one =
      run_program("kept = []\nwhile True: kept.append(bytearray(8 << 20))", limits);
  EXPECT_EQ(one.outcome, Outcome::kFailed);
  EXPECT_TRUE(contains(one.output, "MemoryError"));
  EXPECT_EQ(run_program("x = b'x' * (1 << 40)", limits).outcome, Outcome::kFailed);
  const SandboxResult many = run_program(R"(
import os, time
for i in range(25): os.fork() if i < 4 else None
kept = b'x' * (100 << 20)
time.sleep(60)
)",
                                         limits);
  EXPECT_EQ(many.outcome, Outcome::kKilled) << many.output;
  EXPECT_TRUE(contains(many.output, "the limit is 256 MiB"));
  // What processes share counts once.
  expect_pass(run_program(R"(
import os, time
kept = b'x' * (100 << 20)
for i in range(3):
  if os.fork() == 0: time.sleep(60)
time.sleep(0.5)
)",
                          limits));
}

TEST_F(SandboxEscape, OutputWithoutEnd) {
  for (const char* program :
       {"while True: print('x' * 1000)", "import sys\nwhile True: sys.stderr.write('x' * 100000)",
        "import os\nwhile True: os.write(1, b'x' * 1000000)"}) {
    const SandboxResult result = run_program(program, short_limits());
    EXPECT_EQ(result.outcome, Outcome::kTimedOut) << program;
    EXPECT_EQ(result.output.size(), 64U << 10) << program;
  }
}

TEST_F(SandboxEscape, FilesWithoutEnd) {
  expect_pass(run_program(kDenied + R"(
import errno
def fill(name):
  with open(name, 'wb', 0) as file:
    while file.write(b'x' * (1 << 20)): pass
denied(fill, '/tmp/large')
assert os.path.getsize('/tmp/large') == 16 << 20
for i in range(100):
  try: fill('/tmp/%d' % i)
  except OSError as error:
    if error.errno == errno.ENOSPC: break
assert i < 5, i
with open('/tmp/large', 'r+') as file: denied(file.truncate, 1 << 40)
)",
                          {.wall_timeout = std::chrono::seconds(20)}));
  const SandboxResult many =
      run_program("i = 0\nwhile True:\n  i += 1\n  open('/tmp/%d' % i, 'w').close()",
                  {.wall_timeout = std::chrono::seconds(20)});
  EXPECT_EQ(many.outcome, Outcome::kKilled) << many.output;
  EXPECT_TRUE(contains(many.output, "files in /tmp; the limit is"));
}

TEST_F(SandboxEscape, DeepRecursion) {
  EXPECT_TRUE(contains(run_program("def f(): f()\nf()").output, "RecursionError"));
  const std::string program = "import sys\nsys.setrecursionlimit(10**9)\nf = lambda: f()\nf()";
  expect_no_pass(run_program(program), program);
  const std::string nested = "x = eval('(' * 100000 + ')' * 100000)";
  expect_no_pass(run_program(nested), nested);
}

// ---- Staying ----

TEST_F(SandboxEscape, NothingStaysBehind) {
  const std::string daemon = R"(
import os, signal, time
def stay():
  os.setsid()
  if os.fork(): os._exit(0)
  for number in range(1, 65):
    try: signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError): pass
  open('/proc/self/comm', 'w').write('assay-stay')
  os.closerange(0, 100)
  time.sleep(100)
if os.fork() == 0: stay()
time.sleep(0.4)
)";
  std::jthread observer([] { EXPECT_TRUE(wait_for_mark("assay-stay", true)); });
  expect_pass(run_program(daemon));
  EXPECT_FALSE(is_marked_process_there("assay-stay"));
  observer.join();
  EXPECT_EQ(run_program(daemon + "raise ValueError").outcome, Outcome::kFailed);
  EXPECT_FALSE(is_marked_process_there("assay-stay"));
  EXPECT_EQ(run_program(daemon + "time.sleep(100)", short_limits()).outcome, Outcome::kTimedOut);
  EXPECT_FALSE(is_marked_process_there("assay-stay"));
}

TEST_F(SandboxEscape, SignalsIgnoredAndFilesClosed) {
  const std::string ignore = R"(
import os, signal
for number in range(1, 65):
  try: signal.signal(number, signal.SIG_IGN)
  except (OSError, ValueError): pass
)";
  const SandboxResult ignoring = run_program(ignore + "while True: pass", short_limits());
  EXPECT_EQ(ignoring.outcome, Outcome::kTimedOut);
  EXPECT_LT(ignoring.seconds, 12);
  EXPECT_EQ(run_program(ignore + "os.closerange(0, 200)\nwhile True: pass", short_limits()).outcome,
            Outcome::kTimedOut);
  EXPECT_EQ(run_program("import os\nos.closerange(0, 200)").outcome, Outcome::kFailed);
  EXPECT_EQ(run_program("import os\nos.kill(os.getpid(), 9)").outcome, Outcome::kKilled);
}

TEST_F(SandboxEscape, DiesWithUs) {
  const pid_t supervisor = ::fork();
  if (supervisor == 0) {
    run_program("open('/proc/self/comm', 'w').write('assay-orphan')\nwhile True: pass",
                {.wall_timeout = std::chrono::seconds(100)});
    ::_exit(0);
  }
  EXPECT_TRUE(wait_for_mark("assay-orphan", true));
  ::kill(supervisor, SIGKILL);
  ::waitpid(supervisor, nullptr, 0);
  EXPECT_TRUE(wait_for_mark("assay-orphan", false));
}

}  // namespace
}  // namespace assay
