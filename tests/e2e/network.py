# SPDX-License-Identifier: AGPL-3.0-only
"""Detectors of TCP connections: on real loopback connections, at their thresholds, and not on what only looks like them."""

import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from linnix import NOBODY, Events, Suite, main, test, wait_for
from programs import Program, told

INTERVAL, SOON, NOISE, SECONDS = 1.0, 0.05, 0.25, 2
RULES = """
- {name: rate, detector: connect_rate, threshold: 20, duration: 2, severity: medium, match: {user: nobody}}
- {name: open, detector: connection_count, threshold: 50, duration: 2, severity: medium, match: {user: nobody}}
"""
LISTEN = "server = socket.create_server(('127.0.0.1', 0), backlog=500)\naddress = server.getsockname()\n"
# Connections that end at once; each child's, if @forks, so that nobody has them who is still there.
CONNECTS = LISTEN + """signal.signal(signal.SIGCHLD, signal.SIG_IGN)
began()
while True:
    if sys.argv[2] == 'forks' and os.fork():
        pass
    else:
        socket.create_connection(address).close()
        if sys.argv[2] == 'forks': os._exit(0)
    if sys.argv[2] != 'forks': server.accept()[0].close()
    time.sleep(1 / float(sys.argv[1]))"""
OPEN = LISTEN + """held = []
for _ in range(int(sys.argv[1])): held.append(socket.create_connection(address))
udp = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(60)]
pairs = [socket.socketpair() for _ in range(60)]
began(); stay()"""


def in_time(events, name, program):
    start = program.began()
    wait_for(lambda: told(events, name, program.pid), SECONDS + INTERVAL + 4)
    arrival, _, _, alert = told(events, name, program.pid)[0]
    print("# %s: %.0f ms after it began: %s" % (name, (arrival - start) * 1000, alert["message"]))
    assert SECONDS - INTERVAL <= arrival - start <= SECONDS + INTERVAL + SOON + NOISE, arrival - start
    assert alert["culprit"]["uid"] == NOBODY and alert["value"] > alert["threshold"], alert
    return alert


@test
def connects_are_counted_for_who_makes_them_also_through_children_that_are_gone():
    with Suite(RULES) as suite:
        events = Events(suite, "/alerts")
        with Program(CONNECTS, "15", "self") as below:
            below.began()
            time.sleep(SECONDS + 2 * INTERVAL)
            assert not told(events, "rate", below.pid), events.events
        with Program(CONNECTS, "60", "self") as over:
            in_time(events, "rate", over)
        with Program(CONNECTS, "60", "forks") as parent:
            in_time(events, "rate", parent)


@test
def open_connections_are_exact_and_other_sockets_are_none():
    with Suite(RULES) as suite:
        events = Events(suite, "/alerts")
        with Program(OPEN, "50") as at:
            at.began()
            time.sleep(SECONDS + 2 * INTERVAL)
            assert not told(events, "open", at.pid), events.events
        with Program(OPEN, "51") as over:
            assert in_time(events, "open", over)["value"] == 51


if __name__ == "__main__":
    main()
