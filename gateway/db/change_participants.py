"""Putting people on a ticket and taking them off it, by somebody's word."""

from datetime import datetime

from sqlalchemy import Connection, Update, select, update

from gateway.db.participants import IS_ON, add_participant, find_muted, mute_participant, participants
from gateway.db.tickets import Ticket, tickets
from gateway.db.upsert import insert_ignoring_duplicates


def restore_participant(connection: Connection, *, ticket_id: int, person_id: int, now: datetime) -> bool:
    """Put a person on a ticket by somebody's word, also one who was removed. False where they are on it already."""
    removed = _of(ticket_id, person_id).where(participants.c.removed_at.is_not(None))
    if connection.execute(removed.values(removed_at=None, added_at=now)).rowcount == 1:
        return True
    return add_participant(connection, ticket_id=ticket_id, person_id=person_id, now=now)


def remove_participant(connection: Connection, *, ticket_id: int, person_id: int, now: datetime) -> bool:
    """Take a person off a ticket. False where they are not on it."""
    return connection.execute(_of(ticket_id, person_id).where(IS_ON).values(removed_at=now)).rowcount == 1


def leave_participants(connection: Connection, *, ticket_id: int, person_id: int, now: datetime) -> bool:
    """Leave a person out of a ticket from now on. Who is not on it does not come onto it by leaving: their wish is kept
    beside those who are. False where they were left out before."""
    if mute_participant(connection, ticket_id=ticket_id, person_id=person_id):
        return True
    return insert_ignoring_duplicates(
        connection, participants, ticket_id=ticket_id, person_id=person_id, added_at=now, muted=True, removed_at=now
    )


def join_participants(connection: Connection, *, from_id: int, into: Ticket, now: datetime) -> None:
    """Put everybody who is on one ticket onto another too; who wants no mail about the one, its reporter also, gets
    none about the other, unless they were on that already and did not leave it.

    The other's reporter is on it already, and who was removed from it stays so.
    """
    reporter = connection.execute(select(tickets.c.reporter_id).where(tickets.c.id == from_id)).scalar_one()
    others = select(participants.c.person_id).where(participants.c.ticket_id == from_id, IS_ON)
    muted = find_muted(connection, from_id)
    for person_id in dict.fromkeys([reporter, *connection.execute(others).scalars()]):
        if person_id != into.reporter_id:
            values = {"ticket_id": into.id, "person_id": person_id, "added_at": now, "muted": person_id in muted}
            insert_ignoring_duplicates(connection, participants, **values)


def _of(ticket_id: int, person_id: int) -> Update:
    return update(participants).where(participants.c.ticket_id == ticket_id, participants.c.person_id == person_id)
