# SPDX-License-Identifier: AGPL-3.0-only
"""What a taken-over neighbour can say to a real daemon, with exactly the uid and the links it has, and what other users
can do to files and sockets: the table "One daemon taken over" of SECURITY.md. Runs in a network of its own; only
processes started here are ever approved."""

import array
import contextlib
import ctypes
import fcntl
import grp
import json
import os
import pwd
import random
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
import apid_between as api
import linnix
from linnix import BUILD, NOBODY, alive, main, test, wait_for

COLLECTORD, RULED, APID, ENFORCERD = range(4)
HEADER, HELLO = struct.Struct("<IHHQ"), struct.Struct("<IHHQ16sIIQ")
PROCESS = struct.Struct("<5Q3I2H16s")
DECIDE = struct.Struct("<QQQI4HI")
MAGIC, VERSION, HAS_FD = 0x584E4C01, 3, 1
F_PROPOSE, F_VERDICT, F_WITHDRAW, F_MUTE, F_CLAIM, F_PROOF, F_UNCLAIM, F_DECIDE, F_DECIDED, F_ACTION = \
    30, 31, 32, 34, 40, 41, 42, 43, 44, 46
MUTE_RULE, MUTE_CULPRIT = 1, 2
OK, FORBIDDEN, UNKNOWN, CONFLICT, EXPIRED, MISMATCH, INVALID, UNAVAILABLE = range(8)
PORT = 3918
SERVED = "api: {listen: [\"127.0.0.1:%d\", \"[::1]:%d\"]}\n" % (PORT, PORT)


@contextlib.contextmanager
def acting_as(name):
    """The kernel notes the effective user of whoever connects."""
    user, own = pwd.getpwnam(name), os.getgroups()
    os.setgroups([g.gr_gid for g in grp.getgrall() if name in g.gr_mem])
    os.seteuid(user.pw_uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setgroups(own)


class Wire:
    """One end of a link, which says whatever the test wants."""

    def __init__(self, path, role, pidns=None):
        self.sock, self.sequence, self.data, self.frames = socket.socket(socket.AF_UNIX), 0, b"", []
        with acting_as("linnix-" + ("collectord", "ruled", "apid", "enforcerd")[role]):
            self.sock.connect(path)
        self.sock.settimeout(5)
        with open("/proc/sys/kernel/random/boot_id") as file:
            boot = bytes.fromhex(file.read().strip().replace("-", ""))
        self.send(1, HELLO.pack(MAGIC, VERSION, role, pidns or os.stat("/proc/self/ns/pid").st_ino, boot, os.getpid(), 0,
                                time.clock_gettime_ns(time.CLOCK_BOOTTIME)))
        self.next(1)

    def pack(self, kind, body, flags=0):
        self.sequence += 1
        return HEADER.pack(HEADER.size + len(body), kind, flags, self.sequence) + body

    def send(self, kind, body, fd=None):
        data = self.pack(kind, body, 0 if fd is None else HAS_FD)
        if fd is None:
            self.sock.sendall(data)
        else:
            self.sock.sendmsg([data], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [fd]))])

    def next(self, kind, seconds=5):
        """The body of the next frame of @kind; None once the other side has closed the link."""
        deadline = time.monotonic() + seconds
        while True:
            while len(self.data) >= HEADER.size and len(self.data) >= HEADER.unpack_from(self.data)[0]:
                length, got, _, _ = HEADER.unpack_from(self.data)
                body, self.data = self.data[HEADER.size:length], self.data[length:]
                if got == kind:
                    return body
            self.sock.settimeout(max(0.01, deadline - time.monotonic()))
            try:
                part = self.sock.recv(65536)
            except ConnectionError:
                return None
            if not part:
                return None
            self.data += part

    def ends(self, seconds=5):
        return self.next(0, seconds) is None

    def close(self):
        self.sock.close()


class Enforcerd:
    """linnix-enforcerd alone; the test is ruled, apid and everybody else."""

    def __init__(self, config=SERVED, prepare=None, stderr=None):
        self.directory = tempfile.TemporaryDirectory(prefix="linnix-test-")
        self.root = self.directory.name
        os.chmod(self.root, 0o755)
        for name, owner in (("run", None), ("run/apid", "apid"), ("run/enforcerd", "enforcerd"), ("state", "enforcerd")):
            os.mkdir(self.path(name))
            os.chmod(self.path(name), 0o755)
            if owner:
                os.chown(self.path(name), pwd.getpwnam("linnix-" + owner).pw_uid, -1)
        with open(self.path("linnix.yaml"), "w") as file:
            file.write(config)
        if prepare:
            prepare(self)
        self.log_file = open(self.path("log"), "w+")
        self.process = subprocess.Popen(
            [os.path.join(BUILD, "linnix-enforcerd"), "--config", self.path("linnix.yaml")], cwd="/",
            env={"LINNIX_RUN_DIR": self.path("run"), "STATE_DIRECTORY": self.path("state")},
            stdout=subprocess.DEVNULL, stderr=stderr or self.log_file)
        self.door = socket.socket(socket.AF_UNIX)
        self.door.bind(self.path("run/apid/api.sock"))
        self.door.listen(600)
        self.connections = 0

    def path(self, name):
        return os.path.join(self.root, name)

    def __enter__(self):
        try:
            wait_for(lambda: os.path.exists(self.path("run/enforcerd/decisions.sock")) or self.process.poll() is not None)
            assert self.process.poll() is None, self.log()
            self.apid = Wire(self.path("run/enforcerd/decisions.sock"), APID)
            self.ruled = Wire(self.path("run/enforcerd/proposals.sock"), RULED)
        except BaseException:
            self.__exit__(*sys.exc_info())
            raise
        return self

    def __exit__(self, kind, value, trace):
        code = self.process.poll()
        self.process.terminate()
        self.process.wait(10)
        if kind is not None:
            print("# enforcerd:\n# " + self.log()[-3000:].replace("\n", "\n# "))
        self.door.close()
        self.log_file.close()
        if os.path.ismount(self.path("state")):
            subprocess.run(["umount", self.path("state")], check=True)
        self.directory.cleanup()
        assert kind is not None or code is None, "enforcerd ended with %s" % code

    def log(self):
        with open(self.path("log"), errors="replace") as file:
            return file.read()

    def audit(self):
        with open(self.path("state/audit.jsonl"), errors="replace") as file:
            return file.read()

    def propose(self, pid, number=1, uid=0, ino=None, kind=1, sig=15, reason=b"because", rule=b"storm", start=1):
        if ino is None:
            fd = os.pidfd_open(pid)
            ino = os.fstat(fd).st_ino
            os.close(fd)
        texts = (rule, b"1-1", reason)
        body = struct.pack("<4Q2I8H2d", number, start, ino, 0, pid, uid, kind, sig, 1, *map(len, texts), 0, 0, 2.0, 1.0)
        self.ruled.send(F_PROPOSE, body + b"".join(texts))

    def verdict(self):
        """(action, why not) of the last proposal; None: the link was closed for it."""
        body = self.ruled.next(F_VERDICT)
        return body and (struct.unpack_from("<QQ", body)[1], body[24:].decode(errors="replace"))

    def action(self, pid, **more):
        self.propose(pid, **more)
        action, why = self.verdict()
        assert action, why
        return action

    def claim(self, fd, number=None):
        """(admitted, why not, number) for a passed descriptor."""
        self.connections += 1
        number = number or self.connections
        self.apid.send(F_CLAIM, struct.pack("<Q", number), fd)
        body = self.apid.next(F_PROOF)
        assert body is not None, "the link was closed"
        user, why = struct.unpack_from("<2H", body, 26)
        return struct.unpack_from("<H", body, 24)[0], body[32 + user:32 + user + why].decode(), number

    def decide(self, connection, if_match=0, label=b"sre"):
        self.apid.send(F_DECIDE, DECIDE.pack(connection, connection, if_match, 0, 0, len(label), 0, 0, 0) + label)
        body = self.apid.next(F_DECIDED)
        return None if body is None else struct.unpack_from("<H", body, 16)[0]

    def mute(self, connection, what, secs=60, kind=MUTE_RULE, label=b"sre"):
        self.apid.send(F_DECIDE, DECIDE.pack(connection, connection, 0, secs, kind, len(label), 0, len(what), 0) + label + what)
        body = self.apid.next(F_DECIDED)
        return None if body is None else struct.unpack_from("<H", body, 16)[0]

    def told_mute(self, seconds=5):
        """(kind, what, by, until) of the next mute that ruled is told."""
        body = self.ruled.next(F_MUTE, seconds)
        until, kind, what, by = struct.unpack_from("<QHHH", body)
        return kind, body[16:16 + what], body[16 + what:16 + what + by], until / 1e9

    def connect(self, request, user=None):
        """A client of @user at the API's unix socket: (its end, apid's end)."""
        client = socket.socket(socket.AF_UNIX)
        os.chmod(self.path("run/apid/api.sock"), 0o666)
        if user is None:
            client.connect(self.path("run/apid/api.sock"))
        else:
            with acting_as(user):
                client.connect(self.path("run/apid/api.sock"))
        client.sendall(request)
        return client, self.door.accept()[0]


@contextlib.contextmanager
def victim(name=None, user=NOBODY):
    """A process of ours that may be approved."""
    more = {} if user is None else {"user": user, "group": user, "extra_groups": []}
    process = subprocess.Popen(["sleep", "60"], cwd="/", start_new_session=True, stdout=subprocess.DEVNULL, **more)
    try:
        yield process.pid
    finally:
        process.kill()
        process.wait()


def approve(action, verb="approve"):
    return b"POST /actions/action-%d/%s HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n" % (action, verb.encode())


@contextlib.contextmanager
def root_service(address, say):
    """A server of root's that sends what a client can make it send."""
    listener = socket.socket(socket.AF_UNIX if isinstance(address, str) else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(address)
    if isinstance(address, str):
        os.chmod(address, 0o666)
    listener.listen(4)
    kept = []

    def serve():
        with contextlib.suppress(OSError):
            while True:
                kept.append(listener.accept()[0])
                kept[-1].sendall(say)
    threading.Thread(target=serve, daemon=True).start()
    yield
    listener.close()
    for sock in kept:
        sock.close()


def still_pending(enforcerd, pid):
    time.sleep(0.05)
    return alive(pid) and "APPROVED" not in enforcerd.audit()


@test
def apid_taken_over_cannot_pass_off_a_service_of_root_as_an_approver():
    with Enforcerd() as enforcerd, victim() as pid:
        request = approve(enforcerd.action(pid, uid=NOBODY))
        path, port = enforcerd.path("echo.sock"), 4711
        with root_service(path, request), root_service(("127.0.0.1", port), request):
            with acting_as("linnix-apid"):
                by_unix = socket.socket(socket.AF_UNIX)
                by_unix.connect(path)
            with acting_as("nobody"):  # apid has no TCP; somebody may lend it
                by_tcp = socket.socket()
                by_tcp.connect(("127.0.0.1", port))
                from_own_port = socket.socket()  # apid has given its port away
                from_own_port.bind(("127.0.0.1", PORT))
                from_own_port.connect(("127.0.0.1", port))
            for sock, why in ((by_unix, "not a connection to the API"), (by_tcp, "not a connection to the API"),
                              (from_own_port, "the other end is a server")):
                assert select.select([sock], [], [], 3)[0]
                admitted, said, number = enforcerd.claim(sock.fileno())
                assert (admitted, said) == (0, why), said
                assert enforcerd.decide(number) == FORBIDDEN
                sock.close()
        assert still_pending(enforcerd, pid)


@test
def apid_taken_over_cannot_make_evidence_of_any_other_descriptor():
    with Enforcerd() as enforcerd, victim() as pid:
        request = approve(enforcerd.action(pid, uid=NOBODY))
        ours, theirs = socket.socketpair()
        theirs.sendall(request)
        listener = socket.socket()
        listener.bind(("127.0.0.1", PORT))
        listener.listen(4)
        other = socket.socket(socket.AF_UNIX)
        other.bind(enforcerd.path("other.sock"))
        other.listen(4)
        elsewhere = socket.socket(socket.AF_UNIX)
        elsewhere.connect(enforcerd.path("other.sock"))
        elsewhere.sendall(request)
        bound = socket.socket(socket.AF_UNIX)  # a client that gave itself a name
        bound.bind(enforcerd.path("named.sock"))
        bound.connect(enforcerd.path("run/apid/api.sock"))
        bound.sendall(request)
        pipe = os.pipe()
        os.write(pipe[1], request)
        epoll = select.epoll()
        memory = os.memfd_create("request")
        os.write(memory, request)
        evil = [ours, listener, enforcerd.door, enforcerd.apid.sock, enforcerd.ruled.sock, other.accept()[0],
                enforcerd.door.accept()[0], socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 4),
                socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM), socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET),
                socket.socket(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM), epoll]
        for fd in [e.fileno() for e in evil] + [pipe[0], memory, os.open("/proc/self/mem", os.O_RDONLY)]:
            admitted, why, number = enforcerd.claim(fd)
            assert not admitted and why, (fd, why)
            assert enforcerd.decide(number) == FORBIDDEN
        assert still_pending(enforcerd, pid)


@test
def apid_taken_over_gets_from_a_decision_only_what_its_bytes_say():
    with Enforcerd() as enforcerd, victim() as first, victim() as second:
        one = enforcerd.action(first, uid=NOBODY)
        two = enforcerd.action(second, uid=NOBODY, number=2)
        assert enforcerd.decide(99) == FORBIDDEN, "without a claim"
        client, accepted = enforcerd.connect(b"GET /actions HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert not enforcerd.claim(accepted.fileno())[0] or enforcerd.decide(enforcerd.connections) == FORBIDDEN
        client, accepted = enforcerd.connect(approve(one), "nobody")
        assert enforcerd.claim(accepted.fileno())[:2] == (0, "not an approver")
        assert enforcerd.decide(enforcerd.connections) == FORBIDDEN
        client, accepted = enforcerd.connect(approve(one), "linnix-apid")
        assert enforcerd.claim(accepted.fileno())[1] == "a user of this suite decides nothing"
        client, accepted = enforcerd.connect(approve(one).replace(b"Host", b"X-Forwarded-For: ::1\r\nHost"))
        assert enforcerd.claim(accepted.fileno())[:2] == (0, "the request was relayed")
        client, accepted = enforcerd.connect(approve(one)[:-2])
        assert enforcerd.claim(accepted.fileno())[:2] == (0, "the request's head has not come whole")
        client, accepted = enforcerd.connect(approve(one))
        admitted, _, number = enforcerd.claim(accepted.fileno())
        assert admitted
        assert enforcerd.decide(number, if_match=77) == MISMATCH
        assert enforcerd.decide(number) == CONFLICT, "once means once"
        admitted, why, again = enforcerd.claim(accepted.fileno())
        assert (admitted, why) == (0, "one connection decides once: use a new one")
        assert enforcerd.decide(again) == FORBIDDEN
        assert still_pending(enforcerd, first) and alive(second)
        client, accepted = enforcerd.connect(approve(one))
        assert enforcerd.claim(accepted.fileno())[0]
        client.close()
        assert enforcerd.decide(enforcerd.connections) == FORBIDDEN, "its client has left"
        client, accepted = enforcerd.connect(approve(one))
        assert enforcerd.claim(accepted.fileno())[0]
        assert enforcerd.decide(enforcerd.connections, label=b"x\x1b[2J") == INVALID
        client, accepted = enforcerd.connect(approve(one))
        assert enforcerd.claim(accepted.fileno())[0]
        assert enforcerd.decide(enforcerd.connections) == OK
        wait_for(lambda: not alive(first))
        assert alive(second) and two


MUTE = b"POST /rules/mute HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n"


def quiet(enforcerd):
    """Nothing more is told to ruled."""
    try:
        return enforcerd.ruled.next(F_MUTE, 0.3) is None
    except TimeoutError:
        return True


@test
def neither_apid_nor_ruled_taken_over_can_mute_by_itself():
    with Enforcerd() as enforcerd, victim() as pid:
        action = enforcerd.action(pid, uid=NOBODY)
        assert enforcerd.mute(99, b"storm") == FORBIDDEN, "without a claim"
        wait_for(lambda: "REFUSED" in enforcerd.audit())
        time.sleep(1.1)  # refusals are written once a second
        client, accepted = enforcerd.connect(MUTE, "nobody")
        assert enforcerd.claim(accepted.fileno())[:2] == (0, "not an approver")
        assert enforcerd.mute(enforcerd.connections, b"storm") == FORBIDDEN
        wait_for(lambda: enforcerd.audit().count("not-an-approver") == 1)
        for request, why in ((MUTE.replace(b"Host", b"Via: 1.1 x\r\nHost"), "the request was relayed"),
                             (MUTE[:-2], "the request's head has not come whole")):
            client, accepted = enforcerd.connect(request)
            assert enforcerd.claim(accepted.fileno())[:2] == (0, why)
            assert enforcerd.mute(enforcerd.connections, b"storm") == FORBIDDEN
        client, accepted = enforcerd.connect(b"GET /rules HTTP/1.1\r\nHost: localhost\r\n\r\n")
        enforcerd.claim(accepted.fileno())
        assert enforcerd.mute(enforcerd.connections, b"storm") == FORBIDDEN
        client, accepted = enforcerd.connect(approve(action, "reject"))  # says what it is, whatever apid says
        assert enforcerd.claim(accepted.fileno())[0]
        assert enforcerd.mute(enforcerd.connections, b"storm") == OK
        client, accepted = enforcerd.connect(MUTE)
        assert enforcerd.claim(accepted.fileno())[0]
        client.close()
        assert enforcerd.mute(enforcerd.connections, b"storm") == FORBIDDEN, "its client has left"
        assert quiet(enforcerd) and "MUTED" not in enforcerd.audit()
        enforcerd.ruled.send(F_MUTE, struct.pack("<Q4H", 2**62, MUTE_RULE, 5, 0, 0) + b"storm")
        assert enforcerd.ruled.ends()
        enforcerd.ruled = wait_for(lambda: Wire(enforcerd.path("run/enforcerd/proposals.sock"), RULED))
        assert quiet(enforcerd)


@test
def an_approvers_mute_is_written_told_and_told_again_also_after_a_restart():
    def decide(enforcerd, what, **more):
        client, accepted = enforcerd.connect(MUTE)
        assert enforcerd.claim(accepted.fileno())[0]
        return enforcerd.mute(enforcerd.connections, what, **more)

    def again(enforcerd):
        enforcerd.ruled.close()
        enforcerd.ruled = wait_for(lambda: Wire(enforcerd.path("run/enforcerd/proposals.sock"), RULED))
    with Enforcerd() as enforcerd:
        begin = time.time()
        assert decide(enforcerd, b"fork_storm", secs=7200) == OK
        kind, what, by, until = enforcerd.told_mute()
        assert (kind, what, by) == (MUTE_RULE, b"fork_storm", b"sre") and 7199 < until - begin < 7210, until
        line = "[linnix_audit] MUTED rule=fork_storm for=7200s by sre uid=0 user=root via=unix"
        wait_for(lambda: line in enforcerd.log())
        entry = json.loads(enforcerd.audit().splitlines()[-1])
        assert (entry["kind"], entry["rule"], entry["for_secs"], entry["by"]) == ("MUTED", "fork_storm", 7200, "sre"), entry
        enforcerd.ruled.close()
        assert decide(enforcerd, b"stress", kind=MUTE_CULPRIT) == OK, "ruled is away"
        wait_for(lambda: enforcerd.audit().count("MUTED") == 2)
        again(enforcerd)
        assert {enforcerd.told_mute()[1] for _ in range(2)} == {b"fork_storm", b"stress"}
        assert decide(enforcerd, b"stress", kind=MUTE_CULPRIT, secs=0) == OK
        assert enforcerd.told_mute() == (MUTE_CULPRIT, b"stress", b"sre", 0)
        again(enforcerd)
        assert enforcerd.told_mute()[1] == b"fork_storm" and quiet(enforcerd)
        assert [decide(enforcerd, *a, **k) for a, k in (((b"",), {}), ((b"x" * 16,), {"kind": MUTE_CULPRIT}),
                                                        ((b"a\nb",), {}), ((b"a",), {"secs": 604801}),
                                                        ((b"a",), {"kind": 0}))] == [INVALID] * 5
        results = [decide(enforcerd, b"rule%d" % number) for number in range(64)]
        assert results == [OK] * 63 + [CONFLICT], results
        wait_for(lambda: enforcerd.audit().count("MUTED") == 3 + 63)
        audit = enforcerd.audit()

    def leave_audit(second):
        with open(second.path("state/audit.jsonl"), "w") as file:
            file.write(audit)
        os.chown(second.path("state/audit.jsonl"), pwd.getpwnam("linnix-enforcerd").pw_uid, -1)
    with Enforcerd(prepare=leave_audit) as enforcerd:
        assert len({enforcerd.told_mute()[1] for _ in range(64)}) == 64 and quiet(enforcerd)


@test
def claims_are_bounded_and_a_new_apid_inherits_none():
    with Enforcerd() as enforcerd, victim() as pid:
        action, pairs, why = enforcerd.action(pid, uid=NOBODY), [], ""
        for _ in range(700):
            pairs.append(enforcerd.connect(approve(action)))
            admitted, why, number = enforcerd.claim(pairs[-1][1].fileno())
            if not admitted:
                break
        assert why == "too many decisions at the same time" and len(pairs) == 513, (why, len(pairs))
        enforcerd.apid.close()
        enforcerd.apid = wait_for(lambda: Wire(enforcerd.path("run/enforcerd/decisions.sock"), APID))
        assert enforcerd.decide(1) == FORBIDDEN
        assert still_pending(enforcerd, pid)


@test
def frames_that_a_neighbour_may_not_send_end_its_link_only():
    with Enforcerd() as enforcerd, victim() as pid:
        proposal = struct.pack("<4Q2I8H2d", 1, 1, 1, 0, pid, 0, 1, 9, 1, 0, 0, 0, 0, 0, 2.0, 1.0)
        decisions = [(F_PROPOSE, proposal), (F_DECIDED, bytes(24)), (F_ACTION, bytes(200)), (F_CLAIM, struct.pack("<Q", 1)),
                     (63, b""), (65535, b""), (F_DECIDE, bytes(31)), (F_DECIDE, DECIDE.pack(1, 1, 0, 0, 0, 9, 0, 0, 0)),
                     (F_DECIDE, DECIDE.pack(1, 1, 0, 0, 0, 2000, 0, 0, 0) + bytes(2000)), (1, bytes(48))]
        decide = DECIDE.pack(1, 1, 0, 0, 0, 3, 0, 0, 0) + b"sre"
        proposals = [(F_DECIDE, decide), (F_CLAIM, struct.pack("<Q", 1)),
                     (F_PROPOSE, proposal[:44] + struct.pack("<H", 19) + proposal[46:]),  # SIGSTOP
                     (F_PROPOSE, proposal[:42] + struct.pack("<H", 77) + proposal[44:]),
                     (F_PROPOSE, proposal[:32] + struct.pack("<I", 0) + proposal[36:]),
                     (F_PROPOSE, proposal[:32] + struct.pack("<I", 2**32 - 1) + proposal[36:])]
        for name, role, frames in (("decisions", APID, decisions), ("proposals", RULED, proposals)):
            for kind, body in frames:
                enforcerd.apid.close()
                enforcerd.ruled.close()
                wire = wait_for(lambda: Wire(enforcerd.path("run/enforcerd/%s.sock" % name), role))
                wire.send(kind, body)
                assert wire.ends(), (name, kind)
                wire.close()
        for data in (b"\xff" * 16, struct.pack("<IHHQ", 0, 1, 0, 2), struct.pack("<IHHQ", 1 << 31, F_DECIDE, 0, 2),
                     struct.pack("<IHHQ", 40, F_UNCLAIM, 0, 7)):
            wire = wait_for(lambda: Wire(enforcerd.path("run/enforcerd/decisions.sock"), APID))
            wire.sock.sendall(data)
            assert wire.ends(), data
            wire.close()
        enforcerd.ruled = wait_for(lambda: Wire(enforcerd.path("run/enforcerd/proposals.sock"), RULED))
        assert enforcerd.action(pid, uid=NOBODY) == 1


def is_kernel_thread(pid):
    with contextlib.suppress(OSError, IndexError):
        with open("/proc/%d/stat" % pid) as file:
            return int(file.read().rsplit(")", 1)[1].split()[6]) & 0x200000
    return False


@test
def ruled_taken_over_cannot_propose_what_is_protected_or_another_than_it_says():
    with Enforcerd() as enforcerd, victim() as pid, victim(user=None) as other:
        os.symlink("/bin/sleep", enforcerd.path("sshd"))
        root = subprocess.Popen([enforcerd.path("sshd"), "60"], start_new_session=True, cwd="/",
                                stdout=subprocess.DEVNULL)
        threads = [int(p) for p in os.listdir("/proc") if p.isdigit() and is_kernel_thread(int(p))][:1]
        cases = [dict(pid=1), dict(pid=os.getpid()), dict(pid=os.getppid()), dict(pid=root.pid),
                 dict(pid=enforcerd.process.pid, uid=pwd.getpwnam("linnix-enforcerd").pw_uid),
                 dict(pid=pid, uid=0), dict(pid=pid, uid=NOBODY, ino=1), dict(pid=pid, uid=NOBODY, ino=2**64 - 1),
                 dict(pid=pid, uid=NOBODY, ino=0), dict(pid=4194303, uid=0, ino=1)] + [dict(pid=t) for t in threads]
        try:
            for number, case in enumerate(cases, 1):
                enforcerd.propose(number=number, **case)
                action, why = enforcerd.verdict()
                assert action == 0 and why, case
        finally:
            root.kill()
            root.wait()
        assert "PROPOSED" not in enforcerd.audit()
        enforcerd.ruled.close()
        enforcerd.ruled = wait_for(lambda: Wire(enforcerd.path("run/enforcerd/proposals.sock"), RULED, pidns=1))
        enforcerd.propose(pid, uid=NOBODY)
        assert enforcerd.verdict() == (0, "ruled speaks of the pids of another pid namespace")
        assert alive(other)


@test
def what_ruled_says_is_escaped_and_floods_leave_decisions_through():
    with Enforcerd() as enforcerd, victim() as pid:
        reason = b"\x1b[2J\n[linnix_audit] APPROVED action-9 by root uid=0 user=root via=tcp\r\xff\\"
        action = enforcerd.action(pid, uid=NOBODY, reason=reason, rule=b"a\nb")
        for number in range(2, 3000):
            enforcerd.propose(pid, number=number, uid=NOBODY)
        start = time.monotonic()
        client, accepted = enforcerd.connect(approve(action, "reject"))
        assert enforcerd.claim(accepted.fileno())[0]
        assert enforcerd.decide(enforcerd.connections) == OK
        assert time.monotonic() - start < 2, time.monotonic() - start
        wait_for(lambda: "REJECTED" in enforcerd.log())
        lines = enforcerd.log().splitlines()
        assert not any(line.startswith("[linnix_audit] APPROVED") for line in lines), lines
        assert all("\x1b" not in line and "\r" not in line for line in lines)
        for line in enforcerd.audit().splitlines():
            json.loads(line)


@test
def the_audit_is_no_link_no_directory_and_goes_on_after_a_broken_chain():
    def linked(enforcerd):
        os.symlink(enforcerd.path("elsewhere"), enforcerd.path("state/audit.jsonl"))

    def directory(enforcerd):
        os.mkdir(enforcerd.path("state/audit.jsonl"))
    for prepare in (linked, directory):
        enforcerd = Enforcerd(prepare=prepare)
        try:
            assert enforcerd.process.wait(5) != 0
            assert "audit.jsonl" in enforcerd.log(), enforcerd.log()
            assert not os.path.exists(enforcerd.path("elsewhere"))
        finally:
            enforcerd.door.close()
            enforcerd.log_file.close()
            enforcerd.directory.cleanup()

    def broken(enforcerd):
        path = enforcerd.path("state/audit.jsonl")
        with open(path, "w") as file:
            file.write('{"time":1.5,"kind":"PROPOSED","action":"action-41","prev":"%s","hash":"%s"}\n' % ("0" * 64, "1" * 64))
            file.write('{"time":1.5,"kind":"RESUME","by":"eve"')
        os.chown(path, pwd.getpwnam("linnix-enforcerd").pw_uid, -1)
    with Enforcerd(prepare=broken) as enforcerd, victim() as pid:
        assert "does not fit the chain" in enforcerd.log()
        assert enforcerd.action(pid, uid=NOBODY) == 42, "its numbers are used up"
        wait_for(lambda: "CONTINUED" in enforcerd.audit())


@test
def with_a_full_disk_nothing_is_executed():
    def small(enforcerd):
        uid = pwd.getpwnam("linnix-enforcerd").pw_uid
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k,mode=755,uid=%d" % uid, "none", enforcerd.path("state")],
                       check=True)
    with Enforcerd(prepare=small) as enforcerd, victim() as pid:
        action = enforcerd.action(pid, uid=NOBODY)
        wait_for(lambda: "PROPOSED" in enforcerd.audit())
        with contextlib.suppress(OSError):
            with open(enforcerd.path("state/fill"), "wb", buffering=0) as file:
                while file.write(bytes(1024)):
                    pass
        with open(enforcerd.path("state/audit.jsonl"), "ab", buffering=0) as file:
            with contextlib.suppress(OSError):  # the rest of its last page
                while file.write(b" " * (4096 - os.fstat(file.fileno()).st_size % 4096)) and \
                        os.fstat(file.fileno()).st_size % 4096:
                    pass
        results = []
        for _ in range(2):
            client, accepted = enforcerd.connect(approve(action))
            assert enforcerd.claim(accepted.fileno())[0]
            results.append(enforcerd.decide(enforcerd.connections))
            time.sleep(0.3)
        assert alive(pid), results
        assert results[1] in (UNAVAILABLE, CONFLICT), results
        assert "EXECUTED" not in enforcerd.audit()


class Ruled:
    """linnix-ruled alone."""

    def __enter__(self):
        self.directory = tempfile.TemporaryDirectory(prefix="linnix-test-")
        self.root = self.directory.name
        os.chmod(self.root, 0o755)
        for name in ("run", "run/ruled", "rules"):
            os.mkdir(os.path.join(self.root, name))
            os.chmod(os.path.join(self.root, name), 0o755)
        os.chown(os.path.join(self.root, "run/ruled"), pwd.getpwnam("linnix-ruled").pw_uid, -1)
        with open(os.path.join(self.root, "rules/rules.yaml"), "w") as file:
            with open(os.path.join(linnix.TOP, "configs", "rules.yaml")) as rules:
                file.write(rules.read())
        self.log = open(os.path.join(self.root, "log"), "w+")
        self.process = subprocess.Popen(
            [os.path.join(BUILD, "linnix-ruled"), "--config", os.path.join(self.root, "none.yaml"), "--rules",
             os.path.join(self.root, "rules/rules.yaml")] + os.environ.get("LINNIX_HOSTILE_OPTIONS", "").split(),
            cwd="/", env={"LINNIX_RUN_DIR": os.path.join(self.root, "run")}, stderr=self.log)
        self.socket = os.path.join(self.root, "run/ruled/events.sock")
        wait_for(lambda: os.path.exists(self.socket) or self.process.poll() is not None)
        return self

    def __exit__(self, kind, value, trace):
        code = self.process.poll()
        self.process.terminate()
        self.process.wait(10)
        if kind or code is not None:
            self.log.seek(0)
            print("# " + self.log.read()[-3000:].replace("\n", "\n# "))
        self.log.close()
        self.directory.cleanup()
        assert kind is not None or code is None, "ruled ended with %s" % code

    def rss(self):
        with open("/proc/%d/status" % self.process.pid) as file:
            return int([line for line in file if line.startswith("VmRSS")][0].split()[1]) * 1024


def random_frame(rng, clock):
    """A frame that the checks let through, about anybody."""
    texts = [bytes(rng.randrange(256) for _ in range(rng.randrange(40))) for _ in range(2)]
    process = PROCESS.pack(clock, rng.choice((rng.randrange(2**62), rng.randrange(50))), rng.randrange(50), rng.getrandbits(64),
                           rng.randrange(20), rng.choice((rng.randrange(1, 2**22), rng.randrange(1, 60))), rng.randrange(60),
                           rng.randrange(2**32), rng.randrange(2), 0, bytes(rng.randrange(256) for _ in range(15)) + b"\0")
    lengths = struct.pack("<2H", *map(len, texts))
    return rng.choice((
        (11, process), (11, process), (11, process),
        (12, process + struct.pack("<H", rng.randrange(2)) + lengths + b"\0\0" + b"".join(texts)),
        (13, process + struct.pack("<IIQQ", rng.randrange(65536), 0, rng.getrandbits(60), rng.getrandbits(64))),
        (15, process + struct.pack("<8Q6I2H", *(rng.getrandbits(rng.randrange(65)) for _ in range(8)), rng.getrandbits(32),
                                   rng.getrandbits(32), rng.getrandbits(32), rng.randrange(3), rng.getrandbits(32),
                                   rng.getrandbits(32), rng.choice(b"RSDZ"),
                                   rng.randrange(2)) + lengths + b"".join(texts)),
        (17, process),
        (18, struct.pack("<QQII", clock, rng.randrange(50), rng.randrange(1, 60), 0)),
        (19, struct.pack("<Q", clock) + bytes(rng.randrange(256) for _ in range(108)) + struct.pack("<HH", rng.randrange(8), 0)),
        (14, struct.pack("<QIHH", clock, rng.randrange(3), rng.randrange(2), 0)),
        (16, struct.pack("<QIIII", clock, rng.randrange(3), rng.randrange(9), rng.randrange(9), 0)),
        (10, struct.pack("<QHH4x", rng.randrange(1, 2**64), len(texts[0]), rng.randrange(2)) + texts[0]),
        (5, struct.pack("<Qq", clock, rng.randrange(2**40)))))


@test
def collectord_taken_over_cannot_break_ruled_or_fill_its_memory():
    rng, frames = random.Random(11), int(os.environ.get("LINNIX_HOSTILE_FRAMES", "150000"))
    with Ruled() as ruled:
        wire, clock, closed = wait_for(lambda: Wire(ruled.socket, COLLECTORD)), 10**9, 0
        before, batch = ruled.rss(), []
        for number in range(frames):
            clock = rng.choice((clock + rng.randrange(10**7), clock + rng.randrange(10**7), rng.randrange(2**62))) \
                if number % 1000 == 0 else clock + rng.randrange(10**6)
            batch.append(wire.pack(*random_frame(rng, min(clock, 2**62))))
            if len(batch) < 200:
                continue
            try:
                wire.sock.settimeout(20)
                wire.sock.sendall(b"".join(batch))
            except ConnectionError:
                closed += 1
                wire.close()
                wire = wait_for(lambda: Wire(ruled.socket, COLLECTORD))
            batch = []
        wire.close()
        fresh = wait_for(lambda: Wire(ruled.socket, COLLECTORD))
        print("# links closed: %d, resident memory: %d to %d KiB" % (closed, before >> 10, ruled.rss() >> 10))
        assert closed < frames / 2000, "most of these frames are fine"
        assert "LINNIX_HOSTILE_OPTIONS" in os.environ or ruled.rss() < before + (192 << 20)
        fresh.close()


HOSTS = ("localhost.:P", "localhost:0P", "127.1:P", "2130706433:P", "0x7f000001:P", "[::1%25lo]:P", "[::1%lo]:P",
         "[0:0:0:0:0:0:0:1]:P", "[::ffff:127.0.0.1]:P", "user@localhost:P", "localhost%2e:P", "0.0.0.0:P", "127.0.0.2:P",
         "localhost:P:80", "localhost:P,evil", "evil.localhost:P", "\tlocalhost:P", "localhost", "localhost:P\r\n evil")
REQUESTS = (
    ("GET http://evil.example/actions HTTP/1.1\r\nHost: localhost:P\r\n\r\n", 404),
    ("GET http://localhost:P/actions HTTP/1.1\r\nHost: localhost:P\r\n\r\n", 404),
    ("GET //localhost/actions HTTP/1.1\r\nHost: localhost:P\r\n\r\n", 404),
    ("GET /%61ctions HTTP/1.1\r\nHost: localhost:P\r\n\r\n", 404),
    ("GET /../actions HTTP/1.1\r\nHost: localhost:P\r\n\r\n", 404),
    ("CONNECT localhost:22 HTTP/1.1\r\nHost: localhost:P\r\n\r\n", 404),
    ("GET /actions\r\n\r\n", 400),
    ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    ("GET /enforcement/hold HTTP/1.1\r\nHost: localhost:P\r\nX-HTTP-Method-Override: POST\r\n\r\n", 405),
    ("POST /enforcement/hold HTTP/1.1\r\nHost: localhost:P\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n", 400),
    ("POST /enforcement/hold HTTP/1.1\r\nHost: localhost:P\r\nTransfer-Encoding: xchunked\r\n\r\n", 501),
    ("POST /enforcement/hold HTTP/1.1\r\nHost: localhost:P\r\nOrigin: http://localhost.:P\r\nContent-Length: 0\r\n\r\n", 403),
    ("POST /enforcement/hold HTTP/1.1\r\nHost: localhost:P\r\nOrigin: HTTPS://localhost:P\r\nContent-Length: 0\r\n\r\n", 403),
)


@test
def odd_spellings_of_hosts_targets_and_origins_are_not_ours():
    with api.Apid(peers=False) as apid:
        for host in HOSTS:
            text = apid.raw(("GET /actions HTTP/1.1\r\nHost: %s\r\n\r\n" % host.replace("P", str(api.PORT))).encode(),
                            seconds=2)
            assert api.status_of(text) in (400, 421), (host, text)
        for request, status in REQUESTS:
            text = apid.raw(request.replace(":P", ":%d" % api.PORT).encode(), seconds=2)
            assert api.status_of(text) == status, (request, text)


def bring_up_loopback():
    with socket.socket() as sock:
        fcntl.ioctl(sock, 0x8914, struct.pack("16sH14x", b"lo", 1))


if __name__ == "__main__":
    if os.geteuid() == 0:
        if ctypes.CDLL(None, use_errno=True).unshare(0x40000000) < 0:  # CLONE_NEWNET
            sys.exit("unshare: %s" % os.strerror(ctypes.get_errno()))
        bring_up_loopback()
    main()
