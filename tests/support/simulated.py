"""A small hotline of fixed documents, and the simulated provider that calls it."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from urllib.parse import parse_qsl
from wsgiref.types import StartResponse, WSGIEnvironment

from telephony.simulator.account import Account, CallRecord, Hotline
from telephony.simulator.script import Script
from telephony.simulator.sending import Signing, WsgiTransport
from telephony.simulator.session import Provider, Session
from telephony.simulator.transcript import transcript

BASE = "https://support.example.org"
CALLER, NUMBER = "+33612345678", "+33199001234"
BEGUN = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
SIGNING = Signing(secret="token")
VOICE = 'voice="Polly.Lea-Neural" language="fr-FR"'


def say(text: str) -> str:
    return f"<Say {VOICE}>{text}</Say>"


def response(*verbs: str) -> bytes:
    return ("<Response>" + "".join(verbs) + "</Response>").encode()


class Desk:
    """Answers each path with a document, and remembers what came. A callable path raises or decides by the form."""

    def __init__(self, documents: Mapping[str, bytes | Callable[[dict[str, str]], bytes]]) -> None:
        self._documents = documents
        self.came: list[tuple[str, dict[str, str]]] = []
        self.headers: list[dict[str, str]] = []
        self.status = "200 OK"
        self.content_type = "text/xml; charset=utf-8"

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)).decode()
        form = dict(parse_qsl(body, keep_blank_values=True))
        path = environ["PATH_INFO"]
        self.came.append((path, form))
        self.headers.append({key: str(value) for key, value in environ.items() if key.startswith("HTTP_")})
        found = self._documents.get(path)
        status = self.status if found is not None else "204 No Content" if path in _TOLD else "500 Broken"
        start_response(status, [("Content-Type", self.content_type)])
        return [found(form) if callable(found) else found or b""]

    def paths(self) -> list[str]:
        return [path for path, _ in self.came]

    def forms(self, path: str) -> list[dict[str, str]]:
        return [form for one, form in self.came if one == path]


_TOLD = frozenset({"/leg", "/status", "/recording"})


def hotline(**changes: str) -> Hotline:
    values = {"number": NUMBER, "voice_url": f"{BASE}/voice", "status_url": f"{BASE}/status", **changes}
    return Hotline(**values)


def provider(desk: Desk, **changes: object) -> Provider:
    values = {"hotline": hotline(), "transport": WsgiTransport(app=desk), "signing": SIGNING, "account": Account()}
    return Provider(**{**values, **changes})  # type: ignore[arg-type]  # fields by name


def played(desk: Desk, *, script: Mapping[str, object] | None = None, seed: int = 1, **changes: object) -> Session:
    """A call from beginning to end."""
    people = Script(caller=CALLER, **(script or {}))  # type: ignore[arg-type]  # fields by name
    session = Session(provider(desk, **changes), people, begun=BEGUN, seed=seed)
    session.run()
    return session


def call_of(session: Session) -> CallRecord:
    return next(call for call in session.world.account.calls.values() if not call.parent)


GREETING = "Bonjour à vous"
ACCEPT_KEY = f'<Gather action="{BASE}/screen" method="POST" actionOnEmptyResult="true" timeout="8" numDigits="1">'


def gather(action: str = "next", *, text: str = GREETING, **attributes: str) -> str:
    given = {"actionOnEmptyResult": "true", "timeout": "3", **attributes}
    written = " ".join(f'{name}="{value}"' for name, value in given.items())
    return f'<Gather action="{BASE}/{action}" method="POST" {written}>{say(text)}</Gather>'


def record(**attributes: str) -> str:
    given = {"maxLength": "120", "timeout": "5", "finishOnKey": "#", **attributes}
    written = " ".join(f'{name}="{value}"' for name, value in given.items())
    return (
        f'<Record action="{BASE}/next" method="POST" {written} recordingStatusCallback="{BASE}/recording" '
        'recordingStatusCallbackMethod="POST" recordingStatusCallbackEvent="completed absent"/>'
    )


def dial(*numbers: str, **attributes: str) -> str:
    given = {"timeout": "15", "answerOnBridge": "true", "callerId": NUMBER, **attributes}
    written = " ".join(f'{name}="{value}"' for name, value in given.items())
    events = 'statusCallbackEvent="initiated ringing answered completed" statusCallbackMethod="POST"'
    legs = "".join(
        f'<Number url="{BASE}/whisper" method="POST" statusCallback="{BASE}/leg" {events}>{number}</Number>'
        for number in numbers
    )
    return f'<Dial action="{BASE}/next" method="POST" {written}>{legs}</Dial>'


def screening(*numbers: str, **attributes: str) -> Desk:
    """Rings these at once; who takes off must press 1."""
    ask = f"{ACCEPT_KEY}{say('ticket')}</Gather>"
    return Desk(
        {
            "/voice": response(dial(*numbers, **attributes)),
            "/whisper": response(ask, "<Hangup/>"),
            "/screen": lambda form: response() if form["Digits"] == "1" else response("<Hangup/>"),
            "/next": response("<Hangup/>"),
        }
    )


def read(session: Session) -> str:
    return "\n".join(transcript(session.lines))
