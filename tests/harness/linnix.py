# SPDX-License-Identifier: AGPL-3.0-only
"""Runs the real suite for a test and asks it things the way its users do. Prints TAP."""

import contextlib
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback

TOP = os.environ.get("LINNIX_TOP") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("LINNIX_BUILD") or os.path.join(TOP, "build")
RUN = os.environ.get("LINNIX_RUN_DIR") or "/run/linnix"
QUICKSTART = os.path.join(TOP, "packaging", "quickstart")
DAEMONS = ("collectord", "ruled", "apid", "enforcerd")
NOBODY = 65534

_tests = []


def test(function):
    """Marks a test; its name is the sentence that is printed."""
    _tests.append(function)
    return function


class Skip(Exception):
    pass


def main(needs_kernel=True):
    """Runs the marked tests in order and exits. needs_kernel: they need root and BPF."""
    failed = 0
    print("1..%d" % len(_tests), flush=True)
    for number, function in enumerate(_tests, 1):
        name = function.__name__.replace("_", " ")
        try:
            if needs_kernel and (os.geteuid() != 0 or not os.path.exists("/sys/kernel/btf/vmlinux")):
                raise Skip("needs root and BTF")
            function()
            print("ok %d - %s" % (number, name), flush=True)
        except Skip as why:
            print("ok %d - %s # SKIP %s" % (number, name, why), flush=True)
        except BaseException:
            failed += 1
            print("not ok %d - %s" % (number, name), flush=True)
            for line in traceback.format_exc().splitlines():
                print("# " + line, flush=True)
    sys.exit(1 if failed else 0)


def wait_for(what, seconds=5.0, step=0.01):
    """Calls what() until it gives something true; returns that."""
    deadline = time.monotonic() + seconds
    while True:
        value = what()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError("did not happen within %.1f s: %s" % (seconds, getattr(what, "__name__", what)))
        time.sleep(step)


_published = tempfile.TemporaryDirectory(prefix="linnix-test-")


def published(path):
    """A copy of @path that every user can reach, wherever this tree lies."""
    os.chmod(_published.name, 0o755)
    copy = os.path.join(_published.name, os.path.basename(path))
    if not os.path.exists(copy):
        shutil.copy(path, copy)
        os.chmod(copy, 0o755)
    return copy


def as_user(uid):
    """Arguments for subprocess: run as @uid with its own session."""
    return {"user": uid, "group": uid, "extra_groups": [], "start_new_session": True}


def alive(pid):
    try:
        with open("/proc/%d/stat" % pid) as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


def session_members(sid):
    """pids of the living processes of a session."""
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            with contextlib.suppress(OSError, IndexError):
                with open("/proc/%s/stat" % name) as stat:
                    fields = stat.read().rsplit(")", 1)[1].split()
                if int(fields[3]) == sid and fields[0] not in "ZX":
                    found.append(int(name))
    return found


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=10)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(10)
        self.sock.connect(self.path)


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def json(self):
        return json.loads(self.body)


class Events(threading.Thread):
    """Reads an SSE stream; events is a list of (arrival on CLOCK_BOOTTIME, id, event, data)."""

    def __init__(self, suite, path, headers=None):
        super().__init__(daemon=True)
        self.events, self.connection = [], suite.connection()
        self.connection.request("GET", path, headers=headers or {"Accept": "text/event-stream"})
        self.answer = self.connection.getresponse()
        assert self.answer.status == 200, self.answer.status
        self.connection.sock and self.connection.sock.settimeout(None)
        self.start()

    def run(self):
        fields = {}
        with contextlib.suppress(OSError, ValueError, AttributeError, http.client.HTTPException):
            for line in self.answer:
                line = line.decode().rstrip("\r\n")
                if line == "":
                    if "data" in fields:
                        self.events.append((time.clock_gettime(time.CLOCK_BOOTTIME), fields.get("id"),
                                            fields.get("event"), json.loads(fields["data"])))
                    fields = {}
                elif not line.startswith(":"):
                    key, _, value = line.partition(": ")
                    fields[key] = value

    def of(self, event):
        return [e for e in self.events if e[2] == event]


class Suite:
    """The whole suite under packaging/quickstart, with its own configuration and state."""

    def __init__(self, rules, config="", port=3000):
        self.port = port
        self.directory = tempfile.mkdtemp(prefix="linnix-test-")
        os.chmod(self.directory, 0o755)
        self.config_dir = os.path.join(self.directory, "config")
        self.state_dir = os.path.join(self.directory, "state")
        os.mkdir(self.config_dir)
        os.chmod(self.config_dir, 0o755)
        self.write("linnix.yaml", config)
        self.write("rules.yaml", rules)

    def write(self, name, text):
        path = os.path.join(self.config_dir, name)
        with open(path, "w") as file:
            file.write(text)
        os.chmod(path, 0o644)
        return path

    def quickstart(self, *arguments):
        return subprocess.run([QUICKSTART, "--no-deps", "--config", self.config_dir, "--state", self.state_dir,
                               *arguments], capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=180)

    def __enter__(self):
        done = self.quickstart("--detach")
        if done.returncode != 0:
            log = self.log()
            self.__exit__(None, None, None)
            raise AssertionError("quickstart: %s%s\n%s" % (done.stdout, done.stderr, log))
        return self

    def __exit__(self, kind, value, trace):
        self.quickstart("--stop")
        if kind is not None:
            print("# suite.log:\n# " + self.log()[-6000:].replace("\n", "\n# "))
        shutil.rmtree(self.directory, ignore_errors=True)

    def log(self):
        with contextlib.suppress(OSError):
            with open(os.path.join(self.state_dir, "suite.log"), errors="replace") as file:
                return file.read()
        return ""

    def audit(self):
        """The audit lines as they stand in the log."""
        return [line for line in self.log().splitlines() if line.startswith("[linnix_audit] ")]

    def audit_file(self):
        return os.path.join(self.state_dir, "enforcerd", "audit.jsonl")

    def pid(self, daemon):
        done = subprocess.run(["pgrep", "-x", "-f", os.path.join(BUILD, "linnix-" + daemon) + " .*" + self.config_dir
                               + ".*"], capture_output=True, text=True)
        return int(done.stdout.split()[0])

    def overflow_ring(self, seconds):
        """More events than the ring holds while nobody reads it."""
        collectord = self.pid("collectord")
        assert collectord > 1
        os.kill(collectord, signal.SIGSTOP)
        try:
            subprocess.run(["stress-ng", "--quiet", "--vfork", "1", "-t", str(seconds)], check=True, cwd="/tmp", **as_user(NOBODY))
        finally:
            os.kill(collectord, signal.SIGCONT)

    def connection(self, unix=False):
        if unix:
            return UnixConnection(os.path.join(RUN, "apid", "api.sock"))
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)

    def request(self, method, path, body=None, headers=None, unix=False):
        connection = self.connection(unix)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read().decode())
        finally:
            connection.close()

    def get(self, path, **more):
        return self.request("GET", path, **more)

    def actions(self, status=None):
        return [a for a in self.get("/actions").json() if status in (None, a["status"])]

    def curl(self, *arguments, uid=0):
        """curl as @uid; returns (HTTP status, body)."""
        done = subprocess.run(["curl", "-s", "-m", "10", "-w", "\n%{http_code}", *arguments], capture_output=True,
                              text=True, user=uid, group=uid, extra_groups=[])
        body, _, status = done.stdout.rpartition("\n")
        return int(status or 0), body

    def approve(self, action, approver="sre-alice", uid=0):
        return self.curl("-X", "POST", "http://localhost:%d/actions/%s/approve" % (self.port, action),
                         "-d", json.dumps({"approver": approver}), uid=uid)


class Storm:
    """A shell of @uid that starts @per_second children, which sleep."""

    SCRIPT = "exec 3<> <(:); while :; do sleep 300 & read -t %.4f -u 3; done"

    def __init__(self, per_second=15.0, uid=NOBODY):
        self.process = subprocess.Popen(["bash", "-c", self.SCRIPT % (1.0 / per_second)], cwd="/",
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL, **as_user(uid))
        self.pid = self.process.pid

    def members(self):
        return session_members(self.pid)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for _ in range(10):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
            if not self.members():
                break
            time.sleep(0.05)
        self.process.wait()
