"""Where a mail about a ticket hangs: the Message-ID that it answers, and the words that it quotes."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, select

from gateway.db.outbox import deliveries
from gateway.db.tickets import Ticket, entries
from gateway.domain.ticket import Direction
from gateway.mail.references import build_references, is_sound_id

_QUOTED = 4000  # characters of the message that is answered; the status page has the rest


@dataclass(frozen=True, kw_only=True)
class Parent:
    """What a mail about a ticket answers: Message-ID and References (without brackets), and the words to quote."""

    message_id: str | None = None
    reference_ids: tuple[str, ...] = ()
    text: str = ""
    at: datetime | None = None

    @property
    def quote(self) -> dict[str, str]:
        """The words and their moment, for a mail's context; empty where nobody wrote."""
        return {} if self.at is None else {"quote": self.text, "quote_at": self.at.isoformat()}


def parent_of(message_id: str | None, reference_ids: Sequence[str]) -> Parent:
    """Under a mail with this Message-ID, which itself named these, oldest first. None for one that had no id."""
    sound = message_id if message_id and is_sound_id(message_id) else None
    return Parent(message_id=sound, reference_ids=build_references(reference_ids, message_id))


def find_parent(connection: Connection, ticket: Ticket) -> Parent:
    """What the next mail to the reporter hangs under.

    The last message of the ticket's thread, theirs or ours; where nobody wrote by mail, the last mail that we sent. To
    be quoted is always the last thing that came in.
    """
    visible = (
        select(entries)
        .where(entries.c.ticket_id == ticket.id, entries.c.visible, entries.c.type == "message")
        .order_by(entries.c.at.desc(), entries.c.id.desc())
    )
    said = connection.execute(visible.where(entries.c.direction == Direction.IN).limit(1)).one_or_none()
    thread = connection.execute(visible.where(entries.c.message_id.is_not(None)).limit(1)).one_or_none()
    if thread is not None and is_sound_id(thread.message_id):
        parent = parent_of(thread.message_id, thread.reference_ids)
    else:
        parent = find_last_sent(connection, ticket_id=ticket.id, person_id=ticket.reporter_id)
    return parent if said is None else replace(parent, text=said.text[:_QUOTED], at=said.at)


def find_last_answer(connection: Connection, ticket_id: int) -> str:
    """What was last written to the reporter; empty where nobody wrote."""
    query = (
        select(entries.c.text)
        .where(
            entries.c.ticket_id == ticket_id,
            entries.c.visible,
            entries.c.type == "message",
            entries.c.direction == Direction.OUT,
        )
        .order_by(entries.c.at.desc(), entries.c.id.desc())
        .limit(1)
    )
    return (connection.execute(query).scalar_one_or_none() or "")[:_QUOTED]


def find_last_sent(connection: Connection, *, ticket_id: int, person_id: int) -> Parent:
    """Under the last mail that this person got from us about the ticket; nothing where they got none."""
    query = (
        select(deliveries.c.message_id, deliveries.c.reference_ids)
        .where(deliveries.c.ticket_id == ticket_id, deliveries.c.person_id == person_id)
        .order_by(deliveries.c.id.desc())
        .limit(1)
    )
    sent = connection.execute(query).one_or_none()
    return Parent() if sent is None else parent_of(sent.message_id, sent.reference_ids)


def find_last_of(connection: Connection, *, ticket_ids: Collection[int], person_id: int) -> Parent:
    """Under the last mail about these tickets that this person wrote or got; nothing where there was none."""
    wrote = select(entries.c.message_id, entries.c.reference_ids, entries.c.at).where(
        entries.c.ticket_id.in_(ticket_ids),
        entries.c.author_id == person_id,
        entries.c.direction == Direction.IN,
        entries.c.message_id.is_not(None),
    )
    got = select(deliveries.c.message_id, deliveries.c.reference_ids, deliveries.c.created_at).where(
        deliveries.c.ticket_id.in_(ticket_ids), deliveries.c.person_id == person_id
    )
    last_got = connection.execute(got.order_by(deliveries.c.id.desc()).limit(1)).one_or_none()
    last_wrote = connection.execute(wrote.order_by(entries.c.at.desc(), entries.c.id.desc()).limit(1)).one_or_none()
    if last_wrote is None or (last_got is not None and last_got.created_at >= last_wrote.at):
        return Parent() if last_got is None else parent_of(last_got.message_id, last_got.reference_ids)
    return parent_of(last_wrote.message_id, last_wrote.reference_ids)
