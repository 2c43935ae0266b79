# SPDX-License-Identifier: AGPL-3.0-only
"""What a real collectord says of a process against what the kernel says of it in /proc and over netlink."""

import os
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from collectord import READY, listening, program, sampled
from linnix import main, test

UP = "print('up', flush=True)\nsys.stdin.read()\n"


def fields_of(pid, name):
    with open("/proc/%d/%s" % (pid, name)) as file:
        return dict(line.split(":", 1) for line in file if ":" in line)


def scheduled_ns(pid):
    """CPU time of all threads."""
    total = 0
    for thread in os.listdir("/proc/%d/task" % pid):
        with open("/proc/%d/task/%s/schedstat" % (pid, thread)) as file:
            total += int(file.read().split()[0])
    return total


def at_rest(receiver, process):
    """The last sample of a program that is up, then stopped, so that it and /proc speak of the same."""
    assert process.stdout.readline() == "up\n"
    process.send_signal(signal.SIGSTOP)
    sampled(receiver, process.pid, state=ord("T"))
    receiver.read(0.3)
    return [f for f in receiver.of("SAMPLE") if f["pid"] == process.pid][-1]


@test
def cpu_time_is_that_of_schedstat_within_two_percent():
    script = READY + ("def burn():\n"
                      "    end = time.thread_time() + 0.25\n"
                      "    while time.thread_time() < end: pass\n"
                      "    threading.Event().wait()\n"
                      "for _ in range(3): threading.Thread(target=burn, daemon=True).start()\n"
                      "while time.process_time() < 0.9: time.sleep(0.01)\n" + UP)
    with listening() as (_, receiver), program(script) as process:
        sample, kernel = at_rest(receiver, process), scheduled_ns(process.pid)
        assert sample["threads"] == 4 and kernel > 0.75e9, (sample, kernel)
        assert abs(sample["cpu_ns"] - kernel) <= 0.02 * kernel, (sample, kernel)


@test
def cpu_time_of_a_busy_process_lies_between_what_schedstat_says_before_and_after():
    script = READY + "print('up', flush=True)\nwhile True: pass\n"
    with listening() as (_, receiver), program(script) as process:
        assert process.stdout.readline() == "up\n"
        for _ in range(8):
            receiver.read(0.1)  # what was on its way
            begun, before = time.clock_gettime_ns(time.CLOCK_BOOTTIME), scheduled_ns(process.pid)
            sample = receiver.until(lambda f: f["frame"] == "SAMPLE" and f["pid"] == process.pid and
                                    f["time_ns"] > begun, 5)
            after = scheduled_ns(process.pid)
            assert before <= sample["cpu_ns"] <= after, (before, sample, after)
        assert before > 0.1e9, before


@test
def resident_memory_is_that_of_smaps_rollup_within_a_megabyte_and_one_percent():
    script = READY + ("import mmap\n"
                      "memory = bytearray(96 << 20)\n"
                      "for i in range(0, len(memory), 4096): memory[i] = 1\n"
                      "shared = mmap.mmap(-1, 32 << 20)\n"
                      "for i in range(0, len(shared), 4096): shared[i] = 1\n"
                      "del memory[64 << 20:]\n" + UP)
    with listening() as (_, receiver), program(script) as process:
        sample = at_rest(receiver, process)
        kernel = {name: int(value.split()[0]) * 1024
                  for name, value in fields_of(process.pid, "smaps_rollup").items() if value.endswith("kB\n")}
        resident = sample["anon"] + sample["file"] + sample["shmem"]
        assert kernel["Rss"] > 64 << 20, kernel
        assert abs(resident - kernel["Rss"]) <= (1 << 20) + kernel["Rss"] // 100, (sample, kernel)
        assert abs(sample["shmem"] - (32 << 20)) <= 1 << 20, sample
        assert abs(sample["swap"] - kernel["Swap"]) <= 1 << 20, (sample, kernel)


@test
def open_files_are_exactly_those_in_proc():
    for count in (0, 61, 1000, 5000):  # on both sides of the kernel's own sizes of a table
        script = READY + ("files = [os.open('/dev/null', 0) for _ in range(%d)]\n"
                          "for fd in files[::3]: os.close(fd)\n" % count + UP)
        with listening() as (_, receiver), program(script) as process:
            sample = at_rest(receiver, process)
            kernel = len(os.listdir("/proc/%d/fd" % process.pid))
            assert sample["fds"] == kernel > count // 2, (sample, kernel)


@test
def connections_are_exactly_those_of_ss_in_whatever_state():
    script = READY + ("import socket\n"
                      "held = []\n"
                      "for family, address in ((socket.AF_INET, '127.0.0.1'), (socket.AF_INET6, '::1')):\n"
                      "    server = socket.socket(family); server.bind((address, 0)); server.listen(64)\n"
                      "    for _ in range(25):\n"
                      "        s = socket.socket(family); s.connect(server.getsockname())\n"
                      "        held += [s, server.accept()[0]]\n"
                      "    held.append(server)\n"
                      "held[0].shutdown(socket.SHUT_WR)\n"  # FIN_WAIT2 and CLOSE_WAIT
                      "held[2].close()\n"                    # only its other end, CLOSE_WAIT
                      "held[5].setblocking(False)\n"
                      "full = socket.socket(); full.bind(('127.0.0.1', 0)); full.listen(0)\n"
                      "for _ in range(4):\n"  # the later ones stay in SYN_SENT
                      "    s = socket.socket(); s.setblocking(False); s.connect_ex(full.getsockname()); held.append(s)\n"
                      + UP)
    with listening() as (_, receiver), program(script) as process:
        receiver.want(1)
        sample = at_rest(receiver, process)
        shown = subprocess.run(["ss", "-tnpH"], capture_output=True, text=True, check=True).stdout
        mine = [line.split()[0] for line in shown.splitlines() if "pid=%d," % process.pid in line]
        assert {"ESTAB", "FIN-WAIT-2", "CLOSE-WAIT", "SYN-SENT"} <= set(mine), set(mine)
        assert sample["connections"] == len(mine) == 103, (sample, len(mine))


@test
def storage_bytes_are_exactly_those_in_proc():
    with tempfile.NamedTemporaryFile(dir=os.environ.get("TMPDIR", "/var/tmp")) as file:
        script = READY + ("with open(%r, 'r+b') as f:\n"
                          "    f.write(os.urandom(6 << 20)); f.flush(); os.fsync(f.fileno())\n"
                          "    os.posix_fadvise(f.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)\n"
                          "    f.seek(0); f.read()\n" % file.name + UP)
        with listening() as (_, receiver), program(script) as process:
            sample, kernel = at_rest(receiver, process), fields_of(process.pid, "io")
            assert sample["write_bytes"] == int(kernel["write_bytes"]) >= 6 << 20, (sample, kernel)
            assert sample["read_bytes"] == int(kernel["read_bytes"]), (sample, kernel)


if __name__ == "__main__":
    main()
