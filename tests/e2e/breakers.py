# SPDX-License-Identifier: AGPL-3.0-only
"""The circuit breakers on real pressure: whom they name, and when they name nobody."""

import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from linnix import BUILD, NOBODY, Events, Skip, Suite, alive, as_user, main, published, test, wait_for
from programs import Program, thrasher

GRACE = 3
CPU = "circuit_breaker: {cpu_usage_threshold: 80, cpu_psi_threshold: 10, grace_period_secs: %d}\n" % GRACE


class Hog:
    """One process of nobody's that keeps @threads CPUs busy."""

    def __init__(self, threads, nice=0):
        self.process = subprocess.Popen([published(os.path.join(BUILD, "tests/harness/burn")), str(threads), "60"],
                                        cwd="/", **as_user(NOBODY))
        self.pid = self.process.pid
        assert self.pid > 1
        os.setpriority(os.PRIO_PROCESS, self.pid, nice)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


def told(events, rule):
    return [e[3] for e in events.of("alert") if e[3]["rule"] == rule]


def cpus():
    if not os.path.exists("/proc/pressure/cpu"):
        raise Skip("no PSI on this kernel")
    return os.cpu_count()


@test
def a_hog_from_before_the_suite_is_named_beside_a_smaller_one_and_ended_by_approval():
    with Hog(4 * cpus(), -10) as hog, Program("began(); burn(0.2)") as neighbour, Suite("", CPU) as suite:
        events = Events(suite, "/alerts")
        alert = wait_for(lambda: told(events, "circuit_breaker_cpu"), 40)[0]
        print("# " + alert["message"])
        assert alert["culprit"] and alert["culprit"]["pid"] == hog.pid, alert
        assert alert["severity"] == "high" and "burn" in alert["message"], alert
        action = wait_for(lambda: [a for a in suite.actions("pending") if a["action"]["pid"] == hog.pid], 3)[0]
        assert action["action"]["type"] == "kill_process" and action["rule"] == "circuit_breaker_cpu", action
        assert "burn" in action["reason"], action["reason"]
        wait_for(lambda: suite.get("/status").json()["circuit_breaker"]["cpu"] == "open", 2)
        assert suite.approve(action["id"])[0] == 200
        assert hog.process.wait(10) != 0
        assert alive(neighbour.pid)


@test
def of_two_alike_nobody_is_named_and_nothing_is_proposed():
    with Hog(2 * cpus()), Hog(2 * cpus()), Suite("", CPU) as suite:
        events = Events(suite, "/alerts")
        alert = wait_for(lambda: told(events, "circuit_breaker_cpu"), 40)[0]
        print("# " + alert["message"])
        assert alert["culprit"] is None, alert
        time.sleep(1)
        assert suite.actions() == [], suite.actions()


@test
def use_without_anybody_waiting_trips_nothing():
    config = CPU.replace("cpu_psi_threshold: 10", "cpu_psi_threshold: 99.9")
    with Hog(cpus()), Suite("", config) as suite:
        events = Events(suite, "/alerts")
        time.sleep(3 * GRACE)
        assert told(events, "circuit_breaker_cpu") == [], events.events
        assert suite.get("/status").json()["circuit_breaker"]["cpu"] == "closed"


@test
def pressure_on_memory_names_who_holds_most_of_it():
    cpus()
    config = "circuit_breaker: {memory_psi_threshold: 0.3, grace_period_secs: 2}\n"
    with Program("x = b'x' * (3 << 30); began(); stay()") as hog, Suite("", config) as suite, thrasher():
        events = Events(suite, "/alerts")
        alert = wait_for(lambda: told(events, "circuit_breaker_memory"), 30)[0]
        print("# " + alert["message"])
        assert alert["culprit"] and alert["culprit"]["pid"] == hog.pid, alert


if __name__ == "__main__":
    main()
