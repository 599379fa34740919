"""What the agents of a project see of calls: voice messages that wait for a ticket, whom to call back, and the sound.

Each listing is for one person, and holds what belongs to the projects that they work for; what belongs to a ticket is
for the agents who see that ticket. Numbers are whole here:
these are the people who call back.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, select

from gateway.db.callbacks import OPEN_STATES, callback_requests
from gateway.db.calls import call_messages, calls
from gateway.db.people import people
from gateway.db.scope import sees_ticket
from gateway.db.ticket_events import history_of
from gateway.db.tickets import find_ticket, tickets
from gateway.domain.rights import may_note
from gateway.domain.ticket import STAFF
from gateway.errors import NotFound
from gateway.files.store import FileName, sound_name
from gateway.runtime import Runtime
from gateway.services.approach import place_of
from gateway.services.desk_scope import desk_scope
from gateway.services.roles import actor_for, roles_by_project, roles_in
from gateway.services.ticket_clocks import find_project


@dataclass(frozen=True, kw_only=True)
class Sound:
    """A voice message. `is_here` says that it can be played; `state` is that of its row, as `call show` prints it."""

    recording_id: str
    seconds: int
    state: str
    is_here: bool


@dataclass(frozen=True, kw_only=True)
class WaitingCall:
    """A call that waits for somebody to say which ticket it is about. `number` is None where it was withheld."""

    id: int
    project: str
    started_at: datetime
    number: str | None
    lang: str
    outcome: str
    sounds: tuple[Sound, ...]


@dataclass(frozen=True, kw_only=True)
class WaitingCallback:
    """Somebody to call back. `agent` is who has it, an address; None while nobody does."""

    id: int
    project: str
    ref: str
    subject: str
    number: str | None
    requested_at: datetime
    due_at: datetime
    state: str
    attempts: int
    agent: str | None

    def is_overdue(self, now: datetime) -> bool:
        """True once somebody should have called."""
        return now > self.due_at


@dataclass(frozen=True, kw_only=True)
class SoundFile:
    """A voice message's file, in the store of files, and what to serve it as."""

    name: FileName
    type: str
    size: int
    seconds: int
    project: str | None


def list_triage(
    connection: Connection, runtime: Runtime, *, email: str, limit: int | None = None, offset: int = 0
) -> list[WaitingCall]:
    """The calls that wait for this agent's projects, the oldest first; none for somebody who is no agent.

    A call whose project is not known waits for every agent. Without a `limit` it is all of them.
    """
    query = select(calls).where(_waits_for(connection, runtime, email)).order_by(calls.c.started_at, calls.c.id)
    rows = connection.execute(query.limit(limit).offset(offset)).all()
    sounds = sounds_of(connection, [row.id for row in rows])
    return [
        WaitingCall(
            id=row.id,
            project=row.project,
            started_at=row.started_at,
            number=row.caller if row.caller_kind == "e164" else None,
            lang=row.lang,
            outcome=row.outcome,
            sounds=tuple(sounds.get(row.id, [])),
        )
        for row in rows
    ]


def is_waiting(connection: Connection, runtime: Runtime, call_id: int, *, email: str) -> bool:
    """Whether this call is among them."""
    query = select(calls.c.id).where(calls.c.id == call_id, _waits_for(connection, runtime, email))
    return connection.scalar(query) is not None


def _waits_for(connection: Connection, runtime: Runtime, email: str) -> ColumnElement[bool]:
    keys = _worked_for(connection, runtime, email)
    return and_(calls.c.triage == "open", calls.c.project.in_([*keys, ""] if keys else []))


def list_callbacks_of(
    connection: Connection,
    runtime: Runtime,
    *,
    email: str,
    only: int | None = None,
    limit: int | None = None,
    offset: int = 0,
) -> list[WaitingCallback]:
    """The requests that are not closed, of tickets that this agent sees, the one that is due first first; `only` the
    one with this number. Without a `limit` it is all of them."""
    roles = roles_by_project(connection, runtime.settings.project_list, email)
    query = (
        select(callback_requests, tickets.c.ref, tickets.c.subject, people.c.email)
        .join(tickets, tickets.c.id == callback_requests.c.ticket_id)
        .outerjoin(people, people.c.id == callback_requests.c.agent_id)
        .where(callback_requests.c.state.in_(OPEN_STATES))
        .where(callback_requests.c.project.in_(_worked_for(connection, runtime, email)))
        .where(sees_ticket(desk_scope(roles)))
        .order_by(callback_requests.c.due_at, callback_requests.c.id)
        .limit(limit)
        .offset(offset)
    )
    if only is not None:
        query = query.where(callback_requests.c.id == only)
    return [
        WaitingCallback(
            id=row.id,
            project=row.project,
            ref=row.ref,
            subject=row.subject,
            number=row.number,
            requested_at=row.requested_at,
            due_at=row.due_at,
            state=row.state,
            attempts=row.attempts,
            agent=row.email,
        )
        for row in connection.execute(query)
    ]


def sounds_of(connection: Connection, call_ids: Collection[int]) -> dict[int, list[Sound]]:
    """The voice messages of these calls, by call."""
    found: dict[int, list[Sound]] = {}
    query = select(call_messages).where(call_messages.c.call_id.in_(call_ids)).order_by(call_messages.c.id)
    for row in connection.execute(query):
        found.setdefault(row.call_id, []).append(
            Sound(recording_id=row.recording_id, seconds=row.seconds, state=row.state, is_here=_is_here(row))
        )
    return found


def find_sound(connection: Connection, runtime: Runtime, recording_id: str, *, email: str) -> SoundFile:
    """The file of a voice message, for an agent who may hear it. Raises NotFound in every other case.

    - of a call on a ticket: agents who read that ticket's notes
    - of a call that waits, or was discarded: the agents of its project
    - not before it was fetched, and not after its time is over
    """
    query = (
        select(call_messages, calls.c.project, calls.c.ticket_id)
        .join(calls, calls.c.id == call_messages.c.call_id)
        .where(call_messages.c.recording_id == recording_id)
    )
    row = connection.execute(query).one_or_none()
    if row is None or not _is_here(row) or not _may_hear(connection, runtime, row, email):
        raise NotFound("there is no such message")
    return SoundFile(
        name=sound_name(row.sha256), type=row.type, size=row.size, seconds=row.seconds, project=row.project
    )


def _is_here(row: Row[Any]) -> bool:
    return row.sha256 is not None and row.state in {"stored", "kept"}


def _may_hear(connection: Connection, runtime: Runtime, row: Row[Any], email: str) -> bool:
    if row.ticket_id is None:
        keys = _worked_for(connection, runtime, email)
        return row.project in keys or (row.project == "" and bool(keys))
    return reads_notes_of(connection, runtime, row.ticket_id, email=email)


def reads_notes_of(connection: Connection, runtime: Runtime, ticket_id: int | None, *, email: str) -> bool:
    """Whether this is an agent who sees the ticket, and so what is said of its calls. False where there is none."""
    ticket = None if ticket_id is None else find_ticket(connection, ticket_id=ticket_id)
    project = None if ticket is None else find_project(runtime, ticket.project)
    if ticket is None or project is None:
        return False
    actor = actor_for(connection, project, email, reporter=ticket.reporter)
    return may_note(actor, place_of(ticket, history_of(connection, ticket))) is None


def _worked_for(connection: Connection, runtime: Runtime, email: str) -> list[str]:
    """The keys of the projects that a person works for."""
    return [project.key for project in runtime.settings.project_list if roles_in(connection, project, email) & STAFF]
