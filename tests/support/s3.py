"""An S3 peer over real HTTP, as strict as the real one about signatures, and unkind when it is told to be (s3_faults).

Path style, Signature Version 4
(https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html), PUT with
`If-None-Match: *`, GET with a range, HEAD, DELETE and ListObjectsV2 in pages. What is kept is in `objects`.
"""

import hmac
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from hashlib import md5, sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, quote, unquote, urlsplit
from xml.sax.saxutils import escape, unescape

ACCESS_KEY, SECRET_KEY, REGION, BUCKET = "AKIDEXAMPLE", "a secret of the tests, 40 letters long...", "eu-west-3", "kept"
PAGE = 1000


@dataclass(kw_only=True)
class Held:
    """An object: its bytes, since when, and the headers that asked for something."""

    body: bytes
    at: datetime
    headers: dict[str, str]


@dataclass(kw_only=True)
class S3Peer:
    """The peer. `objects` are by key; `seen` are method and key of each request, in order.

    `fault` is asked before each request; True where it has answered it, or never will. `page` is how many keys a
    listing shows at once.
    """

    url: str = ""
    objects: dict[str, Held] = field(default_factory=dict)
    seen: list[tuple[str, str]] = field(default_factory=list)
    fault: Callable[["Handler"], bool] | None = None
    page: int = PAGE
    lock: threading.Lock = field(default_factory=threading.Lock)

    def settings(self, **more: object) -> dict[str, object]:
        """The settings `[files]` for this peer."""
        given = {"endpoint": self.url, "region": REGION, "access_key": ACCESS_KEY, "secret_key": SECRET_KEY}
        return {"store": f"s3://{BUCKET}/gateway", **given, **more}

    def environment(self, **more: str) -> dict[str, str]:
        """The same, as variables."""
        return {f"GATEWAY_FILES__{name.upper()}": str(value) for name, value in self.settings(**more).items()}

    def age(self, **by: float) -> None:
        """Make everything that is there older."""
        for held in self.objects.values():
            held.at -= timedelta(**by)

    def asked(self, method: str) -> int:
        """How many requests of this kind came."""
        return sum(one == method for one, _ in self.seen)


@contextmanager
def s3_peer(*, port: int = 0, tls: ssl.SSLContext | None = None) -> Iterator[S3Peer]:
    """A peer with an empty bucket, on a port of its own; with a context it speaks TLS."""
    peer = S3Peer()
    handler = type("OfThisPeer", (Handler,), {"peer": peer})
    server = ThreadingHTTPServer(("127.0.0.1", port), handler)
    server.daemon_threads = True
    if tls is not None:
        # The handshake comes with the first read, in the thread of its connection.
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    peer.url = f"{'http' if tls is None else 'https'}://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield peer
    finally:
        server.shutdown()
        server.server_close()


class Handler(BaseHTTPRequestHandler):
    """One request to the peer."""

    protocol_version = "HTTP/1.1"
    peer: S3Peer

    def setup(self) -> None:
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def handle(self) -> None:
        # Who does not believe our certificate, or has waited long enough, goes without a word.
        with suppress(ssl.SSLError, ConnectionError):
            super().handle()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    @property
    def key(self) -> str:
        return unquote(urlsplit(self.path).path).removeprefix(f"/{BUCKET}").lstrip("/")

    def do_GET(self) -> None:
        if self._is_welcome():
            (self._list if not self.key else self._get)()

    def do_HEAD(self) -> None:
        if self._is_welcome():
            self._get()

    def do_PUT(self) -> None:
        if self._is_welcome():
            if self.headers.get("If-None-Match") == "*" and self.key in self.peer.objects:
                self.body()
                self.refuse(412, "PreconditionFailed")
            else:
                self.store()
                self._say(200, b"", {"ETag": _tag(self.peer.objects[self.key].body)})

    def do_POST(self) -> None:
        """DeleteObjects, the one POST that is known."""
        if self._is_welcome():
            keys = [unescape(key.decode()) for key in re.findall(rb"<Key>(.*?)</Key>", self.body())]
            for key in keys:
                self.peer.objects.pop(key, None)
            told = "".join(f"<Deleted><Key>{escape(key)}</Key></Deleted>" for key in keys)
            self._say(200, f"<DeleteResult>{told}</DeleteResult>".encode(), {"Content-Type": "application/xml"})

    def do_DELETE(self) -> None:
        if self._is_welcome():
            self.peer.objects.pop(self.key, None)
            self._say(204, b"", {})

    def store(self) -> None:
        """Keep the body that is sent."""
        asked = {name.lower(): value for name, value in self.headers.items() if name.lower().startswith("x-amz-server")}
        with self.peer.lock:
            self.peer.objects[self.key] = Held(body=self.body(), at=datetime.now(UTC), headers=asked)

    def body(self) -> bytes:
        """The body of the request, read once."""
        if not hasattr(self, "_body"):
            self._body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        return self._body

    def refuse(self, status: int, code: str) -> None:
        """An error as S3 writes it."""
        self._say(status, f"<Error><Code>{code}</Code></Error>".encode(), {"Content-Type": "application/xml"})

    def meta(self, held: Held) -> None:
        """The headers that describe an object."""
        self.send_header("ETag", _tag(held.body))
        self.send_header("Last-Modified", format_datetime(held.at, usegmt=True))

    def _is_welcome(self) -> bool:
        self.__dict__.pop("_body", None)
        self.peer.seen.append((self.command, self.key))
        if self.peer.fault is not None and self.peer.fault(self):
            return False
        status, code = self._judge()
        if status:
            self.body()
            self.refuse(status, code)
        return not status

    def _judge(self) -> tuple[int, str]:
        given = self.headers.get("Authorization", "")
        if f"Credential={ACCESS_KEY}/" not in given:
            return 403, "InvalidAccessKeyId"
        if self.headers.get("x-amz-content-sha256") != sha256(self.body()).hexdigest():
            return 400, "XAmzContentSHA256Mismatch"
        if given.rpartition("Signature=")[2] != self._signature(given):
            return 403, "SignatureDoesNotMatch"
        if not urlsplit(self.path).path.startswith(f"/{BUCKET}"):
            return 404, "NoSuchBucket"
        return 0, ""

    def _signature(self, given: str) -> str:
        parts = dict(part.strip().split("=", 1) for part in given.partition(" ")[2].split(","))
        signed = parts["SignedHeaders"].split(";")
        url = urlsplit(self.path)
        query = "&".join(
            sorted(f"{quote(k, safe='-_.~')}={quote(v, safe='-_.~')}" for k, v in parse_qsl(url.query, True))
        )
        headers = "".join(f"{name}:{' '.join((self.headers.get(name) or '').split())}\n" for name in signed)
        request = "\n".join(
            (self.command, url.path, query, headers, ";".join(signed), self.headers["x-amz-content-sha256"])
        )
        moment, scope = self.headers["x-amz-date"], parts["Credential"].partition("/")[2]
        text = "\n".join(("AWS4-HMAC-SHA256", moment, scope, sha256(request.encode()).hexdigest()))
        key = f"AWS4{SECRET_KEY}".encode()
        for part in (moment[:8], REGION, "s3", "aws4_request"):
            key = hmac.digest(key, part.encode(), "sha256")
        return hmac.digest(key, text.encode(), "sha256").hex()

    def _get(self) -> None:
        held = self.peer.objects.get(self.key)
        if held is None:
            self.refuse(404, "NoSuchKey")
            return
        body, status, more = held.body, 200, {}
        wanted = self.headers.get("Range", "")
        if wanted.startswith("bytes="):
            first, _, last = wanted.removeprefix("bytes=").partition("-")
            start, end = int(first), min(int(last or len(body) - 1), len(body) - 1)
            if start >= len(body):
                self.refuse(416, "InvalidRange")
                return
            more = {"Content-Range": f"bytes {start}-{end}/{len(body)}"}
            body, status = body[start : end + 1], 206
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.meta(held)
        for name, value in more.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def _list(self) -> None:
        asked = dict(parse_qsl(urlsplit(self.path).query, keep_blank_values=True))
        after = asked.get("continuation-token") or asked.get("start-after") or ""
        with self.peer.lock:
            keys = sorted(key for key in self.peer.objects if key.startswith(asked.get("prefix", "")) and key > after)
            shown = [(key, self.peer.objects[key]) for key in keys[: self.peer.page]]
        is_cut = len(keys) > len(shown)
        rows = "".join(
            f"<Contents><Key>{escape(key)}</Key><LastModified>{held.at:%Y-%m-%dT%H:%M:%S.000Z}</LastModified>"
            f"<ETag>{escape(_tag(held.body))}</ETag><Size>{len(held.body)}</Size></Contents>"
            for key, held in shown
        )
        token = f"<NextContinuationToken>{escape(shown[-1][0])}</NextContinuationToken>" if is_cut else ""
        text = (
            f'<?xml version="1.0"?><ListBucketResult><Name>{BUCKET}</Name><KeyCount>{len(shown)}</KeyCount>'
            f"<IsTruncated>{str(is_cut).lower()}</IsTruncated>{token}{rows}</ListBucketResult>"
        )
        self._say(200, text.encode(), {"Content-Type": "application/xml"})

    def _say(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def _tag(body: bytes) -> str:
    return f'"{md5(body, usedforsecurity=False).hexdigest()}"'


if __name__ == "__main__":  # a peer of its own process, for the benchmark
    with s3_peer() as alone:
        print(alone.url, flush=True)
        while True:
            time.sleep(3600)
