# SPDX-License-Identifier: AGPL-3.0-only
"""A real enforcerd, played by a program that is ruled, apid and root at once: never the wrong process."""

import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from linnix import BUILD, main, test, wait_for


class Enforcerd:
    """linnix-enforcerd alone, with its own run and state directories."""

    def __init__(self, config=""):
        import pwd
        self.directory = tempfile.TemporaryDirectory(prefix="linnix-test-")
        root = self.directory.name
        os.chmod(root, 0o755)
        user = pwd.getpwnam("linnix-enforcerd")
        for name in ("run", "run/apid", "run/enforcerd", "state"):
            os.mkdir(os.path.join(root, name))
            os.chmod(os.path.join(root, name), 0o755)
            if name != "run":
                os.chown(os.path.join(root, name), user.pw_uid, user.pw_gid)
        with open(os.path.join(root, "linnix.yaml"), "w") as file:
            file.write(config)
        self.environment = {**os.environ, "LINNIX_RUN_DIR": os.path.join(root, "run"),
                            "STATE_DIRECTORY": os.path.join(root, "state")}
        self.log = open(os.path.join(root, "log"), "w+")
        self.process = subprocess.Popen([os.path.join(BUILD, "linnix-enforcerd"), "--config",
                                         os.path.join(root, "linnix.yaml")], env=self.environment,
                                        stdout=self.log, stderr=self.log)
        wait_for(lambda: os.path.exists(os.path.join(root, "run", "enforcerd", "decisions.sock")), 5)

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        self.process.terminate()
        self.process.wait(10)
        if kind is not None:
            self.log.seek(0)
            print("# enforcerd:\n# " + self.log.read()[-4000:].replace("\n", "\n# "))
        self.log.close()
        self.directory.cleanup()


@test
def a_newcomer_with_a_recycled_pid_is_never_signalled_in_a_thousand_rounds():
    config = "enforcement: {max_actions_per_hour: 100000}\n"
    with Enforcerd(config) as enforcerd:
        done = subprocess.run([os.path.join(BUILD, "tests", "integration", "recycle"), "1000"],
                              env=enforcerd.environment, capture_output=True, text=True, timeout=250)
        print("# " + done.stdout.replace("\n", "\n# ").rstrip("# "))
        assert done.returncode == 0, (done.stdout, done.stderr[-2000:])


if __name__ == "__main__":
    main()
