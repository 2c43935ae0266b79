# SPDX-License-Identifier: AGPL-3.0-only
"""Programs of nobody's that do what a detector looks for, or only look like it."""

import contextlib
import os
import signal
import subprocess
import tempfile

from linnix import NOBODY, Skip, as_user, wait_for

# Each program says "at TIME" on CLOCK_BOOTTIME when what the rule looks for begins.
PRELUDE = """
import mmap, os, random, resource, signal, socket, sys, threading, time
def began(): print("at %.6f" % time.clock_gettime(time.CLOCK_BOOTTIME), flush=True)
def stay(): time.sleep(60)
def burn(share):
    while True:
        end = time.monotonic() + 0.02 * share
        while time.monotonic() < end: pass
        if share < 1: time.sleep(0.02 * (1 - share))
"""


class Program:
    """A process of nobody's, in its own session; everything in it ends with the block."""

    def __init__(self, source, *arguments):
        self.process = subprocess.Popen(["/usr/bin/python3", "-c", PRELUDE + source, *arguments], cwd="/",
                                        stdout=subprocess.PIPE, text=True, **as_user(NOBODY))
        self.pid = self.process.pid
        assert self.pid > 1
        os.setpriority(os.PRIO_PROCESS, self.pid, -10)  # it gets the CPU that it asks for

    def began(self):
        return float(self.process.stdout.readline().split()[1])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self.process.wait()
        self.process.stdout.close()


def told(events, name, pid):
    return [e for e in events.of("alert") if e[3]["rule"] == name and (e[3]["culprit"] or {}).get("pid") == pid]


@contextlib.contextmanager
def memory_limit(limit):
    """A cgroup of @limit bytes; gives its cgroup.procs."""
    for root, key in (("/sys/fs/cgroup/memory", "memory.limit_in_bytes"), ("/sys/fs/cgroup", "memory.max")):
        path = os.path.join(root, "linnix-test-%d" % os.getpid())
        try:
            os.mkdir(path)
        except OSError:
            continue
        try:
            if os.path.exists(os.path.join(path, key)):
                with open(os.path.join(path, key), "w") as file:
                    file.write(str(limit))
                procs = os.path.join(path, "cgroup.procs")
                os.chmod(procs, 0o666)
                yield procs
                return
        finally:
            wait_for(lambda: not open(os.path.join(path, "cgroup.procs")).read(), 5)
            os.rmdir(path)
    raise Skip("no cgroup here can limit memory")


THRASH = """time.sleep(0.3)
f = open(sys.argv[1], 'rb'); os.posix_fadvise(f.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
m = mmap.mmap(f.fileno(), 0, prot=mmap.PROT_READ)
while True:
    for i in range(0, len(m), 4096 * 7): m[i]"""


@contextlib.contextmanager
def thrasher():
    """A program that reads, again and again, more than its cgroup has room for: it waits for memory."""
    with tempfile.NamedTemporaryFile(prefix="linnix-test-", dir="/var/tmp") as file, memory_limit(16 << 20) as procs:
        file.write(os.urandom(48 << 20))
        file.flush()
        os.fsync(file.fileno())
        os.chmod(file.name, 0o644)
        with Program(THRASH, file.name) as program:
            with open(procs, "w") as group:
                group.write(str(program.pid))
            yield program
