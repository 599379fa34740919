"""An act on a ticket: checked, written down as events, shown on the timeline, told to the reporter.

One transaction: the events, the ticket's row, the timeline entries and one mail. Deciding is `domain.change`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update

from gateway.db.people import Person, find_person_by_id, get_or_create_person
from gateway.db.ticket_events import begin_history, history_of, record_events, standing_of
from gateway.db.tickets import Attachment, NewEntry, Ticket, add_entry, entries, find_ticket, tickets
from gateway.domain.change import Change, Doer, plan_change
from gateway.domain.events import EventType, TicketEvent
from gateway.domain.project import Project
from gateway.domain.rights import Place
from gateway.domain.ticket import Channel, Direction, EntryType, Language, Level, Role, Status
from gateway.errors import NotFound, Refused
from gateway.jobs.doorbell import OUTBOX
from gateway.mail.address import is_address, normalise_address
from gateway.notify.progress import find_parent, tell_progress
from gateway.notify.wording import Told, sentences
from gateway.runtime import Runtime
from gateway.services.roles import actor_for, roles_in
from gateway.services.tell_changes import reason_lines, told_to_reporter
from gateway.services.ticket_clocks import find_project, ticket_clocks


@dataclass(frozen=True, kw_only=True)
class Source:
    """The mail that an act came by, which the entry of its text keeps: its files, its raw form, how it was matched."""

    message_id: str | None
    raw_sha256: str
    match: str
    removed_text: str
    data: Mapping[str, Any]
    files: Sequence[Attachment] = ()


@dataclass(frozen=True, kw_only=True)
class Changed:
    """The ticket as it then is, and the entry that holds what was written, None where nothing was."""

    ticket: Ticket
    entry_id: int | None


@dataclass(frozen=True, kw_only=True)
class _Act:
    """A change that was found to be allowed."""

    project: Project
    before: Ticket
    doer: Person
    change: Change
    events: Sequence[TicketEvent]
    now: datetime
    channel: Channel | None
    source: Source | None


def change_ticket(runtime: Runtime, *, ref: str, change: Change, by: str, channel: Channel | None = None) -> Ticket:
    """Do what the person with the address `by` asks for, all of it or nothing, and return the ticket as it then is.

    `channel` is the door they came by, None for the command line. Raises NotFound where there is no such ticket for
    them, NotAllowed with every reason where the rules do not let them.
    """
    with runtime.database.transaction() as connection:
        changed = apply_change(connection, runtime, ref=ref, change=change, by=by, channel=channel)
    runtime.doorbell.ring_soon(OUTBOX)
    return changed.ticket


def apply_change(
    connection: Connection,
    runtime: Runtime,
    *,
    ref: str,
    change: Change,
    by: str,
    channel: Channel | None = None,
    source: Source | None = None,
) -> Changed:
    """The same in the caller's transaction; nothing is written where it raises."""
    before = _locked(connection, ref)
    act = _allowed(connection, runtime, before, change, by=normalise_address(by), channel=channel, source=source)
    begin_history(connection, before)
    record_events(connection, before.id, act.events)
    entry_id = _write_down(connection, runtime, act, _update_row(connection, act))
    ticket = find_ticket(connection, ticket_id=before.id)
    assert ticket is not None, "changed in this transaction"
    return Changed(ticket=ticket, entry_id=entry_id)


def place_of(ticket: Ticket, history: Sequence[TicketEvent]) -> Place:
    """Where a ticket stands and has been."""
    standing = standing_of(ticket)
    been = {Level(event.value) for event in history if event.type is EventType.LEVEL}
    return Place(
        kind=standing.kind,
        severity=standing.severity,
        status=standing.status,
        level=standing.level,
        been=frozenset(been | {standing.level}),
    )


def _locked(connection: Connection, ref: str) -> Ticket:
    connection.execute(select(tickets.c.id).where(tickets.c.ref == ref.upper()).with_for_update())
    ticket = find_ticket(connection, ref=ref.upper())
    if ticket is None:
        raise NotFound(f"there is no ticket {ref}")
    return ticket


def _allowed(
    connection: Connection,
    runtime: Runtime,
    ticket: Ticket,
    change: Change,
    *,
    by: str,
    channel: Channel | None,
    source: Source | None,
) -> _Act:
    now = runtime.clock.now()
    project = find_project(runtime, ticket.project)
    if project is None:
        raise Refused(f"the project {ticket.project} has left the configuration")
    if not is_address(by):
        raise Refused(f"{by!r} is not a mail address")
    actor = actor_for(connection, project, by, reporter=ticket.reporter)
    change, roles = _with_assignee(connection, project, change)
    events = plan_change(
        change,
        place=place_of(ticket, history_of(connection, ticket)),
        assignee=_email(connection, ticket.assignee_id),
        doer=Doer(email=by, actor=actor, at=now),
        contract=project.contract,
        assignee_roles=roles,
    )
    doer = get_or_create_person(connection, email=by, name="", now=now)
    return _Act(
        project=project,
        before=ticket,
        doer=doer,
        change=change,
        events=events,
        now=now,
        channel=channel,
        source=source,
    )


def _with_assignee(connection: Connection, project: Project, change: Change) -> tuple[Change, frozenset[Role]]:
    if not change.assignee:
        return change, frozenset()
    assignee = normalise_address(change.assignee)
    return replace(change, assignee=assignee), roles_in(connection, project, assignee)


def _update_row(connection: Connection, act: _Act) -> Ticket:
    """Bring the row to what the events say."""
    values: dict[str, object] = {"updated_at": act.now}
    for event in act.events:
        match event.type:
            case EventType.KIND | EventType.LEVEL:
                values[event.type.value] = event.value
            case EventType.SEVERITY:
                values["severity"] = event.value or None
            case EventType.STATUS:
                values |= {"status": event.value, "closed_at": act.now if event.value == Status.CLOSED else None}
            case EventType.ASSIGNED:
                values["assignee_id"] = _person_id(connection, event.value, act.now)
    connection.execute(update(tickets).where(tickets.c.id == act.before.id).values(**values))
    after = find_ticket(connection, ticket_id=act.before.id)
    assert after is not None, "locked in this transaction"
    return after


def _write_down(connection: Connection, runtime: Runtime, act: _Act, after: Ticket) -> int | None:
    """The timeline entries, and the mail to the reporter where somebody else did what they may see.

    Returns the entry of what was written, the answer before the note.
    """
    note, note_id = act.change.note.strip(), None
    text = "\n\n".join(filter(None, (act.change.reply.strip(), act.change.workaround.strip())))
    if note:
        entry = _entry(act, EntryType.NOTE, note, visible=False)
        note_id = _add_written(connection, act, entry, more={"level": act.before.level}, by_mail=not text)
    lang = act.project.language
    if lines := reason_lines(act.events, lang=lang):
        add_entry(connection, after.id, _entry(act, EntryType.SYSTEM, "\n".join(lines), visible=False))
    clocks = ticket_clocks(history_of(connection, after), act.project, now=act.now)
    told = told_to_reporter(act.events, was=Status(act.before.status), clocks=clocks)
    parent = find_parent(connection, after)
    entry_ids = _visible_entries(connection, act, after, text=text, told=told)
    written = entry_ids[0] if text else note_id
    if not entry_ids or act.doer.id == after.reporter_id:
        return written
    reporter = find_person_by_id(connection, after.reporter_id)
    assert reporter is not None, "a ticket has a reporter"
    message_id = tell_progress(
        connection,
        runtime=runtime,
        ticket=after,
        person=reporter,
        entry_id=entry_ids[0],
        parent=parent,
        text=text,
        changes=told,
        now=act.now,
    )
    values = {
        "message_id": message_id,
        "in_reply_to": parent.message_id,
        "reference_ids": list(parent.reference_ids),
    }
    connection.execute(update(entries).where(entries.c.id == entry_ids[0]).values(**values))
    return written


def _visible_entries(connection: Connection, act: _Act, after: Ticket, *, text: str, told: Sequence[Told]) -> list[int]:
    """The entries that the reporter sees: the answer first, then what changed."""
    written = []
    if text:
        entry = replace(_entry(act, EntryType.MESSAGE, text, visible=True), direction=Direction.OUT)
        written.append(_add_written(connection, act, entry, more={}, by_mail=True))
    if told:
        lines = sentences(told, lang=Language(after.lang), zone=act.project.calendar.zone_info)
        entry = _entry(act, EntryType.SYSTEM, "\n".join(lines), visible=True)
        written.append(add_entry(connection, after.id, replace(entry, data={"changes": [dict(one) for one in told]})))
    return written


def _add_written(connection: Connection, act: _Act, entry: NewEntry, *, more: Mapping[str, Any], by_mail: bool) -> int:
    """An entry of somebody's words, with the mail that they came by."""
    source = act.source if by_mail else None
    entry = replace(entry, channel=act.channel)
    if source is None:
        return add_entry(connection, act.before.id, replace(entry, data=dict(more)))
    kept = replace(
        entry,
        raw_sha256=source.raw_sha256,
        match=source.match,
        removed_text=source.removed_text,
        message_id=source.message_id,
        data=dict(source.data) | dict(more),
    )
    return add_entry(connection, act.before.id, kept, source.files)


def _entry(act: _Act, kind: EntryType, text: str, *, visible: bool) -> NewEntry:
    return NewEntry(
        at=act.now,
        type=kind,
        direction=Direction.INTERNAL,
        author_id=act.doer.id,
        author=act.doer.email,
        text=text,
        visible=visible,
    )


def _person_id(connection: Connection, email: str, now: datetime) -> int | None:
    return get_or_create_person(connection, email=email, name="", now=now).id if email else None


def _email(connection: Connection, person_id: int | None) -> str:
    person = None if person_id is None else find_person_by_id(connection, person_id)
    return "" if person is None else person.email
