# SPDX-License-Identifier: AGPL-3.0-only
"""Runs every command of README.md, in order, against the suite with the shipped configuration."""

import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from linnix import QUICKSTART, TOP, Suite, main, test, wait_for


def commands():
    with open(os.path.join(TOP, "README.md")) as file:
        for block in re.findall(r"^```console\n(.*?)^```", file.read(), re.S | re.M):
            yield from (line[2:] for line in block.splitlines() if line.startswith("$ "))


@test
def the_commands_of_the_readme_do_what_it_says():
    with open(os.path.join(TOP, "configs", "rules.yaml")) as file:
        rules = file.read()
    with open(os.path.join(TOP, "configs", "linnix.yaml")) as file:
        config = file.read()
    outputs = {}
    with Suite(rules, config) as suite:
        number = "action-1"
        for command in commands():
            if "actions/action-1" in command: # others may be busy on this host: ours is the one of nobody's shell
                mine = wait_for(lambda: [a for a in suite.actions("pending") if a["target"]["user"] == "nobody"
                                         and "sleep 60 & read" in a["target"]["args"]], 5)
                number = mine[0]["id"]
            command = command.replace("/var/lib/linnix", suite.state_dir).replace("action-1", number)
            # Files, not pipes: what a command leaves running keeps them open.
            with tempfile.TemporaryFile("w+") as output:
                done = subprocess.run(["bash", "-c", command], cwd=TOP, timeout=60, stdin=subprocess.DEVNULL,
                                      stdout=output, stderr=output)
                output.seek(0)
                outputs[command] = output.read()
            assert done.returncode == 0 or command.startswith("timeout"), (command, outputs[command])
            print("# $ " + command[:100])
        everything = "\n".join(outputs.values())
        assert '{"id":"%s","action":{"type":"kill_tree","pid":' % number in everything, everything
        assert "[linnix_audit] APPROVED %s by sre-alice uid=0 user=root via=tcp" % number in everything, everything
        assert '"rule":"fork_storm"' in everything
        assert "linnix_events_total" in everything
        wait_for(lambda: suite.actions("executed"), 5)
    assert not subprocess.run(["pgrep", "-u", "nobody", "-f", "sleep 60"], capture_output=True).stdout


@test
def the_two_commands_are_there_and_explain_themselves():
    for command in (QUICKSTART, os.path.join(TOP, "tests", "run")):
        done = subprocess.run([command, "--help"], capture_output=True, text=True)
        assert done.returncode == 0 and "Usage:" in done.stdout, done


if __name__ == "__main__":
    main()
