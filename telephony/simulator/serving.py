"""A WSGI application on a local port, for as long as a `with` lasts."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from werkzeug.serving import WSGIRequestHandler, make_server

from gateway.errors import Deferred


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:
        pass


@contextmanager
def served(app: Callable[..., Any], *, port: int = 0) -> Iterator[str]:
    """Serve it on 127.0.0.1, on any free port or this one, and yield its address. Raises Deferred for a taken one."""
    try:
        listener = socket.create_server(("127.0.0.1", port))
    except OSError as error:
        raise Deferred(f"port {port} of this machine cannot be had: {error.strerror}") from error
    with listener:  # the server takes a copy of it
        server = make_server("127.0.0.1", port, app, threaded=True, request_handler=_Quiet, fd=listener.fileno())
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), name="simulator")
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
