"""A reporter says by the link of a mail that a solution works, or does not: asked on a page, filed from the web lane.

It goes the way of everybody's acts, `change_ticket`. The link is bound to the person, the ticket and this one solution;
once more said it changes nothing, and words that come too late are a reply.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, select

from gateway.db.joint_reporters import reports
from gateway.db.people import Person, find_person_by_id
from gateway.db.receipts import Receipt, Verdict, add_receipt, find_receipt, find_receipt_by_fingerprint
from gateway.db.ticket_events import history_of
from gateway.db.ticket_facts import lock_ticket
from gateway.db.tickets import NewEntry, Ticket, add_entry, entries, find_ticket
from gateway.domain.change import Change
from gateway.domain.outcome import Outcome, sayable
from gateway.domain.ticket import Channel, Direction, EntryType, Status
from gateway.domain.trace import Said, Trace
from gateway.errors import NotFound, Refused
from gateway.mail.tokens import BadToken
from gateway.notify.links import read_outcome
from gateway.runtime import Runtime
from gateway.services.change_ticket import apply_change
from gateway.services.record_web_reply import join_reply
from gateway.services.web_form import Form, FormFiles, WebForm, Written
from gateway.spool.entry import Lane, SpoolEntry

_KIND = "outcome"


class BadOutcome(Refused):
    """Not something that our own page writes."""


@dataclass(frozen=True, kw_only=True)
class Question:
    """What a link asks, and what may still be answered."""

    ticket: Ticket
    person: Person
    entry_id: int
    answers: frozenset[Outcome]


def find_question(connection: Connection, runtime: Runtime, token: str) -> Question:
    """The question behind a link. Raises NotFound for one that we did not make and for one that is too old."""
    try:
        numbers = read_outcome(runtime, token, today=runtime.clock.now().date())
    except (BadToken, ValueError):
        raise NotFound("no link of ours") from None
    ticket_id, person_id, entry_id = numbers
    ticket, person = find_ticket(connection, ticket_id=ticket_id), find_person_by_id(connection, person_id)
    if ticket is None or person is None or not reports(connection, ticket, person.id):
        raise NotFound("the ticket or the person of this link is gone")
    answers = _answers(connection, runtime, ticket, entry_id, now=runtime.clock.now())
    return Question(ticket=ticket, person=person, entry_id=entry_id, answers=answers)


def question_on(connection: Connection, runtime: Runtime, ticket: Ticket, person: Person) -> Question | None:
    """What its reporter may say on the ticket's own page of its last solution; None where there is nothing to say."""
    if not reports(connection, ticket, person.id):
        return None
    solved = [event.at for event in history_of(connection, ticket) if event.value == Status.RESOLVED]
    query = select(entries.c.id).where(
        entries.c.ticket_id == ticket.id, entries.c.visible, entries.c.at == max(solved, default=None)
    )
    entry_id = connection.execute(query.order_by(entries.c.id.desc()).limit(1)).scalar_one_or_none() if solved else None
    if entry_id is None:
        return None
    answers = _answers(connection, runtime, ticket, entry_id, now=runtime.clock.now())
    return Question(ticket=ticket, person=person, entry_id=entry_id, answers=answers) if answers else None


def accept_outcome(runtime: Runtime, question: Question, outcome: Outcome, *, text: str) -> None:
    """Put the answer into the spool, where it is safe; filing it comes next. Raises Deferred where it cannot be."""
    payload = {
        "kind": _KIND,
        "outcome": outcome.value,
        "ticket_id": question.ticket.id,
        "person_id": question.person.id,
        "entry_id": question.entry_id,
        "text": text,
    }
    envelope = {"channel": Channel.WEB.value, "received_at": runtime.clock.now().isoformat()}
    runtime.spool.accept(Lane.WEB, envelope, json.dumps(payload, ensure_ascii=False, sort_keys=True).encode())
    runtime.doorbell.ring_soon(Lane.WEB)


def is_outcome(entry: SpoolEntry) -> bool:
    """True for an entry of the web lane that `accept_outcome` wrote."""
    if not entry.payload.startswith(b"{"):  # a form with files, which may be large
        return False
    try:
        document = json.loads(entry.payload)
    except ValueError:
        return False
    return isinstance(document, dict) and document.get("kind") == _KIND


def record_outcome(entry: SpoolEntry, runtime: Runtime) -> None:
    """File a claimed entry: the ticket is closed or reopened, once, by its reporter.

    Words for which that comes too late are a reply like any other.
    """
    said = _read(entry)
    with runtime.database.transaction() as connection:
        ticket = lock_ticket(connection, said["ticket_id"])
        person = find_person_by_id(connection, said["person_id"])
        if ticket is None or person is None or not reports(connection, ticket, person.id):
            raise BadOutcome("the ticket or the person of this answer is gone, or they are not together")
        if find_receipt(connection, spool_id=entry.id, project=ticket.project) is not None:
            return
        receipt = _receipt(entry, runtime, ticket, said)
        if find_receipt_by_fingerprint(connection, fingerprint=receipt.fingerprint or "", project=ticket.project):
            receipt = replace(receipt, fingerprint=None, verdict=Verdict.DUPLICATE, reason="said before")
        else:
            receipt = _file(connection, runtime, entry, receipt, said, ticket=ticket, person=person)
        add_receipt(connection, receipt)


def _file(
    connection: Connection,
    runtime: Runtime,
    entry: SpoolEntry,
    receipt: Receipt,
    said: Mapping[str, Any],
    *,
    ticket: Ticket,
    person: Person,
) -> Receipt:
    """Do what was said for the first time; the receipt says what came of it."""
    at, outcome = datetime.fromisoformat(entry.envelope["received_at"]), Outcome(said["outcome"])
    words = _words(entry, person, said["text"], at=at) if said["text"] else None
    if outcome in _answers(connection, runtime, ticket, said["entry_id"], now=at):
        change = Change(status=Status.CLOSED if outcome is Outcome.WORKS else Status.OPEN)
        apply_change(connection, runtime, ref=ticket.ref, change=change, by=person.email, channel=Channel.WEB)
        return replace(receipt, entry_id=add_entry(connection, ticket.id, words) if words else None)
    if words is None:
        return replace(receipt, verdict=Verdict.DUPLICATE, reason="said before, or the request has moved on")
    ticket_id, entry_id = _reply_instead(connection, runtime, entry, words, ticket=ticket, person=person)
    return replace(receipt, reason="the request has moved on: a reply", ticket_id=ticket_id, entry_id=entry_id)


def _reply_instead(
    connection: Connection, runtime: Runtime, entry: SpoolEntry, words: NewEntry, *, ticket: Ticket, person: Person
) -> tuple[int, int]:
    form = WebForm(
        form=Form.REPLY, person_id=person.id, number=entry.id, at=words.at, text=words.text, ticket_id=ticket.id
    )
    written = Written(
        entry=entry,
        form=form,
        files=FormFiles(),
        person=person,
        project=runtime.project(ticket.project),
        trace=Trace(),
    )
    return join_reply(connection, runtime, written, words)


def _words(entry: SpoolEntry, person: Person, text: str, *, at: datetime) -> NewEntry:
    return NewEntry(
        at=at,
        type=EntryType.MESSAGE,
        direction=Direction.IN,
        channel=Channel.WEB,
        author_id=person.id,
        author=person.email,
        text=text,
        match="outcome link",
        visible=True,
        data={"spool_id": entry.id},
    )


def _receipt(entry: SpoolEntry, runtime: Runtime, ticket: Ticket, said: Mapping[str, Any]) -> Receipt:
    """That of an answer that does what it says; the same for the same said twice of one solution."""
    trace = Trace()
    trace.note("outcome link", "match", said["outcome"])
    trace.note("outcome", "said", Said("the ticket was {status}", status=ticket.status))
    mark = "\n".join(["outcome", *(str(said[name]) for name in ("person_id", "entry_id", "outcome", "text"))])
    return Receipt(
        spool_id=entry.id,
        lane=entry.lane,
        project=ticket.project,
        fingerprint=sha256(mark.encode()).hexdigest(),
        message_id=None,
        sha256=entry.sha256,
        verdict=Verdict.FILED,
        reason=said["outcome"],
        ticket_id=ticket.id,
        entry_id=None,
        trace=trace.as_json(),
        envelope=dict(entry.envelope),
        accepted_at=entry.accepted_at,
        filed_at=runtime.clock.now(),
    )


def _answers(
    connection: Connection, runtime: Runtime, ticket: Ticket, entry_id: int, *, now: datetime
) -> frozenset[Outcome]:
    told_at = connection.execute(
        select(entries.c.at).where(entries.c.id == entry_id, entries.c.ticket_id == ticket.id)
    ).scalar_one_or_none()
    if told_at is None or ticket.merged_into_id is not None:
        return frozenset()
    history = history_of(connection, ticket)
    return sayable(history, told_at=told_at, now=now, reopen_days=runtime.settings.intake.reopen_days)


def _read(entry: SpoolEntry) -> dict[str, Any]:
    try:
        document = json.loads(entry.payload)
        said = {name: document[name] for name in ("outcome", "ticket_id", "person_id", "entry_id", "text")}
        Outcome(said["outcome"])
    except (ValueError, KeyError, TypeError) as error:
        raise BadOutcome("not an answer that our page writes") from error
    return said
