"""A small HTTP server on this machine, for tests of what we ask others: it answers whatever its `reply` says."""

import json
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import parse_qs


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A request. `target` is path and query, the names of `headers` are in small letters."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def form(self) -> dict[str, str]:
        """The fields of a form."""
        return {name: values[0] for name, values in parse_qs(self.body.decode()).items()}


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What is answered."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


def as_json(document: object, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """A document as an answer."""
    return Answer(status=status, headers=headers or {}, body=json.dumps(document).encode())


class HttpListener:
    """Listens from the beginning and answers within its block, each request in a thread; `over` is set at its end."""

    def __init__(self) -> None:
        self.over = threading.Event()
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def handle_one(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                said = listener.reply(Asked(method=self.command, target=self.path, headers=headers, body=body))
                if isinstance(said, Answer):
                    self.send_response(said.status)
                    for name, value in {**said.headers, "Content-Length": str(len(said.body))}.items():
                        self.send_header(name, value)
                    self.end_headers()
                    said = [said.body]
                for piece in said:
                    self.wfile.write(piece)
                    self.wfile.flush()

            do_GET = do_POST = do_DELETE = handle_one

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_: object) -> None:
                """Whoever waits no more has hung up."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{self._server.server_port}"
        self.url = f"http://{self.address}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def reply(self, asked: Asked) -> Answer | Iterable[bytes]:
        """The answer to a request, or what is sent in place of one, piece by piece."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
