"""Writing a decided mail down: the ticket, its entry, its files, the acknowledgement and the receipt.

Everything here happens in the caller's one transaction. Deciding is done before (`inbound.filing`); this module
knows no mail syntax.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection

from gateway.db.outbox import count_recent
from gateway.db.people import Person, get_or_create_person
from gateway.db.receipts import Receipt, Verdict, add_receipt
from gateway.db.tickets import Attachment, NewEntry, Ticket, add_entry, create_ticket, find_ticket
from gateway.domain.project import Project
from gateway.domain.ticket import Direction, EntryType, Language
from gateway.domain.trace import Trace
from gateway.mail.envelope import MailEnvelope
from gateway.mail.language import detect_language
from gateway.mail.marker import cut_at_marker
from gateway.mail.parsed import Mailbox, ParsedMessage
from gateway.notify.notices import Notice
from gateway.notify.policy import acknowledge
from gateway.runtime import Runtime
from gateway.spool.entry import SpoolEntry


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What is to become of a mail in one project.

    `match_rule` and `ticket_id` are None for a new ticket. `silence` is why no acknowledgement may go out, "" where
    one may. `visible` says whether the reporter sees the entry. `sender` is None only where `verdict` is not FILED.
    """

    verdict: Verdict
    reason: str
    sender: Mailbox | None = None
    ticket_id: int | None = None
    match_rule: str | None = None
    silence: str = ""
    visible: bool = True


@dataclass(frozen=True, kw_only=True)
class MailItem:
    """A mail on its way to be filed in one project. `fingerprint` is None where another mail owns it."""

    entry: SpoolEntry
    envelope: MailEnvelope
    message: ParsedMessage
    project: Project
    fingerprint: str | None
    trace: Trace


def file_message(connection: Connection, runtime: Runtime, item: MailItem, decision: Decision) -> Verdict:
    """Write the mail down as decided, with its receipt. Returns the verdict.

    Raises IntegrityError where another worker files the same mail at this moment; the next try finds its receipt.
    """
    ticket_id = entry_id = None
    if decision.verdict is Verdict.FILED:
        ticket, entry_id = write_entry(connection, runtime, item, decision)
        ticket_id = ticket.id
    add_receipt(
        connection,
        Receipt(
            spool_id=item.entry.id,
            lane=item.entry.lane,
            project=item.project.key,
            # What was ignored must not stand in the way of the same mail by a way that left it unmarked.
            fingerprint=None if decision.verdict is Verdict.IGNORED else item.fingerprint,
            message_id=item.message.message_id,
            sha256=item.entry.sha256,
            verdict=decision.verdict,
            reason=decision.reason,
            ticket_id=ticket_id,
            entry_id=entry_id,
            trace=item.trace.as_json(),
            envelope=item.envelope.to_json(),
            accepted_at=item.entry.accepted_at,
            filed_at=runtime.clock.now(),
        ),
    )
    return decision.verdict


def write_entry(connection: Connection, runtime: Runtime, item: MailItem, decision: Decision) -> tuple[Ticket, int]:
    """The timeline entry of a mail, on its ticket or on a new one, and the acknowledgement of a new one."""
    assert decision.sender is not None, "a mail without a sender is held"
    now = item.envelope.received_at
    person = get_or_create_person(connection, email=decision.sender.address, name=decision.sender.name, now=now)
    kept, removed = cut_at_marker(item.message.text)
    language = person.lang or detect_language(f"{item.message.subject}\n{kept}") or item.project.language
    ticket = None if decision.ticket_id is None else find_ticket(connection, ticket_id=decision.ticket_id)
    silence = decision.silence
    if ticket is None:
        ticket = create_ticket(
            connection,
            project=item.project.key,
            subject=item.message.subject,
            lang=language,
            reporter_id=person.id,
            now=now,
        )
        silence = silence or _cap_reached(connection, runtime, person, item)
    else:
        silence = silence or "a reply is not acknowledged"
    item.trace.note("acknowledgement", "none" if silence else "sent", silence)
    entry_id = add_entry(
        connection,
        ticket.id,
        NewEntry(
            at=now,
            type=EntryType.MESSAGE,
            direction=Direction.IN,
            channel=item.envelope.channel,
            author_id=person.id,
            author=person.email,
            text=kept,
            removed_text=removed,
            message_id=item.message.message_id,
            in_reply_to=item.message.in_reply_to[0] if item.message.in_reply_to else None,
            reference_ids=item.message.references,
            match=decision.match_rule,
            visible=decision.visible,
            raw_sha256=item.entry.sha256,
            data=_entry_data(item, silence),
        ),
        [
            Attachment(position=file.position, name=file.name, type=file.type, size=file.size, sha256=file.sha256)
            for file in item.message.files
        ],
    )
    if not silence:
        _acknowledge(connection, runtime, item, ticket=ticket, person=person, entry_id=entry_id, lang=language)
    return ticket, entry_id


def _acknowledge(
    connection: Connection,
    runtime: Runtime,
    item: MailItem,
    *,
    ticket: Ticket,
    person: Person,
    entry_id: int,
    lang: Language,
) -> None:
    acknowledge(
        connection,
        runtime=runtime,
        ticket=ticket,
        person=person,
        entry_id=entry_id,
        in_reply_to=item.message.message_id,
        reference_ids=item.message.references,
        lang=lang,
        now=runtime.clock.now(),
    )


def _cap_reached(connection: Connection, runtime: Runtime, person: Person, item: MailItem) -> str:
    cap = runtime.settings.mail.acknowledgements_per_day
    since = runtime.clock.now() - timedelta(days=1)
    written = count_recent(connection, notice=Notice.ACKNOWLEDGEMENT, recipient=person.email, since=since)
    item.trace.note("cap per address", "reached" if written >= cap else "below", f"{written} of {cap} in a day")
    return f"{written} acknowledgements to this address within a day" if written >= cap else ""


def _entry_data(item: MailItem, silence: str) -> dict[str, Any]:
    data: dict[str, Any] = {"spool_id": item.entry.id, "acknowledgement": silence or "sent"}
    if item.message.defects:
        data["defects"] = list(item.message.defects)
    reply_to = [mailbox.address for mailbox in item.message.reply_to]
    if reply_to:
        data["reply_to"] = reply_to
    return data
