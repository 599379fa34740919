"""A contract that the operator changes: the old terms stay on record, and running clocks go by the new ones."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.config.load import load_settings
from gateway.db.people import add_membership, get_or_create_person
from gateway.db.ticket_events import history_of
from gateway.db.tickets import find_ticket
from gateway.domain.change import Change
from gateway.domain.ticket import Role, Severity
from gateway.jobs.timetable import common_tasks
from gateway.runtime import Runtime
from gateway.services.change_ticket import change_ticket
from gateway.services.note_contracts import note_contracts
from gateway.services.run_clocks import run_clocks
from gateway.services.ticket_clocks import TicketClocks, find_project, ticket_clocks
from tests.support.clock import MovableClock
from tests.support.outbox import file_and_acknowledge

NINA = "nina@client.example"
HOUR = timedelta(hours=1)


@pytest.fixture
def desk(runtime: Runtime) -> Runtime:
    """DEMO-1 is a blocking incident under the usual contract."""
    with runtime.database.transaction() as connection:
        person = get_or_create_person(connection, email=NINA, name="", now=runtime.clock.now())
        add_membership(connection, person_id=person.id, project="DEMO", role=Role.N1)
    assert note_contracts(runtime) == ["DEMO"]
    file_and_acknowledge(runtime)
    change_ticket(runtime, ref="DEMO-1", change=Change(severity=Severity.BLOCKING), by=NINA)
    return runtime


def with_times(runtime: Runtime, **hours: str) -> Runtime:
    """The same, after the operator changed the blocking times and started again."""
    prefix = "GATEWAY_CONTRACTS__DEFAULT__BLOCKING__"
    variables = {f"{prefix}{name.upper()}": value for name, value in hours.items()}
    changed = load_settings({"GATEWAY_CONFIG": "/dev/null", **variables})
    settings = runtime.settings.model_copy(update={"contracts": changed.contracts})
    settings.__dict__.pop("project_list", None)  # worked out from the old ones
    return replace(runtime, settings=settings)


def clocks(runtime: Runtime) -> TicketClocks:
    with runtime.database.reading() as connection:
        ticket = find_ticket(connection, ref="DEMO-1")
        assert ticket is not None
        history = history_of(connection, ticket)
    return ticket_clocks(history, find_project(runtime, "DEMO"), now=runtime.clock.now())


def test_a_running_clock_goes_by_the_new_terms_from_its_beginning(desk: Runtime, clock: MovableClock) -> None:
    begun = clock.now()
    clock.move(hours=2)
    changed = with_times(desk, gti_hours="20", gtr_hours="40")
    assert note_contracts(changed) == ["DEMO"]
    assert note_contracts(changed) == []
    fields = clocks(changed).fields()
    assert (fields["gti_due"], fields["gtr_due"]) == (begun + 20 * HOUR, begun + 40 * HOUR)
    clock.move(hours=7.9)
    assert run_clocks(changed) == 0, "half of 12 hours is past, half of 20 is not"
    clock.move(hours=0.2)
    assert run_clocks(changed) == 1


def test_what_was_met_under_the_old_terms_stays_met(desk: Runtime, clock: MovableClock) -> None:
    clock.move(hours=20)
    later = with_times(desk, gti_hours="24", gtr_hours="48")
    note_contracts(later)
    change_ticket(later, ref="DEMO-1", change=Change(reply="Bonjour"), by=NINA)
    clock.move(hours=1)
    stricter = with_times(later, gti_hours="12", gtr_hours="24")
    note_contracts(stricter)
    assert clocks(stricter).fields()["gti_state"] == "met"
    assert clocks(stricter).fields()["gtr_state"] == "running"


def test_the_timetable_looks_at_contracts_when_it_starts() -> None:
    assert "keep_contracts" in [task.__name__ for task in common_tasks(0)]
    assert "keep_contracts" not in [task.__name__ for task in common_tasks(1)]
