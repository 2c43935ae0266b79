# SPDX-License-Identifier: AGPL-3.0-only
"""What a real collectord sees on the kernel that was booted for it. Runs in the virtual machine, which is slow."""

import collections
import os
import resource
import socket
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from collectord import FAST, PROGRAM, READY, Collector, is_frame, program, status
from linnix import main, test, wait_for

PATIENCE = 60
BPF_AND_PERFMON = 1 << 39 | 1 << 38
FILES, THREADS, MEMORY, CONNECTIONS = 300, 8, 48 << 20, 20

# A process whose use of everything is known; it runs for a second of CPU time, then waits for a line. It finds only the
# modules that are imported above.
KNOWN = READY + (
    "import socket\n"
    "files = [open('/dev/null') for _ in range(%d)]\n"
    "memory = bytearray(b'x') * %d\n"
    "for _ in range(%d - 1): threading.Thread(target=threading.Event().wait, daemon=True).start()\n"
    "listener = socket.socket(); listener.bind(('127.0.0.1', 0)); listener.listen(64)\n"
    "held = []\n"
    "for _ in range(%d):\n"
    "    s = socket.socket(); s.connect(listener.getsockname()); held += [s, listener.accept()[0]]\n"
    "end = time.process_time() + 1\n"
    "while time.process_time() < end: pass\n"
    "print('up', flush=True); sys.stdin.readline(); os._exit(7)\n") % (FILES, MEMORY, THREADS, CONNECTIONS)


def is_5():
    return os.uname().release.startswith("5.")


def last_sample(frames, pid, before=1 << 64):
    return [f for f in frames if f["frame"] == "SAMPLE" and f["pid"] == pid and f["time_ns"] < before][-1]


def recording_of(config, run):
    """What collectord recorded while run(collector) ran, what that returned, and what collectord said."""
    with Collector(config=config) as collector:
        collector.start("--record", collector.recording)
        wait_for(collector.is_collecting, PATIENCE)
        result = run(collector)
        return collector.recorded(), result, collector.said()


@test
def the_kernel_programs_are_loaded_and_attached():
    with Collector() as collector:
        began = time.monotonic()
        done = subprocess.run([PROGRAM, "--config", collector.config, "--dry-run"], stdout=subprocess.PIPE, text=True)
        seconds = time.monotonic() - began
    print("# loaded in %.1f s\n# %s" % (seconds, done.stdout.strip().replace("\n", "\n# ")))
    assert done.returncode == 0, done
    probes = dict(line.split(": ", 1) for line in done.stdout.splitlines())
    assert len(probes) == 10, probes
    missing = {name: why for name, why in probes.items() if why != "attached"}
    # Kernels before 6.9 give a number in its place unless they have been brought up to date.
    missing.pop("oom", None)
    assert not missing, missing


@test
def a_recording_tells_what_a_known_process_is_and_uses():
    def run(collector):
        with program(KNOWN) as process:
            assert process.stdout.readline() == "up\n"
            time.sleep(2)
            shown = status(process.pid), len(os.listdir("/proc/%d/fd" % process.pid))
            told_to_end = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
            process.stdin.write("\n")
            process.stdin.flush()
            _, code, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(code)
            return process.pid, *shown, usage, told_to_end

    frames, (pid, proc, files, usage, told_to_end), _ = recording_of(FAST, run)
    print("# %s" % dict(collections.Counter(f["frame"] for f in frames)))
    birth, image, end = ([f for f in frames if f["frame"] == name and f["pid"] == pid]
                         for name in ("FORK", "EXEC", "EXIT"))
    assert len(birth) == len(image) == len(end) == 1, (birth, image, end)
    assert birth[0]["ppid"] == image[0]["ppid"] == os.getpid(), birth
    assert image[0]["exe"] == sys.executable and " -c " in image[0]["args"], image
    assert end[0]["status"] >> 8 == 7 and end[0]["connects"] == CONNECTIONS, end

    # Our own process was there before. 5.10 does not let an iterator look up file names.
    known = next(f for f in frames if f["frame"] == "SAMPLE" and f["pid"] == os.getpid())
    assert known["exe"] == ("" if is_5() else os.path.realpath(sys.executable)), known

    sample = last_sample(frames, pid, told_to_end)
    print("# %s" % sample)
    assert sample["fds"] == files > FILES and sample["threads"] == int(proc["Threads"]) == THREADS, (files, proc)
    assert sample["connects"] == CONNECTIONS, sample
    for ours, theirs in (("anon", "RssAnon"), ("file", "RssFile"), ("shmem", "RssShmem")):
        assert abs(sample[ours] - int(proc[theirs].split()[0]) * 1024) <= 1 << 20, (sample, proc[theirs])
    assert sample["anon"] > MEMORY, sample
    used = (usage.ru_utime + usage.ru_stime) * 1e9
    assert 1e9 < sample["cpu_ns"] <= end[0]["cpu_ns"], (sample, end)
    assert abs(end[0]["cpu_ns"] - used) <= 0.05 * used, (end, used)


@test
def open_connections_are_walked_when_they_are_asked_for():
    with Collector(config=FAST) as collector, collector.receiver() as receiver, program(KNOWN) as process:
        assert process.stdout.readline() == "up\n"
        collector.start()
        receiver.greet(PATIENCE).until(is_frame("SAMPLE_END"), PATIENCE)
        assert last_sample(receiver.frames, process.pid)["connections"] == 0, "nobody asked"
        receiver.want(1)
        receiver.until(lambda f: f["frame"] == "SAMPLE" and f["pid"] == process.pid and f["connections"] > 0, PATIENCE)
        assert last_sample(receiver.frames, process.pid)["connections"] == 2 * CONNECTIONS


@test
def it_goes_on_without_the_rights_that_it_can_do_without():
    def run(collector):
        time.sleep(1)
        return int(status(collector.process.pid)["CapEff"], 16)

    frames, caps, said = recording_of(FAST, run)
    print("# capabilities %x" % caps)
    # 5.10 asks for them at each call of bpf().
    assert caps == (BPF_AND_PERFMON if is_5() else 0), caps
    assert ("both are kept" in said) == is_5(), said
    assert sum(1 for f in frames if f["frame"] == "SAMPLE_END") > 3, frames


if __name__ == "__main__":
    main()
