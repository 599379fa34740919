"""The ledger of guaranteed times says what folding every history says, whatever happens, in whatever order."""

import json
import random
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, delete, func, select, update

from gateway.config.load import Settings, load_settings
from gateway.db.calendar_overrides import add_override
from gateway.db.contract_versions import ContractVersion, add_version
from gateway.db.judged_clocks import judged_clocks, judged_tickets, keep_judgements, list_stale, stale_judgements
from gateway.db.one_state import hold_still
from gateway.db.people import get_or_create_person
from gateway.db.ticket_events import record_events, ticket_events
from gateway.db.tickets import create_ticket, tickets
from gateway.domain.calendar import Override
from gateway.domain.contract import Contract, Counting, Guarantees
from gateway.domain.events import By, EventType, TicketEvent
from gateway.domain.period import Period
from gateway.domain.ticket import Kind, Language, Severity
from gateway.runtime import Runtime
from gateway.services import report_verdicts
from gateway.services.judge_tickets import judge, judge_tickets, name_by_measure
from gateway.services.report_verdicts import fold_verdicts, is_ledger_behind, read_verdicts
from tests.support.clock import MovableClock

HOUR = timedelta(hours=1)
PROJECTS = ("DEMO", "OFFICE")
WORKS = ("kind", "severity", "status", "assigned", "answered", "workaround", "level")


@pytest.fixture
def settings(tmp_path: Path, database_url: str, redis_url: str) -> Settings:
    """A project whose times are elapsed ones, and one that counts working hours."""
    projects = {key: {"name": key, "addresses": [f"support@{key.lower()}.example"]} for key in PROJECTS}
    projects["OFFICE"]["contract"] = "office"
    return load_settings(
        {
            "GATEWAY_CONFIG": "/dev/null",
            "GATEWAY_DATA": str(tmp_path / "var"),
            "GATEWAY_DATABASE_URL": database_url,
            "GATEWAY_REDIS_URL": redis_url,
            "GATEWAY_PROJECTS": json.dumps(projects),
            "GATEWAY_CONTRACTS": json.dumps({"office": {"counting": "working"}}),
        }
    )


class World:
    """Tickets to which things happen at random. `acts` are what may happen."""

    def __init__(self, runtime: Runtime, clock: MovableClock, seed: int) -> None:
        self.runtime, self.clock, self.draw = runtime, clock, random.Random(seed)  # drawn anew alike
        self.acts = (
            *(self.begin, self.begin, self.happen, self.happen, self.happen, self.wait, self.judge, self.judge),
            *(self.change_row, self.move, self.untell, self.retell, self.forget, self.open_office, self.agree),
        )

    def now(self) -> datetime:
        return self.clock.now()

    def one(self, connection: Connection) -> Any:
        """A ticket, if there is any."""
        rows = connection.execute(select(tickets)).all()
        return self.draw.choice(rows) if rows else None

    def begin(self) -> None:
        with self.runtime.database.transaction() as connection:
            person = get_or_create_person(connection, email="marie@example.org", name="", now=self.now())
            ticket = create_ticket(
                connection,
                project=self.draw.choice(PROJECTS),
                subject="",
                lang=Language.FR,
                reporter_id=person.id,
                now=self.now(),
            )
            if self.draw.random() < 0.8:  # the others are from before histories were kept
                record_events(
                    connection, ticket.id, [TicketEvent(type=EventType.CREATED, at=self.now(), by=By.GATEWAY)]
                )
            if self.draw.random() < 0.7:
                self.tell(connection, ticket.id, EventType.KIND, Kind.CORRECTIVE)
                self.tell(connection, ticket.id, EventType.SEVERITY, self.draw.choice(list(Severity)))

    def tell(self, connection: Connection, ticket_id: int, kind: EventType, value: str) -> None:
        column = {"kind": "kind", "severity": "severity", "status": "status", "level": "level"}.get(kind.value)
        values = {column: value or None} if column else {}
        connection.execute(update(tickets).where(tickets.c.id == ticket_id).values(updated_at=self.now(), **values))
        by = self.draw.choice([By.AGENT, By.AGENT, By.REPORTER, By.GATEWAY])
        event = TicketEvent(type=kind, at=self.now(), by=by, author="a@b.example", value=value)
        record_events(connection, ticket_id, [event])

    def happen(self) -> None:
        with self.runtime.database.transaction() as connection:
            if ticket := self.one(connection):
                kind = EventType(self.draw.choice(WORKS))
                values: dict[EventType, list[str]] = {
                    EventType.KIND: ["corrective", "assistance"],
                    EventType.SEVERITY: [*Severity, ""],
                    EventType.STATUS: ["open", "pending", "resolved", "closed"],
                    EventType.ASSIGNED: ["a@b.example", "c@d.example"],
                    EventType.LEVEL: ["N2"],
                }
                self.tell(connection, ticket.id, kind, self.draw.choice(values.get(kind, [""])))

    def wait(self) -> None:
        self.clock.move(minutes=self.draw.choice([1, 200, 700, 1500, 3000]), seconds=self.draw.randint(0, 59))

    def judge(self) -> None:
        name_by_measure(self.runtime)
        judge_tickets(self.runtime)

    def change_row(self) -> None:
        """Something that keeps no history changes a row."""
        with self.runtime.database.transaction() as connection:
            if ticket := self.one(connection):
                values = {"severity": self.draw.choice(list(Severity)), "kind": "corrective", "updated_at": self.now()}
                connection.execute(update(tickets).where(tickets.c.id == ticket.id).values(**values))

    def move(self) -> None:
        with self.runtime.database.transaction() as connection:
            if ticket := self.one(connection):
                connection.execute(update(tickets).where(tickets.c.id == ticket.id).values(updated_at=self.now()))

    def untell(self) -> None:
        with self.runtime.database.transaction() as connection:
            last = select(func.max(ticket_events.c.id)).where(ticket_events.c.type != "created").scalar_subquery()
            connection.execute(delete(ticket_events).where(ticket_events.c.id == last))

    def retell(self) -> None:
        """As when somebody is erased: whom a ticket was given to is no longer who gave it."""
        with self.runtime.database.transaction() as connection:
            if ticket := self.one(connection):
                of_it = (ticket_events.c.ticket_id == ticket.id) & (ticket_events.c.type == "assigned")
                connection.execute(update(ticket_events).where(of_it).values(author="x@y.example"))

    def forget(self) -> None:
        with self.runtime.database.transaction() as connection:
            if (ticket := self.one(connection)) and self.draw.random() < 0.3:
                connection.execute(delete(tickets).where(tickets.c.id == ticket.id))

    def open_office(self) -> None:
        if self.draw.random() < 0.7:
            return
        with self.runtime.database.transaction() as connection:
            person = get_or_create_person(connection, email="chief@example.org", name="", now=self.now())
            since = self.now() - self.draw.choice([-10, 0, 30]) * HOUR
            override = Override(
                is_open=self.draw.random() < 0.5, since=since, until=since + 9 * HOUR, author="chief", reason="grève"
            )
            add_override(connection, self.draw.choice(PROJECTS), override, author_id=person.id, now=self.now())

    def agree(self) -> None:
        """The contract changes."""
        if self.draw.random() < 0.7:
            return
        gti = timedelta(hours=self.draw.choice([12, 20]))
        counting = self.draw.choice(list(Counting))
        terms = Contract(
            guarantees=tuple((one, Guarantees(gti=gti, gtr=48 * HOUR, counting=counting)) for one in Severity)
        )
        self.clock.move(seconds=1)  # two at one moment are one
        with self.runtime.database.transaction() as connection:
            add_version(
                connection,
                ContractVersion(
                    project=self.draw.choice(PROJECTS), since=self.now(), terms=terms.as_json(), calendar_sha256=""
                ),
            )

    def live(self, steps: int) -> None:
        """Let so many things happen; now and then both must say the same, of all the time and of some days."""
        zone = self.runtime.settings.project_list[0].calendar.zone_info
        began = self.now().date()
        for step in range(steps):
            self.draw.choice(self.acts)()
            if step % 4 == 0:
                last = self.now().date() + timedelta(days=2)
                whole = Period(first=began - timedelta(days=2), last=last, zone=zone)
                first = began + timedelta(days=self.draw.randint(0, (last - began).days))
                for period in (whole, Period(first=first, last=first + timedelta(days=1), zone=zone)):
                    assert [key for key in PROJECTS if not self.agrees(key, period)] == [], (step, period)

    def agrees(self, key: str, period: Period) -> bool:
        with self.runtime.database.reading() as connection:
            hold_still(connection)
            return read_verdicts(connection, self.runtime, key, period) == fold_verdicts(
                connection, self.runtime, key, period
            )


def test_whatever_happens_the_ledger_says_what_the_histories_say(runtime: Runtime, clock: MovableClock) -> None:
    world = World(runtime, clock, seed=3)
    world.live(100)
    assert rows_of(runtime, judged_clocks) > 5, "nothing was judged: the test says nothing"


def test_whatever_changes_a_ticket_has_it_judged_anew(runtime: Runtime, clock: MovableClock) -> None:
    world = World(runtime, clock, seed=1)
    with runtime.database.transaction() as connection:
        marie = get_or_create_person(connection, email="marie@example.org", name="", now=clock.now())
        values = {"project": "DEMO", "subject": "", "lang": Language.FR, "reporter_id": marie.id, "now": clock.now()}
        told, without_history = (create_ticket(connection, **values) for _ in range(2))
        world.tell(connection, told.id, EventType.SEVERITY, Severity.MAJOR)
        of_row = update(tickets).where(tickets.c.id == without_history.id)
        connection.execute(of_row.values(kind="corrective", severity="major"))
    of_it = ticket_events.c.ticket_id == told.id
    answered = TicketEvent(type=EventType.ANSWERED, at=clock.now(), by=By.AGENT)
    acts: list[tuple[int, Callable[[Connection], Any]]] = [
        (told.id, lambda connection: record_events(connection, told.id, [answered])),
        (told.id, lambda connection: connection.execute(update(ticket_events).where(of_it).values(author="x"))),
        (told.id, lambda connection: connection.execute(delete(ticket_events).where(of_it))),
        (told.id, lambda connection: connection.execute(update(tickets).values(status="resolved"))),
        (without_history.id, lambda connection: connection.execute(of_row.values(updated_at=clock.now()))),
    ]
    for ticket_id, act in acts:
        judge_tickets(runtime)
        assert rows_of(runtime, stale_judgements) == 0
        with runtime.database.transaction() as connection:
            act(connection)
            assert ticket_id in set(connection.execute(select(stale_judgements.c.ticket_id)).scalars())
    with runtime.database.transaction() as connection:
        connection.execute(delete(tickets))
    assert (rows_of(runtime, judged_tickets), rows_of(runtime, judged_clocks)) == (0, 0)
    judge_tickets(runtime)
    assert rows_of(runtime, stale_judgements) == 0


def test_a_change_that_comes_while_a_ticket_is_judged_is_not_lost(runtime: Runtime, clock: MovableClock) -> None:
    world = World(runtime, clock, seed=1)
    for _ in range(8):
        world.begin()
    with runtime.database.reading() as connection:
        marks = list_stale(connection, limit=100)
        judged = judge(connection, runtime, marks)
    world.clock.move(hours=1)
    with runtime.database.transaction() as connection:
        connection.execute(update(tickets).values(status="resolved"))
    with runtime.database.transaction() as connection:
        keep_judgements(connection, marks, judged)
    assert set(judged) <= set(all_of(runtime, stale_judgements.c.ticket_id))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_page_does_not_wait_for_a_ledger_that_is_far_behind(
    runtime: Runtime, clock: MovableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report_verdicts, "MOST_FOLDED", 2)
    world = World(runtime, clock, seed=1)
    for _ in range(20):
        world.begin()
    project = runtime.settings.project_list[0]
    today = clock.now().date()
    period = Period(first=today, last=today, zone=project.calendar.zone_info)
    assert is_ledger_behind(runtime, project, period)
    judge_tickets(runtime)
    assert not is_ledger_behind(runtime, project, period)
    terms = Contract(guarantees=tuple((one, Guarantees(gti=20 * HOUR)) for one in Severity)).as_json()
    version = ContractVersion(project=project.key, since=clock.now(), terms=terms, calendar_sha256="")
    with runtime.database.transaction() as connection:
        add_version(connection, version)
    assert is_ledger_behind(runtime, project, period), "another contract judges all of them anew"
    judge_tickets(runtime)  # they were named for it
    assert not is_ledger_behind(runtime, project, period)


def all_of(runtime: Runtime, column: Any) -> list[Any]:
    with runtime.database.reading() as connection:
        return list(connection.execute(select(column)).scalars())


def rows_of(runtime: Runtime, table: Any) -> int:
    with runtime.database.reading() as connection:
        return int(connection.execute(select(func.count()).select_from(table)).scalar_one())
