# SPDX-License-Identifier: AGPL-3.0-only
"""The real ruled, apid and enforcerd together, with a made-up collector: what an approver mutes over HTTP is kept back,
shown, and outlasts each of the three. Runs in a network of its own; nothing is ever proposed."""

import contextlib
import ctypes
import http.client
import json
import os
import pwd
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
import linnix
from linnix import BUILD, Answer, UnixConnection, main, test, wait_for
import hostile
from hostile import COLLECTORD, PROCESS, Wire

linnix._tests.clear()  # hostile.py's own

F_TICK, F_FORK = 5, 11
RULES = """
- {name: storm, detector: forks_per_sec, threshold: 10, duration: 2, cooldown: 5, severity: high}
- {name: burst, detector: fork_burst, threshold: 30, window_seconds: 5, cooldown: 5}
"""
PORT = 3919


class Suite:
    def __enter__(self):
        self.directory = tempfile.TemporaryDirectory(prefix="linnix-test-")
        self.root = self.directory.name
        os.chmod(self.root, 0o755)
        for name in ("run", "run/ruled", "run/apid", "run/enforcerd", "rules", "ruled", "apid", "enforcerd"):
            os.mkdir(self.path(name))
            os.chmod(self.path(name), 0o755)
            if name not in ("run", "rules"):
                os.chown(self.path(name), pwd.getpwnam("linnix-" + os.path.basename(name)).pw_uid, -1)
        with open(self.path("rules/rules.yaml"), "w") as file:
            file.write(RULES)
        with open(self.path("linnix.yaml"), "w") as file:
            file.write('api: {listen: ["127.0.0.1:%d", "[::1]:%d"]}\nrules: {path: %s}\n' % (
                PORT, PORT, self.path("rules/rules.yaml")))
        self.log_file = open(self.path("log"), "w+")
        self.processes = {}
        self.pid = 5000
        try:
            for daemon in ("enforcerd", "apid", "ruled"):
                self.start(daemon)
            self.connect()
        except BaseException:
            self.__exit__(*sys.exc_info())
            raise
        return self

    def __exit__(self, kind, value, trace):
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            process.wait(10)
        self.log_file.seek(0)
        if kind:
            print("# " + self.log_file.read()[-5000:].replace("\n", "\n# "))
        self.log_file.close()
        self.directory.cleanup()

    def path(self, name):
        return os.path.join(self.root, name)

    def start(self, daemon):
        self.processes[daemon] = subprocess.Popen(
            [os.path.join(BUILD, "linnix-" + daemon), "--config", self.path("linnix.yaml")], cwd="/",
            env={"LINNIX_RUN_DIR": self.path("run"), "STATE_DIRECTORY": self.path(daemon)}, stdout=subprocess.DEVNULL,
            stderr=self.log_file)

    def restart(self, daemon):
        self.processes[daemon].terminate()
        self.processes[daemon].wait(10)
        self.start(daemon)

    def connect(self):
        def wire():
            with contextlib.suppress(OSError):  # not there yet, or not yet everybody's who may
                return Wire(self.path("run/ruled/events.sock"), COLLECTORD)
        self.collectord = wait_for(wire)
        self.now = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
        self.tick()

    def tick(self):
        self.collectord.send(F_TICK, hostile.struct.pack("<Qq", self.now, time.time_ns() - time.clock_gettime_ns(
            time.CLOCK_BOOTTIME)))

    def fork(self, pid, start, parent, comm):
        ppid, parent_start = parent
        self.collectord.send(F_FORK, PROCESS.pack(self.now, start, parent_start, 0, 0, pid, ppid, 1000, 0, 0, comm.encode()))

    def storm(self, comm):
        """A new process of this name begins 45 others in 3 s of the events' time."""
        self.pid += 100
        shell = (self.pid, self.now)
        self.fork(*shell, (1, 1), comm)
        for number in range(1, 46):
            self.now += 3 * 10**9 // 45
            self.fork(self.pid + number, self.now, shell, "child")
        self.tick()

    def request(self, method, path, body=None):
        connection = UnixConnection(self.path("run/apid/api.sock"))
        try:
            connection.request(method, path, body)
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read().decode())
        finally:
            connection.close()

    def get(self, path):
        try:
            return self.request("GET", path).json()
        except (OSError, http.client.HTTPException):
            return None

    def mute(self, **body):
        return self.request("POST", "/rules/mute", json.dumps(dict({"approver": "sre"}, **body)))

    def alerts(self):
        """(rule, comm) of each alert, oldest first."""
        return [(alert["rule"], alert["culprit"]["comm"]) for alert in reversed(self.get("/alerts"))]

    def muted(self):
        status = self.get("/status")
        return status and [(mute["kind"], mute["what"]) for mute in status["mutes"]]

    def ready(self):
        """ruled and enforcerd have been heard of, and ruled has told its rules."""
        def ready():
            status = self.get("/status")
            return status and status["rules"]["loaded"] >= 2 and all(
                status["daemons"][name]["up"] for name in ("ruled", "enforcerd"))
        wait_for(ready)


@test
def a_muted_rule_and_a_muted_culprit_are_kept_back_until_they_are_no_more():
    with Suite() as suite:
        suite.ready()
        suite.storm("loud")
        wait_for(lambda: len(suite.alerts()) == 2)
        answer = suite.mute(rule="storm", seconds=3600)
        assert answer.status == 200, answer.body
        wait_for(lambda: suite.muted() == [("rule", "storm")])
        until = {rule["name"]: rule["muted_until"] for rule in suite.get("/rules")}
        assert until["burst"] is None and abs(until["storm"] - answer.json()["until"]) < 1, until
        suite.storm("other")
        wait_for(lambda: len(suite.alerts()) == 3)
        assert sorted(suite.alerts()) == [("burst", "loud"), ("burst", "other"), ("storm", "loud")], suite.alerts()
        assert suite.mute(culprit="noisy", seconds=3600).status == 200
        wait_for(lambda: ("culprit", "noisy") in suite.muted())
        suite.storm("noisy")
        assert suite.mute(rule="storm", seconds=0).json() == {"kind": "rule", "what": "storm", "by": "sre", "until": None}
        wait_for(lambda: suite.muted() == [("culprit", "noisy")])
        suite.storm("noisy")
        suite.storm("after")
        wait_for(lambda: ("storm", "after") in suite.alerts())
        assert sorted(suite.alerts())[:4] == [("burst", "after"), ("burst", "loud"), ("burst", "other"), ("storm", "after")]
        assert len(suite.alerts()) == 5, suite.alerts()


@test
def a_mute_outlasts_each_of_the_three_daemons():
    with Suite() as suite:
        suite.ready()
        assert suite.mute(rule="storm", seconds=3600).status == 200
        wait_for(lambda: suite.muted() == [("rule", "storm")])
        suite.restart("apid")
        suite.ready()
        wait_for(lambda: suite.muted() == [("rule", "storm")])
        for daemon in ("enforcerd", "ruled"):
            suite.restart(daemon)
            suite.ready()
            if daemon == "ruled":
                suite.connect()
            wait_for(lambda: suite.muted() == [("rule", "storm")])
        suite.storm("loud")
        wait_for(lambda: suite.alerts())
        assert suite.alerts() == [("burst", "loud")]


@test
def a_mute_ends_by_itself():
    with Suite() as suite:
        suite.ready()
        assert suite.mute(rule="storm", seconds=5).status == 200
        wait_for(lambda: suite.muted() == [("rule", "storm")])
        suite.storm("first")
        suite.now += 3 * 10**9  # the events' time is ahead of ours
        suite.storm("second")
        wait_for(lambda: ("storm", "second") in suite.alerts())
        assert ("storm", "first") not in suite.alerts()
        wait_for(lambda: suite.muted() == [] and suite.get("/rules")[0]["muted_until"] is None, 8)


if __name__ == "__main__":
    if os.geteuid() == 0:
        if ctypes.CDLL(None, use_errno=True).unshare(0x40000000) < 0:  # CLONE_NEWNET
            sys.exit("unshare: %s" % os.strerror(ctypes.get_errno()))
        hostile.bring_up_loopback()
    main()
