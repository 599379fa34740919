"""An emergency opens or closes a calendar: clocks, their marks and the hotline count by it at once, history stays."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from gateway.config.load import Settings, load_settings
from gateway.db.calendar_overrides import list_overrides
from gateway.db.clock_marks import clock_marks
from gateway.db.engine import Database
from gateway.domain.business_hours import hours_of
from gateway.domain.change import NotAllowed
from gateway.domain.ticket import Severity
from gateway.errors import NotFound, Refused
from gateway.hotline_snapshot import read_snapshot, snapshot_path
from gateway.runtime import Runtime, open_runtime
from gateway.services.override_calendar import end_calendar_override, override_calendar
from gateway.services.refresh_hotline import refresh_hotline
from gateway.services.run_clocks import run_clocks
from telephony.snapshot import line_of
from tests.support.clock import MovableClock
from tests.support.desk import ANA, CHIEF, NINA, act, staff
from tests.support.operator import Operator
from tests.support.outbox import file_and_acknowledge
from tests.support.web import Site, read_attachment
from web.app import create_app

WORKING = {"GATEWAY_CONTRACTS__DEFAULT__COUNTING": "working"}


@pytest.fixture
def desk(settings: Settings, clock: MovableClock, database: Database) -> Iterator[Runtime]:
    """DEMO-1, blocking since Tuesday 10:00; its twelve hours are working hours, so it is due Wednesday 13:30."""
    contracts = load_settings({"GATEWAY_CONFIG": "/dev/null", **WORKING}).contracts
    with open_runtime(settings.model_copy(update={"contracts": contracts}), clock=clock) as runtime:
        staff(runtime)
        file_and_acknowledge(runtime)
        act(runtime, NINA, severity=Severity.BLOCKING)
        yield runtime


def paris(day: int, hour: int, minute: int = 0) -> datetime:
    """A moment of November 2026 by the clock of Paris."""
    return datetime(2026, 11, day, hour - 1, minute, tzinfo=UTC)


def override(
    runtime: Runtime, since: datetime | None, until: datetime, *, is_open: bool = False, by: str = CHIEF
) -> int:
    return override_calendar(
        runtime, project="demo", is_open=is_open, since=since, until=until, reason="panne de courant", by=by
    )


def breach(runtime: Runtime) -> datetime:
    """When the tick will find the GTI breached."""
    run_clocks(runtime)
    query = select(clock_marks.c.at).where(clock_marks.c.guarantee == "GTI", clock_marks.c.percent == 100)
    with runtime.database.reading() as connection:
        at: datetime = connection.execute(query).scalar_one()
    return at - timedelta(microseconds=1)


def test_what_is_closed_does_not_count_and_what_is_opened_does(desk: Runtime) -> None:
    assert breach(desk) == paris(25, 13, 30)
    override(desk, paris(25, 9), paris(25, 12))
    assert breach(desk) == paris(25, 16, 30)
    override(desk, paris(24, 18), paris(24, 20), is_open=True)
    assert breach(desk) == paris(25, 14, 30)


def test_the_shell_shows_the_same_due_time(desk: Runtime, operator: Operator) -> None:
    override(desk, paris(25, 9), paris(25, 12))
    working = replace(operator, environment={**operator.environment, **WORKING})
    [row] = working.rows("ticket", "show", "DEMO-1")
    assert row["gti_due"] == "2026-11-25T15:30:00Z"
    [listed] = working.rows("ticket", "list")
    assert listed["gti_due"] == row["gti_due"]


def test_one_that_is_ended_counts_until_then_and_stays_on_record(desk: Runtime, clock: MovableClock) -> None:
    number = override(desk, None, paris(24, 17))
    clock.move(hours=1)
    end_calendar_override(desk, project="DEMO", override_id=number, by=CHIEF)
    assert breach(desk) == paris(25, 14, 30)
    with desk.database.reading() as connection:
        [stored] = list_overrides(connection, ["DEMO"])["DEMO"]
    assert (stored.author, stored.reason, stored.until, stored.ended_at) == (
        CHIEF,
        "panne de courant",
        paris(24, 17),
        clock.now(),
    )
    with pytest.raises(NotFound):
        end_calendar_override(desk, project="DEMO", override_id=number, by=CHIEF)


def test_one_that_is_ended_before_it_begins_never_counts(desk: Runtime) -> None:
    number = override(desk, paris(25, 9), paris(25, 12))
    end_calendar_override(desk, project="DEMO", override_id=number, by=CHIEF)
    assert breach(desk) == paris(25, 13, 30)


def test_the_hotline_knows_without_asking_the_database(desk: Runtime, clock: MovableClock) -> None:
    refresh_hotline(desk)
    assert is_open_at_the_hotline(desk)
    override(desk, None, paris(24, 12))
    assert not is_open_at_the_hotline(desk)
    clock.move(hours=2)
    assert is_open_at_the_hotline(desk)


def is_open_at_the_hotline(runtime: Runtime) -> bool:
    snapshot = read_snapshot(snapshot_path(runtime.where.data))
    line = line_of(
        runtime.settings,
        snapshot,
        called="+33199001234",
        caller="+33612345678",
        key=b"",
        now=runtime.clock.now(),
        may_trust=False,
        link=lambda *_: "",
    )
    [project] = runtime.settings.project_list
    assert snapshot is not None
    assert hours_of(snapshot.calendar_of(project)).is_open(runtime.clock.now()) == line.hours.is_open(line.now)
    return line.hours.is_open(line.now)


@pytest.mark.parametrize("by", [NINA, ANA, "marie@example.org", "x@elsewhere.example"])
def test_only_a_supervisor_opens_or_closes(desk: Runtime, by: str) -> None:
    with pytest.raises(NotAllowed):
        override(desk, None, paris(24, 12), by=by)
    assert breach(desk) == paris(25, 13, 30)


def test_one_that_makes_no_sense_is_refused(desk: Runtime) -> None:
    with pytest.raises(Refused, match="over already"):
        override(desk, paris(23, 9), paris(24, 9))
    with pytest.raises(Refused, match="must end after it begins"):
        override(desk, paris(25, 9), paris(25, 8))
    with pytest.raises(Refused, match="say why"):
        override_calendar(desk, project="DEMO", is_open=False, since=None, until=paris(25, 9), reason=" ", by=CHIEF)
    with pytest.raises(NotFound):
        override_calendar(desk, project="NONE", is_open=False, since=None, until=paris(25, 9), reason="x", by=CHIEF)


def test_the_page_shows_the_same_due_time_and_when_the_hotline_opens(desk: Runtime, clock: MovableClock) -> None:
    app = create_app(desk, read_attachment)
    site = Site(runtime=desk, clock=clock, app=app)
    marie = site.sign_in(site.person())
    before = marie.get("/tickets/DEMO-1").text
    assert "25 novembre 2026 à 13:30" in before
    assert "ouvert jusqu’à 17 h 30" in before.replace("\u202f", " ").replace("\xa0", " ")
    override(desk, None, paris(24, 12))
    after = marie.get("/tickets/DEMO-1").text
    assert "25 novembre 2026 à 15:30" in after
    assert "ouvre aujourd’hui à 12 h" in after.replace("\u202f", " ").replace("\xa0", " ")
    app.extensions["gateway"].background.close()
