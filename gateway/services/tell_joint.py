"""Telling the reporters of merged tickets what happens on the one that took theirs over, under their own mails."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from gateway.db.joint_reporters import find_joint_reporters
from gateway.db.people import Person
from gateway.db.tickets import Ticket
from gateway.domain.telling import Audience, Happening
from gateway.notify.progress import tell_progress
from gateway.notify.thread import Parent, find_last_of
from gateway.notify.wording import Told
from gateway.runtime import Runtime


def tell_joint_reporters(
    connection: Connection,
    runtime: Runtime,
    ticket: Ticket,
    *,
    by: Person | None,
    entry_id: int,
    parent: Parent,
    text: str,
    changes: Sequence[Told],
    now: datetime,
    happening: Happening | None = None,
    more: Mapping[str, Any] | None = None,
) -> frozenset[int]:
    """Write the mail of `notify.progress` to each of them but `by`, and return the ids of them all.

    `parent` is what the reporter's mail hangs under: theirs quotes the same and hangs under their own last mail.
    """
    joint = find_joint_reporters(connection, ticket.id)
    for one in joint:
        if by is not None and one.person.id == by.id:
            continue
        own = find_last_of(connection, ticket_ids=one.ticket_ids | {ticket.id}, person_id=one.person.id)
        tell_progress(
            connection,
            runtime=runtime,
            ticket=ticket,
            person=one.person,
            entry_id=entry_id,
            parent=replace(own, text=parent.text, at=parent.at),
            text=text,
            changes=changes,
            now=now,
            happening=happening,
            audience=Audience.JOINT_REPORTER,
            more=more,
        )
    return frozenset(one.person.id for one in joint)
