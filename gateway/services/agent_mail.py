"""An agent's mail on a ticket: what it orders is done, its text is the answer to the reporter or a note.

All of it is done or nothing: where a line is not understood or the rules do not allow it, the mail is kept as a
note, and the agent gets one answer that says why and lists the orders that there are.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from gateway.db.people import Person
from gateway.db.tickets import NewEntry, Ticket, add_entry
from gateway.domain.reasons import Reason, Why
from gateway.domain.ticket import Direction, EntryType
from gateway.domain.trace import Said
from gateway.errors import Refused
from gateway.notify.notices import Notice
from gateway.notify.thread import parent_of
from gateway.notify.ticket_mail import write_ticket_mail
from gateway.runtime import Runtime
from gateway.services.answer_caps import cap_reached, count_answer
from gateway.services.change_ticket import apply_change
from gateway.services.mail_item import Decision, MailItem, Order
from gateway.services.write_act import Source
from gateway.services.write_mail_entry import mail_files


def act_by_mail(
    connection: Connection, runtime: Runtime, item: MailItem, decision: Decision, *, ticket: Ticket, agent: Person
) -> int:
    """Do what the mail asks for and return the entry that keeps it."""
    assert decision.order is not None, "only for a mail that orders something"
    faults = decision.order.faults or _do(
        connection, runtime, item, decision, order=decision.order, ticket=ticket, agent=agent
    )
    if isinstance(faults, int):
        item.trace.note("orders", "done", Said("{count} characters", count=len(item.text)))
        return faults
    item.trace.note("orders", "refused", whys=faults)
    silence = cap_reached(connection, runtime, item.trace, recipient=agent.email)
    entry_id = _keep_as_note(
        connection,
        item,
        decision,
        ticket=ticket,
        agent=agent,
        more={"flags": [*decision.flags, "orders-refused"], "acknowledgement": silence or "sent"},
    )
    if not silence:
        _tell_refused(connection, runtime, item, ticket=ticket, agent=agent, entry_id=entry_id, faults=faults)
        count_answer(connection, runtime, recipient=agent.email)
    return entry_id


def _do(
    connection: Connection,
    runtime: Runtime,
    item: MailItem,
    decision: Decision,
    *,
    order: Order,
    ticket: Ticket,
    agent: Person,
) -> int | tuple[Why, ...]:
    """The id of the entry, or why it may not be."""
    source = Source(
        message_id=item.message.message_id,
        raw_sha256=item.entry.sha256,
        match=decision.match_rule or "",
        removed_text=item.removed_text,
        data={"spool_id": item.entry.id, "authentication": item.authentication.as_json()},
        files=mail_files(item),
    )
    try:
        changed = apply_change(
            connection,
            runtime,
            ref=ticket.ref,
            change=order.change,
            by=agent.email,
            channel=item.envelope.channel,
            source=source,
        )
    except Refused as error:
        return error.whys or (Reason.REFUSED(),)
    if changed.entry_id is not None:
        return changed.entry_id
    return _keep_as_note(connection, item, decision, ticket=ticket, agent=agent, more={"flags": list(decision.flags)})


def _keep_as_note(
    connection: Connection,
    item: MailItem,
    decision: Decision,
    *,
    ticket: Ticket,
    agent: Person,
    more: Mapping[str, Any],
) -> int:
    note = NewEntry(
        at=item.envelope.received_at,
        type=EntryType.NOTE,
        direction=Direction.INTERNAL,
        channel=item.envelope.channel,
        author_id=agent.id,
        author=agent.email,
        text=item.text,
        removed_text=item.removed_text,
        message_id=item.message.message_id,
        match=decision.match_rule,
        visible=False,
        raw_sha256=item.entry.sha256,
        data={"spool_id": item.entry.id, "level": ticket.level} | dict(more),
    )
    return add_entry(connection, ticket.id, note, mail_files(item))


def _tell_refused(
    connection: Connection,
    runtime: Runtime,
    item: MailItem,
    *,
    ticket: Ticket,
    agent: Person,
    entry_id: int,
    faults: tuple[Why, ...],
) -> None:
    write_ticket_mail(
        connection,
        runtime,
        Notice.ORDERS_REFUSED,
        ticket=ticket,
        person=agent,
        entry_id=entry_id,
        parent=parent_of(item.message.message_id, item.message.references),
        context={"faults": [why.as_json() for why in faults]},
        now=runtime.clock.now(),
    )
