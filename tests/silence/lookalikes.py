# SPDX-License-Identifier: AGPL-3.0-only
"""Programs that do nothing wrong."""

import hashlib
import mmap
import os
import resource
import sys
import threading
import time

SECONDS = 14


def threads():
    """Two hundred new threads a second, and not one process."""
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        thread = threading.Thread(target=time.sleep, args=(0.001,))
        thread.start()
        thread.join()
        time.sleep(0.004)


def start_up():
    """All it ever needs at once, and then nothing more."""
    kept = b"x" * (300 << 20)
    time.sleep(SECONDS)
    return kept


def pages(path):
    """Resident memory that grows by 20 MB a second: pages of a file."""
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as mapped:
        size, end = len(mapped), time.monotonic() + SECONDS
        for at in range(0, min(size, SECONDS * 20 << 20), 1 << 20):
            sum(mapped[at + page] for page in range(0, 1 << 20, mmap.PAGESIZE))
            time.sleep(0.05)
        time.sleep(max(0, end - time.monotonic()))


def burst():
    """Three seconds of a whole core, and again after a rest."""
    data = bytes(1 << 20)
    for _ in range(2):
        end = time.monotonic() + 3
        while time.monotonic() < end:
            hashlib.sha256(data)
        time.sleep(4)


def pool():
    """A pool of files that is filled to four fifths of the limit and stays there."""
    limit = 1000
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    kept = [os.dup(0) for _ in range(limit * 8 // 10)]
    time.sleep(SECONDS)
    return kept


if __name__ == "__main__":
    programs = {"threads": threads, "start_up": start_up, "burst": burst, "pool": pool}
    programs.get(sys.argv[1], lambda: pages(sys.argv[1]))()
