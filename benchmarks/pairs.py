"""Two programs that do the same work, run alternately on a machine that is watched for other load.

ggml's threads spin, so a run beside other load can take several times as long: the load of other processes is recorded for
each run, and a pair with a disturbed half is thrown away and repeated."""
import os
import statistics
import subprocess
import sys
import tempfile
import time

DISTURBED = 0.25  # cores that other processes may use during a run
TICK = os.sysconf("SC_CLK_TCK")


def busy_seconds():
    """CPU time that the whole machine has used."""
    fields = list(map(int, open("/proc/stat").readline().split()[1:9]))
    return (sum(fields) - fields[3] - fields[4]) / TICK


def used_seconds(pid):
    """CPU time that a living process has used."""
    fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def peak_mib(pid):
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM"))


def run(command, merge=False):
    """Wall seconds, peak MiB, other processes' load in cores, and what one command printed. merge: its errors among that."""
    before, started = busy_seconds(), time.monotonic()
    with tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT if merge else errors, text=True)
        output = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.monotonic() - started
        errors.seek(0)
        said = errors.read()
    if status != 0:
        sys.exit(f"failed: {' '.join(map(str, command))}\n{output[-2000:]}{said[-2000:]}")
    own = usage.ru_utime + usage.ru_stime
    return {"seconds": seconds, "peak_mib": usage.ru_maxrss / 1024, "output": output, "errors": said,
            "other_load": max(0.0, busy_seconds() - before - own) / seconds}


def ask(pid, job):
    """The same for one job of a process that lives on; the job returns a dictionary."""
    before, used = busy_seconds(), used_seconds(pid)
    here = time.process_time()
    started = time.monotonic()
    result = job()
    seconds = time.monotonic() - started
    own = used_seconds(pid) - used + time.process_time() - here
    return {"seconds": seconds, "peak_mib": peak_mib(pid),
            "other_load": max(0.0, busy_seconds() - before - own) / seconds, **result}


def total(runs):
    """Several commands that together do one job."""
    seconds = sum(r["seconds"] for r in runs)
    return {
        "seconds": seconds,
        "peak_mib": max(r["peak_mib"] for r in runs),
        "other_load": sum(r["other_load"] * r["seconds"] for r in runs) / seconds,
        "output": "\n".join(r["output"] for r in runs),
    }


def alternate(name, ours, theirs, n_pairs, peer="llama-perplexity"):
    """The jobs' pairs, each {"assay": ..., "peer": ...}, and how many were thrown away. Jobs take the pair's number."""
    pairs, n_discarded = [], 0
    while len(pairs) < n_pairs and n_discarded < 3 * n_pairs:
        halves = {}
        order = [("assay", ours), ("peer", theirs)]
        if (len(pairs) + n_discarded) % 2:
            order.reverse()
        for who, job in order:
            halves[who] = job(len(pairs))
        worst = max(h["other_load"] for h in halves.values())
        line = f"{name}: assay {halves['assay']['seconds']:.2f} s, {peer} {halves['peer']['seconds']:.2f} s"
        if worst > DISTURBED:
            n_discarded += 1
            print(f"{line}  discarded: other load of {worst:.2f} cores", flush=True)
            continue
        print(line, flush=True)
        pairs.append(halves)
    if not pairs:
        sys.exit(f"{name}: the machine was never quiet")
    return pairs, n_discarded


def spread(values):
    return {"median": statistics.median(values), "min": min(values), "max": max(values)}
