# SPDX-License-Identifier: AGPL-3.0-only
"""Hosts full of processes, deep trees, names that mean to deceive, and more events than the ring holds."""

import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from linnix import BUILD, NOBODY, Events, Storm, Suite, as_user, main, published, test, wait_for
from programs import Program, told

RULES = "- {name: storm, detector: forks_per_sec, threshold: 10, duration: 2, severity: high, match: {user: nobody}}\n"


class Crowd:
    def __init__(self, sleepers, depth, per_second):
        self.process = subprocess.Popen([published(os.path.join(BUILD, "tests/harness/crowd")), str(sleepers), str(depth),
                                         str(per_second), "120"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd="/",
                                        **as_user(NOBODY))
        self.deepest = int(self.process.stdout.readline().split()[1])

    def storm(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def end(self):
        self.process.kill()
        self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()
        self.process.stdin.close()
        self.process.stdout.close()


def totals(suite):
    return suite.get("/status").json()["totals"]


def pss(suite):
    daemons = suite.get("/status").json()["daemons"]
    return {name: daemon["pss_bytes"] >> 10 for name, daemon in daemons.items()}


def exact_at_rest(suite):
    """generated = delivered + dropped + filtered, once nothing is under way."""
    def exact():
        seen = totals(suite)
        return seen["generated"] == seen["delivered"] + seen["dropped"] + seen.get("filtered", 0) and seen
    return wait_for(exact, 10, 0.2)


@test
def the_culprit_is_found_among_twenty_thousand_and_a_thousand_generations_down():
    # There before the suite, so that only what happens now is a storm.
    with Crowd(20000, 1000, 60) as crowd, Suite(RULES) as suite:
        events = Events(suite, "/alerts")
        before = totals(suite)["dropped"]
        crowd.storm()
        alert = wait_for(lambda: told(events, "storm", crowd.deepest), 15)[0][3]
        assert alert["value"] > 10, alert
        time.sleep(2.5)  # two passes over all of them
        print("# PSS in KiB with 21,000 processes: %s" % pss(suite))
        assert sum(pss(suite).values()) < 48 << 10, pss(suite)
        assert suite.get("/readyz").status == 200
        crowd.end()
        exact_at_rest(suite)
        assert totals(suite)["dropped"] == before, totals(suite)
        # 20,000 ends at once are no storm.
        assert len(events.of("alert")) == 1, [e[3]["message"] for e in events.of("alert")]


@test
def a_name_deceives_nobody_and_no_byte_of_it_reaches_a_terminal():
    deceive = ("import ctypes\nlibc = ctypes.CDLL(None)\nlibc.prctl(15, sys.argv[1].encode('latin-1'), 0, 0, 0)\n"
               "signal.signal(signal.SIGCHLD, signal.SIG_IGN)\nbegan()\n"
               "for _ in range(60):\n if os.fork() == 0: stay()\n time.sleep(1 / 15)\nstay()")
    rules = RULES + "- {name: quiet, detector: fork_burst, threshold: 1, window_seconds: 1, match: {comm: nothing}}\n"
    with Suite(rules) as suite:
        events = Events(suite, "/alerts")
        for comm, shown in (("sshd", "sshd"), ("systemd", "systemd"), ("\x1b[2J\n\xff\\", "\\x1b[2J\\x0a\\xff\\x5c")):
            with Program(deceive, comm) as program:
                alert = wait_for(lambda: told(events, "storm", program.pid), 6)[0][3]
                assert alert["culprit"]["comm"] == shown, alert["culprit"]
        log = suite.log()
        assert "\x1b" not in log and "\\x1b[2J" in log


@test
def more_than_the_ring_holds_is_counted_to_the_last_and_the_table_mends_itself():
    with Suite(RULES, "collector: {ring_bytes: 65536}\n") as suite:
        events = Events(suite, "/alerts")
        suite.overflow_ring(2)
        wait_for(lambda: totals(suite)["dropped"] > 1000, 5)
        seen = exact_at_rest(suite)
        print("# %d of %d events did not fit into the ring" % (seen["dropped"], seen["generated"]))
        with Storm(15) as storm:
            wait_for(lambda: told(events, "storm", storm.pid), 8)
        exact_at_rest(suite)
        wait_for(lambda: suite.get("/readyz").status == 200, 10)


if __name__ == "__main__":
    main()
