"""A call event is put on record: the call's row, its entry on the ticket, the callback request, the ticket's clock.

Whatever comes first, twice or late leads to the same: the event is kept once by its key, and the rest is computed anew
from all events, under a lock on the call's row, in one transaction.
"""

import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, select, update

from gateway.config.locations import signing_keys
from gateway.db.call_texts import want_text
from gateway.db.callbacks import find_callback, forget_callback, join_callback, revise_callback
from gateway.db.calls import (
    CallKey,
    add_call_event,
    count_calls_of_callback,
    events_of_call,
    know_message,
    lock_call,
    messages_of_call,
    update_call,
)
from gateway.db.hotline import ticket_of_code
from gateway.db.people import people
from gateway.db.ticket_events import begin_history, record_event
from gateway.db.ticket_facts import follow_merges
from gateway.db.tickets import NewEntry, Ticket, add_entry, entries, find_ticket, tickets
from gateway.domain.business_hours import hours_of
from gateway.domain.calendar import USUAL_CALENDAR
from gateway.domain.call import CallEvent, CallRecord, Outcome, fold_call
from gateway.domain.events import By, EventType, TicketEvent
from gateway.domain.ticket import Channel, Direction, EntryType, Language
from gateway.runtime import Runtime
from gateway.services.call_entry import entry_data, entry_text, mask_number
from gateway.services.current_project import current_project
from gateway.services.phone_ticket import caller_as_reporter, open_phone_ticket
from gateway.services.ticket_clocks import find_project
from gateway.spool.entry import SpoolEntry, UnfitEntry


@dataclass(frozen=True, kw_only=True)
class _Logged:
    """A call as it is by now, with what it concerns."""

    row: Row[Any]
    record: CallRecord
    ticket: Ticket | None
    agents: Mapping[int, tuple[str, str]]  # name and address, by id
    sounds: Mapping[str, str | None]  # sums of messages, by recording id

    @property
    def names(self) -> dict[int, str]:
        return {number: name or email for number, (name, email) in self.agents.items()}


def log_call(entry: SpoolEntry, runtime: Runtime) -> set[str]:
    """File a claimed entry of the call lane. Returns no lanes: nothing is mailed about a call."""
    key, event = read_event(entry.payload)
    log_event(runtime, key, event)
    return set()


def read_event(payload: bytes) -> tuple[CallKey, CallEvent]:
    """The event of an entry. Raises UnfitEntry for what is none."""
    try:
        data = json.loads(payload)
        at = datetime.fromisoformat(data.pop("at"))
        if at.tzinfo is None:
            raise ValueError("a moment without a zone")
        if not 0 < len(data["key"]) <= 64:
            raise ValueError("a key of another kind")
        key = CallKey(provider=str(data.pop("provider")), provider_id=str(data.pop("call")))
        event = CallEvent(
            key=str(data.pop("key")), kind=str(data.pop("kind")), at=at, turn=int(data.pop("turn", 0)), data=data
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UnfitEntry("not a call event that we write") from error
    return key, event


def log_event(runtime: Runtime, key: CallKey, event: CallEvent) -> int:
    """Put an event on record, once however often it comes; the call's id."""
    with runtime.database.transaction() as connection:
        row = lock_call(connection, key, now=event.at)
        if add_call_event(connection, row.id, event):
            refresh_call(connection, runtime, row)
        return int(row.id)


def refresh_call(connection: Connection, runtime: Runtime, row: Row[Any]) -> None:
    """Compute a call, whose row is locked, and all that follows from it, from its events."""
    record = fold_call(events_of_call(connection, row.id))
    ticket = _ticket(connection, runtime, row, record)
    for message in record.messages:
        if message.seconds and message.status not in {"absent", "failed"}:
            know_message(connection, row.id, recording_id=message.id, seconds=message.seconds)
    _want_text(connection, runtime, row.id, record)
    sounds = {one.recording_id: one.sha256 for one in messages_of_call(connection, row.id)}
    logged = _Logged(row=row, record=record, ticket=ticket, agents=_agents(connection, record), sounds=sounds)
    callback_id = _callback(connection, runtime, logged)
    entry_id = _entry(connection, runtime, logged, callback_id) if ticket is not None else None
    stopped = row.stopped_gti or _stop_clock(connection, logged)
    values = _values(logged) | {"entry_id": entry_id, "callback_id": callback_id, "stopped_gti": stopped}
    update_call(connection, row.id, values)


def _values(logged: _Logged) -> dict[str, Any]:
    record, row = logged.record, logged.row
    is_missed = record.outcome is Outcome.MISSED and record.source == "pbx"
    waits = logged.ticket is None and (record.outcome is Outcome.MESSAGE or is_missed)
    return {
        "project": logged.ticket.project if logged.ticket else record.project,
        "ticket_id": logged.ticket.id if logged.ticket else None,
        "caller": record.caller,
        "caller_kind": record.caller_kind,
        "called": record.called[:64],
        "lang": record.lang,
        "started_at": record.started_at,
        "ended_at": record.ended_at,
        "answered_at": record.answered_at,
        "agent_id": record.answered_by if record.answered_by in logged.agents else None,
        "status": record.status,
        "outcome": record.outcome,
        "is_open": record.is_open,
        "trust": "ticket_ref" if record.ticket else "unverified" if record.unverified_code else "none",
        "waiting_seconds": record.waiting_seconds,
        "talk_seconds": record.talk_seconds,
        "total_seconds": record.total_seconds,
        "source": record.source,
        "details": entry_data(record, names=logged.names, sounds=logged.sounds),
        # A person's decision stays; what nobody has decided on follows the call.
        "triage": row.triage if row.triage not in {None, "open"} else "open" if waits else None,
    }


def _ticket(connection: Connection, runtime: Runtime, row: Row[Any], record: CallRecord) -> Ticket | None:
    """The ticket that a person linked, that the caller named or that the call begins; after merges the survivor."""
    if row.triage == "linked" and row.ticket_id is not None:
        return follow_merges(connection, row.ticket_id)
    if record.ticket is not None:
        found = find_ticket(connection, ref=record.ticket)
    elif record.unverified_code is not None:
        ticket_id = ticket_of_code(connection, record.unverified_code)
        found = None if ticket_id is None else find_ticket(connection, ticket_id=ticket_id)
        if found is not None and found.created_at >= record.started_at:
            found = None
    elif record.opens_ticket:
        if row.ticket_id is None:
            return _new_ticket(connection, runtime, record)
        return follow_merges(connection, row.ticket_id)
    else:
        return None
    return None if found is None else follow_merges(connection, found.id)


def _want_text(connection: Connection, runtime: Runtime, call_id: int, record: CallRecord) -> None:
    """A caller asked for the platform's address by text message."""
    if record.text_wanted_at is None or record.caller is None or record.caller_kind != "e164":
        return
    day = f"{record.text_wanted_at.date()}"
    key = hmac.digest(signing_keys(runtime.settings)[0], f"text {record.caller} {day}".encode(), "sha256").hex()
    most = runtime.settings.telephony.texts_per_hour
    want_text(connection, call_id, key=key, at=record.text_wanted_at, most_per_hour=most)


def _new_ticket(connection: Connection, runtime: Runtime, record: CallRecord) -> Ticket | None:
    """The ticket of a call that begins one. Once: the call's row, which is locked, has it from then on."""
    project = find_project(runtime, record.project)
    if project is None:
        return None
    began_at = record.opened_at or record.started_at
    reporter = caller_as_reporter(connection, project, record.caller, now=began_at)
    return open_phone_ticket(connection, project, reporter=reporter, lang=Language(record.lang), began_at=began_at)


def _agents(connection: Connection, record: CallRecord) -> dict[int, tuple[str, str]]:
    ids = {attempt.agent for attempt in record.attempts}
    if not ids:
        return {}
    query = select(people.c.id, people.c.name, people.c.email).where(people.c.id.in_(sorted(ids)))
    return {found.id: (found.name, found.email) for found in connection.execute(query)}


def _callback(connection: Connection, runtime: Runtime, logged: _Logged) -> int | None:
    """The request that this call makes; one that it makes no more, as more is known, is taken back."""
    record, ticket, known = logged.record, logged.ticket, logged.row.callback_id
    is_ours = known is not None and count_calls_of_callback(connection, known) == 1
    if ticket is None or not (record.wants_callback or record.outcome is Outcome.MESSAGE):
        return None if known is None or (is_ours and forget_callback(connection, known)) else int(known)
    project = current_project(connection, runtime, ticket.project)
    at = record.ended_at or record.started_at
    patience = timedelta(minutes=runtime.settings.telephony.callback_minutes)
    due_at = hours_of(project.calendar if project else USUAL_CALENDAR).add(at, patience)
    if known is None:
        return join_callback(
            connection, project=ticket.project, ticket_id=ticket.id, number=record.caller, at=at, due_at=due_at
        )
    if is_ours:
        revise_callback(connection, known, number=record.caller, at=at, due_at=due_at)
    return int(known)


def _entry(connection: Connection, runtime: Runtime, logged: _Logged, callback_id: int | None) -> int:
    """The one entry of this call, written now or written anew in its place."""
    record, ticket, row = logged.record, logged.ticket, logged.row
    assert ticket is not None, "asked for a call with a ticket"
    project = find_project(runtime, ticket.project)
    zone = (project.calendar if project else USUAL_CALENDAR).zone_info
    callback = None if callback_id is None else find_callback(connection, callback_id)
    due_at = None if callback is None else callback.due_at
    text = entry_text(record, names=logged.names, due_at=due_at, zone=zone, lang=ticket.lang)
    data = {"call_id": row.id, **entry_data(record, names=logged.names, sounds=logged.sounds)}
    if row.entry_id is not None:
        values = {"text": text, "data": data, "at": record.started_at, "author": mask_number(record.caller)}
        connection.execute(update(entries).where(entries.c.id == row.entry_id).values(**values, ticket_id=ticket.id))
        return int(row.entry_id)
    new = NewEntry(
        at=record.started_at,
        type=EntryType.CALL,
        direction=Direction.IN,
        channel=Channel.PHONE,
        author=mask_number(record.caller),
        text=text,
        visible=False,
        data=data,
    )
    entry_id = add_entry(connection, ticket.id, new)
    # A call that is heard of late must not make its ticket look older than it is.
    moved = max(ticket.updated_at, record.started_at)
    connection.execute(update(tickets).where(tickets.c.id == ticket.id).values(updated_at=moved))
    return entry_id


def _stop_clock(connection: Connection, logged: _Logged) -> bool:
    """A person talked to the reporter: an event in the ticket's history, once. True where it was written."""
    record, ticket = logged.record, logged.ticket
    agent = None if record.answered_by is None else logged.agents.get(record.answered_by)
    if ticket is None or agent is None or record.answered_at is None or record.outcome is not Outcome.ANSWERED:
        return False
    begin_history(connection, ticket)
    event = TicketEvent(type=EventType.CALL_ANSWERED, at=record.answered_at, by=By.AGENT, author=agent[1])
    record_event(connection, ticket.id, event)
    return True
