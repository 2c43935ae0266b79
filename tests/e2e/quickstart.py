# SPDX-License-Identifier: AGPL-3.0-only
"""packaging/quickstart: starts, refuses, supervises, stops and leaves nothing behind."""

import os
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from linnix import DAEMONS, QUICKSTART, RUN, Storm, Suite, main, test, wait_for


def left_behind():
    return os.listdir(RUN) if os.path.isdir(RUN) else []


@test
def a_running_suite_says_so_and_a_second_start_is_refused():
    with Suite("") as suite:
        assert suite.quickstart("--status").returncode == 0
        second = suite.quickstart("--detach")
        assert second.returncode == 1 and "already running" in second.stderr, second
        assert suite.quickstart("--status").returncode == 0
    assert suite.quickstart("--status").returncode == 1
    assert left_behind() == [], left_behind()


@test
def a_daemon_that_dies_is_back_within_a_second_and_the_suite_is_ready_again():
    with Suite("") as suite:
        for daemon in DAEMONS:
            old = suite.pid(daemon)
            os.kill(old, signal.SIGKILL)

            def back():
                try:
                    return suite.pid(daemon) != old
                except IndexError:
                    return False
            wait_for(back, 1.0)
            wait_for(lambda: suite.get("/readyz").status == 200, 5) if daemon != "apid" else time.sleep(1)
        wait_for(lambda: suite.get("/readyz").status == 200, 5)


@test
def stopping_leaves_no_process_no_socket_and_no_temporary_file():
    before = set(os.listdir("/tmp"))
    suite = Suite("")
    own = os.path.basename(suite.directory)
    with suite:
        pids = [suite.pid(daemon) for daemon in DAEMONS]
    assert not [pid for pid in pids if os.path.exists("/proc/%d" % pid)]
    assert left_behind() == [], left_behind()
    assert set(os.listdir("/tmp")) - before - {own} == set()


@test
def wrong_usage_and_wrong_configuration_have_their_exit_codes():
    assert subprocess.run([QUICKSTART, "--nonsense"], capture_output=True).returncode == 2
    assert subprocess.run([QUICKSTART, "--config"], capture_output=True).returncode == 2
    suite = Suite("- {name: x, detector: nonsense}\n", "mode: Enforce\napi: {listen: [\"0.0.0.0:3000\"]}\n")
    done = suite.quickstart("--detach")
    assert done.returncode == 1, done
    for wanted in ("linnix.yaml:1:7: mode:", "linnix.yaml:2:"):
        assert wanted in done.stderr, done.stderr
    assert left_behind() == [], left_behind()
    suite.__exit__(None, None, None)


@test
def in_the_foreground_alerts_and_audit_lines_are_on_the_screen_until_interrupted():
    suite = Suite("- {name: burst, detector: fork_burst, threshold: 10, window_seconds: 5,"
                  " match: {user: nobody}, propose: {action: kill_tree}}\n")
    out = os.path.join(suite.directory, "screen")
    with open(out, "w") as screen:
        front = subprocess.Popen([QUICKSTART, "--no-deps", "--config", suite.config_dir, "--state", suite.state_dir],
                                 stdout=screen, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                                 start_new_session=True)

    def shown():
        with open(out) as file:
            return file.read()
    try:
        wait_for(lambda: "ready: " in shown(), 60)
        with Storm(30):
            wait_for(lambda: "alert medium burst" in shown() and "[linnix_audit] PROPOSED action-1" in shown(), 6)
        os.killpg(front.pid, signal.SIGINT)
        assert front.wait(20) == 130
        assert left_behind() == [], left_behind()
    finally:
        if front.poll() is None:
            os.killpg(front.pid, signal.SIGTERM)
            front.wait(20)
        suite.__exit__(None, None, None)


if __name__ == "__main__":
    main()
