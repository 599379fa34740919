"""A reply typed on the status page becomes an entry on its ticket, once however often it was sent."""

import json
from datetime import datetime
from hashlib import sha256
from typing import Any

from gateway.db.people import find_person_by_id
from gateway.db.receipts import Receipt, Verdict, add_receipt, find_receipt, find_receipt_by_fingerprint
from gateway.db.tickets import NewEntry, add_entry, find_ticket
from gateway.domain.ticket import Channel, Direction, EntryType
from gateway.errors import Refused
from gateway.runtime import Runtime
from gateway.spool.entry import SpoolEntry


class BadReply(Refused):
    """Not a reply that our own form writes."""


def record_web_reply(entry: SpoolEntry, runtime: Runtime) -> set[str]:
    """File a claimed entry of the web lane. Returns no lanes: a person's own reply is told to nobody yet."""
    reply = _read(entry)
    now = runtime.clock.now()
    nonce = sha256(f"web\n{reply['person_id']}\n{reply['nonce']}".encode()).hexdigest()
    with runtime.database.transaction() as connection:
        ticket = find_ticket(connection, ticket_id=reply["ticket_id"])
        person = find_person_by_id(connection, reply["person_id"])
        if ticket is None or person is None or ticket.reporter_id != person.id:
            raise BadReply("the ticket or the person of this reply is gone, or they are not together")
        if find_receipt(connection, spool_id=entry.id, project=ticket.project) is not None:
            return set()
        same = find_receipt_by_fingerprint(connection, fingerprint=nonce, project=ticket.project)
        entry_id = None
        if same is None:
            entry_id = add_entry(
                connection,
                ticket.id,
                NewEntry(
                    at=datetime.fromisoformat(entry.envelope["received_at"]),
                    type=EntryType.MESSAGE,
                    direction=Direction.IN,
                    channel=Channel.WEB,
                    author_id=person.id,
                    author=person.email,
                    text=reply["text"],
                    match="session",
                    visible=True,
                    data={"spool_id": entry.id},
                ),
            )
        rule = {"rule": "session", "outcome": "match", "evidence": "written on the ticket's own page"}
        add_receipt(
            connection,
            Receipt(
                spool_id=entry.id,
                lane=entry.lane,
                project=ticket.project,
                fingerprint=nonce if same is None else None,
                message_id=None,
                sha256=entry.sha256,
                verdict=Verdict.FILED if same is None else Verdict.DUPLICATE,
                reason="reply" if same is None else f"the same form as {same.spool_id}",
                ticket_id=ticket.id,
                entry_id=entry_id,
                trace=[rule],
                envelope=dict(entry.envelope),
                accepted_at=entry.accepted_at,
                filed_at=now,
            ),
        )
    return set()


def _read(entry: SpoolEntry) -> dict[str, Any]:
    try:
        document = json.loads(entry.payload)
        reply = {name: document[name] for name in ("ticket_id", "person_id", "text", "nonce")}
    except (ValueError, KeyError, TypeError) as error:
        raise BadReply("not a reply that our form writes") from error
    return reply
