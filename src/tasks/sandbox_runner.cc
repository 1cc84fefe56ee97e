// The two Python programs that are Assay's own.
#include "tasks/sandbox_isolation.h"

namespace assay::detail {

// A program passes when its source ran to its end, which Python only knows inside the process that
// runs it. So the runner holds a random token that it writes to the control socket afterwards; exit
// statuses prove nothing (os._exit(0)). The program must not come across the token by accident or
// by looking around: it exists only in C objects that no frame, variable or (after gc.freeze) list
// of the collector leads to. exec in an empty namespace is what HF's code_eval does.
//
// The number of processes is limited here, where only the sandbox's own count; for the first
// process too, because a program may write to the memory of that one.
//
// Before the program starts, the runner says R and waits for G: only then does the clock run, and
// the supervisor has got hold of the namespace's first process.
const char kSandboxRunner[] = R"py(
import _functools, gc, os, resource, sys

def flush():
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BaseException:
            pass

def steps():
    limit = int(sys.argv.pop())
    for process in (1, os.getpid()):
        resource.prlimit(process, resource.RLIMIT_NPROC, (limit, limit))
    with open(3, "rb") as sent:
        token, program = sent.read(32), sent.read().decode("utf-8", "surrogateescape")
    os.write(4, b"R")
    if os.read(4, 1) != b"G":
        os._exit(1)
    step = _functools.partial
    return map(step.__call__, (step(gc.freeze), step(exec, program, {}), step(flush),
                               step(os.write, 4, token), step(os._exit, 0)))

def run(flush, show, leave):
    try:
        for _ in steps():
            pass
    except BaseException:
        flush()
        try:
            kind, value, trace = sys.exc_info()
            show(kind, value, trace.tb_next)
        except BaseException:
            pass
        flush()
        leave(1)

run(flush, sys.excepthook, os._exit)
)py";

const char kSandboxProbe[] = R"py(
import os, socket, sys

def denied(what, *arguments):
    try:
        what(*arguments)
    except OSError:
        return
    sys.exit("not isolated: %s%r was allowed" % (what.__name__, arguments))

denied(socket.socket)
denied(open, "/assay", "w")
denied(open, "/usr/assay", "w")
denied(open, "/dev/assay", "w")
denied(os.chroot, "/tmp")
denied(os.setuid, 0)
denied(open, "/etc/passwd")
with open("/tmp/assay", "w") as file:
    file.write("the one place to write")
if os.path.exists("/sys") or os.path.exists("/var"):
    sys.exit("not isolated: more of the file system is there")
if len([name for name in os.listdir("/proc") if name.isdigit()]) > 2:
    sys.exit("not isolated: other processes are visible")
if [name for name in os.environ if name not in ("PATH", "HOME", "TMPDIR", "LANG", "PYTHONHASHSEED", "PWD",
                                               "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "LC_CTYPE")]:
    sys.exit("not isolated: the environment is there")
)py";

}  // namespace assay::detail
