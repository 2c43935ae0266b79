# SPDX-License-Identifier: AGPL-3.0-only
"""Bad input gets a clear error and loses nothing: configuration files, rules files, HTTP."""

import glob
import json
import os
import socket
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from linnix import BUILD, DAEMONS, RUN, TOP, Suite, main, test, wait_for

GOLDEN = os.path.join(TOP, "tests", "golden")


def check_config(daemon, *arguments):
    return subprocess.run([os.path.join(BUILD, "linnix-" + daemon), "--check-config", *arguments], capture_output=True,
                          text=True, timeout=20, stdin=subprocess.DEVNULL)


@test
def every_daemon_names_every_problem_of_a_bad_configuration():
    files = sorted(glob.glob(os.path.join(GOLDEN, "config", "bad", "*.yaml")))
    assert len(files) >= 10, files
    for path in files:
        with open(path[:-5] + ".err") as file:
            wanted = file.read().splitlines()
        for daemon in DAEMONS:
            done = check_config(daemon, "--config", path)
            assert done.returncode == 1, (daemon, path, done)
            for line in wanted:
                assert line in done.stderr, (daemon, path, line, done.stderr)


@test
def ruled_names_every_problem_of_a_bad_rules_file():
    files = sorted(glob.glob(os.path.join(GOLDEN, "rules", "bad", "*.yaml")))
    assert len(files) >= 10, files
    for path in files:
        with open(path[:-5] + ".err") as file:
            wanted = file.read().splitlines()
        done = check_config("ruled", "--config", "/nonexistent/linnix.yaml", "--rules", path)
        assert done.returncode == 1, (path, done)
        for line in wanted:
            assert line in done.stderr, (path, line, done.stderr)


@test
def a_fifo_a_directory_and_a_huge_file_are_refused_at_once():
    suite = Suite("")
    try:
        fifo = os.path.join(suite.directory, "fifo")
        os.mkfifo(fifo)
        huge = suite.write("huge.yaml", "# " + "x" * 10_000_000)
        for path in (fifo, suite.directory, huge):
            for daemon in DAEMONS:
                assert check_config(daemon, "--config", path).returncode == 1, (daemon, path)
            done = check_config("ruled", "--config", "/nonexistent/linnix.yaml", "--rules", path)
            assert done.returncode == 1 and path in done.stderr, done
    finally:
        suite.__exit__(None, None, None)


@test
def a_good_configuration_and_a_missing_one_are_no_problem():
    for daemon in DAEMONS:
        for path in (os.path.join(TOP, "configs", "linnix.yaml"), "/nonexistent/linnix.yaml"):
            arguments = ["--rules", os.path.join(TOP, "configs", "rules.yaml")] if daemon == "ruled" else []
            done = check_config(daemon, "--config", path, *arguments)
            assert done.returncode == 0, (daemon, done)


@test
def a_taken_address_is_a_start_error():
    for family, address, shown in ((socket.AF_INET, "127.0.0.1", "127.0.0.1:3000"), (socket.AF_INET6, "::1", "[::1]:3000")):
        with socket.socket(family) as taken:
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            taken.bind((address, 3000))
            taken.listen()
            suite = Suite("")
            subprocess.run(["install", "-d", "-o", "linnix-apid", os.path.join(RUN, "apid")], check=True)
            try:
                done = subprocess.run([os.path.join(BUILD, "linnix-apid"), "--config",
                                       os.path.join(suite.config_dir, "linnix.yaml")],
                                      capture_output=True, text=True, timeout=10)
                assert done.returncode == 1 and shown in done.stderr, done
            finally:
                subprocess.run(["rm", "-rf", RUN])
                suite.__exit__(None, None, None)


def raw(data, wait=True):
    """Sends @data as it is and returns the status line."""
    with socket.create_connection(("127.0.0.1", 3000), 10) as sock:
        sock.settimeout(15)
        sock.sendall(data)
        if wait:
            return sock.recv(65536).split(b"\r\n", 1)[0].decode()
    return ""


@test
def http_clients_that_send_nonsense_get_an_error_and_the_service_goes_on():
    with Suite("") as suite:
        apid = suite.pid("apid")
        for method, path, body, headers, statuses in (
                ("GET", "/nonsense", None, {}, {404}),
                ("GET", "/alerts/../actions", None, {}, {404}),
                ("GET", "/actions%00", None, {}, {404}),
                ("GET", "//localhost/actions", None, {}, {404}),
                ("POST", "/actions", "{}", {}, {405}),
                ("DELETE", "/alerts", None, {}, {405, 501}),
                ("GET", "/alerts?limit=0", None, {}, {400}),
                ("GET", "/alerts?limit=1001", None, {}, {400}),
                ("GET", "/alerts?limit=5&limit=6", None, {}, {400}),
                ("GET", "/alerts?nonsense=1", None, {}, {400}),
                ("GET", "/alerts?severity=deadly", None, {}, {400}),
                ("GET", "/actions/action-0", None, {}, {404}),
                ("GET", "/actions/action-99999999999999999999", None, {}, {404}),
                ("GET", "/actions/1", None, {}, {404}),
                ("POST", "/actions/action-77/approve", '{"approver":"x"}', {}, {404}),
                ("POST", "/enforcement/hold", "{", {}, {422}),
                ("POST", "/enforcement/hold", '{"approver":"a","approver":"b"}', {}, {422}),
                ("POST", "/enforcement/hold", '{"approver":""}', {}, {422}),
                ("POST", "/enforcement/hold", '{"approver":"a\\nb"}', {}, {422}),
                ("POST", "/enforcement/hold", '["approver"]', {}, {422}),
                ("POST", "/enforcement/hold", "[" * 5000, {}, {422}),
                ("POST", "/enforcement/hold", "x" * 1_000_000, {}, {413}),
                ("GET", "/healthz", None, {"Host": "localhost:3000", "X-Huge": "h" * 200_000}, {400, 413, 431})):
            try:
                answer = suite.request(method, path, body, headers)
            except OSError:
                continue  # a connection closed on too much input is an answer too
            assert answer.status in statuses, (method, path, answer.status, answer.body[:200])
            if answer.status in (404, 405, 422) and method != "DELETE":
                problem = answer.json()
                assert answer.headers["Content-Type"] == "application/problem+json", (path, answer.headers)
                assert problem["status"] == answer.status and problem["title"], problem
        for data, begin in (
                (b"nonsense\r\n\r\n", "HTTP/1.1 400"),
                (b"GET /healthz HTTP/1.1\r\n\r\n", "HTTP/1.1 400"),
                (b"GET /healthz HTTP/1.1\r\nHost: localhost:3000\r\nHost: localhost:3000\r\n\r\n", "HTTP/1.1 400"),
                (b"GET /healthz HTTP/1.1\r\nHost: localhost:3000\r\n\r\n", "HTTP/1.1 200")):
            assert raw(data).startswith(begin), (data, raw(data))
        assert suite.get("/healthz").json() == {"status": "ok"}
        assert suite.pid("apid") == apid


@test
def slow_and_many_clients_do_not_keep_others_out():
    with Suite("") as suite:
        held = []
        for _ in range(100):
            sock = socket.create_connection(("127.0.0.1", 3000), 10)
            sock.sendall(b"POST /enforcement/hold HTTP/1.1\r\nHost: loc")
            held.append(sock)
        began = time.monotonic()
        assert suite.get("/healthz").status == 200
        assert time.monotonic() - began < 0.5

        def dropped():
            held[0].setblocking(False)
            try:
                return held[0].recv(4096) is not None
            except BlockingIOError:
                return False
        wait_for(dropped, 13, 0.2)
        for sock in held:
            sock.close()
        assert suite.get("/healthz").status == 200


@test
def both_loopback_addresses_and_the_unix_socket_answer():
    with Suite("") as suite:
        for url in ("http://127.0.0.1:3000/healthz", "http://[::1]:3000/healthz", "http://localhost:3000/healthz"):
            assert suite.curl(url) == (200, '{"status":"ok"}'), url
        assert suite.request("GET", "/healthz", unix=True).body == '{"status":"ok"}'
        head = suite.request("HEAD", "/healthz")
        assert head.status == 200 and head.body == ""
        options = suite.request("OPTIONS", "/actions")
        assert options.status == 204 and "GET" in options.headers["Allow"]
        assert suite.get("/healthz").headers["X-Content-Type-Options"] == "nosniff"
        for path in ("/metrics", "/metrics/prometheus"):
            assert "linnix_events_generated_total" in suite.get(path).body


if __name__ == "__main__":
    main()
