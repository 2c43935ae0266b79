# SPDX-License-Identifier: AGPL-3.0-only
"""Incidents as apid keeps and shows them, told by a stand-in for ruled, also by one that lies."""

import os
import shutil
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from apid_between import Apid, PENDING, Ruled, Stream
from linnix import main, test, wait_for

IN_TREE, TOP_CPU, TOP_RSS, TOP_FDS = 1, 2, 4, 8
INFO, LOW, MEDIUM, HIGH = range(4)
OPENED = 1700000000
HEAD = ["id", "status", "severity", "rule", "rules", "culprit", "opened_at", "updated_at", "cleared_at", "alerts",
        "reopened", "flapping", "message", "value", "threshold", "evidence_complete"]


def acknowledged(ruled, count, seconds=5):
    wait_for(lambda: len([line for line in ruled.lines if line.startswith("ack ")]) == count, seconds)


def tell(ruled, counter=1, version=1, cleared=0, severity=HIGH, rules="fork_storm", flapping=0):
    ruled.send("incident", 255, counter, version, OPENED + counter, cleared, severity, rules, flapping)


def tell_evidence(ruled, counter=1):
    """Six frames."""
    ruled.send("incident-host", 255, counter)
    ruled.send("incident-process", 255, counter, 100, IN_TREE | TOP_CPU, 0, 50)
    ruled.send("incident-process", 255, counter, 90, IN_TREE | TOP_RSS, -1, 0, 1)
    ruled.send("incident-process", 255, counter, 200, TOP_CPU | TOP_FDS, 0, 80)
    ruled.send("incident-series", 255, counter, 3)
    ruled.send("incident-events", 255, counter, 3)


def tell_whole(ruled, counter=1):
    """Eight frames."""
    ruled.send("alert", 255, counter, "fork_storm", HIGH, 100, "ff-%d" % counter)
    tell(ruled, counter)
    tell_evidence(ruled, counter)


def ids(answer):
    return [incident["id"] for incident in answer.json()]


def metric(apid, line):
    return line + "\n" in apid.get("/metrics").body


@test
def an_incident_is_acknowledged_listed_and_whole_with_its_evidence():
    with Apid() as apid:
        assert apid.get("/incidents").body == "[]"
        tell_whole(apid.ruled)
        acknowledged(apid.ruled, 8)
        (listed,) = apid.get("/incidents").json()
        assert list(listed) == HEAD, list(listed)
        assert (listed["id"], listed["status"], listed["severity"], listed["rule"]) == (
            "ff-1", "open", "high", "fork_storm")
        assert listed["opened_at"] == OPENED + 1 and listed["cleared_at"] is None and listed["alerts"] == 2
        assert listed["culprit"]["pid"] == 100 and listed["culprit"]["comm"] == "stress\\x5cng"
        assert listed["message"] == "forks \\x01 a lot" and listed["value"] == 15.5 and listed["threshold"] == 10
        whole = apid.get("/incidents/ff-1").json()
        assert list(whole) == HEAD + ["snapshot", "tree", "series", "events", "actions"], list(whole)
        assert {key: whole[key] for key in HEAD} == listed
        snapshot = whole["snapshot"]
        assert snapshot["psi"] == {"cpu": {"some_avg10": 12.34, "full_avg10": 0.0},
                                   "memory": {"some_avg10": 0.0, "full_avg10": 0.5}, "io": None}, snapshot
        assert snapshot["load"] == [1.5, 0.0, 0.0] and snapshot["cpu_pct"] == 87.5
        assert snapshot["losses"] == {"generated": 100, "delivered": 99, "dropped": 1}
        assert [p["pid"] for p in snapshot["top_cpu"]] == [200, 100] and "generation" not in snapshot["top_cpu"][0]
        assert [(p["generation"], p["pid"], p["state"]) for p in whole["tree"]] == [
            (-1, 90, "exited"), (0, 100, "alive")]
        assert whole["tree"][1]["start_time"] == whole["culprit"]["start_time"]
        assert whole["tree"][1]["args"] == "stress \\xff" and whole["tree"][1]["user"] == "root"
        assert whole["series"] == {"unit": "forks/s", "points": [[OPENED, 10.0], [OPENED + 1, None],
                                                                 [OPENED + 2, 12.0]]}, whole["series"]
        assert [e["kind"] for e in whole["events"]] == ["fork", "exec", "exit"]
        assert [e["status"] for e in whole["events"]] == [None, None, 256]
        assert whole["events"][0]["comm"] == "A" * 16 and whole["actions"] == []
        assert apid.get("/alerts").json()[0]["incident_id"] == "ff-1"


@test
def what_is_told_again_after_a_new_connection_doubles_nothing():
    with Apid() as apid:
        tell_whole(apid.ruled)
        tell(apid.ruled, version=2, cleared=OPENED + 9)
        acknowledged(apid.ruled, 9)
        before = apid.get("/incidents/ff-1")
        stream = Stream("/stream?types=incident")
        apid.ruled.end()
        apid.ruled = Ruled(apid.run)
        tell_whole(apid.ruled)
        tell(apid.ruled, version=2, cleared=OPENED + 9)
        acknowledged(apid.ruled, 9)
        after = apid.get("/incidents/ff-1")
        assert after.body == before.body and after.headers["ETag"] == before.headers["ETag"]
        assert after.json()["status"] == "cleared" and len(apid.get("/incidents").json()) == 1
        tell(apid.ruled, version=3)
        wait_for(lambda: stream.events)
        assert [(e[2], e[3]["id"], e[3]["status"]) for e in stream.events] == [("incident", "ff-1", "open")]
        stream.close()


@test
def pages_follow_each_other_without_gaps_while_incidents_come():
    with Apid() as apid:
        for counter in range(1, 26):
            tell(apid.ruled, counter)
        acknowledged(apid.ruled, 25)
        found, cursor = [], None
        for page in range(4):
            answer = apid.get("/incidents?limit=8" + ("&cursor=" + cursor if cursor else ""))
            found += ids(answer)
            cursor = answer.headers["Linnix-Next-Cursor"]
            assert (cursor is None) == (page == 3), (page, cursor)
            tell(apid.ruled, 100 + page)
            acknowledged(apid.ruled, 26 + page)
        assert found == ["ff-%d" % counter for counter in range(25, 0, -1)], found
        assert apid.get("/incidents?limit=29").headers["Linnix-Next-Cursor"] is None
        assert apid.get("/incidents?cursor=0-0-1").body == "[]"
        head = apid.request("HEAD", "/incidents?limit=8")
        assert head.status == 200 and head.headers["Linnix-Next-Cursor"] and head.body == ""


@test
def filters_hold_together_and_bad_parameters_are_named():
    with Apid() as apid:
        tell(apid.ruled, 1, severity=LOW, rules="churn")
        tell(apid.ruled, 2, severity=HIGH, rules="churn, fork_storm")
        tell(apid.ruled, 3, severity=HIGH, rules="fork_storm", cleared=OPENED + 9)
        acknowledged(apid.ruled, 3)
        for query, expected in (("", ["ff-3", "ff-2", "ff-1"]), ("?status=open", ["ff-2", "ff-1"]),
                                ("?status=cleared", ["ff-3"]), ("?severity=low", ["ff-1"]),
                                ("?rule=fork%5Fstorm", ["ff-3", "ff-2"]), ("?rule=churn&severity=high", ["ff-2"]),
                                ("?rule=chur", []), ("?rule=churn&status=open&limit=1", ["ff-2"])):
            assert ids(apid.get("/incidents" + query)) == expected, query
        cursor = apid.get("/incidents?rule=churn&limit=1").headers["Linnix-Next-Cursor"]
        assert ids(apid.get("/incidents?rule=churn&limit=1&cursor=" + cursor)) == ["ff-1"]
        for query, name in (("limit=0", "limit"), ("limit=1001", "limit"), ("status=pending", "status"),
                            ("status=open&status=open", "status"), ("severity=fatal", "severity"),
                            ("rule=", "rule"), ("cursor=x", "cursor"), ("cursor=1-2-0", "cursor"),
                            ("since=1", "since"), ("page=2", "page")):
            answer = apid.get("/incidents?" + query)
            assert answer.status == 400 and "'%s'" % name in answer.json()["detail"], (query, answer.body)
        assert apid.get("/actions?status=open").status == 400
        for path in ("/incidents/ff-1?x=1", "/incidents/summary?limit=1", "/incidents/stats?status=open"):
            assert apid.get(path).status == 400, path


@test
def unknown_incidents_are_404_and_methods_are_told():
    with Apid() as apid:
        answer = apid.get("/incidents/ff-1")
        assert answer.status == 404 and answer.headers["Content-Type"] == "application/problem+json"
        assert answer.json()["detail"] == "there is no incident ff-1"
        for name in ("ff", "FF-1", "0ff-1", "ff-01", "ff-0", "ff-1x", "action-1", "../status"):
            assert apid.get("/incidents/" + name).status == 404, name
        for path in ("/incidents", "/incidents/ff-1", "/incidents/summary", "/incidents/stats", "/timeline", "/events"):
            assert apid.request("OPTIONS", path).headers["Allow"] == "GET, HEAD, OPTIONS", path
            assert apid.request("POST", path, "{}").status == 405, path
        tell(apid.ruled)
        acknowledged(apid.ruled, 1)
        head = apid.request("HEAD", "/incidents/ff-1")
        assert head.status == 200 and head.body == "" and head.headers["ETag"]
        assert int(head.headers["Content-Length"]) == len(apid.get("/incidents/ff-1").body)


@test
def the_tag_changes_with_anything_in_the_answer():
    with Apid() as apid:
        tags = []

        def changed():
            answer = apid.get("/incidents/ff-1")
            same = apid.get("/incidents/ff-1", headers={"If-None-Match": '"1-0", ' + answer.headers["ETag"]})
            assert (same.status, same.body, same.headers["ETag"]) == (304, "", answer.headers["ETag"])
            assert apid.get("/incidents/ff-1", headers={"If-None-Match": '"1-0"'}).status == 200
            assert answer.headers["ETag"] not in tags, tags
            tags.append(answer.headers["ETag"])
        tell(apid.ruled)
        acknowledged(apid.ruled, 1)
        changed()
        tell_evidence(apid.ruled)
        acknowledged(apid.ruled, 7)
        changed()
        apid.enforcerd.send("action", 1, 1, PENDING, 0, 0, 0, "ff-1")
        apid.enforcerd.send("action", 2, 1, PENDING, 0, 0, 0, "ff-2")
        wait_for(lambda: len(apid.get("/actions").json()) == 2)
        assert apid.get("/incidents/ff-1").json()["actions"] == [{"id": "action-1", "status": "pending"}]
        changed()
        apid.enforcerd.send("action", 1, 2, 4, 0, 0, 0, "ff-1")
        wait_for(lambda: apid.get("/incidents/ff-1").json()["actions"] == [{"id": "action-1", "status": "failed"}])
        changed()
        tell(apid.ruled, version=2)
        acknowledged(apid.ruled, 8)
        changed()


@test
def streams_carry_incidents_to_those_who_want_them():
    with Apid() as apid:
        everything, incidents, alerts = Stream("/events"), Stream("/stream?types=incident"), Stream("/events?types=alert")
        wait_for(lambda: metric(apid, "linnix_sse_clients 3"))
        begin = time.monotonic()
        tell_whole(apid.ruled)
        wait_for(lambda: incidents.events and len(everything.events) == 2)
        assert incidents.events[0][0] - begin < 0.1, incidents.events[0][0] - begin
        tell(apid.ruled, version=2, cleared=OPENED + 3)
        wait_for(lambda: len(incidents.events) == 2 and len(everything.events) == 3)
        assert [e[2] for e in everything.events] == ["alert", "incident", "incident"]
        assert [e[3]["status"] for e in incidents.events] == ["open", "cleared"]
        assert list(incidents.events[0][3]) == HEAD and len(alerts.events) == 1
        later = Stream("/events?types=incident", {"Last-Event-ID": everything.events[0][1]})
        wait_for(lambda: len(later.events) == 2)
        assert [e[1] for e in later.events] == [e[1] for e in incidents.events]
        assert apid.get("/stream?types=incidents").status == 400
        for stream in (everything, incidents, alerts, later):
            stream.close()


@test
def a_ruled_that_comes_back_is_told_what_is_open():
    with Apid() as apid:
        assert apid.ruled.wait("resumed ") == "resumed 0"
        tell_whole(apid.ruled, 1)
        apid.ruled.send("alert", 255, 2, "churn", LOW, 100, "ff-1")
        tell(apid.ruled, 1, version=3, rules="fork_storm, churn")
        tell(apid.ruled, 3, cleared=OPENED + 9)
        tell(apid.ruled, 4, severity=MEDIUM, rules="leak")
        acknowledged(apid.ruled, 12)
        told = {alert["rule"]: alert["timestamp"] for alert in apid.get("/alerts").json()}
        apid.ruled.end()
        apid.ruled = Ruled(apid.run)
        assert apid.ruled.wait("resumed ") == "resumed 3"
        lines = [line for line in apid.ruled.lines if line.startswith("resume ")]
        assert apid.ruled.lines.index(lines[2]) < apid.ruled.lines.index("resumed 3")
        assert lines[0].startswith("resume ff-4 v1 leak opened=%d told=" % (OPENED + 4)), lines
        assert lines[0].endswith(" pid=0 start=0 alerts=2 severity=2 scope=0"), lines
        for line, rule in zip(lines[1:], ("fork_storm", "churn")):
            assert line.startswith("resume ff-1 v3 %s opened=%d " % (rule, OPENED + 1)), lines
            assert line.endswith(" pid=100 start=1000000000 alerts=2 severity=3 scope=1"), lines
            assert abs(int(line.split("told=")[1].split()[0]) / 1e9 - told[rule]) < 0.0001, (line, told)


@test
def a_thousand_open_incidents_of_many_rules_are_resumed_within_the_bound():
    with Apid() as apid:
        rules = ", ".join("rule_%d" % number for number in range(20))
        for counter in range(1, 1003):
            tell(apid.ruled, counter, rules=rules)
        acknowledged(apid.ruled, 1002, 20)
        assert len(apid.get("/incidents?limit=1000").json()) == 1000
        assert apid.get("/incidents/ff-2").status == 404 and apid.get("/incidents/ff-3").status == 200
        assert metric(apid, "linnix_incidents_forgotten_total 2")
        apid.ruled.end()
        apid.ruled = Ruled(apid.run)
        assert apid.ruled.wait("resumed ", 10) == "resumed 1024"
        assert len([line for line in apid.ruled.lines if line.startswith("resume ")]) == 1024
        tell(apid.ruled, 2000)
        acknowledged(apid.ruled, 1)
        assert "down" not in apid.ruled.lines


@test
def frames_of_a_lying_ruled_are_bounded_and_served_on():
    with Apid() as apid:
        tell_evidence(apid.ruled, 77)
        acknowledged(apid.ruled, 6)
        assert metric(apid, "linnix_incident_evidence_orphaned_total 6")
        tell(apid.ruled, rules=", ".join("r%d" % number for number in range(200)))
        for pid in range(1, 201):
            apid.ruled.send("incident-process", 255, 1, pid, 15, pid, 1)
        apid.ruled.send("incident-series", 255, 1, 64)
        apid.ruled.send("incident-events", 255, 1, 64)
        acknowledged(apid.ruled, 209)
        whole = apid.get("/incidents/ff-1").json()
        assert len(whole["tree"]) == len(whole["snapshot"]["top_fds"]) == 128 and len(whole["rules"]) == 32
        assert whole["culprit"] is None and whole["message"] is None and whole["rule"] == "r0"
        assert len(whole["series"]["points"]) == len(whole["events"]) == 64
        assert whole["events"][63] == {"time": OPENED + 63, "kind": "unknown", "pid": 2 ** 32 - 64, "ppid": 0,
                                       "comm": "A" * 16, "status": None}, whole["events"][63]
        assert metric(apid, "linnix_incident_evidence_refused_total 72")
        assert "down" not in apid.ruled.lines


@test
def frames_that_cannot_be_close_the_link_and_apid_serves_on():
    with Apid() as apid:
        tell(apid.ruled)
        acknowledged(apid.ruled, 1)
        for words in (("incident", 255, 0, 1), ("incident", 255, 2, 0), ("incident", 255, 2, 1, OPENED, 0, 4, "a"),
                      ("incident", 255, 2, 1, OPENED, 0, 1, "a", 2), ("incident-series", 255, 1, 65),
                      ("incident-events", 255, 1, 65), ("incident-process", 255, 1, 100, 0),
                      ("incident-process", 255, 1, 100, 16), ("incident-process", 255, 1, 0, 1),
                      ("incident-host", 255, 0), ("detection", 1, 0, 0, 4)):
            downs, ups = apid.ruled.lines.count("down"), apid.ruled.lines.count("up")
            apid.ruled.send(*words)
            wait_for(lambda: apid.ruled.lines.count("down") > downs and apid.ruled.lines.count("up") > ups)
        assert ids(apid.get("/incidents")) == ["ff-1"]


@test
def summary_and_stats_count_what_is_kept():
    with Apid() as apid:
        tell(apid.ruled, 1, cleared=OPENED + 3)
        tell(apid.ruled, 2, cleared=OPENED + 6, severity=LOW, rules="churn", flapping=1)
        tell(apid.ruled, 3, rules="fork_storm, churn")
        apid.ruled.send("incident", 255, 4, 1, int(time.time()) - 60, 0, LOW, 'odd"\\name')
        acknowledged(apid.ruled, 4)
        assert apid.get("/incidents/summary").json() == {
            "total": 4, "by_status": {"open": 2, "cleared": 2},
            "by_severity": {"info": 0, "low": 2, "medium": 0, "high": 2},
            "by_rule": {"fork_storm": 2, "churn": 2, 'odd"\\x5cname': 1}, "last_24h": 1}
        assert apid.get("/incidents/stats").json() == {
            "total": 4, "open": 2, "circuit_breaker_triggers": 0, "avg_duration_ms": 3000, "flapping": 1}


@test
def muted_alerts_open_incidents_and_breakers_are_in_status_and_metrics():
    with Apid() as apid:
        apid.ruled.send("detection", 1, 17, 2, 1, 3, 2)
        wait_for(lambda: metric(apid, "linnix_alerts_muted_total 17"))
        status = apid.get("/status").json()
        assert (status["incidents_open"], status["alerts_muted"]) == (2, 17)
        assert status["circuit_breaker"] == {"cpu": "closed", "memory": "open", "io": "grace"}
        assert metric(apid, "linnix_incidents_open 2")
        for resource, state in (("cpu", 1), ("memory", 3), ("io", 2)):
            assert metric(apid, 'linnix_circuit_breaker_state{resource="%s"} %d' % (resource, state))
        if shutil.which("promtool"):
            done = subprocess.run(["promtool", "check", "metrics"], input=apid.get("/metrics").body,
                                  capture_output=True, text=True)
            assert done.returncode == 0 and not done.stdout + done.stderr, done.stdout + done.stderr
        apid.ruled.end()
        wait_for(lambda: metric(apid, 'linnix_circuit_breaker_state{resource="memory"} 0'))


@test
def the_timeline_is_the_alerts_of_a_period():
    with Apid() as apid:
        for counter, severity in ((1, HIGH), (2, LOW), (3, HIGH)):
            apid.ruled.send("alert", 255, counter, "a", severity, 5)
        acknowledged(apid.ruled, 3)
        third, second, first = [alert["timestamp"] for alert in apid.get("/alerts").json()]
        for query, expected in (("", ["ff-3", "ff-2", "ff-1"]), ("?start=%.6f" % second, ["ff-3", "ff-2"]),
                                ("?end=%.6f" % second, ["ff-1"]), ("?start=%.6f&end=%.6f" % (second, third), ["ff-2"]),
                                ("?severity=high", ["ff-3", "ff-1"]), ("?end=1", []), ("?start=1&end=1", [])):
            assert ids(apid.get("/timeline" + query)) == expected, query
        for query, name in (("start=x", "start"), ("end=", "end"), ("start=5&end=4", "end"), ("limit=1", "limit"),
                            ("start=1&start=1", "start")):
            answer = apid.get("/timeline?" + query)
            assert answer.status == 400 and "'%s'" % name in answer.json()["detail"], (query, answer.body)
        assert first < second < third


if __name__ == "__main__":
    main()
