"""Requests as the provider sends them: signed over the public address, by whichever road they really go.

The public address is not where our service listens. `Roads` says which local address stands behind each public base,
so that what a proxy does to a request cannot go unseen. (https://www.twilio.com/docs/usage/security)
"""

import hmac
import http.client
import time
from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import unquote, urlencode, urlsplit
from wsgiref.types import WSGIApplication

from werkzeug.test import EnvironBuilder, run_wsgi_app

from telephony.simulator.document import LIMIT
from telephony.simulator.effects import Reply

_LONGEST_ANSWER = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Signing:
    """What requests are signed with: the account's token by SHA-1, or a shared key of this name by SHA-256."""

    secret: str
    shared_key: str = ""


@dataclass(frozen=True, kw_only=True)
class Request:
    """A POST. `url` is the public address."""

    url: str
    headers: Mapping[str, str]
    body: bytes


Transport = Callable[[Request], Reply]
"""Sends a request and says what came of it; raises nothing."""


def signature(url: str, params: Iterable[tuple[str, str]], signing: Signing) -> str:
    """The signature: the address and then each name and value, sorted by name, each value of a name once."""
    signed = url + "".join(name + value for name, value in sorted(set(params)))
    digest = hmac.digest(signing.secret.encode(), signed.encode(), "sha256" if signing.shared_key else "sha1")
    return b64encode(digest).decode()


def signed_request(url: str, params: Mapping[str, str], *, signing: Signing, token: str) -> Request:
    """The request to an address; what stands after `#` is an instruction to the provider, and is not sent.

    `token` is the same each time that one webhook is sent.
    """
    url = url.partition("#")[0]
    headers = {
        "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
        "User-Agent": "TwilioProxy/1.1",
        "Accept": "*/*",
        "I-Twilio-Idempotency-Token": token,
        "X-Twilio-Signature": signature(url, params.items(), signing),
    }
    if signing.shared_key:
        headers["X-Twilio-Webhooks-Signature-Settings"] = f"key={signing.shared_key},algorithm=HMAC_SHA256"
    return Request(url=url, headers=headers, body=urlencode(params).encode())


@dataclass(frozen=True, kw_only=True)
class HttpTransport:
    """Over real HTTP. `roads` maps each public base to the local one; whatever lies elsewhere is out of reach."""

    roads: Mapping[str, str]
    limit: float = LIMIT

    def __call__(self, request: Request) -> Reply:
        """Send it; an answer that takes longer than `limit` seconds in all is none."""
        base = next((base for base in self.roads if request.url.startswith(base + "/")), None)
        if base is None:
            return Reply(error="no road leads to this address")
        began = time.monotonic()
        try:
            return self._exchange(request, base=base, began=began)
        except TimeoutError:
            return Reply(error=f"no answer within {self.limit:g} seconds", seconds=time.monotonic() - began)
        except (OSError, http.client.HTTPException) as error:
            return Reply(error=f"no connection: {type(error).__name__}", seconds=time.monotonic() - began)

    def _exchange(self, request: Request, *, base: str, began: float) -> Reply:
        local = urlsplit(self.roads[base])
        kind = http.client.HTTPSConnection if local.scheme == "https" else http.client.HTTPConnection
        connection = kind(local.hostname or "", local.port, timeout=self.limit)
        headers = {**request.headers, "Host": urlsplit(base).netloc, "Connection": "close"}
        try:
            connection.request("POST", request.url.removeprefix(base), body=request.body, headers=headers)
            with connection.getresponse() as answer:
                body = b""
                while (piece := answer.read1(65_536)) and len(body) < _LONGEST_ANSWER:
                    body += piece
                    if time.monotonic() - began > self.limit:
                        raise TimeoutError
                return _reply(answer.status, answer.headers.get("Content-Type", ""), body, began)
        finally:
            connection.close()


@dataclass(frozen=True, kw_only=True)
class WsgiTransport:
    """Straight into an application of this process: no socket, no proxy, no time."""

    app: WSGIApplication

    def __call__(self, request: Request) -> Reply:
        """Call the application; what it raises, it raises here."""
        parts = urlsplit(request.url)
        target = request.url.removeprefix(f"{parts.scheme}://{parts.netloc}")
        environ = EnvironBuilder(
            method="POST",
            path=unquote(parts.path),
            query_string=parts.query,
            data=request.body,
            headers=list(request.headers.items()),
        ).get_environ()
        environ["RAW_URI"] = environ["REQUEST_URI"] = target
        chunks, status, headers = run_wsgi_app(self.app, environ, buffered=True)
        body = b"".join(chunks)
        return Reply(status=int(status[:3]), content_type=headers.get("Content-Type", ""), body=body)


def _reply(status: int, content_type: str, body: bytes, began: float) -> Reply:
    return Reply(status=status, content_type=content_type, body=body, seconds=time.monotonic() - began)
