# SPDX-License-Identifier: AGPL-3.0-only
"""A real collectord: its rights, its events, its samples, and what is lost."""

import collections
import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from collectord import COLLECTORD, FAST, READY, Collector, is_frame, listening, program, sampled, sleeper, status
from linnix import NOBODY, Skip, as_user, main, test, wait_for
from receiver import Receiver, exact, recording

def prove(pid):
    fields = status(pid)
    assert fields["Uid"].split() == [str(COLLECTORD)] * 4, fields["Uid"]
    assert fields["Gid"].split() == [str(COLLECTORD)] * 4, fields["Gid"]
    for name in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
        assert int(fields[name], 16) == 0, (name, fields[name])
    assert fields["NoNewPrivs"].strip() == "1" and fields["Seccomp"].strip() == "2", fields


def counters_at_rest(receiver):
    """The last counters once two in a row agree."""
    last = {}

    def same(frame):
        nonlocal last
        if frame["frame"] != "COUNTERS":
            return False
        agree, last = exact(frame) and frame["ring_used"] == 0, frame
        return agree

    return receiver.until(same, 30)  # others on this host may not be at rest


def storm(seconds):
    subprocess.run(["stress-ng", "--quiet", "--temp-path", "/tmp", "--vfork", "2", "-t", str(seconds)], check=True,
                   **as_user(NOBODY))


@test
def started_as_root_it_ends_up_without_any_right():
    with Collector() as collector:
        collector.start()
        wait_for(collector.is_collecting)
        prove(collector.process.pid)
        collector.stop()


@test
def started_as_its_own_user_with_two_capabilities_it_ends_up_without_any_right():
    caps = "-all,+bpf,+perfmon"
    with Collector(wrap=("setpriv", "--reuid", str(COLLECTORD), "--regid", str(COLLECTORD), "--clear-groups",
                         "--inh-caps", caps, "--ambient-caps", caps)) as collector:
        collector.start()
        wait_for(collector.is_collecting)
        prove(collector.process.pid)
        collector.stop()


@test
def without_capabilities_it_says_what_it_needs():
    with Collector(wrap=("setpriv", "--reuid", str(COLLECTORD), "--regid", str(COLLECTORD), "--clear-groups")) as c:
        c.start()
        assert c.process.wait(10) == 1
        assert "CAP_BPF and CAP_PERFMON" in c.said(), c.said()


@test
def a_dry_run_reports_each_probe():
    with Collector() as collector:
        done = subprocess.run([*collector.command, "--dry-run"], capture_output=True, text=True)
        assert done.returncode == 0, done
        assert [line.split(": ")[0] for line in done.stdout.splitlines()] == [
            "fork", "exec", "exit", "cgroup_mkdir", "cgroup_rmdir", "oom", "task_iterator", "connects",
            "connections", "arguments"], done.stdout
        assert all(line.endswith(": attached") for line in done.stdout.splitlines()), done.stdout


@test
def the_receiver_learns_host_probes_cgroups_time_and_processes_before_any_event():
    with Collector() as collector, collector.receiver() as receiver, sleeper() as pid:
        collector.start()
        receiver.greet().until(is_frame("SAMPLE_END"), 5)
        names = [frame["frame"] for frame in receiver.frames]
        order = [name for i, name in enumerate(names) if name not in names[:i]]
        assert order[:6] == ["HELLO", "HOST", "PROBE", "CGROUP", "TICK", "SAMPLE_BEGIN"], order
        for name in ("FORK", "EXEC", "EXIT"):
            assert name not in names[:names.index("SAMPLE_BEGIN")], order
        sample = [frame for frame in receiver.of("SAMPLE") if frame["pid"] == pid][0]
        assert sample["known"] and sample["args"] == "sleep 300" and sample["comm"] == "sleep", sample
        assert sample["exe"].endswith("/sleep"), sample
        assert sample["ppid"] == os.getpid() and sample["uid"] == 0 and not sample["kernel"], sample
        assert sample["cgroup"] in {frame["key"] for frame in receiver.of("CGROUP")}, sample
        end = receiver.of("SAMPLE_END")[0]
        assert end["seen"] == end["sent"] == len(receiver.of("SAMPLE")), end


@test
def events_tell_who_did_what():
    with Collector() as collector:
        collector.record()
        child = subprocess.Popen(["sh", "-c", "exit 3", "a  b"], **as_user(NOBODY))
        child.wait()
        killed = subprocess.Popen(["sleep", "300"])
        time.sleep(0.05)
        killed.kill()
        killed.wait()
        mine = collections.defaultdict(dict)
        for frame in collector.recorded():
            if frame.get("pid") in (child.pid, killed.pid):
                mine[frame["pid"]][frame["frame"]] = frame
        first, second = mine[child.pid], mine[killed.pid]
        assert set(first) == set(second) == {"FORK", "EXEC", "EXIT"}, mine
        assert first["FORK"]["ppid"] == os.getpid() and first["FORK"]["uid"] == 0
        assert len({(f["start_ns"], f["ino"], f["parent_start_ns"]) for f in first.values()}) == 1, first
        assert first["EXEC"]["exe"].endswith("/sh") and first["EXEC"]["args"] == "sh -c exit 3 a  b", first
        assert first["EXEC"]["uid"] == NOBODY and first["EXIT"]["uid"] == NOBODY
        assert first["EXIT"]["status"] == 3 << 8 and first["EXIT"]["maxrss_bytes"] > 100000, first
        assert second["EXIT"]["status"] == signal.SIGKILL, second
        assert first["FORK"]["time_ns"] < first["EXEC"]["time_ns"] < first["EXIT"]["time_ns"]


@test
def threads_are_no_processes_and_a_group_ends_once():
    script = ("import os, threading\n"
              "for _ in range(200):\n"
              "    if os.fork() == 0:\n"
              "        for _ in range(4): threading.Thread(target=lambda: None).start()\n"
              "        os._exit(0)\n"
              "    os.wait()\n")
    with Collector() as collector:
        collector.record()
        child = subprocess.Popen([sys.executable, "-c", script])
        child.wait()
        frames = [f for f in collector.recorded() if f.get("ppid") == child.pid]
        count = collections.Counter(f["frame"] for f in frames)
        assert count["FORK"] == count["EXIT"] == 200, count
        assert len({(f["pid"], f["start_ns"]) for f in frames}) == 200


@test
def secrets_are_gone_before_a_frame_exists():
    with Collector() as collector:
        with sleeper("sh", "-c", "read x; : DB_PASSWORD=hunter2 https://u:hunter2@host/"):
            collector.record()
            subprocess.run(["true", "--password", "hunter2", "--token=hunter2", "Authorization: Bearer hunter2"])
            collector.stop(signal.SIGINT)
        with open(collector.recording, "rb") as file:
            data = file.read()
        assert b"hunter2" not in data
        assert b"true --password *** --token=*** Authorization: ***" in data
        assert b"DB_PASSWORD=*** https://u:***@host/" in data


@test
def long_arguments_are_cut_and_said_to_be():
    with Collector() as collector:
        collector.record()
        child = subprocess.Popen(["true", "x" * 5000])
        child.wait()
        frame = [f for f in collector.recorded() if f.get("pid") == child.pid and f["frame"] == "EXEC"][0]
        assert frame["truncated"] and frame["args"] == "true " + "x" * (1024 - 5), frame


@test
def capture_args_false_reads_no_arguments_at_all():
    with Collector(config="collector: {capture_args: false}\n") as collector, sleeper() as pid:
        collector.record()
        child = subprocess.Popen(["true", "argument"])
        child.wait()
        frames = collector.recorded()
        assert [f for f in frames if f.get("pid") == child.pid and f["frame"] == "EXEC"][0]["args"] == ""
        sample = [f for f in frames if f.get("pid") == pid and f["frame"] == "SAMPLE"][0]
        assert sample["known"] and sample["args"] == "" and sample["exe"].endswith("/sleep"), sample


@test
def a_cgroup_of_a_millisecond_has_a_name():
    roots = [root for root in ("/sys/fs/cgroup/pids", "/sys/fs/cgroup/memory", "/sys/fs/cgroup")
             if os.path.exists(os.path.join(root, "cgroup.procs"))]
    path = os.path.join(roots[0], "linnix-test-%d" % os.getpid())
    with Collector() as collector:
        collector.record()
        os.mkdir(path)
        inode = os.stat(path).st_ino
        child = os.fork()
        if child == 0:
            with open(os.path.join(path, "cgroup.procs"), "w") as file:
                file.write("0")
            if os.fork() == 0:
                os._exit(0)
            os.wait()
            os._exit(0)
        os.waitpid(child, 0)
        os.rmdir(path)
        frames = collector.recorded()
        fork, end = [f for f in frames if f.get("ppid") == child and f["frame"] in ("FORK", "EXIT")]
        key = fork["cgroup"]
        assert key & (1 << 48) - 1 == inode and end["cgroup"] == key, (hex(key), inode, end)
        named = [f for f in frames if f["frame"] == "CGROUP" and f["key"] == key]
        assert [f["removed"] for f in named] == [0, 1], named
        assert named[0]["path"] == "/" + os.path.basename(path), named
        places = [frames.index(f) for f in (named[0], fork, end, named[1])]
        assert places == sorted(places), places
        assert end["time_ns"] - fork["time_ns"] < 100e6, (fork, end)


@test
def in_a_pid_namespace_it_sends_its_own_processes_and_counts_the_others():
    with Collector(wrap=("unshare", "--pid", "--fork", "--mount-proc")) as collector:
        collector.record()
        for _ in range(20):
            subprocess.run(["true"])
        inner = int(subprocess.run(["pgrep", "-P", str(collector.process.pid)], capture_output=True,
                                   text=True).stdout)
        os.kill(inner, signal.SIGINT)
        assert collector.process.wait(10) == 0, collector.said()
        frames = recording(collector.recording)
        assert {f["pid"] for f in frames if f["frame"] == "SAMPLE"} == {1}, frames
        last = [f for f in frames if f["frame"] == "COUNTERS"][-1]
        assert last["filtered"] >= 60 and exact(last), last


@test
def under_a_storm_a_recording_holds_every_event():
    with Collector() as collector:
        collector.record()
        storm(3)
        frames = collector.recorded()
        last = [f for f in frames if f["frame"] == "COUNTERS"][-1]
        count = collections.Counter(f["frame"] for f in frames)
        assert exact(last) and last["dropped_ring"] == 0 and last["ring_used"] == 0, last
        assert last["delivered"] == count["FORK"] + count["EXEC"] + count["EXIT"] > 10000, (last, count)


def run_unheard(collector, seconds):
    """The counters of a listener who comes @seconds after 50 programs have run."""
    collector.start()
    wait_for(collector.is_collecting)
    for _ in range(50):
        subprocess.run(["true"])
    time.sleep(seconds)
    with collector.receiver() as receiver:
        receiver.greet()
        return counters_at_rest(receiver)


@test
def what_happens_shortly_before_somebody_listens_waits_for_them():
    with Collector() as collector:
        counters = run_unheard(collector, 0.5)
        assert counters["delivered"] >= 150, counters
        assert counters["dropped_link"] == counters["dropped_ring"] == 0, counters


@test
def what_happens_while_nobody_listens_for_long_is_counted_as_lost():
    with Collector() as collector:
        counters = run_unheard(collector, 5.5)
        assert counters["dropped_link"] >= 150 and counters["dropped_ring"] == 0, counters


@test
def a_receiver_that_comes_again_is_told_everything_again():
    with Collector() as collector:
        collector.start()
        for _ in range(3):
            with collector.receiver() as receiver, sleeper() as pid:
                receiver.greet().until(is_frame("SAMPLE_END"), 5)
                assert any(f["pid"] == pid and f["args"] == "sleep 300" for f in receiver.of("SAMPLE"))
                assert receiver.of("HOST") and receiver.of("CGROUP") and receiver.of("TICK")


@test
def a_receiver_that_stops_reading_costs_exactly_what_the_ring_could_not_hold():
    with Collector(config="collector: {ring_bytes: 65536}\n") as collector, collector.receiver() as receiver:
        collector.start()
        receiver.greet().until(is_frame("SAMPLE_END"), 5)
        storm(2)
        receiver.until(lambda f: f["frame"] == "COUNTERS" and f["dropped_ring"] > 0, 20)
        full = receiver.until(lambda f: f["frame"] == "SAMPLE_BEGIN" and f["full"], 10)["number"]
        receiver.until(is_frame("SAMPLE_END"), 10)
        mine = [f for f in receiver.of("SAMPLE") if f["pid"] == os.getpid() and f["number"] == full]
        assert len(mine) == 1 and mine[0]["known"], mine
        counters = counters_at_rest(receiver)
        count = collections.Counter(f["frame"] for f in receiver.frames[:receiver.seen])
        assert count["FORK"] + count["EXEC"] + count["EXIT"] == counters["delivered"], (count, counters)


@test
def a_socket_of_somebody_else_is_not_spoken_to():
    with Collector() as collector, Receiver(collector.directory, NOBODY, COLLECTORD) as receiver:
        collector.start()
        wait_for(collector.is_collecting)
        receiver.listener.settimeout(1)
        with contextlib.suppress(TimeoutError):
            receiver.connection = receiver.listener.accept()[0]
            assert receiver.connection.recv(1) == b"", "it spoke"
        assert "does not belong to ruled" in collector.said(), collector.said()


@test
def when_nothing_happens_it_does_next_to_nothing():
    with Collector() as collector, collector.receiver() as receiver:
        collector.start()
        receiver.greet().until(is_frame("SAMPLE_END"), 5)
        receiver.read(1)
        begin = receiver.until(is_frame("SELF"), 3)["cpu_ns"]
        receiver.read(4)
        end = receiver.of("SELF")[-1]["cpu_ns"]
        busy = sum(f["frame"] in ("FORK", "EXEC", "EXIT") for f in receiver.frames)
        assert (end - begin) / 4e9 < 0.002 + busy * 1e-5, (end - begin, busy)


@test
def cpu_time_is_what_the_program_says_it_used_also_of_threads_that_are_gone():
    script = READY + (
        "def burn():\n"
        "    end = time.thread_time() + 0.3\n"
        "    while time.thread_time() < end: pass\n"
        "for _ in range(2):\n"
        "    thread = threading.Thread(target=burn); thread.start(); thread.join()\n"
        "burn()\n"
        "used = resource.getrusage(resource.RUSAGE_SELF)\n"
        "print(used.ru_utime + used.ru_stime, flush=True)\n"
        "sys.stdin.read()\n")
    with listening() as (_, receiver), program(script) as burner:
        own = float(burner.stdout.readline())
        receiver.seen = len(receiver.frames)
        receiver.read(0.5)
        cpu = [f for f in receiver.of("SAMPLE") if f["pid"] == burner.pid][-1]["cpu_ns"] / 1e9
        assert own > 0.9 and abs(cpu - own) < 0.02 * own, (cpu, own)
        burner.stdin.close()
        burner.wait()
        end = receiver.until(lambda f: f["frame"] == "EXIT" and f["pid"] == burner.pid, 5)
        assert abs(end["cpu_ns"] / 1e9 - own) < 0.03 * own, (end, own)


@test
def memory_files_and_threads_are_those_of_the_program():
    script = READY + (
        "memory = bytearray(64 << 20)\n"
        "for i in range(0, len(memory), 4096): memory[i] = 1\n"
        "files = [open('/dev/null') for _ in range(500)]\n"
        "wait = threading.Event()\n"
        "for _ in range(19): threading.Thread(target=wait.wait, daemon=True).start()\n"
        "print('up', flush=True)\n"
        "sys.stdin.read()\n")
    with listening() as (_, receiver), program(script) as process:
        assert process.stdout.readline() == "up\n"
        sample = sampled(receiver, process.pid, threads=20)
        receiver.read(0.5)
        sample = [f for f in receiver.of("SAMPLE") if f["pid"] == process.pid][-1]
        own = status(process.pid)
        for kind, field in (("anon", "RssAnon"), ("file", "RssFile"), ("shmem", "RssShmem")):
            kernel = int(own[field].split()[0]) * 1024
            assert abs(sample[kind] - kernel) <= (1 << 20) + kernel // 100, (kind, sample[kind], kernel)
        assert sample["anon"] >= 64 << 20, sample
        assert sample["fds"] == len(os.listdir("/proc/%d/fd" % process.pid)) >= 503, sample
        soft = [line.split() for line in open("/proc/%d/limits" % process.pid) if line.startswith("Max open files")]
        assert sample["fd_limit"] == int(soft[0][3]), (sample, soft)
        assert chr(sample["state"]) == "S" and sample["major_faults"] < 1000, sample


@test
def more_threads_than_are_walked_at_once_are_added_up():
    script = READY + (
        "threading.stack_size(65536)\n"
        "wait = threading.Event()\n"
        "def burn():\n"
        "    end = time.thread_time() + 0.002\n"
        "    while time.thread_time() < end: pass\n"
        "    wait.wait()\n"
        "for _ in range(700): threading.Thread(target=burn, daemon=True).start()\n"
        "time.sleep(1)\n"
        "used = resource.getrusage(resource.RUSAGE_SELF)\n"
        "print(used.ru_utime + used.ru_stime, flush=True)\n"
        "sys.stdin.read()\n")
    with listening() as (_, receiver), program(script) as process:
        own = float(process.stdout.readline())
        receiver.read(0.5)
        sample = [f for f in receiver.of("SAMPLE") if f["pid"] == process.pid][-1]
        assert sample["threads"] == 701, sample
        assert own > 1 and abs(sample["cpu_ns"] / 1e9 - own) < 0.02 * own, (sample, own)


@test
def storage_bytes_are_those_of_the_kernel_and_a_stopped_process_is_stopped():
    with tempfile.NamedTemporaryFile(dir=os.environ.get("TMPDIR", "/var/tmp")) as file:
        script = READY + ("with open(%r, 'wb') as f:\n    f.write(b'x' * (8 << 20)); f.flush(); os.fsync(f.fileno())\n"
                          "print('up', flush=True)\nsys.stdin.read()\n" % file.name)
        with listening() as (_, receiver), program(script) as process:
            assert process.stdout.readline() == "up\n"
            receiver.read(0.3)
            process.send_signal(signal.SIGSTOP)
            sample = sampled(receiver, process.pid, state=ord("T"))
            with open("/proc/%d/io" % process.pid) as io:
                own = dict(line.split(": ") for line in io.read().splitlines())
            assert sample["write_bytes"] == int(own["write_bytes"]), (sample, own)
            assert sample["read_bytes"] == int(own["read_bytes"]), (sample, own)
            process.send_signal(signal.SIGCONT)
            sampled(receiver, process.pid, state=ord("S"))


@test
def who_has_not_changed_is_not_told_again_until_the_full_pass():
    with sleeper() as pid, listening("collector: {sample_interval_ms: 100, ring_bytes: 65536}\n") as (_, receiver):
        receiver.read(2)
        begins = receiver.of("SAMPLE_BEGIN")
        assert [f["full"] for f in begins[:2]] == [1, 0] and 15 <= len(begins) <= 22, begins
        assert len([f for f in receiver.of("SAMPLE") if f["pid"] == pid]) <= 2, receiver.of("SAMPLE")
        end = receiver.of("SAMPLE_END")[-1]
        assert end["sent"] < end["seen"], end
        told = [f for f in receiver.of("SAMPLE") if f["number"] == end["number"]]
        assert len(told) == end["sent"], end
        receiver.seen = len(receiver.frames)
        time.sleep(4)
        storm(2)  # nobody reads: what is lost asks for a full pass
        full = receiver.until(lambda f: f["frame"] == "SAMPLE_BEGIN" and f["full"] and f["number"] > 1, 20)
        assert sampled(receiver, pid)["number"] == full["number"]


@test
def who_is_gone_without_a_seen_end_is_told_as_such():
    script = ("import os, time\n"
              "for _ in range(3000):\n"
              "    if os.fork() == 0: os._exit(0)\n"
              "    os.wait()\n")
    with listening("collector: {sample_interval_ms: 100, ring_bytes: 65536}\n") as (collector, receiver):
        sleepers = [subprocess.Popen(["sleep", "300"]) for _ in range(20)]
        for sleeping in sleepers:
            sampled(receiver, sleeping.pid)
        collector.process.send_signal(signal.SIGSTOP)
        subprocess.run([sys.executable, "-c", script], check=True)
        for sleeping in sleepers:
            sleeping.kill()
            sleeping.wait()
        receiver.seen = len(receiver.frames)
        collector.process.send_signal(signal.SIGCONT)
        receiver.read(2)
        inferred = {f["pid"]: f for f in receiver.of("EXIT_INFERRED")}
        ended = {f["pid"] for f in receiver.of("EXIT")}
        for sleeping in sleepers:
            assert (sleeping.pid in inferred) != (sleeping.pid in ended), [
                f for f in receiver.frames if f.get("pid") == sleeping.pid]
        assert len(inferred) >= 15, inferred
        started = {f["pid"]: f["start_ns"] for f in receiver.of("SAMPLE")}
        assert all(f["start_ns"] == started[pid] for pid, f in inferred.items()), inferred
        counters = counters_at_rest(receiver)
        assert counters["dropped_ring"] > 0, counters


@test
def an_end_that_was_seen_is_never_inferred():
    with listening() as (_, receiver):
        for _ in range(20):
            with contextlib.ExitStack() as stack:
                for _ in range(10):
                    stack.enter_context(sleeper("sleep", "300"))
                receiver.read(0.15)
        receiver.read(0.5)
        # Who ended and was not waited for until the next pass was told of once more, as a zombie.
        zombies = {(f["pid"], f["start_ns"]) for f in receiver.of("SAMPLE") if f["state"] == ord("Z")}
        wrong = [f for f in receiver.of("EXIT_INFERRED") if (f["pid"], f["start_ns"]) not in zombies]
        assert not wrong, wrong


@test
def the_host_is_sampled_each_second():
    with listening() as (_, receiver):
        receiver.read(0.5)
        receiver.seen = len(receiver.frames)
        with open("/proc/meminfo") as file:
            available = [int(line.split()[1]) * 1024 for line in file if line.startswith("MemAvailable")][0]
        ticks = os.sysconf("SC_CLK_TCK")
        with open("/proc/stat") as file:
            total = sum(map(int, file.readline().split()[1:9])) / ticks * 1e9
        with open("/proc/loadavg") as file:
            load = float(file.read().split()[0])
        sample = receiver.until(is_frame("HOST_SAMPLE"), 3)
        assert abs(sample["available"] - available) < 512 << 20, (sample, available)
        assert abs(sample["cpu_total_ns"] - total) < 10e9 and 0 < sample["cpu_busy_ns"] <= sample["cpu_total_ns"], sample
        assert abs(sample["load1"] / 100 - load) < 1, (sample, load)
        for bit, resource in enumerate(("cpu", "memory", "io")):
            known = sample["pressure_known"] >> bit & 1
            assert known == os.path.exists("/proc/pressure/" + resource), sample
            if known:
                with open("/proc/pressure/" + resource) as file:
                    some = int(file.readline().rsplit("=", 1)[1])
                assert abs(some - sample[resource + "_some_us"]) < 5e6, (sample, some)
        later = receiver.until(is_frame("HOST_SAMPLE"), 3)
        assert 0.5e9 < later["time_ns"] - sample["time_ns"] < 1.5e9
        cpus = os.cpu_count()
        assert abs((later["cpu_total_ns"] - sample["cpu_total_ns"]) / cpus - 1e9) < 0.5e9, (sample, later)


@contextlib.contextmanager
def small_memory():
    """A cgroup with 16 MiB for all that is in it."""
    roots = [("/sys/fs/cgroup/memory", "memory.limit_in_bytes"), ("/sys/fs/cgroup", "memory.max")]
    for root, limit in roots:
        path = os.path.join(root, "linnix-test-%d" % os.getpid())
        with contextlib.suppress(OSError):
            os.mkdir(path)
            try:
                with open(os.path.join(path, limit), "w") as file:
                    file.write(str(16 << 20))
                yield path
                return
            finally:
                with contextlib.suppress(OSError):
                    os.rmdir(path)
    raise Skip("no memory controller")


@test
def a_victim_of_want_of_memory_is_told_before_its_end():
    script = ("import os, sys\nopen(sys.argv[1], 'w').write(str(os.getpid()))\n"
              "hungry = []\nwhile True: hungry.append(bytearray(b'x' * (1 << 20)))\n")
    with small_memory() as cgroup, Collector() as collector:
        collector.record()
        child = subprocess.Popen([sys.executable, "-c", script, os.path.join(cgroup, "cgroup.procs")])
        assert child.wait(20) == -signal.SIGKILL
        frames = collector.recorded()
        mine = [f for f in frames if f.get("pid") == child.pid]
        assert [f["frame"] for f in mine if f["frame"] in ("OOM", "EXIT")] == ["OOM", "EXIT"], mine
        oom = [f for f in mine if f["frame"] == "OOM"][0]
        assert oom["start_ns"] == mine[0]["start_ns"] and oom["ppid"] == os.getpid(), oom
        last = [f for f in frames if f["frame"] == "COUNTERS"][-1]
        assert last["ooms"] >= 1 and exact(last), last


@test
def while_processes_come_and_go_nothing_below_proc_is_opened_or_listed():
    """Ten passes a second for ten seconds are more than thirty seconds of the default have; the next thing that could
    open files, a full pass after losses, is asked for by losses alone."""
    trace = os.path.join(tempfile.gettempdir(), "linnix-trace-%d" % os.getpid())
    with listening() as (collector, receiver):
        receiver.read(1)
        tracer = subprocess.Popen(["strace", "-f", "-qq", "-e", "trace=open,openat,openat2,getdents64,bpf", "-o",
                                   trace, "-p", str(collector.process.pid)], stderr=subprocess.DEVNULL)
        begun = len(receiver.of("SAMPLE_END")), len(receiver.of("EXIT"))
        try:
            for _ in range(50):
                subprocess.run(["true"])
                receiver.read(0.2)
        finally:
            tracer.terminate()
            tracer.wait()
        with open(trace) as file:
            calls = file.read().splitlines()
        os.unlink(trace)
        opened = [call for call in calls if "bpf(" not in call]
        assert not opened, opened[:10]
        assert len(calls) >= 80, "strace saw only %d passes" % len(calls)
        assert len(receiver.of("SAMPLE_END")) - begun[0] >= 80 and len(receiver.of("EXIT")) - begun[1] >= 50


if __name__ == "__main__":
    main()
