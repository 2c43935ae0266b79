# SPDX-License-Identifier: AGPL-3.0-only
"""Recordings as raw frames, to be made ready for keeping and to be played slower. Changes bytes; judges nothing."""

import struct

from receiver import HEADER, NAMES, PROCESS

START = 16  # bytes of the file header
EVENTS = ("FORK", "EXEC", "EXIT", "SAMPLE", "OOM")
TEXT_LEN = {"HOST": 16, "EXEC": PROCESS.size + 2, "SAMPLE": PROCESS.size + 92}  # two lengths; the texts come last
TIMES = {**{name: (0, 8, 16) for name in EVENTS}, "TICK": (0,), "SAMPLE_BEGIN": (0,), "SAMPLE_END": (0,),
         "EXIT_INFERRED": (0, 8), "HOST_SAMPLE": (0,)}
# What grows with time: CPU time of processes; stalls and CPU time of the host.
SUMS = {"SAMPLE": (PROCESS.size,), "EXIT": (PROCESS.size + 16,),
        "HOST_SAMPLE": (16, 24, 40, 48, 64, 72, 80, 88)}
U64 = struct.Struct("<Q")


def frames(data):
    """File header and [name, body] of each frame."""
    found, at = [], START
    while at < len(data):
        length, kind, _, _ = HEADER.unpack_from(data, at)
        found.append([NAMES[kind], bytearray(data[at + HEADER.size:at + length])])
        at += length
    assert at == len(data), "cut off"
    return data[:START], found


def written(head, found):
    numbers = {name: number for number, name in NAMES.items()}
    out = [head]
    for sequence, (name, body) in enumerate(found, 1):
        out += HEADER.pack(HEADER.size + len(body), numbers[name], 0, sequence), body
    return b"".join(out)


def texts(name, body):
    at = TEXT_LEN[name]
    one, two = struct.unpack_from("<HH", body, at)
    begin = len(body) - one - two
    return bytes(body[begin:begin + one]), bytes(body[begin + one:])


def set_texts(name, body, one, two):
    old = sum(map(len, texts(name, body)))
    struct.pack_into("<HH", body, TEXT_LEN[name], len(one), len(two))
    body[len(body) - old:] = one + two


def tidied(data, renamed):
    """Without the names of the machine it was made on; @renamed: path → path."""
    head, found = frames(data)
    found = [frame for frame in found if frame[0] not in ("PROGRAM", "SELF")]
    for name, body in found:
        if name == "HELLO":
            body[16:32] = bytes(16)
        elif name == "HOST":
            set_texts(name, body, b"host", b"Linux")
        elif name in TEXT_LEN:
            both = texts(name, body)
            for old, new in renamed.items():
                both = [text.replace(old.encode(), new.encode()) for text in both]
            if both != texts(name, body):
                set_texts(name, body, *both)
    return written(head, found)


class Stretch:
    """Time that runs @factor times as long from the first tick on, and what grows with it."""

    def __init__(self, factor, begin_ns):
        self.factor, self.begin_ns, self.first = factor, begin_ns, {}

    def time(self, time_ns):
        return time_ns if time_ns <= self.begin_ns else self.begin_ns + (time_ns - self.begin_ns) * self.factor

    def sum(self, key, value, is_new):
        base = self.first.setdefault(key, 0 if is_new else value)
        return base + (value - base) * self.factor

    def frame(self, name, body):
        start_ns = U64.unpack_from(body, 8)[0] if name in EVENTS else 0
        key = bytes(body[8:16] + body[40:44]) if name in EVENTS else name
        for at in SUMS.get(name, ()):
            owner = (key, at if name == "HOST_SAMPLE" else 0)
            U64.pack_into(body, at, self.sum(owner, U64.unpack_from(body, at)[0], start_ns > self.begin_ns))
        for at in TIMES.get(name, ()):
            U64.pack_into(body, at, self.time(U64.unpack_from(body, at)[0]))


def stretched(data, factor):
    """As if everything had taken @factor times as long, and the samples had been that far apart."""
    head, found = frames(data)
    begin_ns = next(U64.unpack_from(body)[0] for name, body in found if name == "TICK")
    stretch = Stretch(factor, begin_ns)
    for name, body in found:
        stretch.frame(name, body)
    return written(head, found)


def placed(data, path):
    """As if all of it had run in the cgroup @path."""
    head, found = frames(data)
    for name, body in found:
        if name == "CGROUP":
            struct.pack_into("<H", body, 8, len(path))
            body[16:] = path.encode()
    return written(head, found)


def shifted(name, body, begin_ns, by_ns):
    copy = bytearray(body)
    for at in TIMES[name]:
        time_ns = U64.unpack_from(copy, at)[0]
        if time_ns >= begin_ns:
            U64.pack_into(copy, at, time_ns + by_ns)
    return [name, copy]


def repeated(data, skip, seconds, times):
    """What happened in @seconds, after the first @skip, over and over: events and the clock, without samples."""
    head, found = frames(data)
    first_ns = next(U64.unpack_from(body)[0] for name, body in found if name == "TICK")
    begin_ns, length_ns = first_ns + skip * 10**9, seconds * 10**9
    before, part = [], []
    for name, body in found:
        time_ns = U64.unpack_from(body)[0] if name in TIMES else 0
        if time_ns < begin_ns:
            before.append([name, body])
        elif time_ns < begin_ns + length_ns and name in ("TICK", "FORK", "EXEC", "EXIT"):
            part.append([name, body])
    return written(head, before + [shifted(name, body, begin_ns, time * length_ns)
                                   for time in range(times) for name, body in part])
