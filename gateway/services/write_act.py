"""What an act leaves behind: the timeline entries, and the mail to the reporter where somebody else acted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from gateway.db.people import Person, find_person_by_id
from gateway.db.ticket_events import history_of
from gateway.db.tickets import Attachment, NewEntry, Ticket, add_entry
from gateway.domain.change import Change
from gateway.domain.events import TicketEvent
from gateway.domain.project import Project
from gateway.domain.ticket import Channel, Direction, EntryType, Language, Status
from gateway.notify.progress import tell_progress
from gateway.notify.thread import find_parent
from gateway.notify.wording import Told, sentences
from gateway.runtime import Runtime
from gateway.services.tell_changes import reason_lines, told_to_agents, told_to_reporter
from gateway.services.tell_joint import tell_joint_reporters
from gateway.services.tell_people import hang_entry
from gateway.services.ticket_clocks import ticket_clocks


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
class Act:
    """A change that was found to be allowed, by whom and when. `channel` is the door they came by."""

    project: Project
    before: Ticket
    doer: Person
    change: Change
    events: Sequence[TicketEvent]
    now: datetime
    channel: Channel | None
    source: Source | None


def write_down(connection: Connection, runtime: Runtime, act: Act, after: Ticket) -> int | None:
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
        entry = _entry(act, EntryType.SYSTEM, "\n".join(lines), visible=False)
        add_entry(connection, after.id, replace(entry, data=told_to_agents(act.events)))
    clocks = ticket_clocks(history_of(connection, after), act.project, now=act.now)
    told = told_to_reporter(act.events, was=Status(act.before.status), clocks=clocks)
    parent = find_parent(connection, after)
    entry_ids = _visible_entries(connection, act, after, text=text, told=told)
    written = entry_ids[0] if text else note_id
    if not entry_ids:
        return written
    tell_joint_reporters(
        connection,
        runtime,
        after,
        by=act.doer,
        entry_id=entry_ids[0],
        parent=parent,
        text=text,
        changes=told,
        now=act.now,
    )
    if act.doer.id == after.reporter_id:
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
    hang_entry(connection, entry_ids[0], message_id=message_id, parent=parent)
    return written


def _visible_entries(connection: Connection, act: Act, after: Ticket, *, text: str, told: Sequence[Told]) -> list[int]:
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


def _add_written(connection: Connection, act: Act, entry: NewEntry, *, more: Mapping[str, Any], by_mail: bool) -> int:
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


def _entry(act: Act, kind: EntryType, text: str, *, visible: bool) -> NewEntry:
    return NewEntry(
        at=act.now,
        type=kind,
        direction=Direction.INTERNAL,
        author_id=act.doer.id,
        author=act.doer.email,
        text=text,
        visible=visible,
    )
