"""A hotline as values: tickets, agents and an hour of the day, for whatever goes through the flow."""

from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

from twilio.request_validator import RequestValidator
from werkzeug.datastructures import MultiDict

from gateway.config.telephony import TelephonySettings
from gateway.domain.business_hours import hours_of
from gateway.domain.calendar import USUAL_CALENDAR
from gateway.domain.hotline_code import complete
from gateway.hotline_snapshot import Eligible, hash_code
from telephony.line import Agent, Line, Route
from telephony.state import State, read_state, sign_state
from telephony.twiml import Document, render

BASE = "https://support.example.org"
SECRET = "s" * 32
CALL = "CA" + "0" * 32
KEY = b"k" * 32
IN_HOURS = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)  # a Tuesday, 10:00 in Paris
AFTER_HOURS = datetime(2026, 4, 30, 15, 30, tzinfo=UTC)  # 17:30 in Paris, before a public holiday and a weekend
CODE, OTHER_CODE = complete("123456"), complete("654321")
AGENTS = (Agent(person_id=1, number="+33612345601"), Agent(person_id=2, number="+33612345602"))
RULES = TelephonySettings()
VOICES = {(RULES.french_voice, "fr-FR"), (RULES.english_voice, "en-GB")}


def line(**changes: object) -> Line:
    """A hotline of which one ticket may be called about, by `CODE`."""
    ticket = Eligible(ref="DEMO-42", project="DEMO", since=datetime(2026, 1, 1, tzinfo=UTC))
    now = changes.get("now", IN_HOURS)
    assert isinstance(now, datetime)
    values = {
        "now": now,
        "project": "DEMO",
        "projects": frozenset({"DEMO"}),
        "hours": hours_of(USUAL_CALENDAR),
        "number": "+33199001234",
        "takes_any_call": False,
        "codes": {hash_code(CODE, KEY): ticket},
        "code_key": KEY,
        "is_fresh": True,
        "may_trust": True,
        "agents": AGENTS,
        "may_text": False,
        "platform": BASE,
        "address": "support@demo.example",
        "rules": RULES,
        "link": lambda route, state: link(route, state, now=now),
    }
    return Line(**{**values, **changes})  # type: ignore[arg-type]  # fields by name


def link(route: Route, state: State | None, *, now: datetime) -> str:
    """The address of a route, as the webhooks make it."""
    query = "" if state is None else "?s=" + sign_state(state, call=CALL, key=KEY, now=now)
    return f"{BASE}/telephony/twilio/{route}{query}"


def state_of(url: str, *, now: datetime) -> State:
    """The state in an address."""
    return read_state(parse_qs(urlsplit(url).query)["s"][0], calls=[CALL], keys=[KEY], now=now)


def parsed(document: Document) -> ElementTree.Element:
    """The document as the provider parses it."""
    return ElementTree.fromstring(render(document))


def spoken(document: Document) -> str:
    """All that is said, in order."""
    return " ".join(element.text or "" for element in parsed(document).iter("Say"))


def action(document: Document) -> str | None:
    """Where the call goes on; None where it ends."""
    return next((element.attrib["action"] for element in parsed(document) if "action" in element.attrib), None)


def verbs(document: Document) -> list[str]:
    """The verbs, in order."""
    return [element.tag for element in parsed(document)]


def attributes(document: Document, verb: str) -> Mapping[str, str]:
    """The attributes of the first of these."""
    return next(parsed(document).iter(verb)).attrib


def inbound(call: str = CALL, **changes: str) -> dict[str, str]:
    """What the provider sends with every request about a call that came in; blank and unknown parameters too."""
    return {
        "CallSid": call,
        "AccountSid": "AC" + "0" * 32,
        "From": "+33612345678",
        "Caller": "+33612345678",
        "To": "+33199001234",
        "Called": "+33199001234",
        "CallStatus": "ringing",
        "Direction": "inbound",
        "ApiVersion": "2010-04-01",
        "FromCity": "",
        "Novelty": "é+ &=",
        **changes,
    }


def signature(
    url: str, params: Mapping[str, str], *, secret: str = SECRET, algorithm: str = "HMAC_SHA1"
) -> dict[str, str]:
    """The header by which the provider says that it sent this."""
    return {"X-Twilio-Signature": RequestValidator(secret).compute_signature(url, MultiDict(params), algorithm)}
