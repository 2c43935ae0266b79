# SPDX-License-Identifier: AGPL-3.0-only
"""The main job through the kernel: a fork storm, an alert, a proposal, an approval by curl, a kill, an audit trail."""

import hashlib
import json
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from linnix import NOBODY, Events, Storm, Suite, alive, as_user, main, session_members, test, wait_for

# Only of the storm's user: in mode enforce the suite would end any other storm on the host, such as a build.
RULES = """
- name: fork_storm
  detector: forks_per_sec
  threshold: 10
  duration: 2
  severity: high
  cooldown: 30
  match: {user: nobody}
  propose: {action: kill_tree, signal: TERM}
"""


def start_ns(pid):
    """start time of a process on CLOCK_BOOTTIME in seconds, to a clock tick."""
    with open("/proc/%d/stat" % pid) as stat:
        return int(stat.read().rsplit(")", 1)[1].split()[19]) / os.sysconf("SC_CLK_TCK")


def chain_holds(path):
    """Recomputes the hash chain of an audit file; returns its lines as objects."""
    previous, entries = "0" * 64, []
    with open(path, "rb") as file:
        for raw in file:
            line = raw.rstrip(b"\n")
            entry = json.loads(line)
            member = b',"hash":"' + entry["hash"].encode() + b'"'
            assert line.endswith(member + b"}"), line
            assert entry["prev"] == previous, line
            content = line[:-len(member) - 1] + b"}"
            assert hashlib.sha256(previous.encode() + content).hexdigest() == entry["hash"], line
            previous = entry["hash"]
            entries.append(entry)
    return entries


def bystander():
    return subprocess.Popen(["bash", "-c", "sleep 300 & sleep 300 & wait"], cwd="/", **as_user(NOBODY))


def pending(suite, storm):
    """The pending action on the storm's shell."""
    def found():
        for action in suite.actions("pending"):
            if action["action"]["pid"] == storm.pid:
                return action
        return None
    return wait_for(found, 6)


@test
def a_fork_storm_is_named_after_two_seconds_and_ended_only_by_approval():
    with Suite(RULES) as suite:
        events, other = Events(suite, "/stream?types=alert,action"), bystander()
        try:
            with Storm(15) as storm:
                first = wait_for(lambda: [p for p in storm.members() if p != storm.pid], 3, 0.001)
                began = start_ns(min(first))
                alert = wait_for(lambda: [e for e in events.of("alert")
                                          if (e[3]["culprit"] or {}).get("pid") == storm.pid], 6)[0]
                assert 1.98 <= alert[0] - began <= 2.22, "alert after %.3f s" % (alert[0] - began)
                culprit = alert[3]["culprit"]
                assert culprit["pid"] == storm.pid, culprit
                assert culprit["uid"] == NOBODY and culprit["user"] == "nobody", culprit
                assert "exec 3<>" in culprit["args"], culprit
                action = pending(suite, storm)
                assert action["action"] == {"type": "kill_tree", "pid": storm.pid, "signal": 15}, action
                assert action["target"]["identity"] == "strong", action
                time.sleep(1)
                assert alive(storm.pid) and len(storm.members()) > 15, "killed without approval"
                status, body = suite.approve(action["id"])
                assert status == 200, body
                assert json.loads(body)["status"] in ("approved", "executing", "executed"), body
                wait_for(lambda: not storm.members(), 1.0)
                done = wait_for(lambda: [a for a in suite.actions("executed") if a["id"] == action["id"]], 3)[0]
                assert done["approver_proof"] == [{"kind": "tcp", "uid": 0, "user": "root"}], done
            assert alive(other.pid) and len(session_members(other.pid)) == 3, "the bystander was killed"
            lines = "\n".join(suite.audit())
            for begin in ("[linnix_audit] PROPOSED %s kill_tree pid=%d comm=\"bash\" rule=fork_storm",
                          "[linnix_audit] APPROVED %s by sre-alice uid=0 user=root via=tcp",
                          "[linnix_audit] EXECUTED %s signal=TERM pid=%d"):
                wanted = begin % ((action["id"], storm.pid) if begin.count("%") == 2 else action["id"])
                assert wanted in lines, "%s\nis not in\n%s" % (wanted, lines)
            chain_holds(suite.audit_file())
        finally:
            os.killpg(other.pid, 9)
            other.wait()


@test
def a_rejected_action_kills_nobody():
    with Suite(RULES) as suite, Storm(15) as storm:
        action = pending(suite, storm)
        status, body = suite.curl("-X", "POST", "http://localhost:3000/actions/%s/reject" % action["id"],
                                  "-d", '{"approver":"sre-bob","reason":"load test"}')
        assert status == 200 and json.loads(body)["status"] == "rejected", body
        status, body = suite.approve(action["id"])
        assert status == 409, (status, body)
        time.sleep(0.5)
        assert alive(storm.pid)
        assert any("REJECTED %s by sre-bob" % action["id"] in line for line in suite.audit())


@test
def an_expired_action_cannot_be_approved():
    with Suite(RULES, "enforcement: {approval_ttl_secs: 2}\n") as suite, Storm(15) as storm:
        action = pending(suite, storm)
        wait_for(lambda: suite.get("/actions/" + action["id"]).json()["status"] == "expired", 4)
        status, body = suite.approve(action["id"])
        assert status == 410, (status, body)
        assert alive(storm.pid)
        assert any("EXPIRED " + action["id"] in line for line in suite.audit())


@test
def an_action_whose_target_is_gone_is_withdrawn():
    with Suite(RULES) as suite:
        with Storm(15) as storm:
            action = pending(suite, storm)
        wait_for(lambda: suite.get("/actions/" + action["id"]).json()["status"] == "withdrawn", 1.5)
        status, body = suite.approve(action["id"])
        assert status == 409, (status, body)
        assert any("WITHDRAWN " + action["id"] in line for line in suite.audit())


@test
def mode_enforce_ends_what_auto_rules_name_by_itself():
    config = "mode: enforce\nenforcement: {auto_rules: [fork_storm]}\n"
    with Suite(RULES, config) as suite, Storm(15) as storm:
        wait_for(lambda: not storm.members(), 6)
        wait_for(lambda: suite.actions("executed"), 3)
        lines = "\n".join(suite.audit())
        assert "AUTO-APPROVED action-1" in lines and "EXECUTED action-1" in lines, lines


@test
def mode_enforce_leaves_other_rules_to_people():
    config = "mode: enforce\nenforcement: {auto_rules: [another_rule]}\n"
    with Suite(RULES, config) as suite, Storm(15) as storm:
        pending(suite, storm)
        time.sleep(1)
        assert alive(storm.pid)


@test
def ids_are_not_used_again_after_a_restart():
    suite = Suite(RULES)
    with suite, Storm(15) as storm:
        first = pending(suite, storm)
        os.kill(suite.pid("enforcerd"), 9)
        wait_for(lambda: suite.get("/readyz").status == 200, 5)
        wait_for(lambda: any("EXPIRED " + first["id"] in line for line in suite.audit()), 3)
        assert alive(storm.pid)
        with Storm(20) as second:
            action = pending(suite, second)
            assert action["id"] == "action-2", action["id"]
        chain_holds(suite.audit_file())


if __name__ == "__main__":
    main()
