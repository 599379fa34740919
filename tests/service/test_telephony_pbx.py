"""Another telephone system feeds the log: by its secret, by form or JSON, once however often it says a thing."""

from base64 import b64encode
from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from structlog.testing import capture_logs

from gateway.config.load import Settings, load_settings
from gateway.db.calls import calls
from gateway.db.people import add_membership, get_or_create_person, update_person
from gateway.db.tickets import create_ticket, list_entries
from gateway.domain.ticket import Language, Role
from gateway.jobs.drain import drain_lane
from gateway.runtime import Runtime
from gateway.services.call_by_hand import link_call
from gateway.services.call_desk import list_triage
from gateway.services.log_call import log_call
from gateway.services.refresh_hotline import refresh_hotline
from gateway.spool.entry import Lane
from telephony.exchange import open_exchange
from tests.support.clock import MovableClock

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
SECRET, ANA = "a-secret-of-the-pbx", "ana@demo.example"
PATH = "/telephony/pbx"
BEARER = {"Authorization": f"Bearer {SECRET}"}
CALL = {"callId": "sip-1/2@pbx", "direction": "in", "from": "06 12 34 56 78", "to": "+33199001234"}
NEW, ANSWER, HANGUP = ({**CALL, "event": event} for event in ("newCall", "answer", "hangup"))


@pytest.fixture
def settings(settings: Settings) -> Settings:
    given = {"GATEWAY_CONFIG": "/dev/null", "GATEWAY_TELEPHONY__PBX_SECRET": SECRET}
    return settings.model_copy(update={"telephony": load_settings(given).telephony})


@pytest.fixture
def client(runtime: Runtime, clock: MovableClock) -> FlaskClient:
    """The webhooks of an installation where Ana is N2 and has a number, and DEMO-1 is a ticket."""
    with runtime.database.transaction() as connection:
        ana = get_or_create_person(connection, email=ANA, name="Ana", now=clock.now())
        update_person(connection, ana.id, name=None, lang=None, phone="+33612345601")
        add_membership(connection, person_id=ana.id, project="DEMO", role=Role.N2)
        create_ticket(connection, project="DEMO", subject="a", lang=Language.EN, reporter_id=ana.id, now=clock.now())
    refresh_hotline(runtime)
    return open_exchange(runtime).test_client()


def tell(client: FlaskClient, clock: MovableClock, *events: dict[str, Any], seconds: int = 10) -> None:
    for event in events:
        assert client.post(PATH, data=event, headers=BEARER).status_code == 200
        clock.move(seconds=seconds)


def logged(runtime: Runtime) -> list[Any]:
    drain_lane(Lane.CALL, log_call, runtime, deadline=float("inf"))
    assert runtime.spool.quarantine.list(Lane.CALL) == []
    with runtime.database.reading() as connection:
        return list(connection.execute(select(calls)).all())


def test_an_answered_call_is_on_record_with_who_took_it_and_for_how_long(
    client: FlaskClient, runtime: Runtime, clock: MovableClock
) -> None:
    began = clock.now()
    tell(client, clock, NEW, {**ANSWER, "answeringNumber": "0612345601"}, {**HANGUP, "cause": "normalClearing"})
    (row,) = logged(runtime)
    assert (row.provider, row.provider_id, row.source, row.project) == ("pbx", CALL["callId"], "pbx", "DEMO")
    assert (row.outcome, row.status, row.caller, row.started_at) == ("answered", "completed", "+33612345678", began)
    assert (row.agent_id, row.waiting_seconds, row.talk_seconds, row.triage) == (1, 10, 10, None)
    link_call(runtime, CALL["callId"], ref="DEMO-1", email=ANA)
    with runtime.database.reading() as connection:
        (entry,) = list_entries(connection, 1)
    assert entry.text == "Call answered (+33 … 78)\nAna - took it\nTalked for 10 s"


def test_who_is_not_known_by_number_is_called_as_the_system_calls_them(
    client: FlaskClient, runtime: Runtime, clock: MovableClock
) -> None:
    tell(client, clock, NEW, {**ANSWER, "user[]": ["Luc", "Accueil"]}, HANGUP)
    (row,) = logged(runtime)
    assert (row.outcome, row.agent_id) == ("answered", None)
    assert row.details["agents"] == [{"agent": "Luc, Accueil", "outcome": "answered", "seconds": None}]


@pytest.mark.parametrize("events", [(NEW,), (NEW, {**ANSWER, "answeringNumber": "voicemail"})], ids=["rang", "mailbox"])
@pytest.mark.parametrize("cause", ["noAnswer", "cancel", "busy", "normalClearing"])
def test_a_missed_call_waits_for_an_agent(
    client: FlaskClient, runtime: Runtime, clock: MovableClock, events: tuple[dict[str, Any], ...], cause: str
) -> None:
    tell(client, clock, *events, {**HANGUP, "cause": cause})
    (row,) = logged(runtime)
    assert (row.outcome, row.triage) == ("missed", "open")
    with runtime.database.reading() as connection:
        assert [one.number for one in list_triage(connection, runtime, email=ANA)] == ["+33612345678"]


def test_a_forwarded_call_waits_for_nobody(client: FlaskClient, runtime: Runtime, clock: MovableClock) -> None:
    tell(client, clock, NEW, {**HANGUP, "cause": "forwarded"})
    assert [row.triage for row in logged(runtime)] == [None]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 1, 0, 2, 2, 0)])
def test_repeated_and_disordered_events_are_one_call(
    client: FlaskClient, runtime: Runtime, clock: MovableClock, order: tuple[int, ...]
) -> None:
    events = (NEW, {**ANSWER, "user": "Luc"}, HANGUP)
    tell(client, clock, *(events[number] for number in order))
    (row,) = logged(runtime)
    assert (row.outcome, row.status) == ("answered", "completed")


def test_a_text_that_no_database_holds_keeps_no_call_off_the_record(client: FlaskClient, runtime: Runtime) -> None:
    body = b'{"event": "newCall", "callId": "a\\u0000b\\ud800", "from": "x\\u0000", "to": "\\udfff"}'
    assert client.post(PATH, data=body, content_type="application/json", headers=BEARER).status_code == 200
    assert [row.provider_id for row in logged(runtime)] == ["ab?"]


def test_an_outgoing_call_is_answered_and_not_kept(client: FlaskClient, runtime: Runtime, clock: MovableClock) -> None:
    tell(client, clock, {**NEW, "direction": "out"})
    assert logged(runtime) == []


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        (PATH, BEARER),
        (PATH, {"Authorization": "Basic " + b64encode(f"pbx:{SECRET}".encode()).decode()}),
        (f"{PATH}/{SECRET}", {}),
    ],
    ids=["bearer", "basic", "address"],
)
def test_the_secret_comes_in_a_header_or_in_the_address_and_events_as_json_too(
    client: FlaskClient, runtime: Runtime, path: str, headers: dict[str, str]
) -> None:
    answer = client.post(path, json=NEW, headers=headers)
    assert (answer.status_code, answer.json) == (200, {})
    assert len(logged(runtime)) == 1


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        (PATH, {}),
        (PATH, {"Authorization": "Bearer "}),
        (PATH, {"Authorization": f"Bearer {SECRET}x"}),
        (PATH, {"Authorization": "Bearer é"}),
        (PATH, {"Authorization": "nonsense"}),
        (f"{PATH}/{SECRET[:-1]}", {}),
        (f"{PATH}?secret={SECRET}", {}),
    ],
)
def test_without_the_secret_nothing_is_kept_and_no_log_holds_what_was_tried(
    client: FlaskClient, runtime: Runtime, path: str, headers: dict[str, str]
) -> None:
    with capture_logs() as logs:
        assert client.post(path, data=NEW, headers=headers).status_code == 403
    assert logs == [{"event": "pbx.refused", "log_level": "warning"}]
    assert runtime.spool.waiting(Lane.CALL) == []


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {**NEW, "event": "dance"},
        {**NEW, "callId": ""},
        {**NEW, "callId": "x" * 251},
    ],
    ids=["nothing", "no event", "no id", "a long id"],
)
def test_what_is_no_event_is_refused(client: FlaskClient, runtime: Runtime, sent: dict[str, Any]) -> None:
    assert client.post(PATH, data=sent, headers=BEARER).status_code == 400
    assert client.post(PATH, json=sent, headers=BEARER).status_code == 400
    assert runtime.spool.waiting(Lane.CALL) == []


@pytest.mark.parametrize("body", [b"[]", b"{", b'"x"', b'{"event": ["newCall"], "callId": {}}', b"\xff"])
def test_a_body_that_is_no_object_is_refused(client: FlaskClient, runtime: Runtime, body: bytes) -> None:
    answer = client.post(PATH, data=body, content_type="application/json", headers=BEARER)
    assert answer.status_code == 400
    assert runtime.spool.waiting(Lane.CALL) == []


def test_without_a_configured_secret_there_is_no_such_door(runtime: Runtime) -> None:
    telephony = runtime.settings.telephony.model_copy(update={"pbx_secret": None})
    closed = runtime.settings.model_copy(update={"telephony": telephony})
    client = open_exchange(replace(runtime, settings=closed)).test_client()
    assert client.post(PATH, data=NEW, headers=BEARER).status_code == 503
