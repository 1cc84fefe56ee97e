// Programs that try to reach something outside, or to pass without running to their end. Looked at
// from outside where they would have done something.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include <fmt/format.h>

#include "temporary_folder.h"
#include "unit/tasks/sandbox_programs.h"

namespace assay {
namespace {

// ---- Reaching out ----

TEST_F(SandboxEscape, NoNetworkNotEvenLoopback) {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  ASSERT_EQ(::bind(listener, reinterpret_cast<sockaddr*>(&address), length), 0);
  ASSERT_EQ(::listen(listener, 4), 0);
  ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &length);
  expect_pass(run_program(kDenied + fmt::format(R"(
import socket
denied(socket.create_connection, ('127.0.0.1', {}), 2)
for family in range(50):
  for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW):
    denied(socket.socket, family, kind)
    if family != socket.AF_UNIX: denied(socket.socketpair, family, kind)
# and where it may look, there is nothing but an own loopback
devices = [line.split(':')[0].strip() for line in open('/proc/net/dev').readlines()[2:]]
assert devices == ['lo'], devices
)",
                                                ntohs(address.sin_port))));
  EXPECT_LT(::accept(listener, nullptr, nullptr), 0);
  ::close(listener);
}

TEST_F(SandboxEscape, NothingIsWrittenOutsideTmp) {
  const TemporaryFolder folder;
  std::filesystem::permissions(folder.path(), std::filesystem::perms(0777));
  expect_pass(run_program(kDenied + fmt::format(R"(
for where in ['/', '/usr', '/usr/bin', '/usr/local/lib', '/bin', '/lib', '/etc', '/dev', '/dev/shm', '/proc',
              '/proc/sys/kernel', '/home', '/' + 'root', '/var', '/run', '/sys', '{}']:
  denied(open, where + '/assay-escape', 'w')
  denied(os.mkdir, where + '/assay-escape-folder')
denied(open, '/proc/sys/kernel/hostname', 'w')
denied(open, '/proc/sysrq-trigger', 'w')
denied(open, '/usr/bin/python3', 'a')
denied(os.remove, '/usr/bin/env')
denied(os.chmod, '/usr/bin/env', 0o777)
denied(os.rename, '/tmp', '/tmp2')
open('/tmp/here', 'w').write('allowed')
)",
                                                folder.path().string())));
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
  EXPECT_FALSE(std::filesystem::exists("/tmp/here"));
}

TEST_F(SandboxEscape, LinksLeadNowhere) {
  const TemporaryFolder folder;
  std::filesystem::permissions(folder.path(), std::filesystem::perms(0777));
  const std::string file = folder / "parents";
  std::ofstream(file) << "untouched";
  std::filesystem::permissions(file, std::filesystem::perms(0666));
  expect_pass(run_program(kDenied + fmt::format(R"(
target, pid = '{}', {}
os.symlink(target, '/tmp/link')
denied(open, '/tmp/link', 'a')
denied(open, '/tmp/link')
os.symlink('/', '/tmp/root')
denied(open, '/tmp/root' + target)
denied(os.link, '/usr/bin/env', '/tmp/env')
for process in ['self', '1', str(os.getpid()), str(os.getppid()), str(pid), 'thread-self']:
  for through in ['root', 'cwd', 'fd/0', 'fd/3', 'fd/5', 'fd/6', 'cwd/../../..']:
    denied(open, '/proc/%s/%s%s' % (process, through, target))
denied(open, '/tmp/../' + target)
denied(os.listdir, '/oldroot')
denied(os.listdir, '/newroot')
)",
                                                file, ::getpid())));
  std::string text;
  std::ifstream(file) >> text;
  EXPECT_EQ(text, "untouched");
}

TEST_F(SandboxEscape, OwnProcessesOnly) {
  expect_pass(run_program(kDenied + fmt::format(R"(
processes = [int(name) for name in os.listdir('/proc') if name.isdigit()]
assert set(processes) == {{1, os.getpid()}}, processes
for name in ['environ', 'cmdline', 'maps', 'mem']:
  if {0} not in processes: denied(open, '/proc/{0}/' + name)
# the first process could be taken over, but is held as everything else is
import resource
limits = [resource.prlimit(process, resource.RLIMIT_NPROC) for process in processes]
assert limits == [(32, 32)] * 2, limits
status = open('/proc/1/status').read()
assert 'CapEff:\t0000000000000000' in status and 'Seccomp:\t2' in status, status
denied(open, '/proc/kcore', 'rb')
denied(open, '/dev/mem', 'rb')
denied(open, '/dev/kmsg')
assert not [d for d in os.listdir('/dev') if d.startswith(('sd', 'vd', 'nvme', 'loop', 'nvidia', 'kvm'))]
)",
                                                ::getpid())));
}

TEST_F(SandboxEscape, HomeAndEnvironmentAreNotThere) {
  ::setenv("ASSAY_TEST_SECRET", "a-secret-value", 1);
  expect_pass(run_program(kDenied + R"(
assert 'ASSAY_TEST_SECRET' not in os.environ
for name in os.listdir('/proc'):
  if name.isdigit():
    try:
      assert b'a-secret-value' not in open('/proc/%s/environ' % name, 'rb').read()
    except PermissionError:
      pass
for file in ['/etc/passwd', '/etc/shadow', '/etc/hostname', '/etc/resolv.conf', '/var/log', '/run/docker.sock', '/sys/class', '/srv', '/opt', '/mnt']:
  assert not os.path.exists(file), file
for home in ['/' + 'root', '/home']:  # a Python may live there; then that alone is there
  if os.path.exists(home):
    assert len(os.listdir(home)) == 1, os.listdir(home)
)"));
  ::unsetenv("ASSAY_TEST_SECRET");
  const SandboxRequest request{"import os\nassert not {'root', 'home'} & set(os.listdir('/'))"};
  if (std::filesystem::exists("/usr/bin/python3")) {
    expect_pass(run_sandboxed({&request, 1}, {.python = "/usr/bin/python3"}).at(0));
  }
}

TEST_F(SandboxEscape, OpenFilesAreNotInherited) {
  const TemporaryFolder folder;
  std::ofstream(folder / "secret") << "a secret";
  const int kept_open = ::open((folder / "secret").c_str(), O_RDWR);  // without O_CLOEXEC
  expect_pass(run_program(R"(
import os, stat
for fd in range(256):
  try:
    mode = os.fstat(fd).st_mode
  except OSError:
    continue
  assert fd < 5 and not stat.S_ISREG(mode), fd
)"));
  ::close(kept_open);
}

TEST_F(SandboxEscape, ProcessesOutsideCannotBeSignalled) {
  const pid_t bystander = ::fork();
  if (bystander == 0) {
    ::pause();
    ::_exit(0);
  }
  expect_pass(run_program(fmt::format(R"(
import os, signal
for pid in [{}, {}, {}, os.getppid(), 1, 0x7fffffff] + list(range(3, 3000)):
  if pid != os.getpid():
    try:
      os.kill(pid, signal.SIGKILL)
      assert pid in (0, 1), pid   # the namespace's first process does not hear it
    except ProcessLookupError:
      pass
try:
  os.kill(-1, signal.SIGKILL)
except ProcessLookupError:
  pass
try:
  os.killpg({}, signal.SIGKILL)
except ProcessLookupError:
  pass
)",
                                      ::getpid(), ::getppid(), bystander, ::getpgrp())));
  EXPECT_EQ(::waitpid(bystander, nullptr, WNOHANG), 0) << "the bystander was killed";
  ::kill(bystander, SIGKILL);
  ::waitpid(bystander, nullptr, 0);
}

TEST_F(SandboxEscape, DeniedSystemCalls) {
  expect_pass(run_program(kDenied + R"(
import ctypes, errno, platform
libc = ctypes.CDLL(None, use_errno=True)
def fails(expected, call, *arguments):
  ctypes.set_errno(0)
  result = getattr(libc, call)(*arguments)
  assert result < 0 and ctypes.get_errno() in expected, (call, arguments, result, ctypes.get_errno())
no = (errno.EPERM,)
fails(no, 'ptrace', 0, 0, 0, 0)
fails(no, 'ptrace', 16, 1, 0, 0)
for flag in (0x10000000, 0x20000, 0x40000000, 0x20000000, 0x4000000, 0x8000000, 0x2000000):
  fails(no, 'unshare', flag)
  if platform.machine() == 'x86_64':
    fails(no, 'syscall', 56, flag | 17, 0, 0, 0, 0)
fails(no, 'setns', 0, 0)
fails(no, 'mount', b'none', b'/tmp', b'tmpfs', 0, None)
fails(no, 'umount2', b'/tmp', 2)
fails(no, 'pivot_root' if hasattr(libc, 'pivot_root') else 'chroot', b'/tmp', b'/tmp')
fails(no, 'chroot', b'/tmp')
fails(no, 'personality', 0x0040000)
fails(no, 'memfd_create', b'x', 0)
fails(no, 'shmget', 0, 4096, 0o1600)
fails(no, 'sethostname', b'x', 1)
fails(no, 'process_vm_readv', 1, None, 0, None, 0, 0)
fails(no, 'ioctl', 0, 0x5412, b'x')
if platform.machine() == 'x86_64':
  for number in (321, 323, 298, 250, 248, 246, 320, 425, 426, 427, 428, 429, 430, 442, 175, 313, 169, 272, 435):
    fails(no + (errno.ENOSYS,), 'syscall', number, 0, 0, 0, 0, 0)
denied(os.setuid, 0)
denied(os.setgid, 0)
denied(os.setgroups, [0])
denied(os.mknod, '/tmp/disk', 0o60666, os.makedev(8, 0))
status = open('/proc/self/status').read()
for name in ('CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'):
  assert name + ':\t0000000000000000' in status, status
assert 'NoNewPrivs:\t1' in status and 'Seccomp:\t2' in status
)"));
}

// ---- Forging a pass ----

TEST_F(SandboxEscape, LeavingEarlyIsNoPass) {
  for (const char* program :
       {"import os\nos._exit(0)", "import sys\nsys.exit(0)", "raise SystemExit", "exit()",
        "quit(0)", "import os\nos.execv('/bin/true', ['true'])",
        "import os\nos.write(1, b'passed')\nos._exit(0)",
        "import os\nfor fd in range(128):\n  try: os.write(fd, b'R' * 33)\n  except OSError: "
        "pass\nos._exit(0)",
        "import os\nif os.fork(): os._exit(0)\nraise ValueError",
        "import os, signal\nos.kill(os.getpid(), signal.SIGTERM)",
        "import __main__, os\n__main__.os = None\n__main__.flush = lambda: os._exit(0)\nraise "
        "ValueError",
        "import sys, os\nsys.excepthook = lambda *a: os._exit(0)\nraise ValueError",
        "import sys, os\nsys.stdout.flush = lambda: os._exit(0)\nraise ValueError"}) {
    expect_no_pass(run_program(program), program);
  }
}

// Looks through all that a program can reach without reading its own memory.
TEST_F(SandboxEscape, TheTokenIsNotFoundByLookingAround) {
  const std::string program = R"(
import gc, os, sys, types
seen, found = set(), []
def look(thing, depth=0):
  if id(thing) in seen or depth > 60: return
  seen.add(id(thing))
  if isinstance(thing, types.CodeType): return
  # random, unlike constants
  if isinstance(thing, (bytes, bytearray)) and len(thing) == 32 and sum(b > 127 for b in thing) > 3:
    found.append(bytes(thing))
  for other in gc.get_referents(thing): look(other, depth + 1)
control = os.urandom(32)
sys.setrecursionlimit(5000)
frame = sys._getframe()
while frame:
  look(dict(frame.f_locals)); look(dict(frame.f_globals))
  frame = frame.f_back
for thing in gc.get_objects(): look(thing)
for thing in gc.get_referrers(os.write): look(thing)
for thing in gc.get_referrers(exec): look(thing)
look(sys.modules)
assert control in found, 'cannot look'
assert set(found) == {control}, found
raise ValueError('no token found')
)";
  const SandboxResult result = run_program(program, {.wall_timeout = std::chrono::seconds(20)});
  EXPECT_EQ(result.outcome, Outcome::kFailed);
  EXPECT_TRUE(contains(result.output, "no token found"));
}

}  // namespace
}  // namespace assay
