# SPDX-License-Identifier: AGPL-3.0-only
"""The real linnix-apid between stand-ins for ruled and enforcerd, asked by good and bad clients."""

import http.client
import json
import os
import pwd
import shutil
import socket
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from apid_between import (ADMITTED, APPROVE, APPROVED, BODY, COLLECTORD, CONFLICT, ENFORCERD, EXPIRED, FORBIDDEN,
                          HOLD, INVALID, MISMATCH, MUTE, MUTE_CULPRIT, MUTE_RULE, NOBODY_KIND, NONE, OK, PENDING, PORT,
                          REJECT, RESUME, TCP, UNAVAILABLE, UNIX, UNKNOWN, WHOAMI, Apid, Enforcerd, Ruled, Stream, status_of)
from linnix import NOBODY, main, test, wait_for


@test
def it_is_confined_and_serves_both_addresses_and_the_unix_socket():
    with Apid() as apid:
        with open("/proc/%d/status" % apid.process.pid) as file:
            status = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
        assert status["Uid"].split() == [str(pwd.getpwnam("linnix-apid").pw_uid)] * 4
        assert (status["Seccomp"], status["NoNewPrivs"], int(status["CapEff"], 16)) == ("2", "1", 0), status
        assert os.stat(apid.socket).st_mode & 0o777 == 0o666
        assert apid.get("/healthz").body == '{"status":"ok"}'
        assert apid.get("/healthz", unix=True).status == 200
        connection = http.client.HTTPConnection("::1", PORT, timeout=5)
        connection.request("GET", "/healthz")
        assert connection.getresponse().status == 200


@test
def a_taken_address_is_a_start_error_also_the_ipv6_one():
    for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        squatter = socket.socket(family)
        squatter.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        squatter.bind((address, PORT))
        squatter.listen()
        apid = Apid(peers=False)
        assert apid.process.wait(5) == 1
        with open(apid.log_path) as log:
            assert "Address already in use" in log.read()
        squatter.close()
        shutil.rmtree(apid.directory)


@test
def readiness_follows_every_part_within_two_seconds():
    with Apid(peers=False) as apid:
        def reasons():
            answer = apid.get("/readyz")
            return (answer.status, answer.json().get("reasons"))
        assert reasons() == (503, ["ruled is not connected", "enforcerd is not connected"]), reasons()
        apid.ruled = Ruled(apid.run)
        apid.enforcerd = Enforcerd(apid.run)
        apid.enforcerd.ready()
        wait_for(lambda: "collectord is not running" in reasons()[1])
        apid.ruled.ready()
        wait_for(lambda: reasons()[0] == 200)
        apid.ruled.send("self", COLLECTORD, 0)
        wait_for(lambda: reasons() == (503, ["collectord is not running"]), 2)
        apid.ruled.ready()
        apid.enforcerd.send("enforcer", 0, 1, 0)
        wait_for(lambda: reasons() == (503, ["enforcerd cannot write its audit"]), 1)
        apid.enforcerd.send("self", ENFORCERD, 103)
        apid.enforcerd.send("enforcer", 1, 0, 0)
        wait_for(lambda: reasons() == (503, ["enforcerd cannot look up who is connected"]), 1)
        wait_for(lambda: "ruled has not answered for two seconds" in reasons()[1], 3)
        apid.enforcerd.end()
        wait_for(lambda: "enforcerd is not connected" in reasons()[1], 1)


@test
def status_rules_and_whoami_have_their_documented_shapes():
    with Apid() as apid:
        status = apid.get("/status").json()
        assert list(status) == ["version", "uptime_s", "mode", "hold", "daemons", "events_per_sec", "totals", "rules",
                                "mutes", "kernel", "probes", "incidents_open", "alerts_muted", "circuit_breaker"], list(status)
        assert status["rules"] == {"loaded": 2, "error": None}
        assert status["totals"] == {"generated": 1000, "delivered": 990, "dropped": 10, "filtered": 0}
        assert status["probes"] == {"sched_process_fork": "attached", "oom": "not on this kernel"}
        assert status["kernel"] == "6.1.0-test" and status["hold"] is None and status["mode"] == "monitor"
        assert list(status["daemons"]["enforcerd"]) == ["pid", "up", "uid", "capabilities", "seccomp", "cpu_pct",
                                                        "pss_bytes"]
        assert status["daemons"]["enforcerd"]["capabilities"] == ["CAP_KILL"]
        assert status["daemons"]["apid"]["pid"] == apid.process.pid
        assert status["daemons"]["apid"]["seccomp"] == 2 and status["daemons"]["apid"]["pss_bytes"] > 0
        rules = apid.get("/rules").json()
        assert [rule["name"] for rule in rules] == ["fork_storm", "churn"] and rules[0]["last_fired"] is None
        assert rules[0]["muted_until"] is None and status["mutes"] == []
        apid.ruled.send("rules", 2, 1, 0, "rules.yaml:3:2: threshold: too low")
        apid.ruled.send("rule", 2, 0, "other")
        wait_for(lambda: apid.get("/status").json()["rules"] ==
                 {"loaded": 1, "error": "rules.yaml:3:2: threshold: too low"})
        apid.enforcerd.send("enforcer", 1, 1, 1700000000, "alice")
        wait_for(lambda: apid.get("/status").json()["hold"] == {"by": "alice", "since": 1700000000.0})


@test
def whoami_says_what_enforcerd_has_proven():
    with Apid() as apid:
        def ask(*proof, **more):
            result = []
            thread = threading.Thread(target=lambda: result.append(apid.get("/whoami", **more)))
            thread.start()
            number, line = apid.enforcerd.claim()
            assert line == "GET /whoami HTTP/1.1", line
            apid.enforcerd.send("proof", number, *proof)
            thread.join(5)
            apid.enforcerd.wait("unclaim %d" % number)
            return result[0].json()
        everything = ["read", "approve", "reject", "hold", "resume", "mute"]
        assert ask(TCP, 0, WHOAMI, 0, 1, "root") == {"kind": "tcp", "uid": 0, "user": "root", "may": everything}
        assert ask(TCP, 1000, WHOAMI, 0, 0, "joe", "x") == {"kind": "tcp", "uid": 1000, "user": "joe", "may": ["read"]}
        assert ask(NOBODY_KIND, 0, WHOAMI, 0, 0, "") == {"kind": "nobody", "uid": None, "user": None, "may": ["read"]}
        assert ask(UNIX, 0, WHOAMI, 0, 1, "root", unix=True)["kind"] == "unix"
        apid.enforcerd.end()
        assert wait_for(lambda: apid.get("/whoami").status == 503)
        assert apid.get("/whoami", unix=True).json() == {"kind": "unix", "uid": 0, "user": "root", "may": ["read"]}


@test
def alerts_are_kept_once_acknowledged_filtered_and_noted():
    with Apid() as apid:
        for counter, rule, severity in ((1, "fork_storm", 3), (2, "churn", 1), (3, "fork_storm", 3)):
            apid.ruled.send("alert", 255, counter, rule, severity, 4242)
        apid.ruled.send("alert", 255, 2, "churn", 1, 4242)
        apid.ruled.send("note", 255, 1, 7)
        apid.ruled.send("note", 255, 2, 0, "a protected process")
        wait_for(lambda: len([line for line in apid.ruled.lines if line.startswith("ack ")]) == 6)
        alerts = apid.get("/alerts").json()
        assert [a["id"] for a in alerts] == ["ff-3", "ff-2", "ff-1"], alerts
        assert list(alerts[2]) == ["id", "timestamp", "rule", "severity", "message", "host", "culprit", "value",
                                   "threshold", "since", "incident_id", "action", "action_refused"], alerts[2]
        assert (alerts[2]["action"], alerts[2]["action_refused"]) == ("action-7", None)
        assert (alerts[1]["action"], alerts[1]["action_refused"]) == (None, "a protected process")
        culprit = alerts[0]["culprit"]
        assert culprit["comm"] == "stress\\x5cng" and culprit["args"] == "stress --vm \\xff", culprit
        assert culprit["user"] == "root" and culprit["unit"] is None and culprit["root_pid"] == 4242
        assert culprit["container_runtime"] == "containerd" and culprit["pod"] == "8dbc1a8e-2b17-4ab1-a8d9-6c0e50a6b0a1"
        assert alerts[0]["message"] == "forks \\x01 a lot" and alerts[0]["value"] == 15.5
        assert abs(alerts[0]["timestamp"] - time.time()) < 10 and alerts[0]["timestamp"] > culprit["start_time"]
        ids = lambda query: [a["id"] for a in apid.get("/alerts?" + query).json()]
        assert ids("limit=1") == ["ff-3"] and ids("severity=low") == ["ff-2"]
        assert ids("rule=fork%5fstorm&limit=5") == ["ff-3", "ff-1"]
        assert ids("since=%.6f" % alerts[0]["timestamp"]) == ["ff-3"] and ids("since=9999999999") == []


@test
def a_restarted_ruled_sends_again_and_nothing_is_doubled():
    with Apid() as apid:
        apid.ruled.send("alert", 1, 1, "a", 3, 5)
        apid.ruled.wait("ack ")
        apid.ruled.end()
        apid.ruled = Ruled(apid.run)
        apid.ruled.send("alert", 1, 1, "a", 3, 5)
        apid.ruled.wait("ack ")
        apid.ruled.send("alert", 2, 1, "a", 3, 5)
        wait_for(lambda: [a["id"] for a in apid.get("/alerts").json()] == ["2-1", "1-1"])


@test
def ten_thousand_alerts_are_kept_and_no_more():
    with Apid() as apid:
        for counter in range(1, 10011):
            apid.ruled.send("alert", 1, counter, "a", 3, 5)
        wait_for(lambda: apid.get("/alerts?limit=1").json()[0]["id"] == "1-10010", 20)
        assert "linnix_alerts_forgotten_total 10\n" in apid.get("/metrics").body
        assert len(apid.get("/alerts?limit=1000").json()) == 1000


@test
def streams_carry_what_they_were_asked_for_at_once_and_resume():
    with Apid() as apid:
        both, alerts = Stream("/stream"), Stream("/alerts", {"Accept": "text/event-stream"})
        actions = Stream("/stream?types=action")
        assert both.answer.headers["Content-Type"] == "text/event-stream"
        wait_for(lambda: "linnix_sse_clients 3\n" in apid.get("/metrics").body)
        begin = time.monotonic()
        apid.ruled.send("alert", 1, 1, "a", 3, 5)
        wait_for(lambda: both.events and alerts.events)
        assert both.events[0][0] - begin < 0.05, both.events[0][0] - begin
        apid.enforcerd.send("action", 1, 1, PENDING, 2, 3, 0)
        wait_for(lambda: len(both.events) == 2 and actions.events)
        assert [e[2] for e in both.events] == ["alert", "action"] and [e[2] for e in actions.events] == ["action"]
        assert len(alerts.events) == 1 and alerts.events[0][3]["id"] == "1-1"
        later = Stream("/stream", {"Last-Event-ID": both.events[0][1]})
        wait_for(lambda: later.events)
        assert later.events[0][1:] == both.events[1][1:]
        unknown = Stream("/stream", {"Last-Event-ID": "77-1"})
        apid.ruled.send("alert", 1, 2, "a", 3, 5)
        wait_for(lambda: unknown.events)
        assert unknown.events[0][3]["id"] == "1-2"
        wait_for(lambda: both.comments >= 1, 11)
        for stream in (both, alerts, actions, later, unknown):
            stream.close()
        wait_for(lambda: "linnix_sse_clients 0\n" in apid.get("/metrics").body)


@test
def a_slow_reader_is_ended_and_holds_nobody_up():
    with Apid() as apid:
        slow = socket.socket()
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.connect(("127.0.0.1", PORT))
        slow.sendall(b"GET /stream HTTP/1.1\r\nHost: localhost:%d\r\n\r\n" % PORT)
        quick = Stream("/stream")
        wait_for(lambda: "linnix_sse_clients 2\n" in apid.get("/metrics").body)
        for counter in range(1, 4001):
            apid.ruled.send("alert", 1, counter, "a", 3, 5)
            if counter % 400 == 0:
                wait_for(lambda: len(quick.events) == counter)
        wait_for(lambda: "linnix_sse_clients 1\n" in apid.get("/metrics").body, 2)
        assert 'linnix_http_clients_dropped_total{reason="slow_stream"} 1\n' in apid.get("/metrics").body


@test
def actions_are_assembled_listed_and_tagged():
    with Apid() as apid:
        assert apid.get("/actions").body == "[]"
        apid.enforcerd.send("action", 1, 3, PENDING, 2, 2, 0)
        apid.enforcerd.send("action", 2, 1, APPROVED, 0, 0, 1)
        wait_for(lambda: len(apid.get("/actions").json()) == 2)
        answer = apid.get("/actions/action-1")
        action = answer.json()
        assert answer.headers["ETag"] == '"3"'
        assert answer.body.startswith('{"id":"action-1","action":{"type":"kill_tree","pid":31337,"signal":15},'
                                      '"status":"pending",'), answer.body
        assert list(action) == ["id", "action", "status", "reason", "rule", "incident_id", "target", "gates",
                                "created_at", "expires_at", "approved_by", "approver_proof", "executed_at", "outcome"]
        assert list(action["target"]) == ["pid", "start_time", "comm", "exe", "args", "user", "cgroup", "unit",
                                          "container", "identity", "tree_size", "tree"]
        assert len(action["target"]["tree"]) == 2 and len(action["gates"]) == 2 and action["approved_by"] is None
        assert action["gates"][0] == {"name": "kernel-thread", "pass": True, "reason": ""}
        approved = apid.get("/actions?status=approved").json()
        assert [a["id"] for a in approved] == ["action-2"] and approved[0]["approved_by"] == "sre"
        assert approved[0]["approver_proof"] == [{"kind": "tcp", "uid": 0, "user": "root"}]
        for path in ("action-3", "action-0", "action-01", "action--1", "3", "action-99999999999999999999", "action-1/"):
            assert apid.get("/actions/" + path).status == 404, path
        apid.enforcerd.end()
        apid.enforcerd = Enforcerd(apid.run)
        apid.enforcerd.wait("up")
        apid.enforcerd.send("action", 2, 2, 3, 0, 0, 1)
        apid.enforcerd.send("end", 1)
        wait_for(lambda: [(a["id"], a["status"]) for a in apid.get("/actions").json()] == [("action-2", "executed")])


@test
def a_frame_that_cannot_be_closes_the_link_and_apid_serves_on():
    with Apid() as apid:
        apid.enforcerd.send("part", 9)
        apid.enforcerd.wait("down")
        apid.ruled.send("self", ENFORCERD, 3)
        apid.ruled.wait("down")
        assert apid.get("/healthz").status == 200
        for peer in (apid.enforcerd, apid.ruled):
            wait_for(lambda: peer.lines.count("up") == 2)


@test
def a_decision_is_claimed_before_it_is_read_and_every_result_has_its_status():
    with Apid() as apid:
        apid.enforcerd.send("action", 1, 3, APPROVED, 0, 0, 1)
        for result, status in ((OK, 200), (FORBIDDEN, 403), (UNKNOWN, 404), (CONFLICT, 409), (EXPIRED, 410),
                               (MISMATCH, 412), (INVALID, 422), (UNAVAILABLE, 503)):
            before = len(apid.enforcerd.lines)
            answer = apid.decide(body='{"approver":"sre","reason":"it \\"leaks\\""}', headers={"If-Match": '"3"'},
                                 proof=ADMITTED)
            line = apid.enforcerd.wait("decide ", after=before)
            _, request, connection, if_match, text = line.split(" ", 4)
            assert (if_match, text) == ("3", 'sre|it "leaks"'), line
            assert apid.enforcerd.lines[before] == "claim %s POST /actions/action-1/approve HTTP/1.1" % connection
            apid.enforcerd.send("decided", request, 1, result, "because")
            assert answer().status == status, (result, answer().status)
            if status == 200:
                assert answer().json()["status"] == "approved" and answer().headers["ETag"] == '"3"'
            else:
                assert answer().json() == {"type": "about:blank", "title": answer().json()["title"], "status": status,
                                           "detail": "because"}, answer().body
                assert answer().headers["Content-Type"] == "application/problem+json"
        assert not [line for line in apid.enforcerd.lines if line.startswith("unclaim")]


@test
def hold_and_resume_answer_with_the_state():
    with Apid() as apid:
        for path, verb in (("/enforcement/hold", HOLD), ("/enforcement/resume", RESUME)):
            before = len(apid.enforcerd.lines)
            answer = apid.decide(path, proof=(TCP, 0, verb, 0, 1, "root"))
            request = apid.enforcerd.wait("decide ", after=before).split()[1]
            apid.enforcerd.send("enforcer", 1, 1, 1700000000 if verb == HOLD else 0, "sre")
            apid.enforcerd.send("decided", request, 0, OK)
            expected = {"by": "sre", "since": 1700000000.0} if verb == HOLD else None
            assert answer().status == 200 and answer().json() == {"hold": expected}, answer().body


@test
def a_mute_is_claimed_passed_on_and_answered_with_what_stands():
    with Apid() as apid:
        def mute(body, result=OK, detail=""):
            before = len(apid.enforcerd.lines)
            answer = apid.decide("/rules/mute", json.dumps(body), proof=(TCP, 0, MUTE, 0, 1, "root"))
            line = apid.enforcerd.wait("decide ", after=before)
            assert apid.enforcerd.lines[before].endswith(" POST /rules/mute HTTP/1.1"), apid.enforcerd.lines
            apid.enforcerd.send("decided", line.split()[1], 0, result, detail)
            return line.split(" ", 3)[3], answer()
        begin = time.time()
        passed, answer = mute({"rule": "fork_storm", "seconds": 7200, "approver": "sre", "reason": "a build"})
        assert passed == "1 sre|a build|fork_storm|7200", passed
        assert answer.status == 200, answer.body
        until = answer.json().pop("until")
        assert answer.json() == {"kind": "rule", "what": "fork_storm", "by": "sre", "until": until}, answer.body
        assert begin + 7200 <= until <= time.time() + 7200, until
        passed, answer = mute({"culprit": "stress", "seconds": 0, "approver": "sre"})
        assert passed == "2 sre||stress|0", passed
        assert answer.json() == {"kind": "culprit", "what": "stress", "by": "sre", "until": None}, answer.body
        for result, status in ((FORBIDDEN, 403), (CONFLICT, 409), (INVALID, 422), (UNAVAILABLE, 503)):
            _, answer = mute({"rule": "churn", "seconds": 60, "approver": "sre"}, result, "because")
            assert (answer.status, answer.json()["detail"]) == (status, "because")


@test
def a_mute_that_is_none_or_of_no_rule_is_refused():
    with Apid() as apid:
        proof = (TCP, 0, MUTE, 0, 1, "root")
        for body in ("", "[]", BODY, '{"rule":"churn","seconds":60}', '{"rule":"churn","approver":"sre"}',
                     '{"seconds":60,"approver":"sre"}', '{"rule":"churn","culprit":"x","seconds":60,"approver":"sre"}',
                     '{"rule":"churn","rule":"churn","seconds":60,"approver":"sre"}',
                     '{"rule":"churn","seconds":604801,"approver":"sre"}', '{"rule":"churn","seconds":-1,"approver":"sre"}',
                     '{"rule":"churn","seconds":"60","approver":"sre"}', '{"culprit":"%s","seconds":1,"approver":"a"}' % ("x" * 16),
                     '{"culprit":"a\\nb","seconds":1,"approver":"a"}', '{"rule":"churn","seconds":1,"approver":""}'):
            answer = apid.decide("/rules/mute", body, proof=proof)
            assert answer().status == 422, (body, answer().status)
        for seconds in (60, 0):
            answer = apid.decide("/rules/mute", '{"rule":"gone","seconds":%d,"approver":"sre"}' % seconds, proof=proof)
            assert answer().status == 404 and answer().json()["detail"] == "there is no rule of this name", answer().body
        for other in ((TCP, 0, HOLD, 0, 1, "root"), (TCP, 1000, MUTE, 0, 0, "joe", "not an approver"),
                      (NOBODY_KIND, 0, MUTE, 0, 0, "-", "not proven")):
            answer = apid.decide("/rules/mute", '{"rule":"churn","seconds":60,"approver":"sre"}', proof=other)
            assert answer().status == 403, (other, answer().status)
        assert not [line for line in apid.enforcerd.lines if line.startswith("decide")]
        apid.ruled.send("mute", MUTE_RULE, "gone", "sre", int(time.time()) + 60)
        wait_for(lambda: apid.get("/status").json()["mutes"])
        apid.decide("/rules/mute", '{"rule":"gone","seconds":0,"approver":"sre"}', proof=proof)
        apid.enforcerd.wait("decide ")  # what is muted can be heard again also when its rule has gone
        apid.ruled.end()
        wait_for(lambda: apid.get("/status").json()["rules"]["loaded"] == 0)
        before = len(apid.enforcerd.lines)
        apid.decide("/rules/mute", '{"rule":"churn","seconds":60,"approver":"sre"}', proof=proof)
        apid.enforcerd.wait("decide ", after=before)  # while ruled is away nobody knows the rules


@test
def what_is_muted_is_shown_until_it_ends():
    with Apid() as apid:
        until = int(time.time()) + 3600
        apid.ruled.send("mute", MUTE_RULE, "fork_storm", "sre", until)
        apid.ruled.send("rule", 1, 0, "fork_storm", until)
        apid.ruled.send("mute", MUTE_CULPRIT, "a\\b", "bob", int(time.time()) + 2)
        shown = [{"kind": "rule", "what": "fork_storm", "by": "sre", "until": float(until)}]
        wait_for(lambda: len(apid.get("/status").json()["mutes"]) == 2)
        mutes = apid.get("/status").json()["mutes"]
        assert mutes[0] == shown[0] and (mutes[1]["kind"], mutes[1]["what"], mutes[1]["by"]) == (
            "culprit", "a\\x5cb", "bob"), mutes
        assert [rule["muted_until"] for rule in apid.get("/rules").json()] == [until, None]
        wait_for(lambda: apid.get("/status").json()["mutes"] == shown)
        apid.ruled.send("rule", 1, 0, "fork_storm", 1)
        wait_for(lambda: apid.get("/rules").json()[0]["muted_until"] is None)
        apid.ruled.send("mute", MUTE_RULE, "fork_storm", "bob", 0)
        wait_for(lambda: apid.get("/status").json()["mutes"] == [])
        apid.ruled.send("mute", MUTE_RULE, "churn", "sre", until)
        wait_for(lambda: apid.get("/status").json()["mutes"])
        apid.ruled.end()
        wait_for(lambda: apid.get("/status").json()["mutes"] == [])


@test
def without_a_fitting_proof_nothing_is_passed_on():
    with Apid() as apid:
        for proof in ((NOBODY_KIND, 0, APPROVE, 1, 0, "-", "not proven"), (TCP, 1000, APPROVE, 1, 0, "joe", "no approver"),
                      (TCP, 0, REJECT, 1, 1, "root"), (TCP, 0, APPROVE, 2, 1, "root"), (TCP, 0, NONE, 0, 1, "root")):
            answer = apid.decide(proof=proof)
            assert answer().status == 403, (proof, answer().status)
            if len(proof) > 6:
                assert answer().json()["detail"] == proof[6]
        assert not [line for line in apid.enforcerd.lines if line.startswith("decide")]
        wait_for(lambda: len([line for line in apid.enforcerd.lines if line.startswith("unclaim")]) == 5)


@test
def a_decision_with_a_bad_body_or_tag_is_refused():
    with Apid() as apid:
        bad = ["", "x", "[]", "{", '{"approver":"a"', '{"approver":"a"} x', '{"reason":"a"}', '{"approver":""}',
               '{"approver":1}', '{"approver":"a","approver":"b"}', '{"approver":"a","who":"b"}',
               '{"approver":"a\\nb"}', '{"approver":"%s"}' % ("a" * 129), '{"approver":"a","reason":"%s"}' % ("r" * 513),
               '{"approver":"a","reason":null}', '{"approver":"a\\u0000"}', "[" * 9000, '{"approver":"\xff"}']
        for body in bad:
            answer = apid.decide(body=body.encode("latin-1"), proof=ADMITTED)
            assert answer().status == 422, (body[:40], answer().status)
        for tag in ("3", 'W/"3"', '"x"', '"1", "2"', '""', '"0"'):
            answer = apid.decide(headers={"If-Match": tag}, proof=ADMITTED)
            assert answer().status == 412, (tag, answer().status)
        answer = apid.decide(body="a" * 20000, proof=ADMITTED)
        assert answer().status == 413
        assert not [line for line in apid.enforcerd.lines if line.startswith("decide")]


@test
def a_later_decision_on_a_kept_connection_is_refused():
    with Apid() as apid:
        connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=5)
        connection.request("GET", "/healthz")
        connection.getresponse().read()
        connection.request("POST", "/actions/action-1/approve", BODY)
        answer = connection.getresponse()
        assert answer.status == 409 and b"new connection" in answer.read()
        both = b"GET /healthz HTTP/1.1\r\nHost: localhost:%d\r\n\r\n" \
            b"POST /actions/action-1/approve HTTP/1.1\r\nHost: localhost:%d\r\nContent-Length: 18\r\n\r\n%s" % (
                PORT, PORT, BODY.encode())
        text = apid.raw(both, half_close=True)
        assert text.count("HTTP/1.1 200") == 1 and text.count("HTTP/1.1 409") == 1, text
        assert not apid.enforcerd.claimed and not [line for line in apid.enforcerd.lines if "claim" in line]


@test
def without_enforcerd_decisions_are_answered_503():
    with Apid() as apid:
        begin = time.monotonic()
        answer = apid.decide()
        number, _ = apid.enforcerd.claim()
        assert answer().status == 503 and 1.9 < time.monotonic() - begin < 3
        apid.enforcerd.wait("unclaim %d" % number)
        apid.enforcerd.send("proof", number, *ADMITTED)
        answer = apid.decide(proof=ADMITTED)
        apid.enforcerd.wait("decide ")
        apid.enforcerd.process.kill()
        assert answer().status == 503
        assert apid.decide()().status == 503
        assert apid.get("/healthz").status == 200


@test
def clients_that_leave_before_the_proof_or_the_answer_do_no_harm():
    with Apid() as apid:
        head = b"POST /actions/action-1/approve HTTP/1.1\r\nHost: localhost:%d\r\nContent-Length: 18\r\n\r\n" % PORT
        for how in ("close", "reset", "half"):
            for when in ("claim", "decide"):
                before = len(apid.enforcerd.lines)
                sock = socket.create_connection(("127.0.0.1", PORT), 5)
                sock.sendall(head + BODY.encode())
                number, _ = apid.enforcerd.claim()
                if when == "decide":
                    apid.enforcerd.send("proof", number, *ADMITTED)
                    request = apid.enforcerd.wait("decide ", after=before).split()[1]
                if how == "half":
                    sock.shutdown(socket.SHUT_WR)
                elif how == "reset":
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                    sock.close()
                else:
                    sock.close()
                if when == "claim":
                    apid.enforcerd.send("proof", number, NOBODY_KIND, 0, APPROVE, 1, 0, "-", "gone")
                else:
                    apid.enforcerd.send("decided", request, 1, CONFLICT, "too late")
                if how == "half":
                    sock.settimeout(3)
                    status = status_of(sock.recv(65536).decode())
                    assert status == (403 if when == "claim" else 409), status
                    sock.close()
        wait_for(lambda: "linnix_http_connections 1\n" in apid.get("/metrics").body)


@test
def heads_in_pieces_are_waited_for_and_slow_ones_ended():
    with Apid() as apid:
        sock = socket.create_connection(("127.0.0.1", PORT), 5)
        for byte in b"POST /actions/action-1/approve HTTP/1.1\r\nHost: localhost:%d\r\nContent-Length: 18\r\n\r\n" % PORT:
            sock.sendall(bytes([byte]))
            time.sleep(0.001)
        number, line = apid.enforcerd.claim()
        assert line == "POST /actions/action-1/approve HTTP/1.1"
        apid.enforcerd.send("proof", number, *ADMITTED)
        time.sleep(0.1)
        assert not [line for line in apid.enforcerd.lines if line.startswith("decide")]
        sock.sendall(BODY.encode())
        apid.enforcerd.wait("decide ")
        cpu = lambda: sum(int(x) for x in open("/proc/%d/stat" % apid.process.pid).read().split()[13:15])
        before = cpu()
        slow = [socket.create_connection(("127.0.0.1", PORT), 15) for _ in range(3)]
        slow += [socket.socket(socket.AF_UNIX)]
        slow[3].connect(apid.socket)
        slow[0].sendall(b"GET /healthz HTTP/1.1\r\nHo")
        slow[1].sendall(b"POST /actions/action-1/reject HTTP/1.1\r\n")
        slow[3].sendall(b"GET / HTT")
        begin = time.monotonic()
        for s in slow:
            s.settimeout(15)
            assert s.recv(100) == b"", "answered"
            assert time.monotonic() - begin < 11
        assert time.monotonic() - begin > 9
        assert cpu() - before < 20, "it spins"
        assert 'reason="slow_request"} 4\n' in apid.get("/metrics").body


def fds_of(process):
    return len(os.listdir("/proc/%d/fd" % process.pid))


@test
def too_many_connections_wait_and_are_served_later():
    with Apid() as apid:
        idle = [socket.create_connection(("127.0.0.1", PORT), 5) for _ in range(400)]
        held = lambda: "linnix_http_connections 385\n" in apid.get("/metrics", unix=True).body
        wait_for(held)
        time.sleep(0.3)
        assert held() and 384 < fds_of(apid.process) < 430
        for sock in idle[:20]:
            sock.close()
        assert apid.get("/healthz").status == 200
        for sock in idle:
            sock.close()
        wait_for(lambda: "linnix_http_connections 1\n" in apid.get("/metrics").body, 12)


HOARD = """
import os, select, socket, sys, time
os.setgroups([]), os.setgid(65534), os.setuid(int(sys.argv[2]))
held = [socket.socket(socket.AF_UNIX) for _ in range(int(sys.argv[3]))]
for sock in held:
    sock.connect(sys.argv[1])
time.sleep(0.5)
ended = select.poll()
for sock in held:
    ended.register(sock, select.POLLIN)
print(len(held) - len(ended.poll(0)), flush=True)
sys.stdin.read()
"""


def hoard(apid, uid, count):
    """A process of @uid that has opened @count connections, and how many of them it was left."""
    process = subprocess.Popen([sys.executable, "-c", HOARD, apid.socket, str(uid), str(count)], text=True,
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd="/")
    return process, int(process.stdout.readline())


@test
def nobody_can_keep_root_or_another_user_out():
    with Apid() as apid:
        users = range(NOBODY - 8, NOBODY)
        tcp = [socket.create_connection(("127.0.0.1", PORT), 5) for _ in range(400)]
        wait_for(lambda: "linnix_http_connections 385\n" in apid.get("/metrics", unix=True).body)
        greedy, left = hoard(apid, users[0], 600)
        assert left == 32, left
        other, left = hoard(apid, users[1], 5)
        assert left == 5, left
        begin = time.monotonic()
        assert apid.get("/healthz", unix=True).status == 200
        assert time.monotonic() - begin < 0.5
        others = [hoard(apid, uid, 40) for uid in users[2:]]
        assert sum(left for _, left in others) == 448 - 384 - 32 - 5, others
        body = apid.get("/metrics", unix=True).body
        assert "linnix_http_connections 449\n" in body
        assert 'linnix_http_clients_dropped_total{reason="too_many_connections"} %d\n' % (
            568 + len(others) * 40 - 27) in body, body
        answer = apid.decide("/enforcement/hold", proof=(UNIX, 0, HOLD, 0, 1, "root"), unix=True)
        apid.enforcerd.send("decided", apid.enforcerd.wait("decide ").split()[1], 0, OK)
        assert answer().status == 200
        for process in [greedy, other] + [process for process, _ in others]:
            process.stdin.close()
            process.wait(5)
        for sock in tcp:
            sock.close()
        wait_for(lambda: "linnix_http_connections 1\n" in apid.get("/metrics").body, 12)


@test
def without_descriptors_it_rests_and_serves_later():
    with Apid() as apid:
        user = pwd.getpwnam("linnix-apid")
        limit = lambda soft: subprocess.run(["prlimit", "--pid=%d" % apid.process.pid, "--nofile=%d:" % soft], check=True,
                                            user=user.pw_uid, group=user.pw_gid)
        limit(fds_of(apid.process) + 3)
        waiting = [socket.create_connection(("127.0.0.1", PORT), 5) for _ in range(10)]
        cpu = lambda: sum(int(x) for x in open("/proc/%d/stat" % apid.process.pid).read().split()[13:15])
        before = cpu()
        time.sleep(1)
        assert cpu() - before < 10, "it spins"
        limit(2048)
        for sock in waiting:
            sock.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost:%d\r\n\r\n" % PORT)
            assert sock.recv(12) == b"HTTP/1.1 200"
            sock.close()


@test
def a_thousand_streams_and_no_more():
    with Apid() as apid:
        request = b"GET /stream HTTP/1.1\r\nHost: localhost:%d\r\n\r\n" % PORT
        streams = []
        for _ in range(1000):
            sock = socket.create_connection(("127.0.0.1", PORT), 5)
            sock.sendall(request)
            assert sock.recv(12) == b"HTTP/1.1 200"
            streams.append(sock)
        assert status_of(apid.raw(request)) == 503
        assert 'reason="too_many_streams"} 1\n' in apid.get("/metrics").body
        begin = time.monotonic()
        apid.ruled.send("alert", 1, 1, "a", 3, 5)
        for sock in streams:
            sock.settimeout(5)
            while b"event: alert" not in sock.recv(4096):
                pass
        assert time.monotonic() - begin < 2
        for sock in streams:
            sock.close()
        wait_for(lambda: "linnix_sse_clients 0\n" in apid.get("/metrics").body)


@test
def routing_is_exact_and_errors_are_problems():
    with Apid() as apid:
        for path in ("/", "/nothing", "/healthz/", "//healthz", "/health%7a", "/x%00y", "//localhost/healthz", "/../healthz",
                     "/actions/action-1/kill", "/HEALTHZ"):
            text = apid.raw(b"GET %s HTTP/1.1\r\nHost: localhost:%d\r\n\r\n" % (path.encode(), PORT))
            assert status_of(text) == 404 and "application/problem+json" in text, (path, text)
        for method, path, status, allow in (
                ("POST", "/alerts", 405, "GET, HEAD, OPTIONS"), ("GET", "/actions/action-1/approve", 405, "POST, OPTIONS"),
                ("DELETE", "/actions/action-1", 405, "GET, HEAD, OPTIONS"), ("TRACE", "/healthz", 405, "GET, HEAD, OPTIONS"),
                ("OPTIONS", "/alerts", 204, "GET, HEAD, OPTIONS"), ("OPTIONS", "/enforcement/hold", 204, "POST, OPTIONS")):
            answer = apid.request(method, path)
            assert (answer.status, answer.headers["Allow"]) == (status, allow), (method, path, answer.status)
        for query, name in (("limit=0", "limit"), ("limit=1001", "limit"), ("limit=x", "limit"), ("limit=1&limit=2", "limit"),
                            ("since=-1", "since"), ("severity=bad", "severity"), ("what=1", "what"), ("rule=%zz", "rule")):
            answer = apid.get("/alerts?" + query)
            assert answer.status == 400 and "'%s'" % name in answer.json()["detail"], (query, answer.body)
        assert apid.get("/stream?types=process").status == 400 and apid.get("/actions?status=old").status == 400
        for path in ("/healthz", "/alerts", "/status", "/metrics", "/stream", "/nothing"):
            text = apid.raw(b"HEAD %s HTTP/1.1\r\nHost: localhost:%d\r\nConnection: close\r\n\r\n" % (path.encode(), PORT))
            assert text.endswith("\r\n\r\n") and text.count("\r\n\r\n") == 1, (path, text)
        answer = apid.get("/alerts")
        assert answer.headers["Content-Security-Policy"] == "default-src 'none'"
        assert answer.headers["X-Content-Type-Options"] == "nosniff" and answer.headers["Cache-Control"] == "no-store"
        assert not [name for name in answer.headers if name.lower().startswith("access-control")]


@test
def malformed_messages_are_refused_and_the_service_goes_on():
    with Apid() as apid:
        host = b"Host: localhost:%d\r\n" % PORT
        for data, statuses in (
                (b"GET /healthz HTTP/1.1\r\n\r\n", {400}),
                (b"GET /healthz HTTP/1.1\r\n" + host + host + b"\r\n", {400}),
                (b"GET /healthz HTTP/1.1\r\nHost: evil.example\r\n\r\n", {421}),
                (b"GET /healthz HTTP/1.1\r\nHost: localhost:1\r\n\r\n", {421}),
                (b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", {421}),
                (b"POST /alerts HTTP/1.1\r\n" + host + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", {400}),
                (b"POST /alerts HTTP/1.1\r\n" + host + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx", {400}),
                (b"POST /alerts HTTP/1.1\r\n" + host + b"Content-Length: -1\r\n\r\n", {400}),
                (b"POST /alerts HTTP/1.1\r\n" + host + b"Content-Length: +1\r\n\r\nx", {400}),
                (b"POST /alerts HTTP/1.1\r\n" + host + b"Transfer-Encoding: gzip\r\n\r\n", {501}),
                (b"POST /alerts HTTP/1.1\r\n" + host + b"Content-Length : 1\r\n\r\n", {400}),
                (b"HEAD /alerts HTTP/1.1\r\n" + host + b"Content-Length: 1\r\n\r\n", {400}),
                (b"BREW /healthz HTTP/1.1\r\n" + host + b"\r\n", {501}),
                (b"\r\n\r\n", {400}),
                (b"nonsense\r\n\r\n", {400}),
                (b"\x16\x03\x01\x02\x00\x01\x00\n\n", {400}),
                (b"GET /" + b"a" * 20000 + b" HTTP/1.1\r\n" + host + b"\r\n", {400}),
                (b"GET /healthz HTTP/1.1\r\n" + host + b"X: " + b"a" * 20000 + b"\r\n\r\n", {400}),
                (b"POST /alerts HTTP/1.1\r\n" + host + b"Content-Length: 20000\r\n\r\n" + b"x" * 20000, {413})):
            text = apid.raw(data)
            assert status_of(text) in statuses, (data[:80], text[:300])
        assert apid.get("/healthz").status == 200


@test
def pages_of_other_origins_are_refused():
    with Apid() as apid:
        own, get, post = "http://127.0.0.1:%d" % PORT, "GET", "POST"
        navigation = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
        for method, headers, refused in (
                (get, {"Origin": own}, False), (get, {"Sec-Fetch-Site": "same-origin"}, False),
                (get, {"Sec-Fetch-Site": "none"}, False), (get, navigation, False),
                (get, {"Sec-Fetch-Site": "same-site"}, True), (get, {"Sec-Fetch-Site": "cross-site"}, True),
                (get, dict(navigation, **{"Sec-Fetch-Dest": "iframe"}), True), ("HEAD", navigation, True),
                (get, {"Origin": "http://evil.example"}, True), (get, {"Host": "rebound.example:%d" % PORT}, True),
                (post, {"Origin": "null"}, True), (post, {"Origin": "https://127.0.0.1:%d" % PORT}, True),
                (post, navigation, True), (post, {"Sec-Fetch-Site": "none"}, True)):
            answer = apid.request(method, "/alerts", headers=headers)
            assert (answer.status in (403, 421)) == refused, (method, headers, answer.status)


@test
def metrics_are_what_promtool_wants():
    with Apid() as apid:
        apid.ruled.send("alert", 1, 1, 'odd"\\rule', 3, 5)
        apid.enforcerd.send("action", 1, 3, 4, 0, 0, 1)
        wait_for(lambda: apid.get("/alerts").json() and apid.get("/actions").json())
        body = apid.get("/metrics").body
        for line in ('linnix_events_total{type="fork"} 1000', "linnix_events_generated_total 1000",
                     'linnix_events_dropped_total{where="ring"} 10', 'linnix_actions_total{result="failed"} 1',
                     'linnix_alerts_total{rule="odd\\"\\\\x5crule",severity="high"} 1', "linnix_processes 42",
                     'linnix_bpf_program_seconds_total{program="on_fork"} 0.000250000', "linnix_rules_reload_success 1"):
            assert line + "\n" in body, (line, body)
        assert apid.get("/metrics/prometheus").headers["Content-Type"].startswith("text/plain; version=0.0.4")
        if shutil.which("promtool"):
            done = subprocess.run(["promtool", "check", "metrics"], input=body, capture_output=True, text=True)
            assert done.returncode == 0 and not done.stdout + done.stderr, done.stdout + done.stderr


if __name__ == "__main__":
    main()
