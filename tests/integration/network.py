# SPDX-License-Identifier: AGPL-3.0-only
"""A real collectord counts who begins TCP connections and who holds how many."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from collectord import FAST, READY, Collector, is_frame, listening, program, sampled
from linnix import main, test

# Waits for a line; then connect() makes connections to the port that is its argument and resets them.
CLIENT = READY + (
    "import socket\n"
    "address = ('127.0.0.1', int(sys.argv[1]))\n"
    "def connect(count):\n"
    "    for _ in range(count):\n"
    "        s = socket.socket()\n"
    "        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b'\\1\\0\\0\\0\\0\\0\\0\\0')\n"
    "        s.connect(address)\n"
    "        s.close()\n"
    "sys.stdin.readline()\n")


@contextlib.contextmanager
def server(family=socket.AF_INET, address="127.0.0.1"):
    """A process that accepts and closes at once; gives (its pid, its port)."""
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((address, 0))
    listener.listen(4096)
    child = os.fork()
    if child == 0:
        with contextlib.suppress(BaseException):
            while True:
                listener.accept()[0].close()
        os._exit(0)
    port = listener.getsockname()[1]
    listener.close()
    try:
        yield child, port
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def probe(receiver, name):
    return [f for f in receiver.of("PROBE") if f["name"] == name][-1]


def last_sample(receiver, pid):
    return [f for f in receiver.of("SAMPLE") if f["pid"] == pid][-1]


def cost_of(receiver, name):
    """Nanoseconds of a run."""
    cost = [f for f in receiver.of("PROGRAM") if f["name"] == name][-1]
    each = cost["nanoseconds"] / cost["runs"]
    print("# a run of %s takes %d ns" % (name, each))
    return each


def run(process, line="go\n"):
    process.stdin.write(line)
    process.stdin.flush()


@test
def a_hundred_thousand_connects_are_counted_exactly_and_for_whom_they_were():
    threads = CLIENT + ("threads = [threading.Thread(target=connect, args=(25000,)) for _ in range(2)]\n"
                        "for t in threads: t.start()\n"
                        "for t in threads: t.join()\n"
                        "print('done', flush=True); sys.stdin.read()\n")
    with server() as (pid, port), listening() as (_, receiver), program(threads, str(port)) as one, \
            program(threads, str(port)) as other:
        run(one), run(other)
        for process in (one, other):
            assert process.stdout.readline() == "done\n"
        receiver.read(0.5)
        for process in (one, other):
            sample = last_sample(receiver, process.pid)
            assert sample["connects"] == 50000, sample
        assert last_sample(receiver, pid)["connects"] == 0, "accepting is no connecting"
        one.stdin.close()
        one.wait()
        assert receiver.until(lambda f: f["frame"] == "EXIT" and f["pid"] == one.pid, 5)["connects"] == 50000
        receiver.until(lambda f: f["frame"] == "PROGRAM" and f["name"] == "connects" and f["runs"] >= 100000, 12)
        assert cost_of(receiver, "connects") < 2000


@test
def a_life_between_two_passes_tells_its_connects_at_its_end():
    script = CLIENT + "connect(30)\n"
    with server() as (_, port), listening("collector: {sample_interval_ms: 60000}\n") as (_, receiver):
        for _ in range(2):
            with program(script, str(port)) as process:
                run(process)
                process.wait()
                end = receiver.until(lambda f: f["frame"] == "EXIT" and f["pid"] == process.pid, 5)
                assert end["connects"] == 30, end
        quiet = subprocess.Popen(["true"])
        quiet.wait()
        assert receiver.until(lambda f: f["frame"] == "EXIT" and f["pid"] == quiet.pid, 5)["connects"] == 0


@test
def connects_that_fail_over_ipv6_and_not_by_tcp_are_told_apart():
    script = READY + ("import socket\n"
                      "sys.stdin.readline()\n"
                      "def attempt(family, kind, address):\n"
                      "    with socket.socket(family, kind) as s:\n"
                      "        try: s.connect(address)\n"
                      "        except OSError: pass\n"
                      "attempt(socket.AF_INET, socket.SOCK_STREAM, ('127.0.0.1', 1))\n"  # refused
                      "attempt(socket.AF_INET6, socket.SOCK_STREAM, ('::1', int(sys.argv[1])))\n"
                      "attempt(socket.AF_INET, socket.SOCK_DGRAM, ('127.0.0.1', 9))\n"
                      "attempt(socket.AF_UNIX, socket.SOCK_STREAM, '/nothing')\n")
    with server(socket.AF_INET6, "::1") as (_, port), listening() as (_, receiver), \
            program(script, str(port)) as process:
        run(process)
        process.wait()
        end = receiver.until(lambda f: f["frame"] == "EXIT" and f["pid"] == process.pid, 5)
        assert end["connects"] == 2, end


@test
def processes_that_connected_and_ended_leave_room_for_others():
    script = ("import os, socket, sys\n"
              "for _ in range(17000):\n"
              "    if os.fork() == 0:\n"
              "        s = socket.socket()\n"
              "        s.connect_ex(('127.0.0.1', 1))\n"
              "        os._exit(0)\n"
              "    os.wait()\n")
    with Collector() as collector:
        collector.record()
        parent = subprocess.Popen([sys.executable, "-c", script])
        assert parent.wait() == 0
        ends = [f for f in collector.recorded() if f["frame"] == "EXIT" and f["ppid"] == parent.pid]
        assert len(ends) == 17000 and {f["connects"] for f in ends} == {1}, len(ends)
        assert "more processes connect" not in collector.said()


def ss_of(pid):
    """Connections that ss shows for @pid, over IPv4 and IPv6."""
    shown = subprocess.run(["ss", "-tnpH"], capture_output=True, text=True, check=True).stdout
    return sum(1 for line in shown.splitlines() if "pid=%d," % pid in line)


# A listener and some connections to it, in one process: both ends are its own.
HOLDER = READY + (
    "import socket\n"
    "listener = socket.socket(); listener.bind(('127.0.0.1', 0)); listener.listen(64)\n"
    "held, six = [], socket.socket(socket.AF_INET6); six.bind(('::1', 0)); six.listen(64)\n"
    "for server in (listener, six):\n"
    "    for _ in range(20):\n"
    "        s = socket.socket(server.family); s.connect(server.getsockname())\n"
    "        held += [s, server.accept()[0]]\n"
    "udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); udp.connect(('127.0.0.1', 9))\n"
    "idle, pair = socket.socket(), socket.socketpair()\n"
    "print('up', flush=True)\n")


@test
def open_connections_are_those_that_ss_shows():
    script = HOLDER + ("sys.stdin.readline()\n"
                       "held[0].close(); held[2].shutdown(socket.SHUT_RDWR)\n"
                       "print('less', flush=True)\n"
                       "sys.stdin.read()\n")
    with listening() as (_, receiver), program(script) as process:
        assert process.stdout.readline() == "up\n"
        receiver.read(0.5)
        assert last_sample(receiver, process.pid)["connections"] == 0, "nobody asked"
        receiver.want(1)
        sample = sampled(receiver, process.pid, connections=80)
        assert ss_of(process.pid) == 80 and sample["connects"] == 40, sample
        run(process)
        assert process.stdout.readline() == "less\n"
        receiver.read(0.5)
        sample = last_sample(receiver, process.pid)
        assert sample["connections"] == ss_of(process.pid) == 79, (sample, ss_of(process.pid))
        receiver.want(0)
        sampled(receiver, process.pid, connections=0)


@test
def a_connection_counts_once_in_each_process_that_holds_it():
    script = HOLDER + ("copies = [s.dup() for s in held for _ in range(3)]\n"
                       "child = os.fork()\n"
                       "if child == 0: time.sleep(300)\n"
                       "print(child, flush=True)\n"
                       "sys.stdin.read()\n"
                       "os.kill(child, 9)\n")
    with listening() as (_, receiver), program(script) as process:
        assert process.stdout.readline() == "up\n"
        child = int(process.stdout.readline())
        receiver.want(1)
        sampled(receiver, process.pid, connections=80)
        receiver.read(0.3)
        assert last_sample(receiver, child)["connections"] == 80, last_sample(receiver, child)
        process.stdin.close()
        process.wait()


@test
def threads_count_their_files_once_also_when_the_first_thread_is_gone():
    script = HOLDER + ("import ctypes\n"
                       "for _ in range(8): threading.Thread(target=time.sleep, args=(300,), daemon=True).start()\n"
                       "sys.stdin.readline()\n"
                       "ctypes.CDLL(None).pthread_exit(None)\n")
    with listening() as (_, receiver), program(script) as process:
        assert process.stdout.readline() == "up\n"
        receiver.want(1)
        sampled(receiver, process.pid, connections=80, threads=9)  # it says "up" before it has started them
        run(process)
        gone = sampled(receiver, process.pid, state=ord("Z"))
        assert gone["connections"] == 80, gone


@test
def more_processes_with_connections_than_one_read_takes_are_all_counted():
    script = HOLDER + ("children = []\n"
                       "for _ in range(1500):\n"
                       "    child = os.fork()\n"
                       "    if child == 0: time.sleep(300)\n"
                       "    children.append(child)\n"
                       "print('born', flush=True)\n"
                       "sys.stdin.read()\n"
                       "for child in children: os.kill(child, 9)\n"
                       "for child in children: os.waitpid(child, 0)\n")
    with listening("") as (_, receiver), program(script) as process:
        assert process.stdout.readline() == "up\n" and process.stdout.readline() == "born\n"
        receiver.want(1)
        receiver.seen = len(receiver.frames)
        for _ in range(3):
            receiver.until(is_frame("SAMPLE_END"), 5)
        counts = {f["pid"]: f["connections"] for f in receiver.of("SAMPLE") if f["ppid"] == process.pid}
        assert len(counts) == 1500 and set(counts.values()) == {80}, (len(counts), set(counts.values()))
        process.stdin.close()
        process.wait()


@test
def a_wish_is_forgotten_with_who_had_it():
    with Collector(config=FAST) as collector, program(HOLDER + "sys.stdin.read()\n") as process:
        assert process.stdout.readline() == "up\n"
        collector.start()
        with collector.receiver() as receiver:
            receiver.greet().want(1)
            sampled(receiver, process.pid, connections=80)
        with collector.receiver() as receiver:
            receiver.greet().until(is_frame("SAMPLE_END"), 5)
            assert last_sample(receiver, process.pid)["connections"] == 0
            receiver.want(1)
            sampled(receiver, process.pid, connections=80)


@test
def network_false_counts_nothing_and_says_so():
    config = "collector: {sample_interval_ms: 100, network: false}\n"
    with listening(config) as (collector, receiver), program(HOLDER + "sys.stdin.read()\n") as process:
        assert process.stdout.readline() == "up\n"
        for name in ("connects", "connections"):
            told = probe(receiver, name)
            assert not told["attached"] and told["why"] == "switched off by collector.network", told
        receiver.want(1)
        receiver.read(0.5)
        sample = last_sample(receiver, process.pid)
        assert sample["connects"] == sample["connections"] == 0, sample
        assert "not attached" not in collector.said(), collector.said()
        process.stdin.close()
        process.wait()
        assert receiver.until(lambda f: f["frame"] == "EXIT" and f["pid"] == process.pid, 5)["connects"] == 0


@test
def over_the_cpu_budget_the_costliest_probe_goes_and_the_events_stay():
    script = READY + ("files = [open('/dev/null') for _ in range(15000)]\n"
                      "print('up', flush=True); sys.stdin.read()\n")
    with listening("collector: {sample_interval_ms: 100, cpu_budget_pct: 1}\n") as (collector, receiver), \
            program(script) as process, program(HOLDER + "sys.stdin.read()\n") as holder:
        assert process.stdout.readline() == "up\n" and holder.stdout.readline() == "up\n"
        receiver.want(1)
        sampled(receiver, holder.pid, connections=80)
        off = receiver.until(lambda f: f["frame"] == "PROBE" and f["why"].startswith("switched off"), 40)
        assert off["name"] == "connections" and not off["attached"], off
        assert "over the CPU budget (" in off["why"] and off["why"].endswith(" % of 1 %)"), off
        sampled(receiver, holder.pid, connections=0)
        receiver.read(0.5)
        for name in ("fork", "exec", "exit", "task_iterator", "connects"):
            assert probe(receiver, name)["attached"], name
        child = subprocess.Popen(["true"])
        child.wait()
        assert receiver.until(lambda f: f["frame"] == "EXEC" and f["pid"] == child.pid, 5)["args"] == "true"
        assert "connections is switched off" in collector.said(), collector.said()
        receiver.until(lambda f: f["frame"] == "PROGRAM" and f["name"] == "connections" and f["runs"] > 15000, 12)
        assert cost_of(receiver, "connections") < 2000


if __name__ == "__main__":
    main()
