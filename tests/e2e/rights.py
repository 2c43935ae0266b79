# SPDX-License-Identifier: AGPL-3.0-only
"""Each running daemon has exactly the rights of SECURITY.md, in every thread."""

import grp
import os
import pwd
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from linnix import DAEMONS, Suite, main, test

CAP_KILL = 1 << 5
CAPS = {"collectord": 0, "ruled": 0, "apid": 0, "enforcerd": CAP_KILL}
GROUPS = {
    "collectord": {"linnix-events"},
    "ruled": {"linnix-events", "linnix-feed", "linnix-proposals"},
    "apid": {"linnix-feed", "linnix-decisions"},
    "enforcerd": {"linnix-proposals", "linnix-decisions"},
}


def threads(pid):
    """/proc status of every thread as dictionaries."""
    for tid in os.listdir("/proc/%d/task" % pid):
        with open("/proc/%d/task/%s/status" % (pid, tid)) as file:
            yield dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)


@test
def every_thread_of_every_daemon_has_exactly_its_rights():
    with Suite("") as suite:
        for daemon in DAEMONS:
            user = pwd.getpwnam("linnix-" + daemon)
            seen = 0
            for status in threads(suite.pid(daemon)):
                seen += 1
                assert status["Uid"].split() == [str(user.pw_uid)] * 4, (daemon, status["Uid"])
                assert status["Gid"].split() == [str(user.pw_gid)] * 4, (daemon, status["Gid"])
                groups = {grp.getgrgid(int(gid)).gr_name for gid in status["Groups"].split()}
                assert groups == GROUPS[daemon], (daemon, groups)
                for field in ("CapPrm", "CapEff"):
                    assert int(status[field], 16) == CAPS[daemon], (daemon, field, status[field])
                for field in ("CapInh", "CapAmb"):
                    assert int(status[field], 16) == 0, (daemon, field, status[field])
                assert int(status["CapBnd"], 16) == CAPS[daemon], (daemon, status["CapBnd"])
                assert status["NoNewPrivs"] == "1", (daemon, status["NoNewPrivs"])
                assert status["Seccomp"] == "2", (daemon, status["Seccomp"])
            assert seen >= 1


@test
def the_status_page_says_the_same_as_the_kernel():
    with Suite("") as suite:
        daemons = suite.get("/status").json()["daemons"]
        for daemon in DAEMONS:
            said = daemons[daemon]
            assert said["up"] and said["pid"] == suite.pid(daemon), (daemon, said)
            assert said["uid"] == pwd.getpwnam("linnix-" + daemon).pw_uid, (daemon, said)
            assert said["capabilities"] == (["CAP_KILL"] if daemon == "enforcerd" else []), (daemon, said)
            assert said["seccomp"] == 2 or said["seccomp"] is True or said["seccomp"] == "filter", (daemon, said)


@test
def sockets_belong_to_their_listeners_and_open_only_to_their_link():
    with Suite("") as suite:
        run = os.environ.get("LINNIX_RUN_DIR") or "/run/linnix"
        for path, owner, group, mode in (
                ("ruled/events.sock", "linnix-ruled", "linnix-events", 0o660),
                ("apid/feed.sock", "linnix-apid", "linnix-feed", 0o660),
                ("enforcerd/proposals.sock", "linnix-enforcerd", "linnix-proposals", 0o660),
                ("enforcerd/decisions.sock", "linnix-enforcerd", "linnix-decisions", 0o660),
                ("apid/api.sock", "linnix-apid", None, 0o666)):
            stat = os.stat(os.path.join(run, path))
            assert pwd.getpwuid(stat.st_uid).pw_name == owner, path
            assert group is None or grp.getgrgid(stat.st_gid).gr_name == group, path
            assert stat.st_mode & 0o777 == mode, (path, oct(stat.st_mode))


@test
def dumping_and_tracing_by_the_own_user_is_off():
    with Suite("") as suite:
        for daemon in DAEMONS:
            # A dumpable process's files in /proc belong to its user, those of others to root.
            assert os.stat("/proc/%d/mem" % suite.pid(daemon)).st_uid == 0, daemon


if __name__ == "__main__":
    main()
