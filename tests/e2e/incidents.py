# SPDX-License-Identifier: AGPL-3.0-only
"""One cause is one incident, with what is needed to understand it later; it outlives a restart of who found it."""

import os
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from linnix import Events, Storm, Suite, main, test, wait_for

RULES = """
- {name: storm, detector: forks_per_sec, threshold: 10, duration: 2, severity: high, cooldown: 5, match: {user: nobody}}
- {name: burst, detector: fork_burst, threshold: 40, window_seconds: 3, severity: medium, cooldown: 5, match: {user: nobody}}
"""


def incidents(suite, **query):
    return suite.get("/incidents" + ("?" + "&".join("%s=%s" % item for item in query.items()) if query else "")).json()


def of_culprit(suite, pid):
    return [i for i in incidents(suite) if (i["culprit"] or {}).get("pid") == pid]


@test
def a_storm_is_one_incident_with_its_evidence_until_it_is_over():
    with Suite(RULES) as suite:
        events = Events(suite, "/stream?types=incident")
        with Storm(25) as storm:
            incident = wait_for(lambda: [i for i in of_culprit(suite, storm.pid) if i["alerts"] >= 2], 10)[0]
            assert len(of_culprit(suite, storm.pid)) == 1 and len(incidents(suite)) == 1, incidents(suite)
            assert incident["status"] == "open" and incident["severity"] == "high" and incident["cleared_at"] is None, incident
            assert sorted(incident["rules"]) == ["burst", "storm"], incident
            alerts = suite.get("/alerts").json()
            assert {a["incident_id"] for a in alerts} == {incident["id"]}, alerts
            whole = suite.get("/incidents/" + incident["id"]).json()
            rows = {row["pid"]: row for row in whole["tree"]}
            assert rows[storm.pid]["generation"] == 0 and rows[storm.pid]["comm"] == "bash", rows.get(storm.pid)
            assert rows[os.getpid()]["generation"] == -1, rows
            children = [row for row in rows.values() if row["generation"] == 1]
            assert len(children) > 10 and {row["ppid"] for row in children} == {storm.pid}, children
            assert {e["kind"] for e in whole["events"]} >= {"fork", "exec"}, whole["events"]
            assert all(e["ppid"] == storm.pid or e["pid"] == storm.pid for e in whole["events"]), whole["events"]
            assert len(whole["series"]["points"]) >= 2 and whole["series"]["points"][-1][1] > 10, whole["series"]
            snapshot = whole["snapshot"]
            assert len(snapshot["load"]) == 3 and snapshot["memory_available_bytes"] > 0 and snapshot["top_rss"], snapshot
            assert whole["evidence_complete"] is True, whole
        gone = lambda: [i for i in of_culprit(suite, storm.pid) if i["status"] == "cleared"]
        cleared = wait_for(gone, 20)[0]
        assert cleared["id"] == incident["id"] and cleared["cleared_at"] >= incident["opened_at"], cleared
        assert incidents(suite, status="open") == [] and len(incidents(suite, status="cleared")) == 1
        told = [e[3]["status"] for e in events.of("incident") if e[3]["id"] == incident["id"]]
        assert told[0] == "open" and told[-1] == "cleared", told


@test
def a_restarted_ruled_goes_on_with_the_incident_and_repeats_nothing():
    with Suite(RULES.replace("cooldown: 5", "cooldown: 60")) as suite, Storm(25) as storm:
        first = wait_for(lambda: [i for i in of_culprit(suite, storm.pid) if len(i["rules"]) == 2], 10)[0]
        ruled = suite.pid("ruled")
        assert ruled > 1
        os.kill(ruled, signal.SIGKILL)
        wait_for(lambda: suite.get("/readyz").status != 200, 5)
        wait_for(lambda: suite.get("/readyz").status == 200, 10)
        time.sleep(5)  # the rules would be due again
        now = incidents(suite)
        assert [i["id"] for i in now] == [first["id"]] and now[0]["alerts"] == first["alerts"], now
        assert now[0]["status"] == "open", now


@test
def evidence_with_gaps_says_so():
    with Suite(RULES, "collector: {ring_bytes: 65536}\n") as suite, Storm(25) as storm:
        time.sleep(0.5)
        suite.overflow_ring(1)
        wait_for(lambda: suite.get("/status").json()["totals"]["dropped"] > 0, 5)
        incident = wait_for(lambda: of_culprit(suite, storm.pid), 10)[0]
        whole = suite.get("/incidents/" + incident["id"]).json()
        print("# %s, complete: %s" % (whole["message"], whole["evidence_complete"]))
        assert whole["evidence_complete"] is False, whole


if __name__ == "__main__":
    main()
