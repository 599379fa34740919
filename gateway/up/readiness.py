"""Does everything answer? Asked until the line that says "ready", with short limits."""

import http.client
import socket
from collections.abc import Collection
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
            family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
            socket.create_server((host, port), family=family).close()
        except OSError as error:
            faults.append(f"{name}.port: {host}:{port} cannot be had: {error.strerror}; free it or choose another port")
    if faults:
        raise Misconfigured(faults)


def what_is_missing(settings: Settings, doorbell: Doorbell, *, workers: Collection[int | None]) -> list[str]:
    """The parts that do not answer yet, by name. `workers` are the process ids of our workers, None for a dead one.

    Processes, not numbers: Redis remembers workers of an earlier run that were killed.
    """
    missing = []
    if not _greets(settings.smtp.host, settings.smtp.port):
        missing.append("smtp")
    if settings.lmtp.port is not None and not _greets(settings.lmtp.host, settings.lmtp.port):
        missing.append("lmtp")
    if not _answers_http(settings.http.host, settings.http.port):
        missing.append("http")
    try:
        if not set(workers) <= _registered_here(doorbell):
            missing.append("worker")
    except RedisError:
        missing.append("redis")
    return missing


def _registered_here(doorbell: Doorbell) -> set[int | None]:
    here = socket.gethostname()
    return {worker.pid for worker in Worker.all(connection=doorbell.redis) if worker.hostname == here} - {None}


def _greets(host: str, port: int) -> bool:
    with suppress(OSError), socket.create_connection((host, port), timeout=1) as connection:
        if connection.recv(4).startswith(b"220"):
            connection.sendall(b"QUIT\r\n")
            return True
    return False


def _answers_http(host: str, port: int) -> bool:
    connection = http.client.HTTPConnection(host, port, timeout=2)
    try:
        # The pages answer only to their own name; health is asked under this machine's.
        connection.request("GET", "/healthz", headers={"Host": "localhost"})
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
