"""What agents see of calls and hear of messages, each for their own projects; the tickets that begin with a call."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256

import pytest
from sqlalchemy import select, update

from gateway.config.load import Settings, load_settings
from gateway.db.calls import CallKey, call_messages, calls
from gateway.db.outbox import deliveries
from gateway.db.people import add_membership, get_or_create_person, update_person
from gateway.db.suppressions import find_suppression
from gateway.db.tickets import Ticket, create_ticket, find_ticket, list_entries, tickets
from gateway.domain.call import CallEvent
from gateway.domain.ticket import Kind, Language, Level, Role, Severity
from gateway.errors import Conflict, NotFound, Refused
from gateway.files.store import content_of, settle_all, sound_name
from gateway.runtime import Runtime
from gateway.services.call_by_hand import discard_call, link_call, settle_callback, ticket_from_call
from gateway.services.call_desk import find_sound, list_callbacks_of, list_triage
from gateway.services.log_call import log_event
from tests.support.call_events import BEGAN, MISSED, final, step

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
ANA, LUC, MARIE = "ana@demo.example", "luc@shop.example", "marie@client.example"
NINA, DEV = "nina@demo.example", "dev@demo.example"
CALL = CallKey(provider="twilio", provider_id="CA" + "0" * 32)
LEFT = {"name": "message.left", "recording": "RE1", "seconds": 20}
MESSAGE = (step(0, {"name": "call.received", "project": "DEMO"}, LEFT, kind="voice"), final(60))


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Two projects, so that somebody can work for the other one."""
    both = load_settings(
        {
            "GATEWAY_CONFIG": "/dev/null",
            "GATEWAY_PROJECTS__DEMO__NAME": "Démonstration",
            "GATEWAY_PROJECTS__DEMO__ADDRESSES": '["support@demo.example"]',
            "GATEWAY_PROJECTS__SHOP__NAME": "La boutique",
            "GATEWAY_PROJECTS__SHOP__ADDRESSES": '["support@shop.example"]',
        }
    )
    return settings.model_copy(update={"projects": both.projects})


@pytest.fixture
def ticket(runtime: Runtime) -> Ticket:
    """DEMO-1, a blocking incident of Marie's before N2; Nina, Ana and Dev are N1, N2 and N3, Luc is N2 elsewhere."""
    now = BEGAN - timedelta(days=1)
    with runtime.database.transaction() as connection:
        marie = get_or_create_person(connection, email=MARIE, name="", now=now)
        team = ((NINA, "DEMO", Role.N1), (ANA, "DEMO", Role.N2), (DEV, "DEMO", Role.N3), (LUC, "SHOP", Role.N2))
        for email, project, role in team:
            person = get_or_create_person(connection, email=email, name="", now=now)
            add_membership(connection, person_id=person.id, project=project, role=role)
        made = create_ticket(connection, project="DEMO", subject="a", lang=Language.FR, reporter_id=marie.id, now=now)
        values = {"severity": Severity.BLOCKING, "kind": Kind.CORRECTIVE, "level": Level.N2}
        connection.execute(update(tickets).where(tickets.c.id == made.id).values(**values))
    return made


def log(runtime: Runtime, events: Sequence[CallEvent]) -> None:
    for one in events:
        log_event(runtime, CALL, one)


def keep_sound(runtime: Runtime) -> None:
    """The message has come home."""
    digest = sha256(b"sound").hexdigest()
    runtime.files.put(sound_name(digest), content_of(b"sound"))
    settle_all(runtime.files)
    values = {"state": "kept", "sha256": digest, "size": 5, "type": "audio/x-wav"}
    with runtime.database.transaction() as connection:
        connection.execute(update(call_messages).values(**values))


def hears(runtime: Runtime, email: str) -> bool:
    try:
        with runtime.database.reading() as connection:
            return runtime.files.read(find_sound(connection, runtime, "RE1", email=email).name) == b"sound"
    except NotFound:
        return False


@pytest.mark.parametrize(("email", "sees"), [(ANA, True), (LUC, False), (MARIE, False), ("nobody@x.example", False)])
def test_what_waits_is_seen_and_heard_by_the_agents_of_its_project(
    runtime: Runtime, ticket: Ticket, email: str, sees: bool
) -> None:
    log(runtime, MESSAGE)
    keep_sound(runtime)
    with runtime.database.reading() as connection:
        waiting = list_triage(connection, runtime, email=email)
    assert [(one.number, one.sounds[0].seconds, one.sounds[0].is_here) for one in waiting] == [
        ("+33612345678", 20, True)
    ] * sees
    assert hears(runtime, email) is sees


def test_a_message_on_a_ticket_is_heard_by_who_reads_its_notes(runtime: Runtime, ticket: Ticket) -> None:
    log(runtime, MESSAGE)
    keep_sound(runtime)
    link_call(runtime, CALL.provider_id, ref="DEMO-1", email=ANA)
    assert [hears(runtime, email) for email in (ANA, LUC, MARIE)] == [True, False, False]


def test_a_message_is_not_heard_before_it_was_fetched_nor_after_its_time(runtime: Runtime, ticket: Ticket) -> None:
    log(runtime, MESSAGE)
    assert not hears(runtime, ANA)
    keep_sound(runtime)
    assert hears(runtime, ANA)
    with runtime.database.transaction() as connection:
        connection.execute(update(call_messages).values(state="erased"))
    assert not hears(runtime, ANA)


def test_a_ticket_is_made_of_a_message_once(runtime: Runtime, ticket: Ticket) -> None:
    log(runtime, MESSAGE)
    ref = ticket_from_call(runtime, CALL.provider_id, email=ANA, reporter="Paul@client.example", subject="Panne")
    with runtime.database.reading() as connection:
        made = find_ticket(connection, ref=ref)
        assert made is not None
        found = [entry.text.splitlines()[0] for entry in list_entries(connection, made.id) if entry.type == "call"]
        waiting = list_triage(connection, runtime, email=ANA)
        back = list_callbacks_of(connection, runtime, email=NINA)
    assert (made.subject, made.reporter, made.level, made.created_at) == ("Panne", "paul@client.example", "N1", BEGAN)
    assert found == ["Message vocal laissé (+33 … 78)"]
    assert waiting == []
    assert [one.ref for one in back] == [ref]
    for again in (
        lambda: ticket_from_call(runtime, CALL.provider_id, email=ANA),
        lambda: link_call(runtime, CALL.provider_id, ref="DEMO-1", email=ANA),
        lambda: discard_call(runtime, CALL.provider_id, reason="no", email=ANA),
    ):
        with pytest.raises(Conflict):
            again()


def test_only_an_agent_of_the_project_makes_a_ticket_and_for_an_address(runtime: Runtime, ticket: Ticket) -> None:
    log(runtime, MESSAGE)
    with pytest.raises(Refused):
        ticket_from_call(runtime, CALL.provider_id, email=LUC)
    with pytest.raises(Refused):
        ticket_from_call(runtime, CALL.provider_id, email=ANA, reporter="no address")
    with runtime.database.reading() as connection:
        assert len(connection.execute(select(tickets)).all()) == 1


@pytest.mark.parametrize(
    ("owners", "reporter"), [(1, MARIE), (0, "telephone@demo.invalid"), (2, "telephone@demo.invalid")]
)
def test_a_number_that_one_person_has_says_whose_ticket_it_is(
    runtime: Runtime, ticket: Ticket, owners: int, reporter: str
) -> None:
    with runtime.database.transaction() as connection:
        for email in (MARIE, LUC)[:owners]:
            person = get_or_create_person(connection, email=email, name="", now=BEGAN)
            update_person(connection, person.id, name=None, lang=None, phone="+33612345678")
    log(runtime, MESSAGE)
    ref = ticket_from_call(runtime, CALL.provider_id, email=ANA)
    with runtime.database.reading() as connection:
        made = find_ticket(connection, ref=ref)
        silent = find_suppression(connection, "telephone@demo.invalid", now=BEGAN + timedelta(days=3650))
    assert made is not None
    assert made.reporter == reporter
    assert (silent is not None) is (reporter != MARIE)


OPENED = {"name": "ticket.wanted", "project": "DEMO", "lang": "en", "begun": int(BEGAN.timestamp())}
OPEN_CALL = (
    step(0, {"name": "call.received", "open": True, "project": "DEMO"}, kind="voice", status="ringing"),
    step(2, {"name": "language", "lang": "en"}, OPENED, {"name": "agent.rung", "agent": 7}),
    final(60),
)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 1, 2, 0, 2)])
def test_a_call_to_a_line_that_takes_anybody_becomes_one_ticket_at_n1(
    runtime: Runtime, ticket: Ticket, order: tuple[int, ...]
) -> None:
    log(runtime, [OPEN_CALL[number] for number in order])
    with runtime.database.reading() as connection:
        made = find_ticket(connection, ref="DEMO-2")
        assert made is not None
        assert find_ticket(connection, ref="DEMO-3") is None
        (entry,) = [one for one in list_entries(connection, made.id) if one.type == "call"]
        (row,) = connection.execute(select(calls)).all()
        back = list_callbacks_of(connection, runtime, email=NINA)
        mails = connection.execute(select(deliveries)).all()
    assert (made.level, made.kind, made.lang, made.created_at) == ("N1", "assistance", "en", BEGAN)
    assert made.subject == "Telephone call of 24/11/2026, 10:00"
    assert entry.text.startswith("Missed call")
    assert (row.outcome, row.ticket_id, row.trust) == ("missed", made.id, "none")
    assert [one.ref for one in back] == ["DEMO-2"]
    assert mails == []


def test_calls_back_are_listed_with_who_has_them_until_they_are_closed(runtime: Runtime, ticket: Ticket) -> None:
    log(runtime, MISSED)

    def listed(email: str) -> list[tuple[str, str | None, int]]:
        with runtime.database.reading() as connection:
            return [(one.state, one.agent, one.attempts) for one in list_callbacks_of(connection, runtime, email=email)]

    assert listed(ANA) == [("open", None, 0)]
    assert listed(LUC) == listed(MARIE) == []
    with runtime.database.reading() as connection:
        (request,) = list_callbacks_of(connection, runtime, email=ANA)
    assert (request.ref, request.subject, request.number) == ("DEMO-1", "a", "+33612345678")
    assert request.is_overdue(request.due_at + timedelta(seconds=1))
    settle_callback(runtime, request.id, state="claimed", email=ANA)
    settle_callback(runtime, request.id, state="attempted", email=ANA)
    assert listed(ANA) == [("attempted", ANA, 1)]
    settle_callback(runtime, request.id, state="cancelled", email=ANA)
    assert listed(ANA) == []


def test_a_call_that_began_no_ticket_by_itself_begins_none_later(runtime: Runtime, ticket: Ticket) -> None:
    log(runtime, [replace(one, data={**one.data, "steps": ()}) for one in OPEN_CALL])
    with runtime.database.reading() as connection:
        assert find_ticket(connection, ref="DEMO-2") is None


def test_a_call_back_is_known_to_and_settled_by_agents_who_see_its_ticket(runtime: Runtime, ticket: Ticket) -> None:
    log(runtime, MISSED)

    def numbers(email: str) -> list[int]:
        with runtime.database.reading() as connection:
            return [one.id for one in list_callbacks_of(connection, runtime, email=email)]

    [number] = numbers(ANA)
    assert (numbers(NINA), numbers(DEV)) == ([number], []), "it was never before N3"
    with pytest.raises(NotFound):
        settle_callback(runtime, number, state="done", email=DEV)
    with runtime.database.transaction() as connection:
        connection.execute(update(tickets).where(tickets.c.id == ticket.id).values(level=Level.N3))
    assert numbers(DEV) == [number]
    settle_callback(runtime, number, state="done", email=DEV)
    assert numbers(NINA) == []
