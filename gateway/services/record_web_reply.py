"""A reply typed on the status page becomes an entry on its ticket, once however often it was sent."""

import json
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection

from gateway.db.people import Person, find_person_by_id
from gateway.db.receipts import Receipt, Verdict, add_receipt, find_receipt, find_receipt_by_fingerprint
from gateway.db.ticket_facts import count_reopenings, follow_merges
from gateway.db.tickets import NewEntry, Ticket, add_entry, create_ticket, find_ticket
from gateway.domain.joining import Arrival, Joining, decide_joining
from gateway.domain.levels import Identity
from gateway.domain.ticket import Channel, Direction, EntryType, Status
from gateway.domain.trace import Trace
from gateway.errors import Refused
from gateway.runtime import Runtime
from gateway.services.enter_ticket import enter_ticket
from gateway.services.outcome import is_outcome, record_outcome
from gateway.services.wake_ticket import wake_ticket
from gateway.spool.entry import SpoolEntry


class BadReply(Refused):
    """Not a reply that our own form writes."""


def record_web_reply(entry: SpoolEntry, runtime: Runtime) -> set[str]:
    """File a claimed entry of the web lane. Returns no lanes: a person's own reply is told to nobody yet."""
    if is_outcome(entry):
        record_outcome(entry, runtime)
        return set()
    reply = _read(entry)
    nonce = sha256(f"web\n{reply['person_id']}\n{reply['nonce']}".encode()).hexdigest()
    with runtime.database.transaction() as connection:
        named = find_ticket(connection, ticket_id=reply["ticket_id"])
        person = find_person_by_id(connection, reply["person_id"])
        if named is None or person is None or named.reporter_id != person.id:
            raise BadReply("the ticket or the person of this reply is gone, or they are not together")
        if find_receipt(connection, spool_id=entry.id, project=named.project) is not None:
            return set()
        trace = Trace()
        trace.note("session", "match", "written on the ticket's own page")
        same = find_receipt_by_fingerprint(connection, fingerprint=nonce, project=named.project)
        ticket, entry_id = named, None
        if same is None:
            ticket, entry_id = _write(connection, runtime, entry, named, person=person, text=reply["text"], trace=trace)
        add_receipt(
            connection,
            Receipt(
                spool_id=entry.id,
                lane=entry.lane,
                project=named.project,
                fingerprint=nonce if same is None else None,
                message_id=None,
                sha256=entry.sha256,
                verdict=Verdict.FILED if same is None else Verdict.DUPLICATE,
                reason="reply" if same is None else f"the same form as {same.spool_id}",
                ticket_id=ticket.id,
                entry_id=entry_id,
                trace=trace.as_json(),
                envelope=dict(entry.envelope),
                accepted_at=entry.accepted_at,
                filed_at=runtime.clock.now(),
            ),
        )
    return set()


def _write(
    connection: Connection,
    runtime: Runtime,
    entry: SpoolEntry,
    named: Ticket,
    *,
    person: Person,
    text: str,
    trace: Trace,
) -> tuple[Ticket, int]:
    """The reply on the ticket that survived any merges, which it may wake, or on a new one that follows it."""
    at = datetime.fromisoformat(entry.envelope["received_at"])
    ticket = follow_merges(connection, named.id) or named
    joining, why = decide_joining(
        Arrival(at=at, automatic=False, from_agent=False, proved=True),
        status=Status(ticket.status),
        closed_at=ticket.closed_at,
        reopenings=count_reopenings(connection, ticket.id, now=at),
        rules=runtime.settings.intake.joining_rules,
    )
    trace.note("joining", joining, why)
    if joining is Joining.FOLLOW_UP:
        ticket = _follow(connection, runtime, ticket, person=person, at=at)
    entry_id = add_entry(
        connection,
        ticket.id,
        NewEntry(
            at=at,
            type=EntryType.MESSAGE,
            direction=Direction.IN,
            channel=Channel.WEB,
            author_id=person.id,
            author=person.email,
            text=text,
            match="session",
            visible=True,
            data={"spool_id": entry.id},
        ),
    )
    if joining in {Joining.REOPEN, Joining.RESUME}:
        wake_ticket(connection, ticket, joining=joining, author=person.email, now=at)
    return ticket, entry_id


def _follow(connection: Connection, runtime: Runtime, closed: Ticket, *, person: Person, at: datetime) -> Ticket:
    created = create_ticket(
        connection,
        project=closed.project,
        subject=closed.subject,
        lang=closed.lang,
        reporter_id=person.id,
        now=at,
        follows_id=closed.id,
    )
    project = runtime.project(closed.project)
    return enter_ticket(connection, project, created, channel=Channel.WEB, identity=Identity.PROVEN)


def _read(entry: SpoolEntry) -> dict[str, Any]:
    try:
        document = json.loads(entry.payload)
        reply = {name: document[name] for name in ("ticket_id", "person_id", "text", "nonce")}
    except (ValueError, KeyError, TypeError) as error:
        raise BadReply("not a reply that our form writes") from error
    return reply
