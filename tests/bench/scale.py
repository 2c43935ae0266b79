# SPDX-License-Identifier: AGPL-3.0-only
"""How fast and how large the detecting core is: replays of made-up hosts, in user and system time of linnix-ruled."""

import os
import re
import subprocess
import tempfile
import threading

from linnix import BUILD, TOP

RULED = os.path.join(BUILD, "linnix-ruled")
SYNTHETIC = os.path.join(BUILD, "tests", "bench", "synthetic")
RULES = os.path.join(TOP, "configs", "rules.yaml")

GOALS = {
    "replay_frames_per_s_at_10000_processes": ">= 2000000",
    "replay_frames_per_s_with_1000_rules": ">= 500000",
    "replay_us_a_frame_at_1000000_processes": "<= 2",
    "bytes_a_tracked_process_with_index": "<= 256",
    "bytes_an_interned_text": "<= 192",
    "day_seconds": "<= 60",
    "day_rss_mib_growth": "about 0",
}


def thousand_rules():
    """The shipped rules over and over, each time for another service, with one of five thresholds."""
    with open(RULES) as file:
        text = re.sub(r"(?m)^#.*\n|^\s*\n", "", file.read())
    rules = ["- name:" + rule for rule in text.split("- name:")[1:]]

    def rule(index):
        turn = index // len(rules)
        lines = rules[index % len(rules)].rstrip().split("\n")
        lines[0] += "_%d" % turn
        lines = [re.sub(r"^(  threshold: )(\d+)", lambda m: m[1] + str(int(m[2]) + turn % 5), line) for line in lines]
        return "\n".join(lines + ['  match: {cgroup: "*/app-%d-*"}' % turn])
    return "\n".join(rule(index) for index in range(1000)) + "\n"


def watch_rss(pid, seen, stop):
    """RSS in MiB each half second, until @stop."""
    while not stop.wait(0.5):
        try:
            with open("/proc/%d/statm" % pid) as file:
                seen.append(int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20)
        except OSError:
            return


def replay(rules, rss=None, **plan):
    """(frames, seconds on a CPU, peak RSS in bytes) of one replay through a pipe."""
    words = [word for name, value in plan.items() for word in ("--" + name.replace("_", "-"), str(value))]
    maker = subprocess.Popen([SYNTHETIC] + words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    player = subprocess.Popen([RULED, "--replay", "/dev/stdin", "--rules", rules], stdin=maker.stdout,
                              stdout=subprocess.DEVNULL)
    maker.stdout.close()
    stop = threading.Event()
    if rss is not None:
        threading.Thread(target=watch_rss, args=(player.pid, rss, stop), daemon=True).start()
    _, status, usage = os.wait4(player.pid, 0)
    stop.set()
    player.returncode = os.waitstatus_to_exitcode(status)
    told = maker.stderr.read()
    if maker.wait() != 0 or player.returncode != 0:
        raise RuntimeError("replay failed: " + told)
    return int(told.split()[0]), usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024


def scale(day_seconds=86400):
    """The figures of GOALS and what they were taken from."""
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as many, tempfile.NamedTemporaryFile("w") as none:
        many.write(thousand_rules())
        many.flush()
        frames, seconds, _ = replay(RULES, seconds=300)
        results = {"replay_frames_per_s_at_10000_processes": frames / seconds}
        frames, seconds, _ = replay(many.name, seconds=120)
        results["replay_frames_per_s_with_1000_rules"] = frames / seconds
        frames, seconds, _ = replay(RULES, processes=1000000, seconds=10, events=20000, changed=100000)
        results["replay_us_a_frame_at_1000000_processes"] = seconds / frames * 1e6
        sizes = {(n, same): replay(none.name, processes=n, seconds=1, events=0, changed=0, same_texts=same)[2]
                 for n, same in ((100000, 1), (1000000, 1), (400000, 1), (400000, 0))}
    results["bytes_a_tracked_process_with_index"] = (sizes[1000000, 1] - sizes[100000, 1]) / 900000
    results["bytes_an_interned_text"] = (sizes[400000, 0] - sizes[400000, 1]) / 400000
    rss = []
    frames, seconds, peak = replay(RULES, rss, processes=1000, seconds=day_seconds, events=200, changed=60, full=60,
                                   storm=3600)
    results.update({"day_frames": frames, "day_seconds": seconds, "day_peak_rss_mib": peak / 2**20})
    if len(rss) >= 10:
        tenth = len(rss) // 10
        results["day_rss_mib_growth"] = max(rss[-tenth:]) - max(rss[tenth:2 * tenth])
    return results
