"""Coming up to a ticket to do something with it: its row is locked, and it is known who one is to it."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from gateway.db.people import Person, get_or_create_person
from gateway.db.ticket_events import history_of, standing_of
from gateway.db.tickets import Ticket, find_ticket, tickets
from gateway.domain.advisory import Stage, stage_after, steps_of
from gateway.domain.change import NotAllowed
from gateway.domain.events import EventType, Standing, TicketEvent
from gateway.domain.project import Project
from gateway.domain.reasons import Reason
from gateway.domain.rights import Actor, Place, may_see
from gateway.domain.ticket import Kind, Level
from gateway.errors import NotFound, Refused
from gateway.mail.address import is_address, normalise_address
from gateway.runtime import Runtime
from gateway.services.current_project import current_project
from gateway.services.roles import actor_on


@dataclass(frozen=True, kw_only=True)
class Approach:
    """A ticket, where it stands and has been, and the person with the address `email` as it sees them."""

    ticket: Ticket
    project: Project
    place: Place
    email: str
    actor: Actor

    def require_sight(self) -> None:
        """Raise NotFound for whom there is no such ticket, NotAllowed for an agent who must not see it."""
        if hidden := may_see(self.actor, self.place):
            raise NotAllowed(hidden) if self.actor.is_agent else NotFound(hidden)

    def person(self, connection: Connection, runtime: Runtime) -> Person:
        """The one who acts, remembered now if it is their first time."""
        return get_or_create_person(connection, email=self.email, name="", now=runtime.clock.now())


def approach(connection: Connection, runtime: Runtime, *, ref: str, by: str) -> Approach:
    """Lock the ticket for this transaction. Raises NotFound where there is none, Refused for what is no address."""
    [found] = approach_all(connection, runtime, refs=[ref], by=by)
    return found


def approach_all(connection: Connection, runtime: Runtime, *, refs: Sequence[str], by: str) -> list[Approach]:
    """The same for several tickets, locked in one order whatever theirs, so that two acts never wait for each other."""
    email = normalise_address(by)
    names = [ref.upper() for ref in refs]
    locked = select(tickets.c.id).where(tickets.c.ref.in_(names)).order_by(tickets.c.id).with_for_update()
    connection.execute(locked)
    found = []
    for ref in names:
        ticket = find_ticket(connection, ref=ref)
        if ticket is None:
            raise NotFound(Reason.NO_TICKET(ref=ref))
        found.append(_approach(connection, runtime, ticket, email=email))
    if not is_address(email):
        raise Refused(Reason.NO_ADDRESS(address=by))
    return found


def place_of(ticket: Ticket, history: Sequence[TicketEvent]) -> Place:
    """Where a ticket stands and has been."""
    return place_at(standing_of(ticket), history)


def place_at(standing: Standing, history: Sequence[TicketEvent]) -> Place:
    """The same for a ticket of which only its standing is at hand."""
    been = {Level(event.value) for event in history if event.type is EventType.LEVEL}
    return Place(
        kind=standing.kind,
        severity=standing.severity,
        status=standing.status,
        level=standing.level,
        been=frozenset(been | {standing.level}),
        in_procedure=standing.kind is Kind.PREVENTIVE and stage_after(steps_of(history)) is not Stage.CLOSED,
    )


def _approach(connection: Connection, runtime: Runtime, ticket: Ticket, *, email: str) -> Approach:
    project = current_project(connection, runtime, ticket.project)
    if project is None:
        raise Refused(Reason.PROJECT_GONE(project=ticket.project))
    return Approach(
        ticket=ticket,
        project=project,
        place=place_of(ticket, history_of(connection, ticket)),
        email=email,
        actor=actor_on(connection, project, ticket, email),
    )
