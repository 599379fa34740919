"""A telephone on a web page, for newcomers: call the hotline, press keys, read what happens. No JavaScript.

    GET  /KEY/               a new call          POST /KEY/call        begins it
    GET  /KEY/CALL           keypad, transcript  POST /KEY/CALL/press  one key, waiting, or hanging up

For this machine alone, and only where the path begins with a key that the command printed: no other page of the
browser can place calls.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from werkzeug.wrappers import Request, Response

from gateway.errors import Misconfigured
from telephony.simulator.phone_page import call_page, start_page
from telephony.simulator.script import HANG_UP
from telephony.simulator.script_file import parse_script
from telephony.simulator.session import Session

_MOST_CALLS = 50
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'"
WAIT = "wait"


@dataclass(kw_only=True)
class _Call:
    """A call in somebody's hand, and the keys pressed since the last question."""

    session: Session
    keys: str = ""


@dataclass(kw_only=True)
class Phone:
    """A WSGI application. `place` begins a call by a script document, and may raise Misconfigured."""

    key: str
    place: Callable[[Any], Session]
    _calls: OrderedDict[str, _Call] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer one request; calls are carried on one at a time."""
        request = Request(environ)
        with self._lock:
            answer = self._answer(request)
        answer.headers["Content-Security-Policy"] = _POLICY
        answer.headers["Cache-Control"] = "no-store"
        answer.headers["Referrer-Policy"] = "no-referrer"
        return answer(environ, start_response)

    def _answer(self, request: Request) -> Response:
        match request.method, request.path.split("/")[1:]:
            case "GET", [self.key, ""]:
                return _html(start_page())
            case "POST", [self.key, "call"]:
                return self._begin(request)
            case "GET", [self.key, sid] if sid in self._calls:
                return _html(call_page(self._calls[sid].session, keys=self._calls[sid].keys, sid=sid))
            case "POST", [self.key, sid, "press"] if sid in self._calls:
                press(self._calls[sid], request.form.get("key", ""))
                return _see(f"/{self.key}/{sid}")
        return Response("Not found\n", status=404)

    def _begin(self, request: Request) -> Response:
        form = request.form
        document = {"from": form.get("from", ""), "leg": [one for one in form.getlist("leg") if one]}
        try:
            parse_script(document)
            session = self.place(document)
        except Misconfigured as error:
            return _html(start_page(fault="; ".join(error.faults)), status=400)
        session.go_on()
        sid = session.sid
        self._calls[sid] = _Call(session=session)
        while len(self._calls) > _MOST_CALLS:
            self._calls.popitem(last=False)
        return _see(f"/{self.key}/{sid}")


def press(call: _Call, key: str) -> None:
    """Press one key, `wait` until the question is over, or `hangup`; all else, and all after the end, does nothing.

    Keys are held until they answer the question: by their number, by the finishing key, or by waiting.
    """
    question = call.session.question
    if question is None:
        return
    if key in {HANG_UP, WAIT}:
        keys, call.keys = call.keys, ""
        call.session.press(HANG_UP if key == HANG_UP else keys)
        return
    if len(key) != 1 or key not in "0123456789*#":
        return
    call.keys += key
    if key == question.finish_on or len(call.keys) == question.most:
        keys, call.keys = call.keys, ""
        call.session.press(keys)


def _see(where: str) -> Response:
    return Response(status=303, headers={"Location": where})


def _html(page: str, *, status: int = 200) -> Response:
    return Response(page, status=status, content_type="text/html; charset=utf-8")
