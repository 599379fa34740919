"""Entries of a ticket become a ticket of their own, in the thread of their mails; the two are linked."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, update

from gateway.db.move_entries import find_entries, move_entries
from gateway.db.participants import add_participant, find_participants
from gateway.db.people import Person, find_person
from gateway.db.ticket_events import begin_history, record_events
from gateway.db.ticket_links import link
from gateway.db.tickets import Ticket, create_ticket, find_ticket, list_entries, tickets
from gateway.domain.arranging import may_split, split_off
from gateway.domain.change import NotAllowed
from gateway.domain.events import By, EventType, TicketEvent
from gateway.domain.reasons import Reason
from gateway.domain.ticket import Direction, EntryType, Language, Status
from gateway.errors import NotFound
from gateway.jobs.doorbell import OUTBOX
from gateway.runtime import Runtime
from gateway.services.approach import Approach, approach
from gateway.services.seen_version import Version, require_seen
from gateway.services.tell_reporter import note_happening, tell_happening

_MOVED = (EntryType.MESSAGE, EntryType.NOTE)
_SAID = {
    Language.FR: {"from": "Séparé de {ref} : {subject}", "to": "Suivi à part, {ref} : {subject}"},
    Language.EN: {"from": "Split off {ref}: {subject}", "to": "Followed apart, {ref}: {subject}"},
}


@dataclass(frozen=True, kw_only=True)
class _Chosen:
    """The entries to move, oldest first, and the first message of them that came in, where there is one."""

    rows: Sequence[Row[Any]]
    asked: Row[Any] | None

    @property
    def ids(self) -> list[int]:
        return [row.id for row in self.rows]


def split_ticket(
    runtime: Runtime,
    *,
    ref: str,
    entry_ids: Collection[int],
    by: str,
    subject: str = "",
    reason: str = "",
    version: Version | None = None,
) -> Ticket:
    """Make a ticket of these entries and return it. `subject` is theirs, or the old ticket's, where none is given.

    Its reporter is who wrote the first of them, and is told once, under what they wrote; its times count from then.
    Messages and notes are moved; calls and what the gateway wrote stay. Raises NotFound where there is no such ticket
    for this person or no such entry on it, NotAllowed with the reason, ChangedMeanwhile where `version` is no longer
    the ticket's.
    """
    with runtime.database.transaction() as connection:
        found = approach(connection, runtime, ref=ref, by=by)
        found.require_sight()
        require_seen(connection, found.ticket.id, version, by=by)
        if fault := may_split(found.actor, found.place):
            raise NotAllowed(fault)
        chosen = _choose(connection, found, entry_ids)
        created = _create(connection, runtime, found, chosen, subject=subject.strip())
        _settle(connection, runtime, found, chosen, created=created, reason=reason.strip())
        ticket = find_ticket(connection, ticket_id=created.id)
        assert ticket is not None, "created in this transaction"
    runtime.doorbell.ring_soon(OUTBOX)
    return ticket


def _choose(connection: Connection, found: Approach, entry_ids: Collection[int]) -> _Chosen:
    rows = find_entries(connection, found.ticket.id, entry_ids)
    missing = set(entry_ids) - {row.id for row in rows}
    if missing or not rows:
        named = ", ".join(str(ident) for ident in sorted(missing)) or "without a number"
        raise NotFound(Reason.NO_ENTRY(entry=named, ref=found.ticket.ref))
    stays = [row.id for row in rows if row.type not in _MOVED]
    if stays:
        raise NotAllowed(Reason.ENTRY_STAYS(entry=stays[0]))
    asked = [row for row in rows if row.type == EntryType.MESSAGE and row.direction == Direction.IN and row.author_id]
    left = [row for row in list_entries(connection, found.ticket.id) if row.type in _MOVED and row not in rows]
    if not left:
        raise NotAllowed(Reason.NOTHING_LEFT())
    return _Chosen(rows=rows, asked=asked[0] if asked else None)


def _create(connection: Connection, runtime: Runtime, found: Approach, chosen: _Chosen, *, subject: str) -> Ticket:
    """The new ticket, with its history from the time of what it is made of."""
    old, asked = found.ticket, chosen.asked
    begun: datetime = (asked or chosen.rows[0]).at
    theirs = "" if asked is None else asked.data.get("subject", "")
    created = create_ticket(
        connection,
        project=old.project,
        subject=subject or theirs or old.subject,
        lang=old.lang,
        reporter_id=old.reporter_id if asked is None else asked.author_id,
        now=begun,
    )
    level, kind = split_off(found.place)
    answers = [row for row in chosen.rows if row.type == EntryType.MESSAGE and row.direction == Direction.OUT]
    status = Status.OPEN if answers else Status.NEW
    # With the row still at its beginning, the history begins there too.
    connection.execute(update(tickets).where(tickets.c.id == created.id).values(level=level, kind=kind))
    entered = find_ticket(connection, ticket_id=created.id)
    assert entered is not None, "created in this transaction"
    begin_history(connection, entered)
    events = [TicketEvent(type=EventType.ANSWERED, at=row.at, by=By.AGENT, author=row.author) for row in answers]
    if answers:
        first = answers[0]
        events.append(
            TicketEvent(type=EventType.STATUS, at=first.at, by=By.AGENT, author=first.author, value=Status.OPEN)
        )
    record_events(connection, created.id, events)
    connection.execute(update(tickets).where(tickets.c.id == created.id).values(status=status))
    return entered


def _settle(
    connection: Connection, runtime: Runtime, found: Approach, chosen: _Chosen, *, created: Ticket, reason: str
) -> None:
    """Move the entries, link the tickets, say so on both, and tell the new one's reporter."""
    now, old = runtime.clock.now(), found.ticket
    doer = found.person(connection, runtime)
    move_entries(connection, chosen.ids, to_id=created.id)
    _bring_people(connection, old, created, chosen, now=now)
    link(connection, old.id, created.id, author_id=doer.id, now=now)
    _note(connection, found, old, doer, other=created, key="to", reason=reason, now=now)
    _note(connection, found, created, doer, other=old, key="from", reason=reason, now=now)
    if chosen.asked is not None and chosen.asked.visible:
        tell_happening(
            connection,
            runtime,
            ticket=created,
            doer=doer,
            what="split",
            value=old.ref,
            now=now,
        )


def _bring_people(connection: Connection, old: Ticket, created: Ticket, chosen: _Chosen, *, now: datetime) -> None:
    """Who is on the old ticket and wrote or was written to in the chosen mails is on the new one."""
    named = {row.author for row in chosen.rows}
    named.update(address for row in chosen.rows for address in row.data.get("addressed", ()))
    for email in sorted(named & find_participants(connection, old.id)):
        person = find_person(connection, email=email)
        if person is not None and person.id != created.reporter_id:
            add_participant(connection, ticket_id=created.id, person_id=person.id, now=now)


def _note(
    connection: Connection,
    found: Approach,
    ticket: Ticket,
    doer: Person,
    *,
    other: Ticket,
    key: str,
    reason: str,
    now: datetime,
) -> None:
    line = _SAID[found.project.language][key].format(ref=other.ref, subject=other.subject)
    text = f"{line} — {reason}" if reason else line
    note_happening(connection, ticket=ticket, doer=doer, text=text, event=f"split {key}", now=now, ref=other.ref)
