"""An act on a ticket: checked, written down as events, shown on the timeline, told to the reporter.

One transaction: the events, the ticket's row, the timeline entries and one mail. Deciding is `domain.change`, writing
down `services.write_act`.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, update

from gateway.db.people import find_person_by_id, get_or_create_person
from gateway.db.ticket_events import begin_history, record_events
from gateway.db.tickets import Ticket, find_ticket, tickets
from gateway.domain.change import Change, Doer, plan_change
from gateway.domain.events import EventType
from gateway.domain.project import Project
from gateway.domain.ticket import Channel, Role, Status
from gateway.jobs.doorbell import OUTBOX
from gateway.mail.address import normalise_address
from gateway.runtime import Runtime
from gateway.services.approach import Approach, approach
from gateway.services.roles import roles_in
from gateway.services.write_act import Act, Source, write_down


@dataclass(frozen=True, kw_only=True)
class Changed:
    """The ticket as it then is, and the entry that holds what was written, None where nothing was."""

    ticket: Ticket
    entry_id: int | None


def change_ticket(runtime: Runtime, *, ref: str, change: Change, by: str, channel: Channel | None = None) -> Ticket:
    """Do what the person with the address `by` asks for, all of it or nothing, and return the ticket as it then is.

    `channel` is the door they came by, None for the command line. Raises NotFound where there is no such ticket for
    them, NotAllowed with every reason where the rules do not let them.
    """
    with runtime.database.transaction() as connection:
        changed = apply_change(connection, runtime, ref=ref, change=change, by=by, channel=channel)
    runtime.doorbell.ring_soon(OUTBOX)
    return changed.ticket


def apply_change(
    connection: Connection,
    runtime: Runtime,
    *,
    ref: str,
    change: Change,
    by: str,
    channel: Channel | None = None,
    source: Source | None = None,
) -> Changed:
    """The same in the caller's transaction; nothing is written where it raises."""
    found = approach(connection, runtime, ref=ref, by=by)
    act = _allowed(connection, runtime, found, change, channel=channel, source=source)
    begin_history(connection, found.ticket)
    record_events(connection, found.ticket.id, act.events)
    entry_id = write_down(connection, runtime, act, _update_row(connection, act))
    ticket = find_ticket(connection, ticket_id=found.ticket.id)
    assert ticket is not None, "changed in this transaction"
    return Changed(ticket=ticket, entry_id=entry_id)


def _allowed(
    connection: Connection,
    runtime: Runtime,
    found: Approach,
    change: Change,
    *,
    channel: Channel | None,
    source: Source | None,
) -> Act:
    now = runtime.clock.now()
    change, roles = _with_assignee(connection, found.project, change)
    events = plan_change(
        change,
        place=found.place,
        assignee=_email(connection, found.ticket.assignee_id),
        doer=Doer(email=found.email, actor=found.actor, at=now),
        contract=found.project.contract,
        assignee_roles=roles,
    )
    return Act(
        project=found.project,
        before=found.ticket,
        doer=found.person(connection, runtime),
        change=change,
        events=events,
        now=now,
        channel=channel,
        source=source,
    )


def _with_assignee(connection: Connection, project: Project, change: Change) -> tuple[Change, frozenset[Role]]:
    if not change.assignee:
        return change, frozenset()
    assignee = normalise_address(change.assignee)
    return replace(change, assignee=assignee), roles_in(connection, project, assignee)


def _update_row(connection: Connection, act: Act) -> Ticket:
    """Bring the row to what the events say."""
    values: dict[str, object] = {"updated_at": act.now}
    for event in act.events:
        match event.type:
            case EventType.KIND | EventType.LEVEL:
                values[event.type.value] = event.value
            case EventType.SEVERITY:
                values["severity"] = event.value or None
            case EventType.STATUS:
                values |= {"status": event.value, "closed_at": act.now if event.value == Status.CLOSED else None}
            case EventType.ASSIGNED:
                values["assignee_id"] = _person_id(connection, event.value, act.now)
    connection.execute(update(tickets).where(tickets.c.id == act.before.id).values(**values))
    after = find_ticket(connection, ticket_id=act.before.id)
    assert after is not None, "locked in this transaction"
    return after


def _person_id(connection: Connection, email: str, now: datetime) -> int | None:
    return get_or_create_person(connection, email=email, name="", now=now).id if email else None


def _email(connection: Connection, person_id: int | None) -> str:
    person = None if person_id is None else find_person_by_id(connection, person_id)
    return "" if person is None else person.email
