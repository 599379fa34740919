"""The REST side of the account, which the provider's own client talks to when it is given our address.

    GET Calls, Calls/SID             GET, DELETE Recordings/SID, its media as Recordings/SID.wav
    GET IncomingPhoneNumbers         GET, POST Messages

Everything needs the account's id and secret by Basic auth; `trouble` says what goes wrong meanwhile.
(https://www.twilio.com/docs/usage/api)
"""

import hmac
import json
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from telephony.simulator.account import Account, MessageRecord, new_sid
from telephony.simulator.audio import tone
from telephony.simulator.resources import (
    VERSION,
    call_resource,
    message_resource,
    number_resource,
    page,
    recording_resource,
)
from telephony.simulator.selecting import is_wanted_call, is_wanted_recording
from telephony.simulator.trouble import Trouble, error, next_trouble, refusal, spoil

_NOT_FOUND = (404, 20404, "The requested resource was not found")
_BASE = f"/{VERSION}/Accounts/<account>"
_ROUTES = Map(
    [
        Rule(f"{_BASE}/Calls.json", endpoint="calls", methods=["GET"]),
        Rule(f"{_BASE}/Calls/<sid>.json", endpoint="call", methods=["GET"]),
        Rule(f"{_BASE}/Recordings.json", endpoint="recordings", methods=["GET"]),
        Rule(f"{_BASE}/Recordings/<sid>.json", endpoint="recording", methods=["GET", "DELETE"]),
        Rule(f"{_BASE}/Recordings/<sid>.wav", endpoint="media", methods=["GET"]),
        Rule(f"{_BASE}/IncomingPhoneNumbers.json", endpoint="numbers", methods=["GET"]),
        Rule(f"{_BASE}/Messages.json", endpoint="messages", methods=["GET", "POST"]),
        Rule(f"{_BASE}/Messages/<sid>.json", endpoint="message", methods=["GET"]),
    ]
)


@dataclass(kw_only=True)
class RestApi:
    """A WSGI application. `came` holds the method and path of each request, for whoever wants to know."""

    account: Account
    secret: str
    trouble: list[Trouble] = field(default_factory=list)
    came: list[tuple[str, str]] = field(default_factory=list)
    source: random.Random = field(default_factory=random.SystemRandom)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer one request."""
        request = Request(environ)
        self.came.append((request.method, request.path))
        trouble = next_trouble(self.trouble, request.path)
        if trouble is None:
            answer = self._answer(request)
        else:
            answer = refusal(trouble, path=request.path) or spoil(self._answer(request), trouble, path=request.path)
        return answer(environ, start_response)

    def _answer(self, request: Request) -> Response:
        if not self._knows(request):
            return error(401, 20003, "Authenticate", is_media=not request.path.endswith(".json"))
        try:
            endpoint, values = _ROUTES.bind_to_environ(request.environ).match()
        except HTTPException:
            return error(*_NOT_FOUND)
        if values["account"] != self.account.sid:
            return error(*_NOT_FOUND)
        try:
            return _VIEWS[endpoint](self, request, values.get("sid", ""))
        except KeyError:
            return error(*_NOT_FOUND, is_media=endpoint == "media")
        except ValueError:
            return error(400, 20001, "Invalid parameter")

    def _knows(self, request: Request) -> bool:
        given = request.authorization
        secret = (given.password or "") if given is not None else ""
        is_account = given is not None and given.username == self.account.sid
        return is_account and hmac.compare_digest(secret.encode(), self.secret.encode())

    def _calls(self, request: Request, _sid: str) -> Response:
        found = [
            call_resource(self.account, call)
            for call in sorted(self.account.calls.values(), key=lambda call: call.created, reverse=True)
            if is_wanted_call(call, request.args)
        ]
        return self._page("calls", found, request)

    def _call(self, _request: Request, sid: str) -> Response:
        return _json(call_resource(self.account, self.account.calls[sid]))

    def _recordings(self, request: Request, _sid: str) -> Response:
        found = [
            recording_resource(self.account, one, base=request.host_url.rstrip("/"))
            for one in self.account.recordings.values()
            if one.status != "deleted" and is_wanted_recording(one, request.args)
        ]
        return self._page("recordings", found, request)

    def _recording(self, request: Request, sid: str) -> Response:
        """Read or delete; only what is completed can be deleted, and only once."""
        recording = self.account.recordings[sid]
        if recording.status == "deleted":
            return error(*_NOT_FOUND)
        if request.method == "GET":
            return _json(recording_resource(self.account, recording, base=request.host_url.rstrip("/")))
        if recording.status != "completed":
            return error(400, 20001, "The recording is not completed")
        recording.status = "deleted"
        return Response(status=204)

    def _media(self, _request: Request, sid: str) -> Response:
        return media(self.account, sid)

    def _numbers(self, request: Request, _sid: str) -> Response:
        wanted = request.args.get("PhoneNumber", "")
        found = [number_resource(self.account, one) for one in self.account.hotlines if wanted in one.number]
        return self._page("incoming_phone_numbers", found, request)

    def _messages(self, request: Request, _sid: str) -> Response:
        if request.method == "GET":
            found = [message_resource(self.account, one) for one in self.account.messages.values()]
            return self._page("messages", found, request)
        form: MultiDict[str, str] = request.form
        missing = [name for name in ("To", "From", "Body") if not form.get(name)]
        if missing:
            return error(400, 21602, f"A {missing[0]} is required")
        message = MessageRecord(
            sid=new_sid("SM", self.source),
            sender=form["From"],
            to=form["To"],
            body=form["Body"],
            created=datetime.now(UTC),
        )
        self.account.messages[message.sid] = message
        return _json(message_resource(self.account, message), status=201)

    def _message(self, _request: Request, sid: str) -> Response:
        return _json(message_resource(self.account, self.account.messages[sid]))

    def _page(self, key: str, found: list[dict[str, Any]], request: Request) -> Response:
        return _json(page(key, found, path=request.path, query=request.args))


@dataclass(frozen=True, kw_only=True)
class MediaHost:
    """The other host that media may be sent to: it serves files to whoever has the address, and wants no secret."""

    account: Account

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer one request; one that brings the account's secret along is refused."""
        request = Request(environ)
        if "Authorization" in request.headers:
            return error(400, 20001, "No secret belongs here", is_media=True)(environ, start_response)
        name = request.path.removeprefix("/media/").removesuffix(".wav")
        try:
            answer = media(self.account, name)
        except KeyError:
            answer = error(*_NOT_FOUND, is_media=True)
        return answer(environ, start_response)


def media(account: Account, sid: str) -> Response:
    """A recording's sound. Raises KeyError where there is none, or none any more."""
    recording = account.recordings[sid]
    if recording.status != "completed":
        raise KeyError(sid)
    return Response(tone(recording.seconds), content_type="audio/x-wav")


def _json(fields: dict[str, Any], *, status: int = 200) -> Response:
    return Response(json.dumps(fields), status=status, content_type="application/json")


_VIEWS: dict[str, Callable[[RestApi, Request, str], Response]] = {
    "calls": RestApi._calls,
    "call": RestApi._call,
    "recordings": RestApi._recordings,
    "recording": RestApi._recording,
    "media": RestApi._media,
    "numbers": RestApi._numbers,
    "messages": RestApi._messages,
    "message": RestApi._message,
}
