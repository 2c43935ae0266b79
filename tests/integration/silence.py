# SPDX-License-Identifier: AGPL-3.0-only
"""Recordings of real work and of real failures, replayed: what configs/rules-production.yaml and configs/rules.yaml
tell of them. tests/silence/record makes the recordings."""

import glob
import json
import lzma
import os
import re
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "harness"), os.path.join(HERE, "..", "silence")]
from linnix import BUILD, TOP, main, test
from oracle import Oracle
from tape import placed, repeated, stretched
from workloads import FAILURES, LOOKALIKES, ORDINARY

SILENCE = os.path.join(TOP, "tests", "silence")
PRODUCTION, SEED = (os.path.join(TOP, "configs", name) for name in ("rules-production.yaml", "rules.yaml"))
CONTAINER = "/docker/" + "0123456789abcdef" * 4
SERVICES = ("/system.slice/apt-daily-upgrade.service", "/system.slice/cron.service",
            "/system.slice/actions.runner.service", CONTAINER)


def recorded(name):
    with lzma.open(os.path.join(SILENCE, "recordings", name + ".rec.xz")) as file:
        return file.read()


def replayed(data, rules):
    with tempfile.NamedTemporaryFile(prefix="linnix-test-") as file:
        file.write(data)
        file.flush()
        done = subprocess.run([os.path.join(BUILD, "linnix-ruled"), "--replay", file.name, "--rules", rules],
                              capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def told(alerts):
    return sorted({"%s %s" % (alert["rule"], (alert["culprit"] or {}).get("comm", "-")) for alert in alerts})


def rules_of(path):
    """name → {key: value} of a rules file written one key a line."""
    found = {}
    with open(path) as file:
        for line in file:
            pair = re.match(r"(- |  )(\w+): ([^#{]*)$", line.rstrip())
            if pair and pair[1] == "- ":
                rule = found.setdefault(pair[3], {})
            elif pair:
                rule[pair[2]] = int(pair[3]) if pair[3].isdigit() else pair[3].strip()
    return found


@test
def ordinary_heavy_work_is_silent_with_the_production_rules():
    for name in ORDINARY:
        alerts = replayed(recorded(name), PRODUCTION)
        assert not alerts, (name, alerts)


@test
def the_same_work_is_silent_in_the_units_and_containers_that_it_runs_in():
    for name in ORDINARY:
        for path in SERVICES:
            alerts = replayed(placed(recorded(name), path), PRODUCTION)
            assert not alerts, (name, path, alerts)


@test
def the_same_work_is_silent_when_it_takes_an_hour():
    for name in ORDINARY:
        alerts = replayed(stretched(recorded(name), 90), PRODUCTION)
        assert not alerts, (name, alerts)


@test
def the_recordings_hold_real_work_of_many_seconds():
    for name in ORDINARY:
        frames = Oracle(recorded(name)).frames
        ticks = [frame["time_ns"] for frame in frames if frame["frame"] == "TICK"]
        lost = [frame["dropped_ring"] + frame["dropped_link"] for frame in frames if frame["frame"] == "COUNTERS"]
        assert ticks[-1] - ticks[0] >= 25e9 and not any(lost), (name, ticks[-1] - ticks[0], lost[-1])
        assert sum(frame["frame"] == "EXEC" for frame in frames) >= 10, name


@test
def with_the_seeds_rules_each_alert_about_that_work_is_true():
    rules = rules_of(SEED)
    for name in ORDINARY:
        data = recorded(name)
        alerts, oracle = replayed(data, SEED), Oracle(data)
        for alert in alerts:
            oracle.check(alert, rules[alert["rule"]])
        with open(os.path.join(SILENCE, "golden", name)) as file:
            golden = [line.rstrip("\n") for line in file if not line.startswith("#")]
        assert told(alerts) == golden, (name, told(alerts))


@test
def the_look_alikes_do_what_they_are_taken_for():
    samples = {}
    for frame in Oracle(recorded("lookalikes")).frames:
        if frame["frame"] == "SAMPLE" and frame["comm"] == "python3":
            samples.setdefault(frame["pid"], []).append(frame)

    def most(of):
        return max(max(map(of, series)) for series in samples.values())
    assert most(lambda frame: frame["anon"]) >= 290 << 20, "start-up allocation"
    assert most(lambda frame: frame["fds"] / frame["fd_limit"]) >= 0.8, "a pool of files"
    assert most(lambda frame: frame["file"]) >= 250 << 20, "pages of a file"
    assert any(later["cpu_ns"] - sooner["cpu_ns"] >= 1.2e9 for series in samples.values()
               for sooner, later in zip(series, series[3:])), "a burst"
    assert most(lambda frame: frame["threads"]) == 2, "a new thread now and then"


@test
def what_only_looks_like_a_failure_is_silent_with_both():
    for name in LOOKALIKES:
        for rules in (PRODUCTION, SEED):
            alerts = replayed(recorded(name), rules)
            assert not alerts, (rules, alerts)


# Failure: how long it is made to last, and what the production rules must tell of it. A recording of
# some seconds stretched N times is what a collector would have seen of the same program, sampling each N seconds.
LASTING = {
    "storm": (lambda data: data, ["fork_storm python3", "short_jobs python3"]),
    "loop": (lambda data: repeated(data, 3, 4, 155), ["fork_loop sh"]),
    "leak": (lambda data: stretched(data, 3), ["memory_leak_fast python3"]),
    "spike": (lambda data: stretched(data, 60), ["cpu_spike python3"]),
    "runaway": (lambda data: stretched(data, 60), ["runaway_tree python3"]),
    "files": (lambda data: stretched(data, 4), ["fd_exhaustion python3"]),
}


@test
def each_failure_is_told_with_the_production_rules():
    assert set(LASTING) == set(FAILURES)
    for name, (lasting, wanted) in LASTING.items():
        alerts = replayed(lasting(recorded(name)), PRODUCTION)
        assert set(wanted) <= set(told(alerts)), (name, alerts)
        assert {alert["culprit"]["comm"] for alert in alerts} == {wanted[0].split()[1]}, (name, alerts)


@test
def a_slow_leak_is_told_after_half_an_hour():
    alerts = replayed(stretched(recorded("leak"), 60), PRODUCTION)
    assert told(alerts) == ["memory_leak python3"], alerts


@test
def a_program_that_is_killed_over_and_over_in_a_service_is_told():
    alerts = replayed(placed(recorded("suite"), "/system.slice/web.service"), PRODUCTION)
    assert "crash_loop enforcerd_test_" in told(alerts), alerts


@test
def the_same_failures_are_silent_while_they_have_lasted_for_seconds_only():
    for name in set(FAILURES) - {"storm"}:
        alerts = replayed(recorded(name), PRODUCTION)
        assert not alerts, (name, alerts)


@test
def with_the_seeds_rules_each_failure_is_told_within_seconds():
    wanted = {"storm": "fork_storm python3", "loop": "short_jobs sh", "leak": "memory_leak python3",
              "spike": "cpu_spike python3", "runaway": "runaway_tree python3", "files": "fd_exhaustion python3"}
    for name, line in wanted.items():
        assert line in told(replayed(recorded(name), SEED)), name


@test
def the_recordings_stay_small():
    files = glob.glob(os.path.join(SILENCE, "recordings", "*.xz"))
    assert len(files) == len(ORDINARY) + len(LOOKALIKES) + len(FAILURES), files
    assert sum(map(os.path.getsize, files)) <= 1_500_000


def lines(path, data=None):
    """What a replay prints; @data: piped in, in pieces with pauses between."""
    player = subprocess.Popen([os.path.join(BUILD, "linnix-ruled"), "--replay", path, "--rules", SEED], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE)
    for at in range(0, len(data or b""), 100001):
        player.stdin.write(data[at:at + 100001])
        player.stdin.flush()
        time.sleep(0.002)
    player.stdin.close()
    printed = player.stdout.read()
    assert player.wait() == 0
    player.stdout.close()
    return printed


@test
def a_recording_gives_the_same_bytes_each_time_and_at_any_speed():
    for name in FAILURES:
        with tempfile.NamedTemporaryFile(prefix="linnix-test-") as file:
            file.write(recorded(name))
            file.flush()
            first = lines(file.name)
            assert first and lines(file.name) == first, name
        assert lines("/dev/stdin", recorded(name)) == first, name


if __name__ == "__main__":
    main(needs_kernel=False)
