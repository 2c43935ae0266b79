# SPDX-License-Identifier: AGPL-3.0-only
"""Every event is accounted for, and a recording gives the same alerts each time."""

import json
import os
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from linnix import BUILD, NOBODY, Events, Storm, Suite, as_user, main, published, test, wait_for

RULES = """
- {name: fork_storm, detector: forks_per_sec, threshold: 10, duration: 2, severity: high}
- {name: burst, detector: fork_burst, threshold: 12, window_seconds: 2, severity: medium}
- {name: short, detector: short_job_flood, threshold: 20, window_seconds: 5, severity: medium}
- {name: crash, detector: crash_loop, threshold: 3, window_seconds: 10, severity: medium}
- {name: churn, detector: exec_rate, regex: "true$", rate_per_min: 30, median_lifetime: 2, severity: low}
"""


def totals(suite):
    return suite.get("/status").json()["totals"]


@test
def under_a_vfork_storm_every_event_is_delivered_or_counted():
    with Suite(RULES) as suite:
        subprocess.run(["stress-ng", "--quiet", "--vfork", "2", "-t", "10"], check=True, cwd="/tmp", **as_user(NOBODY))
        time.sleep(2.5)
        seen = totals(suite)
        assert seen["generated"] > 100000, seen
        assert seen["generated"] == seen["delivered"] + seen["dropped"] + seen.get("filtered", 0), seen
        assert seen["dropped"] == 0, seen


@test
def a_recording_of_the_walk_gives_the_same_alerts_byte_for_byte():
    suite = Suite(RULES)
    path = os.path.join(suite.directory, "walk.rec")
    recorder = subprocess.Popen([os.path.join(BUILD, "linnix-collectord"), "--record", path, "--config",
                                 os.path.join(suite.config_dir, "linnix.yaml")], stderr=subprocess.DEVNULL)
    try:
        wait_for(lambda: os.path.exists(path) and os.path.getsize(path) > 1000, 5)
        with Storm(15) as storm:
            time.sleep(3.5)
        recorder.send_signal(signal.SIGINT)
        assert recorder.wait(5) == 0
        replay = [published(os.path.join(BUILD, "linnix-ruled")), "--replay", path, "--rules",
                  os.path.join(suite.config_dir, "rules.yaml")]
        os.chmod(path, 0o644)
        first = subprocess.run(replay, capture_output=True, user=NOBODY, check=True, cwd="/").stdout
        alerts = [json.loads(line) for line in first.splitlines()]
        named = [a for a in alerts if a["rule"] == "fork_storm" and (a["culprit"] or {}).get("pid") == storm.pid]
        assert len(named) == 1, alerts
        for _ in range(10):
            assert subprocess.run(replay, capture_output=True).stdout == first
        with open(path, "rb") as file:
            data = file.read()
        with open(path, "wb") as file:
            file.write(data[:len(data) - 7])
        cut = subprocess.run(replay, capture_output=True, text=True)
        assert cut.returncode == 1 and any(c.isdigit() for c in cut.stderr), cut
    finally:
        recorder.kill()
        suite.__exit__(None, None, None)


@test
def each_event_detector_fires_on_a_real_program():
    with Suite(RULES) as suite:
        events = Events(suite, "/alerts")
        script = "for i in {1..14}; do /bin/true; /bin/true; /bin/true; sh -c 'kill -SEGV $$'; done"
        subprocess.run(["bash", "-c", script], stderr=subprocess.DEVNULL, **as_user(NOBODY))
        wait_for(lambda: {e[3]["rule"] for e in events.of("alert")} >= {"burst", "short", "crash", "churn"}, 5)


@test
def processes_that_ran_before_the_suite_are_known():
    with Storm(15) as storm:
        time.sleep(0.5)
        with Suite(RULES) as suite:
            alert = wait_for(lambda: [a for a in suite.get("/alerts").json() if a["rule"] == "fork_storm"], 6)[0]
            assert alert["culprit"]["pid"] == storm.pid, alert
            assert "exec 3<>" in alert["culprit"]["args"], alert


@test
def rules_reload_on_sighup_and_a_broken_file_keeps_the_old_ones():
    with Suite(RULES) as suite:
        ruled = suite.pid("ruled")
        suite.write("rules.yaml", RULES + "- {name: broken, detector: forks_per_sec, threshold: -1, duration: 2}\n")
        os.kill(ruled, signal.SIGHUP)
        error = wait_for(lambda: suite.get("/status").json()["rules"]["error"], 3)
        assert "rules.yaml:7:" in error, error
        assert suite.get("/status").json()["rules"]["loaded"] == 5
        assert suite.get("/readyz").status == 200
        suite.write("rules.yaml", "- {name: only, detector: fork_burst, threshold: 12, window_seconds: 2}\n")
        os.kill(ruled, signal.SIGHUP)
        wait_for(lambda: suite.get("/status").json()["rules"] == {"loaded": 1, "error": None}, 3)
        assert [r["name"] for r in suite.get("/rules").json()] == ["only"]
        assert suite.pid("ruled") == ruled


if __name__ == "__main__":
    main()
