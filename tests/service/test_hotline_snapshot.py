"""What the webhooks decide by without a database: eligible tickets by hashed code, and who is on duty."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from gateway.config.locations import signing_keys
from gateway.db.hotline import hotline_code_of, replace_shifts
from gateway.db.people import add_membership, get_or_create_person, update_person
from gateway.db.tickets import Ticket, create_ticket, tickets
from gateway.domain.duty import Shift, on_duty
from gateway.domain.ticket import Kind, Language, Role, Severity, Status
from gateway.hotline_snapshot import hash_code, hotline_key, read_snapshot, snapshot_path
from gateway.runtime import Runtime
from gateway.services.refresh_hotline import refresh_hotline
from tests.support.call_events import BEGAN


@pytest.fixture
def ticket(runtime: Runtime) -> Ticket:
    """An open, blocking incident, DEMO-1, and two agents with the numbers that the events name."""
    with runtime.database.transaction() as connection:
        for number in range(1, 9):
            person = get_or_create_person(connection, email=f"p{number}@demo.example", name="", now=BEGAN)
            update_person(connection, person.id, name=f"Agent {number}", lang=None, phone=f"+3361234560{number}")
        made = create_ticket(
            connection,
            project="DEMO",
            subject="Imprimante",
            lang=Language.FR,
            reporter_id=1,
            now=BEGAN - timedelta(days=1),
        )
        values = {"severity": Severity.BLOCKING, "kind": Kind.CORRECTIVE}
        connection.execute(update(tickets).where(tickets.c.id == made.id).values(**values))
    return made


def test_the_snapshot_holds_eligible_tickets_by_hashed_code_and_the_roster(runtime: Runtime, ticket: Ticket) -> None:
    with runtime.database.transaction() as connection:
        add_membership(connection, person_id=3, project="DEMO", role=Role.N2)
        add_membership(connection, person_id=2, project="DEMO", role=Role.N1)
    written = refresh_hotline(runtime)
    assert read_snapshot(snapshot_path(runtime.where.data)) == written
    assert [one.person_id for one in written.shifts["DEMO"]] == [3]
    with runtime.database.transaction() as connection:
        code = hotline_code_of(connection, ticket.id, now=BEGAN)
        replace_shifts(
            connection, "DEMO", [Shift(person_id=2, position=0, start=540, end=1050, weekday=0)], weekday=0, day=None
        )
    key = hotline_key(signing_keys(runtime.settings)[0])
    assert {one.ref for one in written.codes.values()} == {"DEMO-1"}
    assert list(written.codes) == [hash_code(code, key)]
    assert code not in snapshot_path(runtime.where.data).read_text()
    assert snapshot_path(runtime.where.data).stat().st_mode & 0o777 == 0o600
    assert [one.person_id for one in refresh_hotline(runtime).shifts["DEMO"]] == [2]


@pytest.mark.parametrize(
    "values",
    [{"severity": Severity.MAJOR}, {"severity": None}, {"kind": Kind.ADAPTIVE}, {"status": Status.RESOLVED}],
    ids=str,
)
def test_the_snapshot_has_no_other_tickets(runtime: Runtime, ticket: Ticket, values: dict[str, Any]) -> None:
    assert len(refresh_hotline(runtime).codes) == 1
    with runtime.database.transaction() as connection:
        connection.execute(update(tickets).values(**values))
    assert refresh_hotline(runtime).codes == {}


def test_who_is_on_duty() -> None:
    """A day of its own counts instead of the week; a shift covers its first minute and not its last."""
    monday = datetime(2026, 11, 23, 9, 0)  # noqa: DTZ001  # a wall time
    usual = Shift(person_id=1, position=1, start=540, end=1050, weekday=0)
    first = Shift(person_id=2, position=0, start=540, end=720, weekday=0)
    other = Shift(person_id=3, position=0, start=0, end=1440, day=monday.date())
    always = Shift(person_id=4, position=9, start=0, end=1440)
    assert on_duty([usual, first], monday) == (2, 1)
    assert on_duty([usual, first], monday.replace(hour=12)) == (1,)
    assert on_duty([usual, first], monday.replace(hour=8, minute=59)) == ()
    assert on_duty([usual, first, other, always], monday) == (3,)
    assert on_duty([usual, always, always], monday) == (1, 4)
    assert on_duty([usual, first], monday.replace(day=24)) == ()
