"""The hotline of an installation: from a ticket that becomes blocking to the call on its timeline."""

from datetime import timedelta
from xml.etree import ElementTree

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from gateway.config.load import load_settings
from gateway.config.locations import locations
from gateway.db.calls import calls
from gateway.db.hotline import hotline_code_of
from gateway.db.people import add_membership, get_or_create_person, update_person
from gateway.db.tickets import Ticket, create_ticket, list_entries, tickets
from gateway.domain.ticket import Kind, Language, Role, Severity
from gateway.jobs.drain import drain_lane
from gateway.runtime import Runtime
from gateway.services.log_call import log_call
from gateway.services.refresh_hotline import refresh_hotline
from gateway.spool.entry import Lane
from telephony.exchange import open_exchange, secrets_of
from tests.support.calls import CALL, inbound, signature
from tests.support.clock import MovableClock
from tests.support.waiting import wait_for
from web.server import side_by_side

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
LEG = "CA" + "1" * 32
SHARED = {"X-Twilio-Webhooks-Signature-Settings": "key=webhooks_sharedkey_1,algorithm=HMAC_SHA256"}


@pytest.fixture
def ticket(runtime: Runtime, clock: MovableClock) -> Ticket:
    """A blocking incident of yesterday, and an agent with a telephone."""
    with runtime.database.transaction() as connection:
        marie = get_or_create_person(connection, email="marie@client.example", name="", now=clock.now())
        ana = get_or_create_person(connection, email="ana@demo.example", name="Ana", now=clock.now())
        update_person(connection, ana.id, name="Ana", lang=None, phone="+33612345601")
        add_membership(connection, person_id=ana.id, project="DEMO", role=Role.N2)
        made = create_ticket(
            connection,
            project="DEMO",
            subject="Imprimante",
            lang=Language.FR,
            reporter_id=marie.id,
            now=clock.now() - timedelta(days=1),
        )
        values = {"severity": Severity.BLOCKING, "kind": Kind.CORRECTIVE}
        connection.execute(update(tickets).where(tickets.c.id == made.id).values(**values))
    refresh_hotline(runtime)
    return made


class Provider:
    """Sends signed requests and follows what they are answered."""

    def __init__(self, runtime: Runtime, clock: MovableClock) -> None:
        self._clock = clock
        self._base = runtime.settings.http.base_url
        self._secret = secrets_of(runtime.settings, runtime.where).shared_keys[0]
        self._client: FlaskClient = open_exchange(runtime).test_client()

    def post(self, url: str, **params: str) -> ElementTree.Element | None:
        self._clock.move(seconds=5)
        form = inbound(**params)
        headers = {**signature(url, form, secret=self._secret, algorithm="HMAC_SHA256"), **SHARED}
        answer = self._client.post(url.removeprefix(self._base), data=form, headers=headers)
        assert answer.status_code in {200, 204}
        return ElementTree.fromstring(answer.data) if answer.data else None

    def start(self) -> ElementTree.Element | None:
        return self.post(f"{self._base}/telephony/twilio/voice")

    def end(self, seconds: int) -> None:
        stated = {"CallStatus": "completed", "CallDuration": str(seconds), "SequenceNumber": "0"}
        self.post(f"{self._base}/telephony/twilio/status", **stated)


def action(document: ElementTree.Element | None) -> str:
    assert document is not None
    return next(one.attrib["action"] for one in document.iter() if "action" in one.attrib)


def drain(runtime: Runtime) -> None:
    drain_lane(Lane.CALL, log_call, runtime, deadline=float("inf"))
    assert runtime.spool.quarantine.list(Lane.CALL) == []


def test_a_call_about_a_blocking_ticket_stands_on_its_timeline(
    runtime: Runtime, clock: MovableClock, ticket: Ticket
) -> None:
    with runtime.database.transaction() as connection:
        code = hotline_code_of(connection, ticket.id, now=clock.now())
    provider = Provider(runtime, clock)
    document = provider.start()
    for keys in ("1", code, "1"):
        document = provider.post(action(document), Digits=keys, CallStatus="in-progress")
    assert document is not None
    (number,) = document.iter("Number")
    assert number.text == "+33612345601"
    leg = {
        "call": LEG,
        "ParentCallSid": CALL,
        "From": "+33199001234",
        "To": "+33612345601",
        "CallStatus": "in-progress",
    }
    whispered = provider.post(number.attrib["url"], **leg)
    provider.post(action(whispered), **leg, Digits="1")
    ended = {"DialCallStatus": "completed", "DialBridged": "true", "DialCallDuration": "95", "DialCallSid": LEG}
    provider.post(action(document), CallStatus="in-progress", **ended)
    provider.end(150)
    drain(runtime)
    with runtime.database.reading() as connection:
        (entry,) = list_entries(connection, ticket.id)
        (row,) = connection.execute(select(calls)).all()
    assert entry.text == "Appel pris (+33 … 78)\nAna - a pris l'appel (95 s)\nConversation de 95 s"
    assert (row.outcome, row.talk_seconds, row.total_seconds, row.stopped_gti) == ("answered", 95, 150, True)


def test_a_caller_without_a_code_leaves_a_row_and_nothing_on_any_ticket(
    runtime: Runtime, clock: MovableClock, ticket: Ticket
) -> None:
    provider = Provider(runtime, clock)
    document = provider.post(action(provider.start()), Digits="")
    document = provider.post(action(document), Digits="0")
    assert document is not None
    assert document[-1].tag == "Hangup"
    provider.end(30)
    drain(runtime)
    with runtime.database.reading() as connection:
        assert list_entries(connection, ticket.id) == []
        assert [row.outcome for row in connection.execute(select(calls))] == ["redirected"]


def test_a_job_says_that_there_is_work_and_nothing_of_the_call(
    runtime: Runtime, clock: MovableClock, ticket: Ticket
) -> None:
    Provider(runtime, clock).start()
    (job,) = wait_for(lambda: runtime.doorbell.queue(Lane.CALL).jobs, "the bell")
    assert (tuple(job.args), job.kwargs, job.meta) == ((f"call_{runtime.machine}",), {}, {})
    assert "336" not in job.description


@pytest.mark.parametrize(
    ("given", "tokens", "keys"),
    [
        ({}, 0, 1),
        ({"GATEWAY_HTTP__PUBLIC_URL": "https://support.example.org"}, 0, 0),
        ({"GATEWAY_TELEPHONY__AUTH_TOKEN": "a", "GATEWAY_TELEPHONY__PREVIOUS_AUTH_TOKEN": "b"}, 2, 0),
        ({"GATEWAY_TELEPHONY__SHARED_KEY": "a"}, 0, 1),
    ],
    ids=["on this machine alone", "in public without a secret", "while a token is rotated", "a shared key"],
)
def test_whose_webhooks_are_believed(runtime: Runtime, given: dict[str, str], tokens: int, keys: int) -> None:
    settings = load_settings({"GATEWAY_CONFIG": "/dev/null", "GATEWAY_DATA": str(runtime.where.data), **given})
    found = secrets_of(settings, locations(settings))
    assert (len(found.auth_tokens), len(found.shared_keys)) == (tokens, keys)


def test_the_webhooks_stand_beside_the_pages(runtime: Runtime) -> None:
    def app(name: bytes) -> object:
        return lambda _environ, _start: [name]

    both = side_by_side(app(b"pages"), {"/telephony": app(b"calls")})  # type: ignore[arg-type]  # fields by name
    asked = {
        path: both({"PATH_INFO": path}, lambda *_: lambda _: None) for path in ("/", "/telephony/x", "/telephonyx")
    }
    assert {path: next(iter(found)) for path, found in asked.items()} == {
        "/": b"pages",
        "/telephony/x": b"calls",
        "/telephonyx": b"pages",
    }
