# SPDX-License-Identifier: AGPL-3.0-only
"""Stands at ruled's end of the events link, and reads recordings: frames as dictionaries."""

import collections
import os
import socket
import struct
import time

MAGIC, VERSION, RULED = 0x584E4C01, 3, 1
HEADER = struct.Struct("<IHHQ")
PROCESS = struct.Struct("<5Q3I2H16s")
NAMES = {1: "HELLO", 2: "SELF", 3: "HOST", 4: "PROBE", 5: "TICK", 6: "COUNTERS", 7: "PROGRAM", 10: "CGROUP", 11: "FORK",
         12: "EXEC", 13: "EXIT", 14: "SAMPLE_BEGIN", 15: "SAMPLE", 16: "SAMPLE_END", 17: "OOM",
         18: "EXIT_INFERRED", 19: "HOST_SAMPLE"}
# What stands behind the process of an event, or alone: format, names; the text lengths come with their own format.
FIELDS = {
    "SELF": ("<HHIIIQQQQ", "role seccomp pid uid gid caps start_ns cpu_ns pss_bytes"),
    "HOST": ("<IIQ", "cpus page_bytes memory_bytes", "<2H4x", "host kernel"),
    "PROBE": ("<H", "attached", "<2H2x", "name why"),
    "TICK": ("<Qq", "time_ns wall_offset_ns"),
    "COUNTERS": ("<11Q", "forks execs exits cgroups ooms delivered dropped_ring dropped_link filtered ring_used ring_bytes"),
    "PROGRAM": ("<QQ", "runs nanoseconds", "<H6x", "name"),
    "CGROUP": ("<Q", "key", "<HH4x", "path"),
    "FORK": ("<", ""),
    "EXEC": ("<H", "truncated", "<2H2x", "exe args"),
    "EXIT": ("<IIQQ", "status connects maxrss_bytes cpu_ns"),
    "OOM": ("<", ""),
    "SAMPLE_BEGIN": ("<QIHH", "time_ns number full reserved"),
    "SAMPLE": ("<8Q6I2H", "cpu_ns anon file shmem swap read_bytes write_bytes major_faults fds fd_limit threads number "
               "connects connections state known", "<2H", "exe args"),
    "SAMPLE_END": ("<QIIII", "time_ns number seen sent reserved"),
    "EXIT_INFERRED": ("<QQII", "time_ns start_ns pid reserved"),
    "HOST_SAMPLE": ("<Q" + "IIQQ" * 3 + "QQQ3I2H", "time_ns " + " ".join(
        "%s_some_avg10 %s_full_avg10 %s_some_us %s_full_us" % ((of,) * 4) for of in ("cpu", "memory", "io")) +
        " cpu_busy_ns cpu_total_ns available load1 load5 load15 pressure_known reserved"),
}


def parse(kind, body):
    """One frame behind its header."""
    name, at = NAMES[kind], 0
    frame = {"frame": name}
    if name == "HELLO":
        return frame
    if name in ("FORK", "EXEC", "EXIT", "SAMPLE", "OOM"):
        values = PROCESS.unpack_from(body)
        frame.update(zip("time_ns start_ns parent_start_ns ino cgroup pid ppid uid kernel".split(), values))
        frame["comm"] = values[10].rstrip(b"\0").decode(errors="replace")
        at = PROCESS.size
    layout = FIELDS[name]
    frame.update(zip(layout[1].split(), struct.unpack_from(layout[0], body, at)))
    at += struct.calcsize(layout[0])
    if len(layout) > 2:
        lengths = struct.unpack_from(layout[2], body, at)
        at += struct.calcsize(layout[2])
        for text, length in zip(layout[3].split(), lengths):
            frame[text] = body[at:at + length].decode(errors="replace")
            at += length
        if name == "CGROUP":
            frame["removed"] = lengths[1]
    assert at == len(body), (name, at, len(body))
    return frame


def frames_of(data):
    """Whole frames at the beginning of @data, and what is left of it."""
    found, at = [], 0
    while len(data) - at >= HEADER.size:
        length, kind, _, _ = HEADER.unpack_from(data, at)
        if len(data) - at < length:
            break
        found.append(parse(kind, data[at + HEADER.size:at + length]))
        at += length
    return found, data[at:]


def recording(path):
    with open(path, "rb") as file:
        data = file.read()
    frames, rest = frames_of(data[16:])
    assert not rest, len(rest)
    return frames


def exact(counters):
    """True if every event that was seen is accounted for."""
    seen = sum(counters[kind] for kind in ("forks", "execs", "exits", "cgroups", "ooms"))
    return seen == sum(counters[what] for what in ("delivered", "dropped_ring", "dropped_link", "filtered"))


class Receiver:
    """Listens at RUN/ruled/events.sock as @uid for a collectord of group @gid."""

    def __init__(self, run, uid, gid):
        directory = os.path.join(run, "ruled")
        os.makedirs(directory, 0o755, exist_ok=True)
        self.path = os.path.join(directory, "events.sock")
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        os.chown(self.path, uid, gid)
        os.chmod(self.path, 0o660)
        os.seteuid(uid)  # the peer sees who called listen()
        self.listener.listen(1)
        os.seteuid(0)
        self.connection, self.rest, self.frames, self.seen = None, b"", [], 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.connection:
            self.connection.close()
        self.listener.close()
        os.unlink(self.path)

    def greet(self, seconds=5):
        self.listener.settimeout(seconds)
        self.connection = self.listener.accept()[0]
        with open("/proc/sys/kernel/random/boot_id") as file:
            boot = bytes.fromhex(file.read().strip().replace("-", ""))
        body = struct.pack("<IHHQ16sIIQ", MAGIC, VERSION, RULED, os.stat("/proc/self/ns/pid").st_ino, boot, os.getpid(),
                           0, time.clock_gettime_ns(time.CLOCK_BOOTTIME))
        self.connection.sendall(HEADER.pack(HEADER.size + len(body), 1, 0, 1) + body)
        self.sent = 1
        return self

    def want(self, connections):
        """Says WANT, as ruled does when a rule needs open connections."""
        self.sent += 1
        self.connection.sendall(HEADER.pack(HEADER.size + 8, 8, 0, self.sent) + struct.pack("<4H", connections, 0, 0, 0))

    def read(self, seconds):
        """Takes what comes within @seconds."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            self.connection.settimeout(left)
            try:
                data = self.connection.recv(1 << 20)
            except socket.timeout:
                return
            assert data, "collectord hung up"
            found, self.rest = frames_of(self.rest + data)
            self.frames += found

    def until(self, condition, seconds):
        """Reads until a frame that was not looked at before satisfies @condition; returns it."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            while self.seen < len(self.frames):
                self.seen += 1
                if condition(self.frames[self.seen - 1]):
                    return self.frames[self.seen - 1]
            self.read(0.02)
        raise AssertionError("did not come; got %s" % collections.Counter(f["frame"] for f in self.frames))

    def of(self, name):
        return [frame for frame in self.frames if frame["frame"] == name]
