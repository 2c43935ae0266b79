# SPDX-License-Identifier: AGPL-3.0-only
"""In its steady state the suite opens nothing under /proc and lists no directory there, however busy the host is."""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from linnix import DAEMONS, NOBODY, Events, Suite, as_user, main, test

SECONDS = 30
# The rules of all kinds, none of which this host comes near.
RULES = """
- {name: storm, detector: forks_per_sec, threshold: 100000, duration: 2}
- {name: leak, detector: rss_growth_mb, threshold: 100000, window_seconds: 10}
- {name: spike, detector: subtree_cpu_pct, threshold: 100000, duration: 5}
- {name: files, detector: fd_usage_pct, threshold: 99.9, duration: 5, match: {user: nobody}}
"""
BUSY = "for i in {1..200}; do /bin/true; : < /proc/self/stat; sleep 0.1; done"


@test
def nothing_is_opened_under_proc_while_processes_come_and_go():
    with Suite(RULES) as suite, tempfile.TemporaryDirectory(prefix="linnix-test-") as traces:
        time.sleep(2)  # the first full pass and the first second are over
        events = Events(suite, "/stream")
        tracers = []
        for daemon in DAEMONS:
            tracers.append(subprocess.Popen(
                ["strace", "-f", "-qq", "-e", "trace=open,openat,openat2,getdents64,creat", "-o", os.path.join(traces, daemon),
                 "-p", str(suite.pid(daemon))], stderr=subprocess.PIPE))
        busy = subprocess.Popen(["bash", "-c", BUSY], stdout=subprocess.DEVNULL, **as_user(NOBODY))
        before = suite.get("/status").json()["totals"]["generated"]
        time.sleep(SECONDS)
        after = suite.get("/status").json()["totals"]["generated"]
        os.kill(suite.pid("ruled"), signal.SIGHUP)  # opens the rules again: the tracer sees that
        time.sleep(0.5)
        for tracer in tracers:
            assert tracer.poll() is None, tracer.stderr.read()
            tracer.send_signal(signal.SIGINT)
            tracer.wait(5)
        busy.kill()
        busy.wait()
        assert after - before > 500 and events.answer.status == 200, after - before
        opened = {}
        for daemon in DAEMONS:
            with open(os.path.join(traces, daemon)) as file:
                opened[daemon] = [line.strip() for line in file if "resumed" not in line]
        print("# opened in %d s: %s" % (SECONDS, {daemon: len(lines) for daemon, lines in opened.items()}))
        assert [line for line in opened["ruled"] if "rules.yaml" in line], opened
        assert not [line for lines in opened.values() for line in lines if re.search(r'"/?proc|getdents', line)], opened


if __name__ == "__main__":
    main()
