"""Whose tickets were merged into another: they reported that one too, until they are taken off it.

Who left it, or had left their own before the merge, is told nothing of it; like any reporter who leaves, they see it
and act on it still. Somebody who is only in copy of a merged ticket is not among them.
"""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, exists, select

from gateway.db.participants import IS_ON, participants
from gateway.db.people import Person, find_person_by_id
from gateway.db.tickets import Ticket, tickets


@dataclass(frozen=True, kw_only=True)
class JointReporter:
    """A person, and the tickets of theirs that were merged into the one in question, over however many merges."""

    person: Person
    ticket_ids: frozenset[int]


def find_joint_reporters(connection: Connection, ticket_id: int) -> list[JointReporter]:
    """Those of a ticket beside its own reporter who are told of it, in the order in which they reported."""
    merged = select(tickets.c.id).where(tickets.c.merged_into_id == ticket_id).cte("merged", recursive=True)
    # A union of distinct rows ends where tickets are merged in a ring.
    merged = merged.union(select(tickets.c.id).where(tickets.c.merged_into_id == merged.c.id))
    own = select(tickets.c.reporter_id).where(tickets.c.id == ticket_id).scalar_subquery()
    has_left = exists().where(
        participants.c.ticket_id == ticket_id,
        participants.c.person_id == tickets.c.reporter_id,
        participants.c.muted | ~IS_ON,
    )
    query = select(tickets.c.id, tickets.c.reporter_id).where(
        tickets.c.id.in_(select(merged.c.id)), tickets.c.reporter_id != own, ~has_left
    )
    theirs: dict[int, set[int]] = {}
    for row in connection.execute(query.order_by(tickets.c.id)):
        theirs.setdefault(row.reporter_id, set()).add(row.id)
    found = ((find_person_by_id(connection, person_id), ids) for person_id, ids in theirs.items())
    return [JointReporter(person=person, ticket_ids=frozenset(ids)) for person, ids in found if person is not None]


def reports(connection: Connection, ticket: Ticket, person_id: int) -> bool:
    """True for the ticket's own reporter and for a joint one."""
    return ticket.reporter_id == person_id or is_joint_reporter(connection, ticket_id=ticket.id, person_id=person_id)


def is_joint_reporter(connection: Connection, *, ticket_id: int, person_id: int) -> bool:
    """True where a ticket of theirs was merged into this one, and nobody took them off it."""
    return (
        connection.scalar(select(tickets.c.id).where(tickets.c.id == ticket_id, reported_jointly(person_id)))
        is not None
    )


def reported_jointly(person_id: int) -> ColumnElement[bool]:
    """True in SQL for a row of `tickets` into which a ticket of this person was merged, unless they were taken off."""
    start = tickets.alias()
    taken = (
        select(start.c.merged_into_id.label("id"))
        .where(start.c.reporter_id == person_id, start.c.merged_into_id.is_not(None))
        .cte("taken_over_by", recursive=True)
    )
    further = tickets.alias()
    taken = taken.union(
        select(further.c.merged_into_id).where(further.c.id == taken.c.id, further.c.merged_into_id.is_not(None))
    )
    is_off = exists().where(participants.c.ticket_id == tickets.c.id, participants.c.person_id == person_id, ~IS_ON)
    return tickets.c.id.in_(select(taken.c.id)) & ~is_off
