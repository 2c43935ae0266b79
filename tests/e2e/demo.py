# SPDX-License-Identifier: AGPL-3.0-only
"""linnix demo beside a running suite: each scenario under the shipped rules, and what it says where it cannot pass."""

import json
import os
import re
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from linnix import BUILD, NOBODY, TOP, Suite, as_user, main, published, test, wait_for

LINNIX = os.path.join(BUILD, "linnix")
SCENARIOS = ("fork-storm", "memory-leak", "cpu-spike", "runaway-tree", "short-jobs", "fd-leak")
# Milliseconds that the shipped rule itself asks for before it may fire.
EARLIEST = {"fork-storm": 1900, "memory-leak": 9000, "cpu-spike": 4900, "runaway-tree": 4900, "short-jobs": 1000,
            "fd-leak": 4900}


def rules(name):
    with open(os.path.join(TOP, "configs", name), encoding="utf-8") as file:
        return file.read()


def demo(name, *arguments, **more):
    return subprocess.run([LINNIX, *arguments, "demo", name], capture_output=True, text=True, timeout=200, **more)


def members():
    """pids of living processes of demonstrations."""
    done = subprocess.run(["ps", "-eo", "pid=,stat=,comm="], capture_output=True, text=True, check=True)
    return [int(line.split()[0]) for line in done.stdout.splitlines()
            if line.split()[2] == "linnix-demo" and line.split()[1][0] != "Z"]


@test
def all_scenarios_pass_one_after_the_other_with_the_shipped_rules_and_leave_nothing():
    with Suite(rules("rules.yaml")) as suite:
        done = demo("all")
        lines = done.stdout.splitlines()
        assert done.returncode == 0 and len(lines) == len(SCENARIOS), (done, suite.get("/alerts?limit=20").body)
        for name, line in zip(SCENARIOS, lines):
            found = re.fullmatch(r"%s +PASS (\d+) ms (\w+)" % name, line)
            assert found and EARLIEST[name] <= int(found[1]) < 30000, line
        assert members() == []
        culprits = [a for a in suite.get("/alerts?limit=1000").json() if (a["culprit"] or {}).get("comm") == "linnix-demo"]
        assert {a["culprit"]["user"] for a in culprits} == {"nobody"}, culprits
        assert not [a for a in culprits if a["rule"] == "crash_loop"], culprits


@test
def an_ordinary_user_may_in_enforce_mode_too():
    with Suite(rules("rules.yaml"), "mode: enforce\n"):
        done = subprocess.run([published(LINNIX), "--json", "demo", "fork-storm"], capture_output=True, text=True, timeout=60,
                              cwd="/", **as_user(NOBODY))
        answer = json.loads(done.stdout)
        assert done.returncode == 0 and answer["name"] == "fork-storm" and answer["pass"] and answer["delay_ms"] > 0, done


@test
def rules_for_production_are_out_of_reach_and_that_is_said_at_once():
    with Suite(rules("rules-production.yaml")):
        began = time.monotonic()
        done = demo("all")
        lines = done.stdout.splitlines()
        assert done.returncode == 1 and len(lines) == len(SCENARIOS), done
        assert all(re.match(r"[a-z-]+ +FAIL rule \w+ wants more than this load is: ", line) for line in lines), lines
        assert time.monotonic() - began < 5


@test
def without_a_rule_it_fails_and_says_so():
    with Suite("- {name: only, detector: fork_burst, threshold: 30, window_seconds: 5}\n"):
        done = demo("fork-storm")
        assert done.returncode == 1, done
        assert done.stdout == "fork-storm     FAIL no rule with detector forks_per_sec is loaded\n", done


@test
def a_demonstration_whose_client_is_killed_ends_with_it():
    with Suite("- {name: far, detector: forks_per_sec, threshold: 20, duration: 12}\n"
               "- {name: busy, detector: runaway_tree, threshold: 90, duration: 12}\n"):
        for name in ("fork-storm", "runaway-tree"):
            client = subprocess.Popen([LINNIX, "demo", name], stdout=subprocess.DEVNULL)
            wait_for(lambda: len(members()) >= 3)
            client.send_signal(signal.SIGKILL)
            client.wait()
            wait_for(lambda: members() == [], 1)


@test
def an_interrupted_demonstration_ends_with_it():
    with Suite("- {name: far, detector: forks_per_sec, threshold: 20, duration: 12}\n"):
        client = subprocess.Popen([LINNIX, "demo", "fork-storm"], stdout=subprocess.DEVNULL)
        wait_for(lambda: len(members()) >= 3)
        client.send_signal(signal.SIGINT)
        assert client.wait(5) == -signal.SIGINT
        wait_for(lambda: members() == [], 1)


@test
def a_recording_of_a_demonstration_gives_the_same_alert_again():
    with Suite(rules("rules.yaml")) as suite:
        path = os.path.join(suite.directory, "demo.rec")
        recorder = subprocess.Popen([LINNIX, "record", path], stderr=subprocess.PIPE, text=True)
        wait_for(lambda: os.path.exists(path) and os.path.getsize(path) > 1000)
        assert demo("fork-storm").returncode == 0
        time.sleep(0.5)
        recorder.send_signal(signal.SIGINT)
        assert recorder.wait(10) == 0, recorder.stderr.read()
        played = subprocess.run([LINNIX, "--json", "backtest", path, "--rules", suite.write("again.yaml", rules("rules.yaml"))],
                                capture_output=True, text=True)
        assert played.returncode == 0, played
        storms = [rule for rule in json.loads(played.stdout)["rules"] if rule["rule"] == "fork_storm"]
        assert storms and "linnix-demo" in [c["culprit"]["comm"] for c in storms[0]["culprits"] if c["culprit"]], played
        assert 0 < storms[0]["first_offset_s"] < 20


if __name__ == "__main__":
    main()
