# SPDX-License-Identifier: AGPL-3.0-only
"""Says of an alert whether it is literally true, by counting again in the recording: slowly, and without windows."""

import re

from receiver import frames_of
from tape import START

NS = 1e9
SLACK = 0.002  # seconds: times in alerts are rounded
BUCKET = 1 / 64  # seconds: where a rate is cut
SHARE = 0.8    # of what is told the named one must have done


class Oracle:
    def __init__(self, data):
        self.frames = frames_of(data[START:])[0]
        self.offset = next(f["wall_offset_ns"] for f in self.frames if f["frame"] == "TICK")
        self.parent, self.cpu = {}, {}
        for frame in self.frames:
            if "comm" not in frame:
                continue
            key = self.key(frame)
            if frame["frame"] == "FORK" or key not in self.parent:  # later a new parent may have taken it over
                self.parent[key] = (frame["ppid"], frame["parent_start_ns"])
            if frame["frame"] in ("SAMPLE", "EXIT"):
                self.cpu.setdefault(key, []).append((frame["time_ns"] / NS, frame["cpu_ns"] / NS))

    @staticmethod
    def key(frame):
        return frame["pid"], frame["start_ns"]

    def below(self, key, pid):
        """True if @key is a descendant of @pid."""
        for _ in range(1000):
            key = self.parent.get(key)
            if key is None:
                return False
            if key[0] == pid:
                return True
        raise AssertionError("a circle of parents")

    def events(self, kind, end, seconds):
        """(second, frame) of one kind, of the last @seconds before @end."""
        for frame in self.frames:
            if frame["frame"] == kind and end - seconds - SLACK <= frame["time_ns"] / NS <= end + SLACK:
                yield frame["time_ns"] / NS, frame

    def used(self, key, begin, end):
        at = self.cpu[key]
        before = [used for time, used in at if time <= begin]
        after = [used for time, used in at if time <= end]
        start = before[-1] if before else 0 if key[1] / NS > begin else at[0][1]
        return max(0, after[-1] - start) if after else 0

    def check(self, alert, rule):
        end = alert["timestamp"] - self.offset / NS
        value, pid = alert["value"], (alert["culprit"] or {}).get("pid")
        assert value > rule.get("threshold", rule.get("rate_per_min")), alert
        CHECKS[rule["detector"]](self, alert, rule, end, value, pid)


def forks_per_sec(oracle, alert, rule, end, value, pid):
    forks = oracle.events("FORK", end, rule["duration"])
    times = [time for time, frame in forks if oracle.below(oracle.key(frame), pid)]
    assert len(times) >= SHARE * value * rule["duration"], (len(times), alert)
    for slice in range(rule["duration"]):
        held = [time for time in times if end - slice - 1 - SLACK <= time <= end - slice + BUCKET + SLACK]
        assert len(held) > SHARE * rule["threshold"], (slice, len(held), alert)


def share_told(alert):
    """What the sentence says that the named one did: "27 of 31"; all, if there is no "of"."""
    found = re.search(r" (\d+) of (\d+) (?:processes|jobs|programs) ", alert["message"])
    return float(found[1]) if found else alert["value"]


def fork_burst(oracle, alert, rule, end, value, pid):
    count = sum(oracle.below(oracle.key(frame), pid) for _, frame in oracle.events("FORK", end, rule["window_seconds"]))
    assert count >= share_told(alert) >= SHARE * value, (count, alert)


def short_job_flood(oracle, alert, rule, end, value, pid):
    longest_ns = rule["max_exec_duration_ms"] * 1e6
    count = sum(frame["time_ns"] - frame["start_ns"] <= longest_ns and oracle.below(oracle.key(frame), pid)
                for _, frame in oracle.events("EXIT", end, rule["window_seconds"]))
    assert count >= share_told(alert) >= SHARE * value, (count, alert)


def exec_rate(oracle, alert, rule, end, value, pid):
    execs = [frame for _, frame in oracle.events("EXEC", end, 60)]
    mine = sum(frame["pid"] == pid or oracle.below(oracle.key(frame), pid) for frame in execs)
    assert len(execs) >= value and (pid is None or mine >= share_told(alert)), (len(execs), mine, alert)


def crash_loop(oracle, alert, rule, end, value, pid):
    failed = [frame for _, frame in oracle.events("EXIT", end, rule["window_seconds"])
              if frame["status"] != 0 and frame["comm"] == alert["culprit"]["comm"]]
    assert len(failed) >= value and any(frame["pid"] == pid for frame in failed), (len(failed), alert)


def subtree_cpu_pct(oracle, alert, rule, end, value, pid):
    keys = [key for key in oracle.cpu if key[0] == pid or oracle.below(key, pid)]
    used = sum(oracle.used(key, end - rule["duration"], end) for key in keys)
    assert used >= 0.9 * rule["threshold"] / 100 * rule["duration"], (used, alert)


CHECKS = {"forks_per_sec": forks_per_sec, "fork_burst": fork_burst, "short_job_flood": short_job_flood,
          "exec_rate": exec_rate, "crash_loop": crash_loop, "subtree_cpu_pct": subtree_cpu_pct,
          "runaway_tree": subtree_cpu_pct}
