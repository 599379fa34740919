"""What an agent does about calls: writes down one that no webhook told of, and says what becomes of others.

A call that nobody could link to a ticket is linked once, made a ticket of, or discarded with a reason. A call back is
claimed, tried, done or cancelled.
"""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Row, select

from gateway.db.callbacks import find_callback, move_callback
from gateway.db.calls import CallKey, calls, find_call, lock_call, update_call
from gateway.db.people import Person, get_or_create_person
from gateway.db.tickets import Ticket, find_ticket
from gateway.domain.call import CallEvent
from gateway.domain.reasons import Reason
from gateway.domain.ticket import STAFF, Language
from gateway.errors import Conflict, NotFound, Refused
from gateway.ids import new_spool_id
from gateway.mail.address import is_address, normalise_address
from gateway.runtime import Runtime
from gateway.services.call_desk import reads_notes_of
from gateway.services.log_call import log_event, refresh_call
from gateway.services.phone_ticket import caller_as_reporter, open_phone_ticket
from gateway.services.roles import roles_in
from gateway.services.ticket_clocks import find_project

CALLBACK_STATES = ("claimed", "attempted", "done", "cancelled")


@dataclass(frozen=True, kw_only=True)
class CallByHand:
    """A call that an agent had by telephone. `number` is in international form, None where it is not known.

    `form` is the number of the form that it was written on: the same call of the same form is on record once, however
    often it is sent. Without it, every one is a call of its own.
    """

    ref: str
    email: str
    number: str | None
    began_at: datetime
    seconds: int
    note: str = ""
    form: str = ""


def log_call_by_hand(runtime: Runtime, call: CallByHand) -> str:
    """Put the call on record and on its ticket, as an answered one; its id.

    Raises NotFound where there is no such ticket, Refused for somebody who does not work for its project, and for a
    call that has not ended yet.
    """
    if call.seconds < 1 or call.began_at + timedelta(seconds=call.seconds) > runtime.clock.now() + timedelta(minutes=1):
        raise Refused(Reason.CALL_NOT_OVER())
    with runtime.database.transaction() as connection:
        ticket = _ticket(connection, call.ref)
        agent = _agent(connection, runtime, ticket.project, call.email)
    ident = _ident(call) if call.form else str(new_spool_id(runtime.clock.now()))
    for event in _events(ident, call, project=ticket.project, agent_id=agent.id):
        log_event(runtime, CallKey(provider="manual", provider_id=ident), event)
    return ident


def _ident(call: CallByHand) -> str:
    """The same for the same call of the same form; when it began is left out, as a form tells it from its own sending.

    One who goes back and changes what they wrote has written down another call.
    """
    told = [call.form, call.email, call.ref.upper(), call.number, call.seconds, call.note]
    return sha256(json.dumps(told).encode()).hexdigest()[:32]


def _events(ident: str, call: CallByHand, *, project: str, agent_id: int) -> tuple[CallEvent, CallEvent]:
    """The same events that a webhook would have told of: the agent takes the call, and it ends."""
    ends_at = call.began_at + timedelta(seconds=call.seconds)
    known = {
        "source": "manual",
        "from": call.number,
        "from_kind": "anonymous" if call.number is None else "e164",
        "note": call.note,
    }
    taken = [
        {"name": "call.received", "project": project},
        {"name": "ticket.matched", "ticket": call.ref.upper()},
        {"name": "agent.accepted", "agent": agent_id},
    ]
    over = {"name": "agent.ended", "agent": agent_id, "status": "completed", "bridged": True, "seconds": call.seconds}
    ended: dict[str, Any] = {**known, "status": "completed", "seconds": call.seconds, "steps": [over]}
    return (
        CallEvent(key=f"{ident} began", kind="began", at=call.began_at, turn=0, data={**known, "steps": taken}),
        CallEvent(key=f"{ident} ended", kind="ended", at=ends_at, turn=1, data=ended),
    )


def link_call(runtime: Runtime, ident: str, *, ref: str, email: str) -> None:
    """Put a call that waits for it onto a ticket, with its message. Raises Conflict where that was decided before."""
    with runtime.database.transaction() as connection:
        row = _waiting(connection, ident, for_ticket=True)
        ticket = _ticket(connection, ref)
        _agent(connection, runtime, ticket.project, email)
        _link(connection, runtime, row, ticket, email=email)


def ticket_from_call(
    runtime: Runtime, ident: str, *, email: str, reporter: str | None = None, subject: str = "", project: str = ""
) -> str:
    """Make a ticket of a call that waits, and put the call with its message onto it; the ticket's reference.

    `reporter` is the caller's mail address where the agent knows it; without it, whoever is known by the number, or
    nobody that we could write to. `project` is needed where the call's own is not known. Raises Conflict where the call
    was decided on before, Refused for an address that is none and for who may not.
    """
    if reporter is not None and not is_address(reporter):
        raise Refused(Reason.NO_ADDRESS(address=reporter))
    with runtime.database.transaction() as connection:
        row = _waiting(connection, ident, for_ticket=True)
        key = row.project or project.upper()
        _agent(connection, runtime, key, email)
        found = find_project(runtime, key)
        assert found is not None, "somebody works for it"
        number = row.caller if row.caller_kind == "e164" else None
        if reporter is None:
            person = caller_as_reporter(connection, found, number, now=row.started_at)
        else:
            person = get_or_create_person(connection, email=normalise_address(reporter), name="", now=row.started_at)
        ticket = open_phone_ticket(
            connection, found, reporter=person, lang=Language(row.lang), began_at=row.started_at, subject=subject
        )
        _link(connection, runtime, row, ticket, email=email)
    return ticket.ref


def discard_call(runtime: Runtime, ident: str, *, reason: str, email: str) -> None:
    """Decide that a call needs no ticket. Raises Conflict where that was decided before, Refused without a reason."""
    if not reason.strip():
        raise Refused(Reason.CALL_SAYS_WHY())
    with runtime.database.transaction() as connection:
        row = _waiting(connection, ident)
        _agent(connection, runtime, row.project, email)
        update_call(connection, row.id, {"triage": "discarded", "triage_reason": f"{email}: {reason.strip()}"})


def settle_callback(runtime: Runtime, callback_id: int, *, state: str, email: str) -> None:
    """Say how a call back fares. Raises NotFound, also for an agent who does not see its ticket, Conflict for one that
    is closed, Refused for who does not work for its project."""
    if state not in CALLBACK_STATES:
        raise Refused(Reason.CALLBACK_STATES(choices=", ".join(CALLBACK_STATES)))
    now = runtime.clock.now()
    with runtime.database.transaction() as connection:
        found = find_callback(connection, callback_id)
        if found is None:
            raise NotFound(Reason.NO_CALLBACK(number=callback_id))
        agent = _agent(connection, runtime, found.project, email)
        if not reads_notes_of(connection, runtime, found.ticket_id, email=email):
            raise NotFound(Reason.NO_CALLBACK(number=callback_id))
        tried = state in {"attempted", "done"}
        if not move_callback(connection, callback_id, state=state, agent_id=agent.id, now=now, tried=tried):
            raise Conflict(Reason.CALLBACK_CLOSED(number=callback_id, state=found.state))


def _link(connection: Connection, runtime: Runtime, row: Row[Any], ticket: Ticket, *, email: str) -> None:
    update_call(connection, row.id, {"triage": "linked", "ticket_id": ticket.id, "triage_reason": email})
    refresh_call(connection, runtime, connection.execute(select(calls).where(calls.c.id == row.id)).one())


def _waiting(connection: Connection, ident: str, *, for_ticket: bool = False) -> Row[Any]:
    """The locked row of a call that nobody has decided on; for a ticket, any that another system told of will do."""
    found = find_call(connection, ident)
    if found is None:
        raise NotFound(Reason.NO_CALL(call=ident))
    row = lock_call(connection, CallKey(provider=found.provider, provider_id=found.provider_id), now=found.started_at)
    is_free = row.provider == "pbx" and row.triage is None and row.ticket_id is None
    if row.triage != "open" and not (for_ticket and is_free):
        decided = Reason.CALL_DECIDED(call=ident, state=row.triage)
        raise Conflict(decided if row.triage else Reason.CALL_NOT_WAITING(call=ident))
    return row


def _ticket(connection: Connection, ref: str) -> Ticket:
    ticket = find_ticket(connection, ref=ref.upper())
    if ticket is None:
        raise NotFound(Reason.NO_TICKET(ref=ref))
    return ticket


def _agent(connection: Connection, runtime: Runtime, key: str, email: str) -> Person:
    project = find_project(runtime, key)
    if project is None or not roles_in(connection, project, email) & STAFF:
        raise Refused(Reason.WORKS_NOT_FOR(who=email, project=key) if key else Reason.WORKS_NOT_FOR_CALL(who=email))
    return get_or_create_person(connection, email=email, name="", now=runtime.clock.now())
