# SPDX-License-Identifier: AGPL-3.0-only
"""A real collectord, with a test at ruled's end of its link or a recording in its place."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from linnix import BUILD, wait_for
from receiver import Receiver, recording

COLLECTORD, RULED = 64101, 64102
PROGRAM = os.path.join(BUILD, "linnix-collectord")


class Collector:
    """A collectord with its own configuration and its own directory of sockets."""

    def __init__(self, config="", wrap=(), extra=()):
        self.directory = tempfile.mkdtemp(prefix="linnix-test-")
        os.chmod(self.directory, 0o755)
        self.config = os.path.join(self.directory, "linnix.yaml")
        self.recording = os.path.join(self.directory, "recording")
        with open(self.config, "w") as file:
            file.write("users: {collectord: \"%d\", ruled: \"%d\", apid: \"64103\", enforcerd: \"64104\"}\n%s" % (
                COLLECTORD, RULED, config))
        os.chmod(self.config, 0o644)
        self.log = open(os.path.join(self.directory, "log"), "w+")
        self.command = [*wrap, PROGRAM, "--config", self.config, *extra]
        self.process = None

    def start(self, *more):
        self.process = subprocess.Popen([*self.command, *more], stdin=subprocess.DEVNULL, stderr=self.log,
                                        env=dict(os.environ, LINNIX_RUN_DIR=self.directory))
        return self

    def record(self):
        """Starts recording and returns when the first pass is in the file."""
        self.start("--record", self.recording)
        wait_for(self.is_collecting)
        time.sleep(0.2)
        return self

    def is_collecting(self):
        assert self.process.poll() is None, self.said()
        return "collecting" in self.said()

    def said(self):
        self.log.flush()
        with open(self.log.name) as file:
            return file.read()

    def stop(self, signo=signal.SIGTERM):
        self.process.send_signal(signo)
        status = self.process.wait(10)
        assert status == 0, (status, self.said())

    def recorded(self):
        self.stop(signal.SIGINT)
        return recording(self.recording)

    def receiver(self):
        return Receiver(self.directory, RULED, COLLECTORD)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if kind:
            print("# " + self.said().replace("\n", "\n# "))
        self.log.close()
        shutil.rmtree(self.directory, ignore_errors=True)


def status(pid):
    with open("/proc/%d/status" % pid) as file:
        return dict(line.split(":", 1) for line in file.read().splitlines())


def is_frame(name):
    return lambda frame: frame["frame"] == name


@contextlib.contextmanager
def sleeper(*arguments):
    process = subprocess.Popen(arguments or ["sleep", "300"], stdin=subprocess.PIPE)
    try:
        yield process.pid
    finally:
        process.kill()
        process.communicate()


@contextlib.contextmanager
def program(script, *arguments, **options):
    """A Python program that has said it is ready: (its pid, its standard input, its standard output)."""
    process = subprocess.Popen([sys.executable, "-c", script, *arguments], stdin=subprocess.PIPE, text=True,
                               stdout=subprocess.PIPE, **options)
    try:
        assert process.stdout.readline() == "ready\n"
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()


def sampled(receiver, pid, seconds=5, **wanted):
    """The next sample of @pid with the @wanted fields."""
    return receiver.until(lambda f: f["frame"] == "SAMPLE" and f["pid"] == pid and
                          all(f[name] == value for name, value in wanted.items()), seconds)


FAST = "collector: {sample_interval_ms: 100}\n"
READY = "import os, sys, threading, time, resource\nprint('ready', flush=True)\n"


@contextlib.contextmanager
def listening(config=FAST):
    with Collector(config=config) as collector, collector.receiver() as receiver:
        collector.start()
        receiver.greet().until(is_frame("SAMPLE_END"), 5)
        yield collector, receiver
