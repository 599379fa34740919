"""The servers that are measured, each a process of its own that is ours to end."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.support.servers import free_port

_ROLE = """
from gateway.config.load import load_settings
from gateway.logs import configure_logs
from gateway.runtime import open_runtime
from inbound.smtpd import run_smtpd
configure_logs("info", role="smtpd")
with open_runtime(load_settings()) as runtime:
    run_smtpd(runtime)
"""


@dataclass(frozen=True, kw_only=True)
class Server:
    """A server that answers on `port`."""

    port: int
    process: psutil.Popen

    @property
    def memory(self) -> int:
        """Resident bytes now."""
        return int(self.process.memory_info().rss)

    @property
    def cpu(self) -> float:
        """Seconds of processor time so far."""
        times = self.process.cpu_times()
        return float(times.user + times.system)


@contextmanager
def stock_aiosmtpd() -> Iterator[Server]:
    """aiosmtpd as it comes, throwing every mail away."""
    port = free_port()
    command = [sys.executable, "-m", "aiosmtpd", "-n", "-c", "aiosmtpd.handlers.Sink", "-l", f"127.0.0.1:{port}"]
    with running(command, port, dict(os.environ)) as server:
        yield server


@contextmanager
def our_smtpd(*, redis_url: str, data: Path) -> Iterator[Server]:
    """The gateway's mail door, durable, with a log line for each mail, ringing the bell of a real Redis.

    `data` is not cleared: ext4 is slow to make files for minutes after many were deleted (it looks at each of
    their inodes and passes it over), so whoever measures deletes after the last run.
    """
    port = free_port()
    data.mkdir()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GATEWAY_")}
    environment |= {
        "GATEWAY_CONFIG": "/dev/null",
        "GATEWAY_DATA": str(data),
        "GATEWAY_REDIS_URL": redis_url,
        "GATEWAY_SMTP__PORT": str(port),
    }
    with (
        (data / "log").open("wb") as log,
        running([sys.executable, "-c", _ROLE], port, environment, log.fileno()) as server,
    ):
        yield server


@contextmanager
def running(command: list[str], port: int, environment: dict[str, str], log: int | None = None) -> Iterator[Server]:
    """A process of this command that answers on the port, until the end of a `with`."""
    process = psutil.Popen(command, env=environment, stderr=log)
    try:
        deadline = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except ConnectionRefusedError:
                if process.poll() is not None:
                    raise RuntimeError("the server ended before it answered; its log says why") from None
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
        yield Server(port=port, process=process)
    finally:
        with suppress(psutil.NoSuchProcess):
            process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
