// Namespaces already hide what these calls would reach; denying them keeps the parts of the kernel
// where namespaces have been broken out of from being reached at all.
#include "tasks/sandbox_filter.h"

#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <sched.h>
#include <cerrno>
#include <memory>

#include "core/error.h"
#include "tasks/sandbox_file.h"

namespace assay::detail {
namespace {

// Names, not numbers: a libseccomp that does not know one (older than the kernel) skips it.
constexpr const char* kDenied[] = {
    // other processes
    "ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "kcmp", "pidfd_getfd",
    "perf_event_open",
    // mounts and namespaces
    "mount", "umount", "umount2", "pivot_root", "chroot", "move_mount", "open_tree", "fsopen",
    "fsconfig", "fsmount", "fspick", "mount_setattr", "unshare", "setns", "name_to_handle_at",
    "open_by_handle_at", "quotactl", "quotactl_fd", "fanotify_init", "swapon", "swapoff",
    // the kernel itself
    "bpf", "kexec_load", "kexec_file_load", "init_module", "finit_module", "delete_module",
    "reboot", "syslog", "acct", "iopl", "ioperm", "modify_ldt", "personality", "userfaultfd",
    "vmsplice", "io_uring_setup", "io_uring_enter", "io_uring_register", "settimeofday",
    "clock_settime", "clock_adjtime", "adjtimex", "sethostname", "setdomainname", "move_pages",
    "migrate_pages", "mbind", "lookup_dcookie",
    // keys
    "keyctl", "add_key", "request_key",
    // memory that belongs to no process, so that no process's limit counts it
    "memfd_create", "memfd_secret", "shmget", "shmat", "shmctl", "semget", "semop", "semctl",
    "msgget", "msgsnd", "msgrcv", "mq_open",
    // network: loopback too; a pair of connected local sockets stays (asyncio needs one)
    "socket", "socketcall"};

constexpr std::uint64_t kNewNamespace[] = {CLONE_NEWNS,    CLONE_NEWUTS, CLONE_NEWIPC,
                                           CLONE_NEWUSER,  CLONE_NEWPID, CLONE_NEWNET,
                                           CLONE_NEWCGROUP};

using Filter = std::unique_ptr<void, decltype(&seccomp_release)>;

void check(int result, const char* what) {
  if (result < 0) {
    throw Error(ErrorKind::kEngine, "the sandbox's filter of system calls could not be made", what);
  }
}

int number_of(const char* call) {
  const int number = seccomp_syscall_resolve_name(call);
  if (number == __NR_SCMP_ERROR) return 0;
  return number;
}

void deny(scmp_filter_ctx filter, const char* call) {
  const int number = seccomp_syscall_resolve_name(call);
  if (number == __NR_SCMP_ERROR) return;
  check(seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), number, 0), call);
}

void deny_when(scmp_filter_ctx filter, const char* call, scmp_arg_cmp argument) {
  check(seccomp_rule_add_array(filter, SCMP_ACT_ERRNO(EPERM), number_of(call), 1, &argument), call);
}

}  // namespace

std::string sandbox_filter() {
  Filter filter(seccomp_init(SCMP_ACT_ALLOW), &seccomp_release);
  if (!filter) check(-1, "seccomp_init");
  check(seccomp_attr_set(filter.get(), SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS),
        "architecture");
  for (const char* call : kDenied) deny(filter.get(), call);
  for (const std::uint64_t flag : kNewNamespace) {
    deny_when(filter.get(), "clone", SCMP_A0(SCMP_CMP_MASKED_EQ, flag, flag));
  }
  // Its flags lie in memory, where a filter cannot look; C libraries fall back to clone.
  check(seccomp_rule_add(filter.get(), SCMP_ACT_ERRNO(ENOSYS), number_of("clone3"), 0), "clone3");
  deny_when(filter.get(), "socketpair", SCMP_A0(SCMP_CMP_NE, AF_UNIX));
  deny_when(filter.get(), "ioctl", SCMP_A1(SCMP_CMP_MASKED_EQ, 0xffffffffU, TIOCSTI));
  deny_when(filter.get(), "ioctl", SCMP_A1(SCMP_CMP_MASKED_EQ, 0xffffffffU, TIOCLINUX));
  const SandboxFile file = memory_file("");
  check(seccomp_export_bpf(filter.get(), file.get()), "export");
  std::string program(static_cast<std::size_t>(::lseek(file.get(), 0, SEEK_END)), '\0');
  const ssize_t n = ::pread(file.get(), program.data(), program.size(), 0);
  if (program.empty() || n != static_cast<ssize_t>(program.size())) check(-1, "reading it");
  return program;
}

}  // namespace assay::detail
