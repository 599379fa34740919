"""Telling the people on a ticket what happened to it: the entry that they see, and a mail to each who wants one.

For what is no act of `change_ticket`: what happens by itself, steps of a procedure, people put on or taken off.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, update

from gateway.db.participants import find_muted
from gateway.db.people import Person, find_person_by_id
from gateway.db.tickets import NewEntry, Ticket, add_entry, entries
from gateway.domain.telling import Happening
from gateway.domain.ticket import Direction, EntryType, Language
from gateway.notify.progress import tell_participant, tell_progress
from gateway.notify.thread import Parent, find_parent
from gateway.notify.wording import Told, sentences
from gateway.runtime import Runtime
from gateway.services.tell_joint import tell_joint_reporters

GATEWAY = "gateway"


def tell_people(
    connection: Connection,
    runtime: Runtime,
    ticket: Ticket,
    happening: Happening,
    *,
    changes: Sequence[Told],
    by: Person | None = None,
    others: Iterable[Person] = (),
    more: Mapping[str, Any] | None = None,
) -> int:
    """Write what the reporter may see on the timeline, and tell them and `others` of it; returns the entry.

    In the caller's transaction, with the ticket as it then stands. `changes` are put into words for each reader by
    `notify.wording`; `by` is whose act it was, who is not told; None for the gateway. `others` are people beside the
    reporter, such as the customer's contacts; whoever asked to be left out of the ticket is. `more` is for the context
    of the reporter's mail. Ring for the outbox after the commit.
    """
    project, now = runtime.project(ticket.project), runtime.clock.now()
    parent = find_parent(connection, ticket)
    text = "\n".join(sentences(changes, lang=Language(ticket.lang), zone=project.calendar.zone_info))
    entry = NewEntry(
        at=now,
        type=EntryType.SYSTEM,
        direction=Direction.INTERNAL,
        author_id=None if by is None else by.id,
        author=GATEWAY if by is None else by.email,
        text=text,
        visible=True,
        data={"changes": [dict(one) for one in changes], "happening": happening.value},
    )
    entry_id = add_entry(connection, ticket.id, entry)
    if by is None or by.id != ticket.reporter_id:
        reporter = find_person_by_id(connection, ticket.reporter_id)
        assert reporter is not None, "a ticket has a reporter"
        message_id = tell_progress(
            connection,
            runtime=runtime,
            ticket=ticket,
            person=reporter,
            entry_id=entry_id,
            parent=parent,
            text="",
            changes=changes,
            now=now,
            happening=happening,
            more=more,
        )
        hang_entry(connection, entry_id, message_id=message_id, parent=parent)
    joint = tell_joint_reporters(
        connection,
        runtime,
        ticket,
        by=by,
        entry_id=entry_id,
        parent=parent,
        text="",
        changes=changes,
        now=now,
        happening=happening,
        more=more,
    )
    silent = find_muted(connection, ticket.id) | joint | {ticket.reporter_id} | ({by.id} if by is not None else set())
    for person in {one.id: one for one in others if one.id not in silent}.values():
        tell_participant(
            connection,
            runtime,
            happening,
            ticket=ticket,
            person=person,
            entry_id=entry_id,
            changes=changes,
            now=now,
        )
    return entry_id


def tell_participant_of(
    connection: Connection,
    runtime: Runtime,
    ticket: Ticket,
    happening: Happening,
    *,
    person: Person,
    by: Person,
    entry_id: int,
) -> bool:
    """Tell somebody that an agent put them onto the ticket (`ADDED`) or took them off it (`REMOVED`).

    `entry_id` is the internal entry that says so. False where they are not told: it was their own act, or they asked
    to be left out before.
    """
    if person.id == by.id or person.id in find_muted(connection, ticket.id):
        return False
    return tell_participant(
        connection,
        runtime,
        happening,
        ticket=ticket,
        person=person,
        entry_id=entry_id,
        changes=(),
        now=runtime.clock.now(),
    )


def hang_entry(connection: Connection, entry_id: int, *, message_id: str | None, parent: Parent) -> None:
    """Write onto the entry by which mail it was told; nothing where it was told by none."""
    if message_id is None:
        return
    values = {
        "message_id": message_id,
        "in_reply_to": parent.message_id,
        "reference_ids": list(parent.reference_ids),
    }
    connection.execute(update(entries).where(entries.c.id == entry_id).values(**values))
