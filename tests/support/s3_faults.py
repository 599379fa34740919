"""What a bucket can do to a request: refuse it, reset it, hang, or keep what it was given and not say so."""

import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress

from tests.support.s3 import Handler

Fault = Callable[[Handler], bool]
"""Does something unkind to a request. True where it has answered it, or never will."""


def away(handler: Handler) -> bool:
    """Nobody there: the connection is reset before anything is said."""
    return reset(handler)


def reset(handler: Handler) -> bool:
    """Reset the connection."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()
    handler.close_connection = True
    return True


def slow_down(handler: Handler) -> bool:
    """503 SlowDown, which a client is to try again."""
    handler.body()
    handler.refuse(503, "SlowDown")
    return True


def hang(handler: Handler) -> bool:
    """Take the request and say nothing, until the peer gives up or half a minute is over."""
    handler.body()
    handler.connection.settimeout(30)
    with suppress(OSError):
        handler.connection.recv(1)
    return reset(handler)


def kept_then_reset(handler: Handler) -> bool:
    """Keep what is put, and reset before saying so."""
    if handler.command != "PUT":
        return False
    handler.store()
    return reset(handler)


def half_then_reset(handler: Handler) -> bool:
    """Reset in the middle of what is read."""
    held = handler.peer.objects.get(handler.key)
    if handler.command != "GET" or held is None:
        return False
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(held.body)))
    handler.meta(held)
    handler.end_headers()
    handler.wfile.write(held.body[: len(held.body) // 2])
    handler.wfile.flush()
    return reset(handler)


def once(fault: Fault, *, method: str = "", times: int = 1) -> Fault:
    """The fault for the first requests of this method, or of any; then kind again."""
    left = [times]
    lock = threading.Lock()

    def ask(handler: Handler) -> bool:
        with lock:
            if left[0] < 1 or method not in {"", handler.command}:
                return False
            left[0] -= 1
        return fault(handler)

    return ask
