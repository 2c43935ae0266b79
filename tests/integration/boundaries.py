# SPDX-License-Identifier: AGPL-3.0-only
"""What each daemon's rights forbid, tried with exactly these rights by a test program."""

import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from linnix import BUILD, main, test


def attack(daemon):
    done = subprocess.run([os.path.join(BUILD, "tests", "integration", "boundary_" + daemon)], capture_output=True,
                          text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("ok ") >= 15, done.stdout


@test
def collectord_can_do_nothing_but_its_job():
    attack("collectord")


@test
def ruled_can_do_nothing_but_its_job():
    attack("ruled")


@test
def apid_can_do_nothing_but_its_job():
    attack("apid")


@test
def enforcerd_can_do_nothing_but_its_job():
    attack("enforcerd")


if __name__ == "__main__":
    main()
