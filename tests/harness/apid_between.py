# SPDX-License-Identifier: AGPL-3.0-only
"""The real linnix-apid between stand-ins for ruled and enforcerd, for the tests that ask it things."""

import contextlib
import grp
import http.client
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

from linnix import BUILD, Answer, UnixConnection, published, wait_for

COLLECTORD, RULED, APID, ENFORCERD = range(4)
NOBODY_KIND, UNIX, TCP = range(3)
NONE, WHOAMI, APPROVE, REJECT, HOLD, RESUME, MUTE = range(7)
MUTE_RULE, MUTE_CULPRIT = 1, 2
OK, FORBIDDEN, UNKNOWN, CONFLICT, EXPIRED, MISMATCH, INVALID, UNAVAILABLE = range(8)
PENDING, APPROVED = range(2)
PORT = 3917
BODY = '{"approver":"sre"}'


class Peer:
    """A stand-in; lines holds what it has received."""

    def __init__(self, role, run):
        user = pwd.getpwnam("linnix-" + role)
        groups = [g.gr_gid for g in grp.getgrall() if user.pw_name in g.gr_mem]
        self.lines = []
        self.process = subprocess.Popen([published(os.path.join(BUILD, "tests", "integration", "apid_peer")), role], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=1, cwd="/",
                                        env={"LINNIX_RUN_DIR": run}, user=user.pw_uid, group=user.pw_gid,
                                        extra_groups=groups)
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))

    def send(self, *words):
        self.process.stdin.write("\t".join(str(word) for word in words) + "\n")

    def wait(self, start, seconds=3, after=0):
        """The first line after the first @after ones that starts with @start."""
        return wait_for(lambda: [line for line in self.lines[after:] if line.startswith(start)], seconds)[0]

    def end(self):
        self.process.stdin.close()
        self.process.wait(5)


class Ruled(Peer):
    def __init__(self, run):
        super().__init__("ruled", run)
        self.wait("up")

    def ready(self):
        self.send("host", "box", "6.1.0-test")
        self.send("self", COLLECTORD, 101)
        self.send("self", RULED, 102)
        self.send("probe", "sched_process_fork")
        self.send("probe", "oom", "not on this kernel")
        self.send("program", "on_fork", 100, 250000)
        self.send("counters", 1000, 990, 10)
        self.send("rules", 1, 2, 1)
        self.send("rule", 1, 0, "fork_storm")
        self.send("rule", 1, 1, "churn")
        self.send("detection", 1)


class Enforcerd(Peer):
    def __init__(self, run):
        super().__init__("enforcerd", run)
        self.claimed = 0

    def ready(self):
        self.wait("up")
        self.send("self", ENFORCERD, 103)
        self.send("enforcer", 1, 1, 0)
        self.send("end", 0)

    def claim(self, seconds=3):
        """(number, first line) of the next claim."""
        claims = lambda: [line for line in self.lines if line.startswith("claim ")]
        wait_for(lambda: len(claims()) > self.claimed, seconds)
        _, number, line = claims()[self.claimed].split(" ", 2)
        self.claimed += 1
        return int(number), line


class Apid:
    """apid with a run directory of its own; with @peers also both stand-ins, ready."""

    def __init__(self, peers=True, config=""):
        self.directory = tempfile.mkdtemp(prefix="linnix-apid-")
        os.chmod(self.directory, 0o755)
        self.run = os.path.join(self.directory, "run")
        os.mkdir(self.run)
        for daemon in ("apid", "enforcerd"):
            user = pwd.getpwnam("linnix-" + daemon)
            os.mkdir(os.path.join(self.run, daemon))
            os.chown(os.path.join(self.run, daemon), user.pw_uid, user.pw_gid)
        for path in [self.run] + [os.path.join(self.run, d) for d in ("apid", "enforcerd")]:
            os.chmod(path, 0o755)
        self.config = os.path.join(self.directory, "linnix.yaml")
        with open(self.config, "w") as file:
            file.write(config or "api: {listen: [\"127.0.0.1:%d\", \"[::1]:%d\"]}\n" % (PORT, PORT))
        os.chmod(self.config, 0o644)
        self.socket = os.path.join(self.run, "apid", "api.sock")
        self.log_path = os.path.join(self.directory, "log")
        self.start()
        self.ruled = self.enforcerd = None
        if peers:
            self.ruled, self.enforcerd = Ruled(self.run), Enforcerd(self.run)
            self.ruled.ready()
            self.enforcerd.ready()
            wait_for(lambda: self.get("/readyz").status == 200)

    def start(self):
        with open(self.log_path, "a") as log:
            self.process = subprocess.Popen([os.path.join(BUILD, "linnix-apid"), "--config", self.config], stderr=log,
                                            env={"LINNIX_RUN_DIR": self.run}, cwd="/")
        wait_for(lambda: os.path.exists(self.socket) and self.serves() or self.process.poll() is not None)

    def serves(self):
        with contextlib.suppress(OSError):
            return self.get("/healthz", unix=True).status == 200

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        for peer in (self.ruled, self.enforcerd):
            if peer and peer.process.poll() is None:
                peer.end()
        alive = self.process.poll() is None
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(5)
        with open(self.log_path, errors="replace") as file:
            log = file.read()
        shutil.rmtree(self.directory)
        if kind or not alive or code != 0:
            print("# " + log.replace("\n", "\n# "))
        assert kind or (alive and code == 0), "apid ended with %d" % code

    def request(self, method, path, body=None, headers=None, unix=False):
        connection = UnixConnection(self.socket) if unix else \
            http.client.HTTPConnection("127.0.0.1", PORT, timeout=15)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read().decode())
        finally:
            connection.close()

    def get(self, path, **more):
        return self.request("GET", path, **more)

    def raw(self, data, seconds=3, half_close=False):
        """Everything a client gets that sends @data."""
        with socket.create_connection(("127.0.0.1", PORT), seconds) as sock:
            sock.sendall(data)
            if half_close:
                sock.shutdown(socket.SHUT_WR)
            got = b""
            with contextlib.suppress(OSError):
                while True:
                    part = sock.recv(65536)
                    if not part:
                        break
                    got += part
                    if b"\r\n\r\n" in got and b"Connection: close" not in got and not half_close:
                        break
            return got.decode(errors="replace")

    def decide(self, path="/actions/action-1/approve", body=BODY, headers=None, proof=None, **more):
        """Sends a decision; @proof is the PROOF to give. Returns a function that waits for the answer."""
        result = []
        thread = threading.Thread(target=lambda: result.append(self.request("POST", path, body, headers, **more)))
        thread.start()

        def answer():
            thread.join(10)
            return result[0]
        if proof:
            number, _ = self.enforcerd.claim()
            self.enforcerd.send("proof", number, *proof)
        return answer


ADMITTED = (TCP, 0, APPROVE, 1, 1, "root")


def status_of(text):
    return int(text.split(" ", 2)[1]) if text.startswith("HTTP/1.") else 0


class Stream(threading.Thread):
    def __init__(self, path, headers=None):
        super().__init__(daemon=True)
        self.connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=30)
        self.connection.request("GET", path, headers=headers or {})
        self.answer = self.connection.getresponse()
        self.events, self.comments, self.ended = [], 0, False
        self.start()

    def run(self):
        fields = {}
        with contextlib.suppress(OSError, ValueError, AttributeError, http.client.HTTPException):
            for line in self.answer:
                line = line.decode().rstrip("\n")
                if line.startswith(":"):
                    self.comments += 1
                elif line:
                    key, _, value = line.partition(": ")
                    fields[key] = value
                elif fields:
                    self.events.append((time.monotonic(), fields["id"], fields["event"], json.loads(fields["data"])))
                    fields = {}
        self.ended = True

    def close(self):
        self.connection.sock and self.connection.sock.shutdown(socket.SHUT_RDWR)
