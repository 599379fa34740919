"""A ticket as an agent sees it at the desk: where it stands, its conversation, and the evidence for every decision."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row

from gateway.db.conversation import entries_with, files_with, outline
from gateway.db.desk_rows import agents_with, decisions_of, deliveries_of, version_of
from gateway.db.hotline import find_hotline_code
from gateway.db.participants import find_participants
from gateway.db.people import find_emails
from gateway.db.presence import is_noted, note_look, others_at
from gateway.db.ticket_events import history_of
from gateway.db.ticket_links import Relations, find_relations
from gateway.db.tickets import Ticket, find_ticket
from gateway.domain.events import EventType, TicketEvent
from gateway.domain.levels import ROLE_OF
from gateway.domain.parts import NEWEST, Asked, Parted, part_entries
from gateway.domain.project import Project
from gateway.domain.rights import Actor, Place, may_read_notes, may_see
from gateway.domain.ticket import Level, Role, is_reference
from gateway.errors import NotFound
from gateway.runtime import Runtime
from gateway.services.approach import place_of
from gateway.services.current_project import current_project
from gateway.services.desk_scope import Roles
from gateway.services.ticket_clocks import TicketClocks, ticket_clocks


@dataclass(frozen=True, kw_only=True)
class Sighting:
    """A ticket that this agent sees, who they are to it, and what has happened to it."""

    ticket: Ticket
    project: Project
    actor: Actor
    place: Place
    history: Sequence[TicketEvent]
    person_id: int

    def reads(self, row: Row[Any]) -> bool:
        """Whether the agent reads this row of `entries`: what the reporter sees, what is for their level, and what
        they wrote themselves."""
        if row.visible or row.author_id == self.person_id:
            return True
        return may_read_notes(self.actor, note_level(row, self.history)) is None


@dataclass(frozen=True, kw_only=True)
class Look:
    """Everything on the page of a ticket. `parted` is its conversation in parts, and rows are those of the part that is
    shown: of `entries`, and of `attachments`, `deliveries` and `receipts` by entry; `version` is what a form made from
    this page knows; `others` who else looks at it."""

    seen: Sighting
    clocks: TicketClocks
    parted: Parted
    entries: Sequence[Row[Any]]
    files: Mapping[int, Sequence[Row[Any]]]
    deliveries: Mapping[int | None, Sequence[Row[Any]]]
    decisions: Mapping[int | None, Sequence[Row[Any]]]
    relations: Relations
    participants: Sequence[str]
    assignee: str
    team: Sequence[str]
    hotline_code: str | None
    version: tuple[int, int]
    others: Sequence[tuple[str, datetime]]


def note_level(row: Row[Any], history: Sequence[TicketEvent]) -> Level:
    """The level that an internal entry was written at: as it says itself, or where the ticket was just before it."""
    said = row.data.get("level")
    if said in set(Level):
        return Level(said)
    moves = [event.value for event in history if event.type is EventType.LEVEL and event.at < row.at]
    return Level(moves[-1]) if moves else Level.N1


def sight(connection: Connection, runtime: Runtime, ref: str, roles: Roles, *, person_id: int) -> Sighting:
    """The ticket, for somebody with these roles. Raises NotFound in the same way where there is none and where it is
    not for them: what they are as its reporter does not count here."""
    ticket = find_ticket(connection, ref=ref) if is_reference(ref) else None
    project = None if ticket is None else current_project(connection, runtime, ticket.project)
    if ticket is None or project is None:
        raise NotFound("there is no such ticket")
    actor = Actor(roles=roles.get(project.key, frozenset()))
    history = history_of(connection, ticket)
    place = place_of(ticket, history)
    if not actor.is_agent or may_see(actor, place):
        raise NotFound("there is no such ticket")
    return Sighting(ticket=ticket, project=project, actor=actor, place=place, history=history, person_id=person_id)


def look(runtime: Runtime, ref: str, roles: Roles, *, person_id: int, asked: Asked = NEWEST) -> Look:
    """The whole page, and note that this person looks at it. Raises NotFound."""
    now = runtime.clock.now()
    with runtime.database.reading() as connection:
        seen = sight(connection, runtime, ref, roles, person_id=person_id)
        if is_noted(connection, seen.ticket.id, person_id=person_id, now=now):
            return _gather(connection, runtime, seen, asked)
    with runtime.database.transaction() as connection:
        note_look(connection, seen.ticket.id, person_id=person_id, now=now)
    with runtime.database.reading() as connection:
        return _gather(connection, runtime, sight(connection, runtime, ref, roles, person_id=person_id), asked)


def _gather(connection: Connection, runtime: Runtime, seen: Sighting, asked: Asked) -> Look:
    ticket, now = seen.ticket, runtime.clock.now()
    lengths = [(row.id, row.length) for row in outline(connection, ticket.id) if seen.reads(row)]
    parted = part_entries(lengths, asked)
    shown = set(parted.ids)
    emails = find_emails(connection, [] if ticket.assignee_id is None else [ticket.assignee_id])
    return Look(
        seen=seen,
        clocks=ticket_clocks(seen.history, seen.project, now=now),
        parted=parted,
        entries=entries_with(connection, parted.ids),
        files=files_with(connection, parted.ids),
        deliveries=_by_entry(deliveries_of(connection, ticket.id, shown)),
        decisions=_by_entry(decisions_of(connection, ticket.id, shown)),
        relations=find_relations(connection, ticket),
        participants=sorted(find_participants(connection, ticket.id) - {ticket.reporter}),
        assignee=next(iter(emails.values()), ""),
        team=agents_with(connection, seen.project, frozenset({ROLE_OF[seen.place.level], Role.SUPERVISOR})),
        hotline_code=find_hotline_code(connection, ticket),
        version=version_of(connection, ticket.id),
        others=others_at(connection, ticket.id, person_id=seen.person_id, now=now),
    )


def _by_entry(rows: Sequence[Row[Any]]) -> dict[int | None, list[Row[Any]]]:
    """The rows by their entry; those of none under None."""
    found: dict[int | None, list[Row[Any]]] = {}
    for row in rows:
        found.setdefault(row.entry_id, []).append(row)
    return found
