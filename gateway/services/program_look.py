"""What a program sees for the person whose token it has: their own tickets, their organisation's, and those that
they work on; of each what that person may read."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Row

from gateway.db.calls import list_calls_of
from gateway.db.conversation import entries_with, files_with, outline
from gateway.db.desk_rows import version_of
from gateway.db.joint_reporters import reports
from gateway.db.people import Person
from gateway.db.scope import Scope
from gateway.db.ticket_events import history_of
from gateway.db.ticket_page import count_read, seen_refs
from gateway.db.tickets import Ticket, find_ticket, list_attachments, list_entries
from gateway.domain.parts import page_upto
from gateway.domain.rights import Actor, may_see
from gateway.domain.ticket import STAFF, Direction, is_reference
from gateway.errors import NotFound
from gateway.mail.address import domain_of
from gateway.runtime import Runtime
from gateway.services.approach import place_of
from gateway.services.call_rows import call_row
from gateway.services.current_project import current_project
from gateway.services.desk_look import Sighting
from gateway.services.desk_scope import Roles, desk_scope
from gateway.services.roles import actor_on, roles_by_project
from gateway.services.seen_version import Version
from gateway.services.ticket_rows import entry_row, row_with, ticket_rows

NO_TICKET = "there is no such ticket"
_FOR_AGENTS: dict[str, Any] = {"match": None, "details": {}, "message_id": None, "in_reply_to": None}


def person_roles(connection: Connection, runtime: Runtime, person: Person) -> Roles:
    """What the person is, by project."""
    return roles_by_project(connection, runtime.settings.project_list, person.email)


def person_scope(connection: Connection, runtime: Runtime, person: Person) -> Scope:
    """Every ticket that the person sees, on the pages or at the desk."""
    domain = domain_of(person.email)
    projects = runtime.settings.project_list
    organisations = {project.key: domain for project in projects if domain in project.contract.organisations}
    found = desk_scope(person_roles(connection, runtime, person))
    return replace(found, reporter_id=person.id, organisations=organisations)


def rows_for(connection: Connection, runtime: Runtime, found: list[Ticket], person: Person) -> list[dict[str, Any]]:
    """The fields of tickets that the person sees; who has a ticket is for agents of its project, and
    entries are counted that the person reads."""
    worked_for = _worked_for(connection, runtime, person)
    read = count_read(connection, person_scope(connection, runtime, person), [one.id for one in found])
    rows = ticket_rows(connection, runtime, [replace(one, entries=read.get(one.id, 0)) for one in found])
    return [row if row["project"] in worked_for else row | {"assignee": None} for row in rows]


def find_for(connection: Connection, runtime: Runtime, ref: str, person: Person) -> Sighting:
    """The ticket as the person sees it. Raises NotFound in the same way where there is none and where it is not for
    them."""
    ticket = find_ticket(connection, ref=ref) if is_reference(ref) else None
    project = None if ticket is None else current_project(connection, runtime, ticket.project)
    if ticket is None or project is None:
        raise NotFound(NO_TICKET)
    actor = actor_on(connection, project, ticket, person.email)
    history = history_of(connection, ticket)
    place = place_of(ticket, history)
    if may_see(actor, place):
        raise NotFound(NO_TICKET)
    return Sighting(ticket=ticket, project=project, actor=actor, place=place, history=history, person_id=person.id)


def own_ticket(connection: Connection, runtime: Runtime, ref: str, person: Person) -> Ticket:
    """The ticket, where it is the person's own request or their organisation's, as on the pages of reporters. Raises
    NotFound."""
    seen = find_for(connection, runtime, ref, person)
    if not (seen.actor.is_colleague or reports(connection, seen.ticket, person.id)):
        raise NotFound(NO_TICKET)
    return seen.ticket


def agents_ticket(connection: Connection, runtime: Runtime, ref: str, person: Person) -> Sighting:
    """The ticket, where the person works on it. Raises NotFound for any other."""
    seen = find_for(connection, runtime, ref, person)
    if not seen.actor.is_agent:
        raise NotFound(NO_TICKET)
    return seen


def look_for(
    connection: Connection, runtime: Runtime, seen: Sighting, person: Person, *, upto: int | None = None
) -> dict[str, Any]:
    """A ticket with its timeline as `ticket show` prints it, without what this person does not read.

    Of a long timeline those entries that end with the one of the id `upto`, by default the newest; `next` is the id
    that the ones before them end with, None where there are none. Raises ValueError where the person reads no entry of
    this id.
    """
    read = [row for row in outline(connection, seen.ticket.id) if _reads(seen, row)]
    ids, before = page_upto([(row.id, row.length) for row in read], upto)
    files = files_with(connection, ids)
    timeline = []
    for entry in entries_with(connection, ids):
        attached = files.get(entry.id, [])
        timeline.append(_with_files(_entry(entry_row(entry, attached), seen.actor), attached))
    row = row_with(connection, runtime, seen.ticket, timeline)
    row |= {"entries": len(read), "next": before}
    around = {*row["links"], *row["merged"], row["merged_into"] or "", row["follows"] or ""} - {""}
    known = seen_refs(connection, person_scope(connection, runtime, person), around) if around else set()
    for name in ("links", "merged"):
        row[name] = [ref for ref in row[name] if ref in known]
    for name in ("merged_into", "follows"):
        row[name] = row[name] if row[name] in known else None
    return row if seen.actor.is_agent else row | {"assignee": None, "clocks": []}


def calls_for(
    connection: Connection, runtime: Runtime, person: Person, *, before: int | None, limit: int
) -> list[dict[str, Any]]:
    """Calls of the projects that the person works for, the newest first; a call of no known project is everybody's
    who works for any. The ticket of a call is named to those who see it."""
    keys = _worked_for(connection, runtime, person)
    found = list_calls_of(connection, {*keys, ""} if keys else set(), before=before, limit=limit)
    refs = {ref for _, ref in found if ref}
    known = seen_refs(connection, person_scope(connection, runtime, person), refs)
    return [call_row(row) | {"ticket": ref if ref in known else None} for row, ref in found]


def version_now(connection: Connection, ticket_id: int) -> Version:
    """What a program that reads the ticket now knows of it."""
    entry_id, event_id = version_of(connection, ticket_id)
    return Version(entry_id=entry_id, event_id=event_id)


def read_entry(connection: Connection, seen: Sighting, entry_id: int) -> Row[Any]:
    """An entry that the person reads, a row of `entries`. Raises NotFound."""
    for row in list_entries(connection, seen.ticket.id):
        if row.id == entry_id and _reads(seen, row):
            return row
    raise NotFound("there is no such entry")


def read_entries(connection: Connection, seen: Sighting) -> set[int]:
    """The ids of the entries that the person reads."""
    return {row.id for row in list_entries(connection, seen.ticket.id) if _reads(seen, row)}


def find_file(connection: Connection, seen: Sighting, file_id: int) -> tuple[Row[Any], Row[Any]]:
    """A file of an entry that the person reads, a row of `attachments`, and the entry, one of `entries`, in
    whose raw mail it is. Raises NotFound."""
    for entry_id, rows in list_attachments(connection, seen.ticket.id).items():
        for file in rows:
            entry = read_entry(connection, seen, entry_id) if file.id == file_id else None
            if entry is not None and entry.raw_sha256 is not None:
                return file, entry
    raise NotFound("there is no such file")


def _with_files(entry: dict[str, Any], files: Sequence[Row[Any]]) -> dict[str, Any]:
    rows = [{"id": row.id, **file} for row, file in zip(files, entry["attachments"], strict=True)]
    return entry | {"attachments": rows}


def stands_at(connection: Connection, ticket_id: int, version: Version) -> bool:
    """Whether nothing was written or changed since this version, by whomever."""
    return version_now(connection, ticket_id) == version


def _worked_for(connection: Connection, runtime: Runtime, person: Person) -> set[str]:
    return {key for key, roles in person_roles(connection, runtime, person).items() if roles & STAFF}


def _reads(seen: Sighting, row: Any) -> bool:
    return bool(row.visible) or (seen.actor.is_agent and seen.reads(row))


def _entry(entry: dict[str, Any], actor: Actor) -> dict[str, Any]:
    if actor.is_agent:
        return entry
    # What an agent's mail quotes may be notes of others.
    is_ours = entry["direction"] == Direction.OUT
    return entry | _FOR_AGENTS | {"references": [], "removed_text": "" if is_ours else entry["removed_text"]}
