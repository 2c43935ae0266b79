# SPDX-License-Identifier: AGPL-3.0-only
"""The linnix command against the real linnix-apid between stand-ins, and against those that are none."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import linnix
import apid
from apid import APPROVE, APPROVED, CONFLICT, HOLD, OK, PENDING, UNIX, WHOAMI, Apid
from linnix import BUILD, TOP, main, test, wait_for

linnix._tests.clear()  # those of apid.py
LINNIX = os.path.join(BUILD, "linnix")
OK_CODE, NO, USAGE, UNREACHABLE = range(4)
HIGH = 3


def start(daemon, *arguments, **more):
    run = {"LINNIX_RUN_DIR": daemon.run if daemon else "/nonexistent"}
    return subprocess.Popen([LINNIX, *arguments], text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            env={"PATH": os.environ["PATH"], "TZ": "UTC", **run}, stdin=subprocess.DEVNULL, **more)


def finish(process):
    out, err = process.communicate(timeout=20)
    return process.returncode, out, err


def ask(daemon, *arguments, **more):
    """(exit code, stdout, stderr) of linnix."""
    return finish(start(daemon, *arguments, **more))


def decide(daemon, *arguments, proof, result=(OK,)):
    """The same for what is decided; @proof: kind, uid, verb, action, admitted, user, [why]."""
    process = start(daemon, *arguments)
    number, line = daemon.enforcerd.claim()
    daemon.enforcerd.send("proof", number, *proof)
    if proof[4]:
        decided = daemon.enforcerd.wait("decide ")
        daemon.enforcerd.send("decided", decided.split()[1], proof[3], *result)
    return (line, *finish(process))


class Liar(threading.Thread):
    """Answers each connection with the same bytes."""

    def __init__(self, answer):
        super().__init__(daemon=True)
        self.answer = answer
        self.directory = tempfile.mkdtemp(prefix="linnix-test-")
        self.path = os.path.join(self.directory, "s")
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen()
        self.start()

    def run(self):
        with contextlib.suppress(OSError):
            while True:
                sock, _ = self.listener.accept()
                with contextlib.suppress(OSError):
                    asked = b""
                    while b"\r\n\r\n" not in asked:
                        asked += sock.recv(65536) or b"\r\n\r\n"
                    sock.sendall(self.answer)
                sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()
        os.unlink(self.path)
        os.rmdir(self.directory)

    def ask(self, *arguments):
        return ask(None, "--socket", self.path, *arguments)


@test
def wrong_usage_is_2_and_says_what():
    for arguments, said in (
            ((), "which command?"),
            (("nonsense",), "no command 'nonsense'"),
            (("status", "--nonsense"), "unknown option '--nonsense'"),
            (("status", "more"), "unexpected argument 'more'"),
            (("status", "--follow"), "status does not take --follow"),
            (("approve",), "approve needs ID"),
            (("mute", "x"), "mute needs --for"),
            (("mute", "x", "--for", "2 hours"), "--for is"),
            (("backtest", "x"), "backtest needs --rules"),
            (("alerts", "--limit", "0"), "--limit is"),
            (("incidents", "--limit", "1001"), "--limit is"),
            (("demo", "nonsense"), "fork-storm"),
            (("--url", "https://x", "status"), "--url is"),
            (("--url", "http://x", "--socket", "y", "status"), "exclude each other"),
            (("alerts", "\033[2J"), "'\\x1b[2J'")):
        code, out, err = ask(None, *arguments)
        assert code == USAGE and out == "" and said in err and "\033" not in err, (arguments, code, out, err)


@test
def help_and_version_are_0():
    code, out, err = ask(None, "--help")
    assert code == OK_CODE and "approve ID" in out and err == "", (code, out, err)
    code, out, _ = ask(None, "mute", "--help")
    assert code == OK_CODE and "--for TIME" in out and "--follow" not in out, out
    code, out, _ = ask(None, "--version")
    assert code == OK_CODE and out.startswith("linnix 1."), out


@test
def nobody_there_is_3_whatever_the_command():
    for arguments in (("status",), ("alerts",), ("alerts", "--follow"), ("stream",), ("approve", "1"), ("demo", "all"),
                      ("mute", "x", "--for", "1s"), ("--url", "http://127.0.0.1:1", "rules"),
                      ("--socket", "/nonexistent", "rules")):
        code, out, err = ask(None, *arguments)
        assert code == UNREACHABLE and out == "" and "no daemon answers at " in err, (arguments, code, out, err)


@test
def those_who_do_not_speak_http_are_3_and_what_is_no_json_is_1():
    for answer, code in (
            (b"", UNREACHABLE),
            (b"SSH-2.0-OpenSSH_9.2\r\n", UNREACHABLE),
            (b"HTTP/1.0 200 OK\r\nContent-Length: 10\r\n\r\n[]", UNREACHABLE),
            (b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n[]\r\n0\r\n\r\n", UNREACHABLE),
            (b"HTTP/1.0 200 OK\r\n" + b"X: y\r\n" * 5000, UNREACHABLE),
            (b"HTTP/1.0 200 OK\r\n\r\n<html>", NO),
            (b"HTTP/1.0 200 OK\r\n\r\n" + b"[" * 100000, NO),
            (b"HTTP/1.0 200 OK\r\n\r\n{}", NO),
            (b"HTTP/1.0 200 OK\r\n\r\n[]", OK_CODE),
            (b"HTTP/1.0 200 OK\r\n\r\n[1,null,\"x\",[],{\"culprit\":7,\"timestamp\":\"x\"}]", OK_CODE)):
        with Liar(answer) as liar:
            got = liar.ask("alerts")
            assert got[0] == code and (code == OK_CODE) == (got[2] == ""), (answer[:80], got)


@test
def nothing_that_an_answer_holds_moves_the_cursor():
    evil = json.dumps([{"rule": "\033[2J", "message": "a\u009bb\x07\n", "severity": "\033]0;x", "id": "\x7f"}],
                      ensure_ascii=False).encode()
    with Liar(b"HTTP/1.0 200 OK\r\n\r\n" + evil) as liar:
        for arguments in (("alerts",), ("alerts", "--json"), ("incidents",), ("actions",), ("rules",)):
            code, out, _ = liar.ask(*arguments)
            assert code == OK_CODE, arguments
            assert not [c for c in out if c != "\n" and (c < " " or "\x7f" <= c < "\xa0")], (arguments, out)
    with Liar(b"HTTP/1.0 404 No\r\n\r\n{\"title\":\"\\u001b[1m\",\"detail\":\"\\u009b\"}") as liar:
        code, _, err = liar.ask("show", "x")
        assert code == NO and "\\x1b[1m: \\xc2\\x9b" in err, err


@test
def status_says_whether_the_suite_is_ready():
    with Apid() as daemon:
        code, out, err = ask(daemon, "status")
        assert code == OK_CODE and err == "", (code, err)
        assert "ready       yes\n" in out and "6.1.0-test" in out and "not attached: oom: not on this kernel" in out, out
        assert "CAP_KILL" in out and "1000 generated, 10 dropped" in out, out
        assert json.loads(ask(daemon, "status", "--json")[1])["rules"]["loaded"] == 2
        daemon.enforcerd.end()
        wait_for(lambda: daemon.get("/readyz").status == 503)
        code, out, _ = ask(daemon, "status")
        assert code == NO and "enforcerd is not connected" in out, out
        assert json.loads(ask(daemon, "status", "--json")[1])["daemons"]["enforcerd"]["up"] is False


@test
def a_mute_is_posted_for_the_rule_of_that_name_or_else_for_the_culprit():
    class Muter(Liar):
        """Knows one rule; answers a mute with what it has been asked for."""

        def run(self):
            with contextlib.suppress(OSError):
                while True:
                    sock, _ = self.listener.accept()
                    head, _, body = sock.recv(65536).decode().partition("\r\n\r\n")
                    answer = [{"name": "storm"}]
                    if head.startswith("POST /rules/mute HTTP/1.0\r\n"):
                        asked = json.loads(body)
                        kind = "rule" if "rule" in asked else "culprit"
                        answer = {"kind": kind, "what": asked[kind], "by": asked["approver"],
                                  "until": 1700000000 + asked["seconds"] if asked["seconds"] else None}
                    sock.sendall(b"HTTP/1.0 200 OK\r\n\r\n" + json.dumps(answer).encode())
                    sock.close()
    with Muter(b"") as muter:
        assert muter.ask("mute", "storm", "--for", "2h")[:2] == (OK_CODE, "rule storm is muted until 2023-11-15 00:13:20\n")
        assert muter.ask("mute", "make", "--for", "1m")[:2] == (OK_CODE, "culprit make is muted until 2023-11-14 22:14:20\n")
        assert muter.ask("mute", "storm", "--for", "0s")[:2] == (OK_CODE, "rule storm is not muted any more\n")
        code, out, _ = muter.ask("--json", "mute", "make", "--for", "1d", "--approver", "sre")
        assert code == OK_CODE and json.loads(out)["by"] == "sre", out


@test
def alerts_are_listed_narrowed_and_followed():
    with Apid() as daemon:
        daemon.ruled.send("alert", 1, 1, "fork_storm", HIGH, 4711)
        daemon.ruled.send("alert", 1, 2, "churn", 1, 4712)
        wait_for(lambda: len(daemon.get("/alerts").json()) == 2)
        code, out, _ = ask(daemon, "alerts")
        lines = out.splitlines()
        assert code == OK_CODE and lines[0].split() == ["TIME", "SEVERITY", "RULE", "PID", "ACTION", "MESSAGE"], out
        assert "churn" in lines[1] and "4711" in lines[2] and "forks \\x01 a lot" in lines[2], out
        assert [a["rule"] for a in json.loads(ask(daemon, "alerts", "--json", "--rule", "churn")[1])] == ["churn"]
        assert len(ask(daemon, "--limit", "1", "alerts")[1].splitlines()) == 2
        code, out, err = ask(daemon, "alerts", "--severity", "loud", "--json")
        assert code == NO and "400 " in err and json.loads(out)["status"] == 400, (code, out, err)
        follower = start(daemon, "alerts", "--follow", "--limit", "2", "--rule", "churn", "--json")
        wait_for(lambda: "linnix_sse_clients 1\n" in daemon.get("/metrics").body)
        for counter, rule in ((3, "churn"), (4, "fork_storm"), (5, "churn")):
            daemon.ruled.send("alert", 1, counter, rule, HIGH, 4713)
        code, out, _ = finish(follower)
        assert code == OK_CODE and [json.loads(line)["rule"] for line in out.splitlines()] == ["churn"] * 2, out


@test
def a_follower_goes_on_when_apid_was_started_anew():
    with Apid() as daemon:
        follower = start(daemon, "alerts", "--follow", "--limit", "1")
        wait_for(lambda: "linnix_sse_clients 1\n" in daemon.get("/metrics").body)
        daemon.process.send_signal(signal.SIGTERM)
        assert daemon.process.wait(5) == 0
        daemon.start()
        wait_for(lambda: "linnix_sse_clients 1\n" in daemon.get("/metrics").body)
        daemon.ruled.wait("up", after=1)
        daemon.ruled.ready()
        daemon.ruled.send("alert", 1, 1, "fork_storm", HIGH, 4711)
        code, out, err = finish(follower)
        assert code == OK_CODE and " high fork_storm: " in out, (code, out, err)


@test
def a_stream_has_alerts_and_actions():
    with Apid() as daemon:
        stream = start(daemon, "stream", "--json")
        only = start(daemon, "stream", "--types", "action")
        wait_for(lambda: "linnix_sse_clients 2\n" in daemon.get("/metrics").body)
        daemon.ruled.send("alert", 1, 1, "fork_storm", HIGH, 4711)
        daemon.enforcerd.send("action", 1, 1, PENDING, 0, 0, 0)
        events = [json.loads(stream.stdout.readline()) for _ in range(2)]
        assert {event["event"] for event in events} == {"alert", "action"} and all(event["id"] for event in events)
        assert "action-1 pending fork_storm" in only.stdout.readline()
        for process in (stream, only):
            process.terminate()
            process.communicate(timeout=5)
        code, _, err = ask(daemon, "stream", "--types", "nonsense")
        assert code == NO and "400 " in err, err


@test
def an_action_is_listed_and_approved_with_the_proof_of_the_kernel():
    with Apid() as daemon:
        daemon.enforcerd.send("action", 1, 1, PENDING, 2, 0, 0)
        wait_for(lambda: len(daemon.get("/actions").json()) == 1)
        code, out, _ = ask(daemon, "actions", "--status", "pending")
        assert code == OK_CODE and "action-1" in out and "kill_tree" in out and "pass" in out, out
        assert ask(daemon, "actions", "--status", "failed", "--json")[1] == "[]\n"
        proof = (UNIX, 0, APPROVE, 1, 1, "root")
        daemon.enforcerd.send("action", 1, 2, APPROVED, 0, 0, 0)
        line, code, out, err = decide(daemon, "approve", "1", "--reason", "it \"leaks\"", proof=proof)
        assert line == "POST /actions/action-1/approve HTTP/1.0", line
        assert code == OK_CODE and out.startswith("action-1 approved"), (code, out, err)
        decided = daemon.enforcerd.wait("decide ")
        assert "root" in decided and "it \"leaks\"" in decided, decided


@test
def a_refused_decision_is_1_with_the_reason():
    with Apid() as daemon:
        proof = (UNIX, 0, APPROVE, 7, 0, "root", "you are not an approver")
        line, code, out, err = decide(daemon, "approve", "action-7", proof=proof)
        assert code == NO and out == "" and "403 Forbidden: you are not an approver" in err, (code, out, err)
        proof = (UNIX, 0, HOLD, 0, 1, "root")
        line, code, out, err = decide(daemon, "hold", "--approver", "sre", proof=proof, result=(CONFLICT, "it is held"))
        assert line == "POST /enforcement/hold HTTP/1.0" and code == NO and "409 Conflict: it is held" in err, err
        assert " sre" in daemon.enforcerd.wait("decide "), daemon.enforcerd.lines


@test
def who_am_i_is_what_enforcerd_has_proven():
    with Apid() as daemon:
        line, code, out, _ = decide(daemon, "whoami", proof=(UNIX, 0, WHOAMI, 0, 0, "root"))
        assert code == OK_CODE and "user        root\n" in out and "may         read\n" in out, out


@test
def rules_are_listed_and_tcp_works_as_well():
    with Apid() as daemon:
        code, out, _ = ask(None, "--url", "http://127.0.0.1:%d" % apid.PORT, "rules")
        assert code == OK_CODE and "fork_storm" in out and "forks_per_sec" in out, out
        code, _, _ = ask(None, "--url", "http://[::1]:%d/" % apid.PORT, "rules", "--json")
        assert code == OK_CODE


@test
def output_that_cannot_be_written_is_a_failure():
    with Apid() as daemon, open("/dev/full", "w") as full:
        process = subprocess.run([LINNIX, "rules"], stdout=full, stderr=subprocess.PIPE, text=True,
                                 env={"LINNIX_RUN_DIR": daemon.run})
        assert process.returncode == NO and "cannot be written" in process.stderr, process


@test
def configuration_and_recordings_are_checked_by_the_daemons_beside_it():
    with tempfile.TemporaryDirectory(prefix="linnix-test-") as directory:
        def write(name, data):
            with open(os.path.join(directory, name), "wb") as file:
                file.write(data)
            return os.path.join(directory, name)
        rules = os.path.join(TOP, "configs", "rules.yaml")
        good = write("good.yaml", b"rules: {path: %s}\n" % rules.encode())
        bad = write("bad.yaml", b"rules: {path: %s}\nmode: Enforce\n" % rules.encode())
        assert ask(None, "check-config", "--config", good)[0] == OK_CODE
        code, _, err = ask(None, "check-config", "--config", bad)
        assert code == NO and "bad.yaml:2:7: mode:" in err, err
        code, out, err = ask(None, "backtest", write("x.rec", b"nonsense"), "--rules", rules)
        assert code == NO and out == "" and "damaged at byte 0" in err, (code, out, err)
        code, _, err = ask(None, "backtest", write("y.rec", b""), "--rules", "/nonexistent")
        assert code == NO and "/nonexistent" in err, err


if __name__ == "__main__":
    main()
