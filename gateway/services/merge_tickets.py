"""One ticket is taken over by another: its entries stay where they are, everything that comes later goes on there.

Mail and pages follow `merged_into_id` (`ticket_facts.follow_merges`), over as many merges as there were.
"""

from sqlalchemy import Connection, update

from gateway.db.change_participants import join_participants
from gateway.db.ticket_events import begin_history, record_event
from gateway.db.ticket_status import set_status
from gateway.db.tickets import Ticket, find_ticket, tickets
from gateway.domain.arranging import may_merge
from gateway.domain.change import NotAllowed
from gateway.domain.events import By, EventType, TicketEvent
from gateway.domain.reasons import Reason
from gateway.domain.ticket import Language, Status
from gateway.jobs.doorbell import OUTBOX
from gateway.runtime import Runtime
from gateway.services.approach import Approach, approach_all
from gateway.services.seen_version import Version, require_seen
from gateway.services.tell_reporter import note_happening, tell_happening

_TAKEN_OVER = {
    Language.FR: "{ref} a été fusionnée ici : {subject}",
    Language.EN: "{ref} was merged into this: {subject}",
}
_REASON = {Language.FR: "{line} — motif : {reason}", Language.EN: "{line}, because: {reason}"}


def merge_tickets(
    runtime: Runtime, *, ref: str, into: str, by: str, reason: str = "", version: Version | None = None
) -> Ticket:
    """Merge the ticket `ref` into the other, and return the one that survives.

    Where the other was merged itself, its survivor takes over. The reporter of `ref` is told once; everybody who was
    on it is then on the survivor. Raises NotFound where there is no such ticket for this person, NotAllowed with the
    reason, also where it is merged already, ChangedMeanwhile where `version` is no longer that of `ref`.
    """
    with runtime.database.transaction() as connection:
        merged, survivor = _approached(connection, runtime, ref=ref, into=into, by=by)
        require_seen(connection, merged.ticket.id, version, by=by)
        _check(merged, survivor, reason=reason.strip())
        _merge(connection, runtime, merged, survivor, reason=reason.strip())
        found = find_ticket(connection, ticket_id=survivor.ticket.id)
        assert found is not None, "locked in this transaction"
    runtime.doorbell.ring_soon(OUTBOX)
    return found


def _approached(connection: Connection, runtime: Runtime, *, ref: str, into: str, by: str) -> tuple[Approach, Approach]:
    """Both, and the survivor of the other: locked together, in the one order that every act has."""
    last = _survivor(connection, into.upper())
    merged, named, survivor = approach_all(connection, runtime, refs=[ref, into, last], by=by)
    for found in (merged, named, survivor):
        found.require_sight()
    if survivor.ticket.merged_into_id is not None or _survivor(connection, named.ticket.ref) != last:
        raise NotAllowed(Reason.NO_SURVIVOR(ref=named.ticket.ref))
    return merged, survivor


def _survivor(connection: Connection, ref: str) -> str:
    """Where the merges of a ticket end as of now, without a lock: itself where it is none or was not merged."""
    ticket, seen = find_ticket(connection, ref=ref), set[int]()
    while ticket is not None and ticket.merged_into_id is not None and ticket.id not in seen:
        seen.add(ticket.id)
        ticket = find_ticket(connection, ticket_id=ticket.merged_into_id)
    return ref if ticket is None else ticket.ref


def _check(merged: Approach, survivor: Approach, *, reason: str) -> None:
    if merged.ticket.id == survivor.ticket.id:
        raise NotAllowed(Reason.MERGED_INTO_ITSELF(ref=merged.ticket.ref))
    if merged.project.key != survivor.project.key:
        raise NotAllowed(Reason.MERGED_OVER_PROJECTS())
    if fault := may_merge(merged.actor, merged.place, survivor.place, reason=reason):
        raise NotAllowed(Reason.NOT_MERGED_INTO(ref=merged.ticket.ref, into=survivor.ticket.ref), fault)


def _merge(connection: Connection, runtime: Runtime, merged: Approach, survivor: Approach, *, reason: str) -> None:
    now, ticket = runtime.clock.now(), merged.ticket
    doer = merged.person(connection, runtime)
    begin_history(connection, ticket)
    event = TicketEvent(
        type=EventType.STATUS, at=now, by=By.AGENT, author=merged.email, value=Status.MERGED, reason=reason
    )
    record_event(connection, ticket.id, event)
    set_status(connection, ticket.id, Status.MERGED, now=now)
    connection.execute(update(tickets).where(tickets.c.id == ticket.id).values(merged_into_id=survivor.ticket.id))
    join_participants(connection, from_id=ticket.id, into=survivor.ticket, now=now)
    lang = survivor.project.language
    line = _TAKEN_OVER[lang].format(ref=ticket.ref, subject=ticket.subject)
    text = _REASON[lang].format(line=line, reason=reason) if reason else line
    note_happening(connection, ticket=survivor.ticket, doer=doer, text=text, event="took over", now=now, ref=ticket.ref)
    tell_happening(
        connection,
        runtime,
        ticket=ticket,
        doer=doer,
        what="merged",
        value=survivor.ticket.ref,
        now=now,
    )
