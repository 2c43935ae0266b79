# SPDX-License-Identifier: AGPL-3.0-only
"""Nobody but an approver: whatever a client without the right does, the action stays pending."""

import json
import os
import random
import signal
import socket
import subprocess
import sys
import time

HARNESS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness")
sys.path.insert(0, HARNESS)
from linnix import NOBODY, RUN, Storm, Suite, main, published, test, wait_for

RULES = """
- {name: storm, detector: fork_burst, threshold: 10, window_seconds: 5, severity: high, cooldown: 600,
   match: {user: nobody}, propose: {action: kill_tree}}
"""
ROUNDS = 1000
BATCH = 20


def pending(suite, storm):
    return wait_for(lambda: [a for a in suite.actions("pending") if a["action"]["pid"] == storm.pid], 6)[0]


def post(suite, path, headers=None, body='{"approver":"eve"}', unix=False):
    return suite.request("POST", path, body, headers or {}, unix=unix)


@test
def another_user_is_refused_by_tcp_and_by_unix_socket_and_the_audit_says_so():
    with Suite(RULES) as suite, Storm(15) as storm:
        action = pending(suite, storm)
        status, body = suite.approve(action["id"], uid=NOBODY)
        assert status == 403, (status, body)
        time.sleep(1.1)
        status, body = suite.curl("--unix-socket", os.path.join(RUN, "apid", "api.sock"), "-X", "POST",
                                  "http://localhost/actions/%s/approve" % action["id"], "-d", '{"approver":"x"}',
                                  uid=NOBODY)
        assert status == 403, (status, body)
        for via in ("tcp", "unix"):
            wanted = "[linnix_audit] REFUSED %s not-an-approver uid=65534 user=nobody via=%s" % (action["id"], via)
            wait_for(lambda: any(line.startswith(wanted) for line in suite.audit()), 2)
        assert suite.get("/actions/" + action["id"]).json()["status"] == "pending"


@test
def root_is_proven_by_unix_socket_too_and_the_label_never_becomes_the_proof():
    with Suite(RULES) as suite, Storm(15) as storm:
        action = pending(suite, storm)
        answer = post(suite, "/actions/%s/approve" % action["id"], body='{"approver":"uid=4 nobody via=tcp"}', unix=True)
        assert answer.status == 200, answer.body
        assert answer.json()["approver_proof"] == [{"kind": "unix", "uid": 0, "user": "root"}], answer.body


@test
def a_thousand_clients_that_close_reset_exit_or_die_are_never_taken_for_an_approver():
    random.seed(7)
    with Suite(RULES) as suite, Storm(15) as storm:
        action = pending(suite, storm)
        apid, answers = suite.pid("apid"), []
        for seed in range(ROUNDS // BATCH):
            os.kill(apid, signal.SIGSTOP)
            attacker = subprocess.Popen(
                ["/usr/bin/python3", published(os.path.join(HARNESS, "attacker.py")), str(suite.port),
                 os.path.join(RUN, "apid", "api.sock"), action["id"], str(seed), str(BATCH)],
                stdout=subprocess.PIPE, text=True, cwd="/", user=NOBODY, group=NOBODY, extra_groups=[])
            time.sleep(0.05 + random.random() * 0.2)
            os.kill(apid, signal.SIGCONT)
            out, _ = attacker.communicate(timeout=30)
            answers += out.split()
        assert len(answers) > ROUNDS / 5, len(answers)
        assert set(answers) <= {"403", "503"}, sorted(set(answers))
        assert answers.count("403") > len(answers) / 2
        assert suite.get("/actions/" + action["id"]).json()["status"] == "pending"
        assert not any("APPROVED" in line for line in suite.audit())
        assert suite.get("/readyz").status == 200, suite.get("/readyz").body
        assert suite.pid("apid") == apid


@test
def a_second_decision_on_a_kept_connection_is_refused():
    with Suite(RULES) as suite, Storm(15) as storm:
        action = pending(suite, storm)
        connection = suite.connection()
        connection.request("GET", "/actions")
        connection.getresponse().read()
        connection.request("POST", "/actions/%s/approve" % action["id"], '{"approver":"sre"}')
        answer = connection.getresponse()
        assert answer.status == 409, answer.read()
        assert "new connection" in answer.read().decode()
        assert suite.get("/actions/" + action["id"]).json()["status"] == "pending"


@test
def relayed_and_foreign_requests_are_refused():
    with Suite(RULES) as suite, Storm(15) as storm:
        path = "/actions/%s/approve" % pending(suite, storm)["id"]
        for headers, statuses in (
                ({"X-Forwarded-For": "127.0.0.1"}, {403}),
                ({"Forwarded": "for=127.0.0.1"}, {403}),
                ({"Via": "1.1 relay"}, {403}),
                ({"X-Real-IP": "127.0.0.1"}, {403}),
                ({"Origin": "http://evil.example"}, {403}),
                ({"Origin": "null"}, {403}),
                ({"Origin": "http://localhost:8000"}, {403}),
                ({"Sec-Fetch-Site": "cross-site"}, {403}),
                ({"Sec-Fetch-Site": "same-site"}, {403}),
                ({"Host": "evil.example"}, {400, 403, 421}),
                ({"Host": "localhost:8000"}, {400, 403, 421})):
            answer = post(suite, path, headers)
            assert answer.status in statuses, (headers, answer.status, answer.body)
        assert suite.actions("pending"), suite.actions()
        assert post(suite, path, {"Origin": "http://127.0.0.1:3000"}).status == 200


@test
def a_member_of_the_approvers_group_may_approve():
    name = "linnix-test-sre"
    subprocess.run(["useradd", "--system", "--no-create-home", "-G", "linnix-approvers", name], check=True)
    try:
        import pwd
        uid = pwd.getpwnam(name).pw_uid
        with Suite(RULES) as suite, Storm(15) as storm:
            action = pending(suite, storm)
            assert json.loads(suite.curl("http://localhost:3000/whoami", uid=uid)[1])["may"].count("approve") == 1
            assert "approve" not in json.loads(suite.curl("http://localhost:3000/whoami", uid=NOBODY)[1])["may"]
            status, body = suite.approve(action["id"], uid=uid)
            assert status == 200, (status, body)
            assert json.loads(body)["approver_proof"] == [{"kind": "tcp", "uid": uid, "user": name}], body
    finally:
        subprocess.run(["userdel", name], check=True)


@test
def hold_stops_approval_until_it_is_resumed():
    with Suite(RULES) as suite, Storm(15) as storm:
        action = pending(suite, storm)
        assert post(suite, "/enforcement/hold", body='{"approver":"sre-alice"}').status == 200
        hold = suite.get("/status").json()["hold"]
        assert hold["by"] and hold["since"], hold
        status, body = suite.approve(action["id"])
        assert status == 409, (status, body)
        assert post(suite, "/enforcement/resume", body='{"approver":"sre-alice"}').status == 200
        wait_for(lambda: suite.get("/status").json()["hold"] is None, 2)
        assert suite.approve(action["id"])[0] == 200
        lines = "\n".join(suite.audit())
        assert "[linnix_audit] HOLD" in lines and "[linnix_audit] RESUME" in lines, lines


if __name__ == "__main__":
    main()
