"""Does a listener answer? Asked once for the line that says "ready", with short limits."""

import socket
import urllib.request
from contextlib import suppress

from redis.exceptions import RedisError
from rq import Worker

from gateway.config.load import Settings
from gateway.errors import Misconfigured
from gateway.jobs.doorbell import Doorbell


def require_free_ports(settings: Settings) -> None:
    """Raise Misconfigured naming every port that another program holds; asked before our own listeners start.

    Later it could not be told apart: a stranger's listener answers as well as ours.
    """
    wanted = [("smtp", settings.smtp.host, settings.smtp.port), ("http", settings.http.host, settings.http.port)]
    if settings.lmtp.port is not None:
        wanted.append(("lmtp", settings.lmtp.host, settings.lmtp.port))
    faults = []
    for name, host, port in wanted:
        try:
            socket.create_server((host, port)).close()
        except OSError as error:
            faults.append(f"{name}.port: {host}:{port} cannot be had: {error.strerror}; free it or choose another port")
    if faults:
        raise Misconfigured(faults)


def what_is_missing(settings: Settings, doorbell: Doorbell) -> list[str]:
    """The parts that do not answer yet, by name."""
    missing = []
    if not _greets(settings.smtp.host, settings.smtp.port):
        missing.append("smtp")
    if settings.lmtp.port is not None and not _greets(settings.lmtp.host, settings.lmtp.port):
        missing.append("lmtp")
    if not _answers_http(settings.http.host, settings.http.port):
        missing.append("http")
    try:
        if len(Worker.all(connection=doorbell.redis)) < settings.worker.processes:
            missing.append("worker")
    except RedisError:
        missing.append("redis")
    return missing


def _greets(host: str, port: int) -> bool:
    with suppress(OSError), socket.create_connection((host, port), timeout=1) as connection:
        if connection.recv(4).startswith(b"220"):
            connection.sendall(b"QUIT\r\n")
            return True
    return False


def _answers_http(host: str, port: int) -> bool:
    with suppress(OSError), urllib.request.urlopen(f"http://{host}:{port}/healthz", timeout=2) as answer:
        return bool(answer.status == 200)
    return False
