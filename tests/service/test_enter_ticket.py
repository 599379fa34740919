"""A new ticket is filed at the level that its reporter may reach, and its timeline says why."""

from dataclasses import replace

import pytest

from gateway.db.people import add_membership, get_or_create_person
from gateway.db.ticket_events import history_of
from gateway.db.tickets import Ticket, find_ticket, list_entries
from gateway.domain.events import EventType
from gateway.domain.levels import Identity
from gateway.domain.ticket import Channel, Kind, Level, Role
from gateway.runtime import Runtime
from gateway.services.enter_ticket import enter_ticket, level_written_to
from tests.support.outbox import file_and_acknowledge
from tests.support.reasons import kept

WHO = "somebody@client.example"


def enter(
    runtime: Runtime, role: Role | None, *, wanted: Level | None = None, kind: Kind | None = None
) -> tuple[Ticket, list[str]]:
    """A new ticket of somebody with this role, entered; and what its timeline says for agents."""
    file_and_acknowledge(runtime, WHO)
    project = runtime.project("DEMO")
    with runtime.database.transaction() as connection:
        ticket = find_ticket(connection, ref="DEMO-1")
        assert ticket is not None
        if role is not None:
            person = get_or_create_person(connection, email=WHO, name="", now=runtime.clock.now())
            add_membership(connection, person_id=person.id, project="DEMO", role=role)
        entered = enter_ticket(
            connection, project, ticket, channel=Channel.SMTP, identity=Identity.PROVEN, wanted=wanted, kind=kind
        )
        return entered, [kept(entry.data) for entry in list_entries(connection, ticket.id) if not entry.visible]


@pytest.mark.parametrize(
    ("role", "wanted", "level", "kind", "said"),
    [
        (None, None, Level.N1, Kind.ASSISTANCE, []),
        (Role.REPORTER, None, Level.N1, Kind.ASSISTANCE, []),
        (Role.N1, None, Level.N2, Kind.ASSISTANCE, ["N2: a report by the N1 team is before N2"]),
        (Role.N2, Level.N3, Level.N3, Kind.CORRECTIVE, ["N3: a software anomaly that N2 reports is before N3"]),
        (
            Role.REPORTER,
            Level.N3,
            Level.N1,
            Kind.ASSISTANCE,
            ["N1: N3 was asked for, but only N2 may put anything before N3; requests enter at N1"],
        ),
    ],
)
def test_it_is_filed_where_they_may_reach(
    runtime: Runtime, role: Role | None, wanted: Level | None, level: Level, kind: Kind, said: list[str]
) -> None:
    entered, notes = enter(runtime, role, wanted=wanted)
    assert (entered.level, entered.kind, notes) == (level, kind, said)


def test_its_history_begins_at_that_level(runtime: Runtime) -> None:
    entered, _ = enter(runtime, Role.N1)
    with runtime.database.reading() as connection:
        history = history_of(connection, entered)
    assert [(event.type, event.value) for event in history] == [(EventType.CREATED, ""), (EventType.LEVEL, "N2")]
    assert {event.at for event in history} == {entered.created_at}


def test_what_the_reporter_says_it_is_is_kept(runtime: Runtime) -> None:
    entered, _ = enter(runtime, None, kind=Kind.EVOLUTIVE)
    assert entered.kind == Kind.EVOLUTIVE


def test_the_highest_level_that_was_written_to_is_the_one_that_was_asked_for(runtime: Runtime) -> None:
    project = replace(
        runtime.project("DEMO"), level_addresses=((Level.N2, "n2@demo.example"), (Level.N3, "n3@demo.example"))
    )
    assert level_written_to(project, ["support@demo.example"]) is None
    assert level_written_to(project, ["n2@demo.example", "n3@demo.example", "support@demo.example"]) is Level.N3
