"""Is there a virus in a mail? Asked of a ClamAV daemon over its socket, within a time limit.

A scanner that is down, slow or confused never keeps a mail: the outcome is then "not scanned" with the reason, which
the entry shows. The whole mail is sent, because the daemon opens MIME, archives and documents itself.
"""

import re
import socket
import struct
import time
from dataclasses import dataclass
from enum import StrEnum

from gateway.config.mail_checks import AntivirusSettings

_CHUNK = 64 * 1024
_MAX_REPLY = 4096


class ScanOutcome(StrEnum):
    """What the scanner said. `not scanned` covers everything but its two clear answers."""

    CLEAN = "clean"
    INFECTED = "infected"
    NOT_SCANNED = "not scanned"


@dataclass(frozen=True, kw_only=True)
class ScanResult:
    """`detail` is the name of what was found, or why nothing was scanned; "" for a clean mail."""

    outcome: ScanOutcome
    detail: str


NO_SCANNER = ScanResult(outcome=ScanOutcome.NOT_SCANNED, detail="no scanner is configured")


def scan(raw: bytes, settings: AntivirusSettings) -> ScanResult:
    """Have a mail scanned (clamd's INSTREAM command). Total; takes `timeout` seconds at most.

    NO_SCANNER where none is configured: nobody expects a scan then, so it is not worth a line.
    """
    if settings.socket is None and settings.host is None:
        return NO_SCANNER
    if len(raw) > settings.max_size:
        return _not_scanned("the mail is larger than the scanner takes")
    deadline = time.monotonic() + settings.timeout
    try:
        with _connect(settings, deadline=deadline) as connection:
            reply = _converse(connection, raw, deadline=deadline)
    except TimeoutError:
        return _not_scanned("the scanner took too long")
    except OSError as error:
        return _not_scanned(f"the scanner cannot be reached: {type(error).__name__}")
    return _understand(reply)


def _connect(settings: AntivirusSettings, *, deadline: float) -> socket.socket:
    if settings.socket is None:
        return socket.create_connection((settings.host or "", settings.port), timeout=_left(deadline))
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.settimeout(_left(deadline))
        connection.connect(str(settings.socket))
    except OSError:
        connection.close()
        raise
    return connection


def _converse(connection: socket.socket, raw: bytes, *, deadline: float) -> bytes:
    """Send the mail in chunks, each with its length before it, an empty one at the end; read one line."""
    try:
        _send(connection, b"zINSTREAM\0", deadline=deadline)
        view = memoryview(raw)
        for start in range(0, len(raw), _CHUNK):
            chunk = view[start : start + _CHUNK]
            _send(connection, struct.pack("!I", len(chunk)) + chunk, deadline=deadline)
        _send(connection, struct.pack("!I", 0), deadline=deadline)
    except (BrokenPipeError, ConnectionResetError):
        # A scanner that has heard enough answers and hangs up while we still send; its answer is there to read.
        pass
    reply = b""
    while b"\0" not in reply and len(reply) < _MAX_REPLY:
        connection.settimeout(_left(deadline))
        received = connection.recv(_MAX_REPLY)
        if not received:
            break
        reply += received
    return reply.partition(b"\0")[0]


def _send(connection: socket.socket, data: bytes, *, deadline: float) -> None:
    connection.settimeout(_left(deadline))
    connection.sendall(data)


def _left(deadline: float) -> float:
    seconds = deadline - time.monotonic()
    if seconds <= 0:
        raise TimeoutError
    return seconds


_FOUND = re.compile(r"stream: (?P<name>[^\r\n]{1,200}) FOUND")


def _understand(reply: bytes) -> ScanResult:
    text = reply.decode("utf-8", "replace").strip()
    found = _FOUND.fullmatch(text)
    if found is not None:
        return ScanResult(outcome=ScanOutcome.INFECTED, detail=found["name"])
    if text == "stream: OK":
        return ScanResult(outcome=ScanOutcome.CLEAN, detail="")
    if "size limit exceeded" in text:
        return _not_scanned("the mail is larger than the scanner takes")
    return _not_scanned("the scanner gave no clear answer" if text else "the scanner gave no answer")


def _not_scanned(reason: str) -> ScanResult:
    return ScanResult(outcome=ScanOutcome.NOT_SCANNED, detail=reason)
