# SPDX-License-Identifier: AGPL-3.0-only
"""Clients without the right to approve that try to look like somebody else: by closing, half-closing, resetting,
exiting or being killed right after the request. Started as the unprivileged user:

    attacker.py PORT SOCKET ACTION SEED COUNT

Prints the status of every answer that was waited for."""

import os
import random
import signal
import socket
import struct
import sys
import time

PORT, SOCKET, ACTION, SEED, COUNT = int(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5])
BODY = b'{"approver":"root"}'
REQUEST = (b"POST /actions/%s/approve HTTP/1.1\r\nHost: localhost:%d\r\nContent-Length: %d\r\n\r\n"
           % (ACTION.encode(), PORT, len(BODY))) + BODY


def connect(kind):
    if kind == "unix":
        sock = socket.socket(socket.AF_UNIX)
        sock.connect(SOCKET)
        return sock
    return socket.create_connection(("::1" if kind == "tcp6" else "127.0.0.1", PORT), 10)


def wait(sock):
    sock.settimeout(10)
    os.write(1, sock.recv(4096).split(b" ", 2)[1] + b"\n")


def half_close(sock):
    sock.shutdown(socket.SHUT_WR)
    wait(sock)


def reset(sock):
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def die(_):
    os.kill(os.getpid(), signal.SIGKILL)


ENDS = (wait, half_close, lambda sock: sock.close(), reset, lambda _: os._exit(0), die)
random.seed(SEED)
children = []
for number in range(COUNT):
    pid = os.fork()
    if pid == 0:
        try:
            client = connect(("tcp", "tcp6", "unix")[number % 3])
            client.sendall(REQUEST)
            time.sleep(random.random() * 0.02)
            ENDS[(number // 3 + SEED) % len(ENDS)](client)
        finally:
            os._exit(0)
    children.append(pid)
for pid in children:
    os.waitpid(pid, 0)
