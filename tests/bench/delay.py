# SPDX-License-Identifier: AGPL-3.0-only
"""From the kernel's event to the reader of the stream, and what a crowd of processes costs."""

import os
import statistics
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from linnix import BUILD, DAEMONS, NOBODY, Events, Suite, as_user, published, wait_for

BURSTS = "- {name: burst, detector: fork_burst, scope: process, threshold: 3, window_seconds: 1, match: {user: nobody}}\n"
BURST = "/bin/true & /bin/true & /bin/true & /bin/true & wait"


def alert_ms(count, load):
    """
    Milliseconds from the kernel's time of the completing event to the alert's line on the stream, of @count alerts;
    @load: while another CPU does nothing but start processes.
    """
    with Suite(BURSTS) as suite:
        events = Events(suite, "/alerts")
        stress = subprocess.Popen(["stress-ng", "--quiet", "--vfork", "1", "-t", "60"], cwd="/tmp") if load else None
        try:
            time.sleep(1)
            for _ in range(count):
                subprocess.run(["bash", "-c", BURST], stdin=subprocess.DEVNULL, cwd="/", **as_user(NOBODY))
            wait_for(lambda: len(events.of("alert")) >= count, 10)
        finally:
            if stress:
                stress.terminate()
                stress.wait()
        offset = time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)
        return [1000 * (arrival + offset - alert["timestamp"]) for arrival, _, _, alert in events.of("alert")]


def spread(values):
    cuts = statistics.quantiles(values, n=100)
    return {"p50": cuts[49], "p99": cuts[98], "max": max(values)}


def cpu_seconds(pid):
    """On a CPU, all threads."""
    total = 0
    for tid in os.listdir("/proc/%d/task" % pid):
        with open("/proc/%d/task/%s/schedstat" % (pid, tid)) as file:
            total += int(file.read().split()[0])
    return total / 1e9


def crowd_cpu_pct(sleepers, seconds, rules):
    """Percent of one core that all daemons take while @sleepers processes live and nothing happens."""
    with Suite(rules) as suite:
        crowd = subprocess.Popen([published(os.path.join(BUILD, "tests/harness/crowd")), str(sleepers), "1", "0", "120"],
                                 stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, cwd="/", **as_user(NOBODY))
        try:
            crowd.stdout.readline()
            time.sleep(3)
            pids = [suite.pid(daemon) for daemon in DAEMONS]
            before, start = sum(map(cpu_seconds, pids)), time.monotonic()
            time.sleep(seconds)
            return 100 * (sum(map(cpu_seconds, pids)) - before) / (time.monotonic() - start)
        finally:
            crowd.kill()
            crowd.wait()
            crowd.stdout.close()


GOALS = {
    "alert_ms_loaded_p99": "<= 50",
    "cpu_pct_with_5000_processes": "<= 3",
}


def figures(rules):
    """The figures of GOALS and what stands around them; @rules: the text of a rules file."""
    results = {}
    for load in ("idle", "loaded"):
        for name, value in spread(alert_ms(200, load == "loaded")).items():
            results["alert_ms_%s_%s" % (load, name)] = value
    results["cpu_pct_with_5000_processes"] = crowd_cpu_pct(5000, 10, rules)
    return results
