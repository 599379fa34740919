"""The web role as a process: it binds whatever is away, believes only its proxy, and ends in order."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import pytest

from tests.support.servers import free_port
from tests.support.waiting import wait_for

PROGRAM = """
import sys, threading
from gateway.config.load import load_settings
from gateway.runtime import open_runtime
from web.server import run_web
with open_runtime(load_settings()) as runtime:
    run_web(runtime, lambda raw, position: raw)
"""

Start = Callable[..., tuple[subprocess.Popen[bytes], int]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts the web role, its stores away, and ends it."""
    started: list[subprocess.Popen[bytes]] = []

    def begin(**environ: str) -> tuple[subprocess.Popen[bytes], int]:
        port = free_port()
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM],
            env={
                "PATH": os.environ["PATH"],
                "GATEWAY_CONFIG": "/dev/null",
                "GATEWAY_DATA": str(tmp_path / "var"),
                "GATEWAY_DATABASE_URL": "postgresql+psycopg://nobody@127.0.0.1:1/none",
                "GATEWAY_REDIS_URL": "redis://127.0.0.1:1/0",
                "GATEWAY_HTTP__PORT": str(port),
                **environ,
            },
            cwd=Path(__file__).parents[2],
        )
        started.append(process)
        wait_for(lambda: answers(port), "the listener")
        return process, port

    yield begin
    for process in started:
        if process.poll() is None:
            process.kill()
        process.wait()


def answers(port: int) -> bool:
    try:
        return get(port, "/healthz")[0] == 200
    except (OSError, HTTPException):
        return False


def get(port: int, path: str, **headers: str) -> tuple[int, dict[str, str], str]:
    connection = HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
    answer = connection.getresponse()
    found = answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read().decode()
    connection.close()
    return found


def test_it_serves_and_says_what_is_wrong_while_its_stores_are_away(start: Start) -> None:
    _, port = start()
    assert get(port, "/login")[0] == 200
    status, headers, body = get(port, "/readyz")
    assert status == 503
    assert json.loads(body)["parts"]["database"]["state"] == "down"
    assert "server" not in headers, "nobody need know what serves"


@pytest.mark.parametrize("which", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_after_the_answer_under_way(start: Start, silent_port: int, which: signal.Signals) -> None:
    process, port = start(GATEWAY_DATABASE_URL=f"postgresql+psycopg://nobody@127.0.0.1:{silent_port}/none")
    with socket.create_connection(("127.0.0.1", port), timeout=20) as slow:
        # A database that never answers holds /readyz up for two seconds; the signal falls into them.
        slow.sendall(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert get(port, "/healthz")[0] == 200, "asked later, so the first request is under way"
        process.send_signal(which)
        assert slow.makefile("rb").read().startswith(b"HTTP/1.1 503 ")
    assert process.wait(15) == 0


def test_an_idle_connection_does_not_hold_the_end_up(start: Start) -> None:
    process, port = start()
    with socket.create_connection(("127.0.0.1", port), timeout=20) as idle:
        idle.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert idle.recv(100).startswith(b"HTTP/1.1 200 ")
        process.terminate()
        assert process.wait(15) == 0


def test_forwarded_headers_are_believed_from_the_proxy_only(start: Start) -> None:
    _, port = start()
    assert get(port, "/sent", X_Forwarded_For="192.0.2.9")[0] == 200, "no proxy: the header is nothing"
    _, behind = start(GATEWAY_HTTP__TRUSTED_PROXY="127.0.0.1")
    assert get(behind, "/sent")[0] == 404


def test_a_body_without_end_is_cut_off(start: Start) -> None:
    _, port = start()
    with socket.create_connection(("127.0.0.1", port), timeout=20) as sender:
        sender.sendall(b"POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99000000\r\n\r\n")
        assert sender.recv(100).startswith(b"HTTP/1.1 413 ")


def test_a_host_that_is_not_ours_gets_nothing(start: Start) -> None:
    _, port = start()
    assert get(port, "/login", Host="evil.example")[0] == 400
