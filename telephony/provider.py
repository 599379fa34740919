"""The provider's lists, recordings and text messages: asked for where the configuration says, and nowhere else.

What a webhook says of an address is never looked at: the path is made of ids. The account's secret goes to the API's
host alone; one redirect is followed, without it, and only to https (or to this machine, for a stand-in that runs here).
(https://www.twilio.com/docs/voice/api/recording)
"""

import http.client
import io
import json
import re
import ssl
import time
import wave
from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

from gateway.errors import Deferred, Refused

MAX_SIZE = 25 * 1024 * 1024
TIMEOUT = 10.0
"""Seconds that a connection or one piece of an answer may take."""

PATIENCE = 20.0
"""Seconds that the body of an answer may take in all."""

_MOST_PAGES = 200
_RECORDING_ID = re.compile(r"RE[0-9a-f]{32}")
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_HERE = frozenset({"127.0.0.1", "::1", "localhost"})


class NotYet(Deferred):
    """The provider does not have it, or not yet; or does not answer. Worth another try."""


class NoMessage(Refused):
    """What is there is no message that we keep. The text says why, without anything of its content."""


@dataclass(frozen=True, kw_only=True)
class Account:
    """The account at the provider. `base` is the API's address without a path."""

    base: str
    sid: str
    secret: str


@dataclass(frozen=True, kw_only=True)
class _Reply:
    status: int
    kind: str
    location: str
    body: bytes


def fetch_recording(account: Account, recording_id: str) -> bytes:
    """The sound of a recording, as a WAV file. Raises NotYet, or NoMessage for what is no sound or too large."""
    reply = _ask("GET", _address(account, recording_id, ".wav"), account)
    if reply.status in _REDIRECTS:
        reply = _ask("GET", _next_address(account, reply.location), None)
    if reply.status != 200:
        raise NotYet(f"the provider answers {reply.status}")
    if not reply.kind.startswith("audio/") or not reply.body.startswith(b"RIFF"):
        raise NoMessage("what the provider has there is no sound")
    return reply.body


def delete_recording(account: Account, recording_id: str) -> None:
    """Let the provider forget a recording; one that is gone already is forgotten. Raises NotYet."""
    reply = _ask("DELETE", _address(account, recording_id, ".json"), account)
    if reply.status not in {204, 404}:
        raise NotYet(f"the provider answers {reply.status}")


@dataclass(frozen=True, kw_only=True)
class TextMessage:
    """A text message. `sender` is a number of the account's, or a name."""

    sender: str
    to: str
    body: str


def send_text(account: Account, text: TextMessage) -> str:
    """Hand a text message to the provider; its id there. Raises NotYet, or NoMessage where the provider refuses it."""
    form = {"From": text.sender, "To": text.to, "Body": text.body}
    address = f"{account.base}/2010-04-01/Accounts/{account.sid}/Messages.json"
    reply = _ask("POST", address, account, body=urlencode(form).encode("ascii"))
    if reply.status in {400, 403}:
        raise NoMessage(f"the provider refuses it ({reply.status})")
    if reply.status != 201:
        raise NotYet(f"the provider answers {reply.status}")
    try:
        return str(json.loads(reply.body)["sid"])
    except (ValueError, KeyError, TypeError) as error:
        raise NotYet("the provider's answer cannot be read") from error


def find_text(account: Account, text: TextMessage, *, since: datetime) -> str | None:
    """The id of this very message, if the provider took it since then. Raises NotYet."""
    day = f"{since.astimezone(UTC):%Y-%m-%d}"
    for item in list_resources(account, "Messages", {"To": text.to, "DateSent>": day}):
        created = _moment(item.get("date_created"))
        if item.get("to") == text.to and item.get("body") == text.body and created is not None and created >= since:
            return str(item["sid"])
    return None


def _moment(text: Any) -> datetime | None:
    try:
        return parsedate_to_datetime(str(text)).astimezone(UTC)
    except (ValueError, TypeError):
        return None


def seconds_of(sound: bytes) -> float:
    """How long a WAV file plays. Raises NoMessage for one that is broken."""
    try:
        with wave.open(io.BytesIO(sound)) as file:
            played = len(file.readframes(file.getnframes())) / (file.getnchannels() * file.getsampwidth())
            return float(played / file.getframerate())
    except (wave.Error, EOFError, ZeroDivisionError) as error:
        raise NoMessage("the sound is broken") from error


def _address(account: Account, recording_id: str, suffix: str) -> str:
    if not _RECORDING_ID.fullmatch(recording_id):
        raise NoMessage("that is no id of a recording")
    return f"{account.base}/2010-04-01/Accounts/{account.sid}/Recordings/{recording_id}{suffix}"


def _next_address(account: Account, location: str) -> str:
    parts = urlsplit(location)
    both_here = parts.hostname in _HERE and urlsplit(account.base).hostname in _HERE
    if not parts.hostname or not (parts.scheme == "https" or (parts.scheme == "http" and both_here)):
        raise NoMessage("the provider points to an address that is not safe")
    return location


def _ask(method: str, address: str, account: Account | None, *, body: bytes | None = None) -> _Reply:
    parts = urlsplit(address)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    headers = {"Accept": "*/*"}
    if body is not None:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    if account is not None:
        headers["Authorization"] = "Basic " + b64encode(f"{account.sid}:{account.secret}".encode()).decode()
    if parts.scheme == "https":
        context = ssl.create_default_context()
        connection: http.client.HTTPConnection = http.client.HTTPSConnection(
            parts.netloc, timeout=TIMEOUT, context=context
        )
    else:
        connection = http.client.HTTPConnection(parts.netloc, timeout=TIMEOUT)
    try:
        connection.request(method, target, body=body, headers=headers)
        answer = connection.getresponse()
        content = _read(answer, until=time.monotonic() + PATIENCE)
    except (OSError, http.client.HTTPException) as error:
        raise NotYet(f"the provider does not answer ({type(error).__name__})") from error
    finally:
        connection.close()
    kind = answer.headers.get("Content-Type", "")
    return _Reply(status=answer.status, kind=kind, location=answer.headers.get("Location", ""), body=content)


def _read(answer: http.client.HTTPResponse, *, until: float) -> bytes:
    body = bytearray()
    while piece := answer.read1(64 * 1024):
        body += piece
        if len(body) > MAX_SIZE:
            raise NoMessage("the recording is too large")
        if time.monotonic() > until:
            raise NotYet("the provider is too slow")
    return bytes(body)


def list_resources(account: Account, resource: str, query: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """Every item of a list (`Calls`, `Recordings`), over all its pages. Raises NotYet."""
    root = f"/2010-04-01/Accounts/{account.sid}/"
    target: str | None = f"{root}{resource}.json?{urlencode({**query, 'PageSize': '1000'})}"
    for _ in range(_MOST_PAGES):
        if target is None:
            return
        reply = _ask("GET", account.base + target, account)
        if reply.status != 200:
            raise NotYet(f"the provider answers {reply.status}")
        try:
            page = json.loads(reply.body)
            yield from page[resource.lower()]
            target = page.get("next_page_uri")
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise NotYet("the provider's list cannot be read") from error
        if target is not None and not str(target).startswith(root):
            raise NotYet("the provider's list leads elsewhere")
