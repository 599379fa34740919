"""A step of an advisory in one project: on the timeline and in the history, and told to the customer's contacts."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Connection

from gateway.db.advisories import Advisory, find_advisory_of_ticket, list_advisories, list_advisory_tickets
from gateway.db.ticket_events import history_of, record_events
from gateway.db.ticket_status import set_status
from gateway.db.tickets import Ticket, find_ticket
from gateway.domain.advisory import Stage, Step, StepTaken, stage_after, step_fault, steps_of
from gateway.domain.change import NotAllowed
from gateway.domain.events import By, EventType, TicketEvent
from gateway.domain.reasons import Reason
from gateway.domain.telling import Happening
from gateway.domain.ticket import Status
from gateway.errors import NotFound
from gateway.jobs.doorbell import OUTBOX
from gateway.runtime import Runtime
from gateway.services.approach import Approach, approach
from gateway.services.contacts import bring_contacts
from gateway.services.tell_people import tell_people


@dataclass(frozen=True, kw_only=True)
class AdvisoryProject:
    """Where an advisory stands in a project: its ticket, what is to be done next, and the steps so far."""

    project: str
    ref: str
    stage: Stage
    steps: tuple[StepTaken, ...]


def step_advisory(runtime: Runtime, *, ref: str, step: Step, words: str, by: str) -> AdvisoryProject:
    """Take a step in the project of the ticket `ref`. `words` say what was found or done; the contacts read them.

    Raises NotFound where there is no such ticket for this person or it is about no advisory, NotAllowed with the
    reason, also where the step was taken before.
    """
    with runtime.database.transaction() as connection:
        found = approach(connection, runtime, ref=ref, by=by)
        found.require_sight()
        if find_advisory_of_ticket(connection, found.ticket.id) is None:
            raise NotFound(Reason.NO_ADVISORY_OF(ref=found.ticket.ref))
        before = steps_of(history_of(connection, found.ticket))
        if fault := step_fault(found.actor.roles, before, step, words=words):
            raise NotAllowed(fault)
        _take(connection, runtime, found, step, words=words.strip())
        state = _state(connection, found.ticket)
    runtime.doorbell.ring_soon(OUTBOX)
    return state


def advisory_state(
    connection: Connection, advisory: Advisory, *, projects: Collection[str] | None = None
) -> list[AdvisoryProject]:
    """Where an advisory stands in each of its projects; with `projects` (keys), in those of them alone."""
    states = []
    for project, ref in list_advisory_tickets(connection, advisory.id).items():
        if projects is not None and project not in projects:
            continue
        ticket = find_ticket(connection, ref=ref)
        assert ticket is not None, "an advisory's ticket is not deleted without its row"
        states.append(_state(connection, ticket))
    return states


def get_advisory(connection: Connection, reference: str) -> Advisory:
    """The advisory with this reference. Raises NotFound."""
    wanted = " ".join(reference.split()).upper()
    for advisory in list_advisories(connection):
        if advisory.reference == wanted:
            return advisory
    raise NotFound(Reason.NO_ADVISORY(reference=reference))


def _state(connection: Connection, ticket: Ticket) -> AdvisoryProject:
    steps = steps_of(history_of(connection, ticket))
    return AdvisoryProject(project=ticket.project, ref=ticket.ref, stage=stage_after(steps), steps=steps)


def _take(connection: Connection, runtime: Runtime, found: Approach, step: Step, *, words: str) -> None:
    now, ticket = runtime.clock.now(), found.ticket
    taken = TicketEvent(type=EventType.STEP, at=now, by=By.AGENT, author=found.email, value=step, reason=words)
    steps = steps_of([*history_of(connection, ticket), taken])
    status = Status.CLOSED if stage_after(steps) is Stage.CLOSED else Status.OPEN
    moved = TicketEvent(type=EventType.STATUS, at=now, by=By.AGENT, author=found.email, value=status)
    record_events(connection, ticket.id, [taken, *([moved] if ticket.status != status else [])])
    set_status(connection, ticket.id, status, now=now)
    after = find_ticket(connection, ticket_id=ticket.id)
    assert after is not None, "locked in this transaction"
    change = {"what": "advisory", "value": step.value, "at": now.isoformat(), "words": words}
    tell_people(
        connection,
        runtime,
        after,
        Happening.STEP,
        changes=[change],
        by=found.person(connection, runtime),
        others=bring_contacts(connection, runtime, found.project, after),
    )
