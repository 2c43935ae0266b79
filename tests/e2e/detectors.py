# SPDX-License-Identifier: AGPL-3.0-only
"""Detectors that look at samples: each fires on a real program doing the thing, and names it."""

import os
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from linnix import NOBODY, Events, Suite, as_user, main, test, wait_for

RULES = """
- {name: spike, detector: subtree_cpu_pct, threshold: 50, duration: 3, severity: medium, match: {user: nobody}}
- {name: runaway, detector: runaway_tree, threshold: 90, duration: 3, severity: high, match: {user: nobody}}
- {name: big, detector: subtree_rss_mb, threshold: 150, duration: 2, severity: high, match: {user: nobody}}
- {name: leak, detector: rss_growth_mb, threshold: 20, window_seconds: 5, severity: high, match: {user: nobody}}
- {name: files, detector: fd_usage_pct, threshold: 90, duration: 2, severity: high, match: {user: nobody}}
- {name: threads, detector: thread_count, threshold: 50, duration: 2, severity: medium, match: {user: nobody}}
- {name: zombies, detector: zombie_count, threshold: 5, duration: 2, severity: medium, match: {user: nobody}}
- {name: writes, detector: io_mb_per_sec, threshold: 5, duration: 2, severity: medium, match: {user: nobody}}
- {name: pressure, detector: system_psi_cpu, threshold_pct: 10, duration: 2, severity: medium}
"""

BURN = "while True: pass"
PROGRAMS = {
    # rule: (program, seconds until it must be told after it meets the condition)
    "spike": (BURN, 3),
    "runaway": ("import os\nos.fork()\n" + BURN, 3),
    "big": ("import time\nx = b'x' * (200 << 20)\ntime.sleep(60)", 2),
    "leak": ("import time\nx = []\nwhile len(x) < 40:\n x.append(b'x' * (3 << 20))\n time.sleep(0.3)\ntime.sleep(60)", 5),
    "files": ("import os, resource, time\nresource.setrlimit(resource.RLIMIT_NOFILE, (100, 100))\n"
              "x = [os.dup(0) for _ in range(93)]\ntime.sleep(60)", 2),
    "threads": ("import threading, time\nfor _ in range(60): threading.Thread(target=time.sleep, args=(60,)).start()", 2),
    "zombies": ("import os, time\nfor _ in range(8):\n if os.fork() == 0: os._exit(0)\ntime.sleep(60)", 2),
    "writes": ("import os, sys, time\nf = open(sys.argv[1], 'wb')\nfor _ in range(60):\n f.write(b'x' * (1 << 20)); f.flush()\n"
               " os.fdatasync(f.fileno()); time.sleep(0.05); f.seek(0)\n", 2),
}


class Program:
    def __init__(self, source, *arguments):
        self.process = subprocess.Popen(["/usr/bin/python3", "-c", source, *arguments], cwd="/", **as_user(NOBODY))

    def __enter__(self):
        return self.process

    def __exit__(self, *_):
        assert self.process.pid > 1
        os.killpg(self.process.pid, 9)
        self.process.wait()


def told(events, rule, pid):
    return [e for e in events.of("alert") if e[3]["rule"] == rule and (e[3]["culprit"] or {}).get("pid") == pid]


def expect(rule, *arguments):
    source, seconds = PROGRAMS[rule]
    with Suite(RULES) as suite:
        events = Events(suite, "/alerts")
        with Program(source, *arguments) as program:
            # An interval to be seen first, the rule's own time, an interval for the last sample.
            wait_for(lambda: told(events, rule, program.pid), seconds + 4)
            alert = told(events, rule, program.pid)[0][3]
            assert alert["culprit"]["uid"] == NOBODY and alert["value"] > alert["threshold"], alert


@test
def a_spike_of_cpu_is_named():
    expect("spike")


@test
def a_busy_parent_with_a_busy_child_is_a_runaway_tree():
    expect("runaway")


@test
def a_process_with_much_resident_memory_is_named():
    expect("big")


@test
def a_leak_is_named_while_it_grows():
    expect("leak")


@test
def a_process_near_its_limit_of_open_files_is_named():
    expect("files")


@test
def a_process_with_many_threads_is_named():
    expect("threads")


@test
def a_parent_that_does_not_wait_for_its_children_is_named():
    expect("zombies")


@test
def a_process_that_writes_much_is_named():
    with tempfile.NamedTemporaryFile(prefix="linnix-test-", dir="/var/tmp") as file:
        os.chmod(file.name, 0o666)
        expect("writes", file.name)


@test
def start_up_allocation_is_no_leak_and_a_short_burst_no_spike():
    with Suite(RULES) as suite:
        events = Events(suite, "/alerts")
        with Program("import time\nx = b'x' * (60 << 20)\ntime.sleep(60)") as starter, \
                Program("import time\nend = time.time() + 1.5\nwhile time.time() < end: pass\ntime.sleep(60)") as burst:
            time.sleep(8)
            assert not told(events, "leak", starter.pid) and not told(events, "spike", burst.pid), events.events


@test
def pressure_on_the_cpu_is_told_of_the_host():
    if not os.path.exists("/proc/pressure/cpu"):
        from linnix import Skip
        raise Skip("no PSI on this kernel")
    with Suite(RULES) as suite:
        events = Events(suite, "/alerts")
        with Program("import os\nfor _ in range(3): os.fork()\n" + BURN):
            wait_for(lambda: [e for e in events.of("alert") if e[3]["rule"] == "pressure"], 12)


if __name__ == "__main__":
    main()
