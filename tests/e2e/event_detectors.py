# SPDX-License-Identifier: AGPL-3.0-only
"""
Detectors that look at events: each fires on a real program doing the thing, names it, at once when the condition is
complete; and is silent at the threshold and on the look-alike that it must tell apart.
"""

import contextlib
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from linnix import NOBODY, Events, Suite, main, test, wait_for
from programs import Program, told

SOON = 0.05   # from the kernel's event to the reader of the stream, as promised
NOISE = 0.25  # of a machine that others share

RULES = """
- {name: storm, detector: forks_per_sec, threshold: 10, duration: 2, severity: high, match: {user: nobody}}
- {name: burst, detector: fork_burst, threshold: 12, window_seconds: 1, severity: medium, match: {user: nobody}}
- {name: parent, detector: runaway_tree, threshold: 20, window_seconds: 1, severity: medium, match: {user: nobody}}
- {name: short, detector: short_job_flood, threshold: 10, window_seconds: 2, max_exec_duration_ms: 200, severity: medium,
   match: {user: nobody}}
- {name: crash, detector: crash_loop, threshold: 3, window_seconds: 3, severity: medium, match: {user: nobody}}
- {name: churn, detector: exec_rate, regex: "^/usr/bin/printf$", rate_per_min: 10, median_lifetime: 0.3, severity: low}
"""

# A child every @every seconds: @times of them, each living @life seconds and ending with @code.
FORKS = """every, times, life, code = float(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4])
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
time.sleep(1.1)  # this process is one more of the tree above it
began()
for number in range(times):
    due = time.monotonic() + every
    if os.fork() == 0:
        time.sleep(life)
        os._exit(code)
    time.sleep(max(0, due - time.monotonic()))
time.sleep(1)"""
THREADS = """began()
for _ in range(100):
    threading.Thread(target=time.sleep, args=(1,)).start(); time.sleep(0.02)
stay()"""
EXECS = """began()
for _ in range(int(sys.argv[1])):
    if os.fork() == 0:
        out = os.open('/dev/null', os.O_WRONLY); os.dup2(out, 1)
        os.execv('/usr/bin/printf', ['printf', 'x'])
    os.wait()
stay()"""


def forks(every, times, life=5.0, code=0):
    return FORKS, str(every), str(times), str(life), str(code)


def is_told(events, name, program, whom=None):
    """The alert of @name on @program, at once after the event that completes it."""
    start = program.began()
    found = lambda: told(events, name, program.pid) if whom is None else whom()
    wait_for(found, 8)
    arrival, _, _, alert = found()[0]
    # The alert bears the kernel's time of the completing event.
    now_wall, now_boot = time.time(), time.clock_gettime(time.CLOCK_BOOTTIME)
    delay = arrival - (alert["timestamp"] - now_wall + now_boot)
    print("# %s: %.0f ms after it began, %.1f ms after the event" % (name, (arrival - start) * 1000, delay * 1000))
    assert -0.01 < delay < SOON + NOISE, delay
    assert alert["value"] > alert["threshold"], alert
    return arrival - start, alert


def is_silent(events, program, seconds, *names):
    program.began()
    time.sleep(seconds)
    assert not [name for name in names if told(events, name, program.pid)], events.events


@contextlib.contextmanager
def watched():
    with Suite(RULES) as suite:
        time.sleep(2)  # what started the suite is this test's doing, too
        yield Events(suite, "/alerts")


@test
def a_fork_storm_is_told_after_its_two_seconds_and_nine_a_second_or_threads_are_none():
    with watched() as events:
        with Program(*forks(1 / 9, 45, 0.5)) as slow:
            is_silent(events, slow, 4, "storm", "burst")
        with Program(THREADS) as threads:
            is_silent(events, threads, 3, "storm", "burst", "parent")
        with Program(*forks(1 / 15, 45)) as storm:
            after, _ = is_told(events, "storm", storm)
            assert 1.9 <= after <= 2.4 + NOISE, after


@test
def a_burst_is_told_with_the_process_that_is_one_too_many():
    with watched() as events:
        with Program(*forks(0.01, 12)) as at:
            is_silent(events, at, 2, "burst")
        with Program(*forks(0.01, 13)) as over:
            after, alert = is_told(events, "burst", over)
            assert alert["value"] == 13 and after < 1, (after, alert)
            assert not told(events, "parent", over.pid)
        time.sleep(1.2)
        with Program(*forks(0.01, 21)) as parent:
            _, alert = is_told(events, "parent", parent)
            assert alert["value"] == 21, alert


@test
def a_flood_of_short_jobs_is_told_and_jobs_that_live_longer_are_none():
    with watched() as events:
        with Program(*forks(0.02, 10, 0.05)) as at:
            is_silent(events, at, 1.5, "short")
        with Program(*forks(0.02, 30, 0.4)) as longer:
            is_silent(events, longer, 2, "short")
        with Program(*forks(0.02, 11, 0.05)) as over:
            _, alert = is_told(events, "short", over)
            assert alert["value"] == 11, alert


@test
def a_crash_loop_names_the_last_that_failed_and_success_is_no_failure():
    with watched() as events:
        crashes = lambda: [e for e in events.of("alert") if e[3]["rule"] == "crash" and "began()" in e[3]["culprit"]["args"]]
        for times, code in ((12, 0), (3, 1)):
            with Program(*forks(0.1, times, 0.02, code)) as silent:
                silent.process.wait(10)
            assert not crashes(), events.events
            time.sleep(3)
        with Program(*forks(0.1, 4, 0.02, 1)) as over:
            _, alert = is_told(events, "crash", over, crashes)
            assert alert["value"] == 4 and alert["culprit"]["uid"] == NOBODY, alert
            over.process.wait(10)


@test
def programs_run_over_and_over_are_told_of_the_host():
    with watched() as events:
        churns = lambda: [e for e in events.of("alert") if e[3]["rule"] == "churn"]
        with Program(EXECS, "10") as at:
            at.began()
            time.sleep(2)
            assert not churns(), events.events
        with Program(EXECS, "1") as over:
            _, alert = is_told(events, "churn", over, churns)
            assert alert["value"] == 11, alert


if __name__ == "__main__":
    main()
