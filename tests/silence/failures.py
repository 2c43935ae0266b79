# SPDX-License-Identifier: AGPL-3.0-only
"""Programs with one fault each, and with a bound. The recorder ends those that do not end by themselves."""

import hashlib
import os
import resource
import sys
import threading
import time


def start_jobs(per_second, seconds):
    began, started = time.monotonic(), 0
    while (elapsed := time.monotonic() - began) < seconds:
        if started > elapsed * per_second:
            time.sleep(0.0005)
            continue
        os.waitpid(os.posix_spawn("/bin/true", ["true"], {}), 0)
        started += 1


def storm(workers=4, per_second=1400, seconds=11):
    for _ in range(workers):
        if os.fork() == 0:
            start_jobs(per_second / workers, seconds)
            os._exit(0)
    for _ in range(workers):
        os.wait()


def leak(mib_per_second=150, seconds=36):
    kept, step = [], mib_per_second << 18
    for _ in range(4 * seconds):
        kept.append(bytearray(b"x") * step)
        time.sleep(0.25)


def burn():
    """Many threads: the process keeps a core busy also where others want it."""
    data = bytes(1 << 20)

    def work():
        while True:
            hashlib.sha256(data)
    for _ in range(7):
        threading.Thread(target=work, daemon=True).start()
    work()


def runaway():
    os.fork()
    burn()


def files():
    limit, kept = 1000, []
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    while len(kept) < limit * 96 // 100:
        kept.append(os.dup(0))
        time.sleep(0.002)
    time.sleep(600)


if __name__ == "__main__":
    {"storm": storm, "leak": leak, "spike": burn, "runaway": runaway, "files": files}[sys.argv[1]]()
