"""What a ticket's entries hold beside their text, for programs: files, mail as it came, and why it was decided so."""

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict

from gateway.db.desk_rows import decisions_of
from gateway.domain.audit import AuditAction
from gateway.errors import NotFound
from gateway.services.api_tokens import Scope
from gateway.services.program_look import NO_TICKET, find_file, find_for, read_entries, read_entry
from web.api_route import Answer, Call, Download, Route
from web.kept_files import raw_mail
from web.noting import note_read
from web.state import web


class Decision(BaseModel):
    """What was decided about a mail, a call or a form: the rules that were tried, in order, with their evidence."""

    model_config = ConfigDict(extra="forbid")

    entry: int | None
    spool_id: str
    verdict: str
    reason: str
    trace: list[dict[str, Any]]


class Decisions(BaseModel):
    """The decisions about a ticket's entries, in order."""

    decisions: list[Decision]


def download(call: Call, ref: str, file: int) -> Download:
    """GET /tickets/REF/files/FILE. A file of an entry that the person does not read does not exist for them."""
    state, person = web(), call.bearer.person
    with state.runtime.database.reading() as connection:
        row, entry = find_file(connection, find_for(connection, state.runtime, ref, person), file)
    content = state.read_attachment(raw_mail(entry.raw_sha256, since=entry.at), row.position)
    return Download(content=content, name=row.name)


def original(call: Call, ref: str, entry: int) -> Download:
    """GET /tickets/REF/entries/ENTRY/raw: the mail, byte for byte, for agents."""
    runtime, person = web().runtime, call.bearer.person
    with runtime.database.reading() as connection:
        seen = find_for(connection, runtime, ref, person)
        row = read_entry(connection, seen, entry)
    if row.raw_sha256 is None or not seen.actor.is_agent:
        raise NotFound("there is no such mail")
    content = raw_mail(row.raw_sha256, since=row.at)
    note_read(AuditAction.RAW_READ, ref, project=seen.project.key, detail={"entry": entry})
    return Download(content=content, name=f"{ref}-{entry}.eml")


def explain(call: Call, ref: str) -> Answer:
    """GET /tickets/REF/decisions, for agents, of what they read."""
    runtime, person = web().runtime, call.bearer.person
    with runtime.database.reading() as connection:
        seen = find_for(connection, runtime, ref, person)
        if not seen.actor.is_agent:
            raise NotFound(NO_TICKET)
        rows = decisions_of(connection, seen.ticket.id, read_entries(connection, seen))
    return Answer(
        body={
            "decisions": [
                {
                    "entry": row.entry_id,
                    "spool_id": row.spool_id,
                    "verdict": str(row.verdict),
                    "reason": row.reason,
                    "trace": row.trace,
                }
                for row in rows
            ]
        }
    )


ROUTES: Sequence[Route] = (
    Route(
        name="download_file",
        method="GET",
        path="/tickets/<ref>/files/<int:file>",
        view=download,
        scope=Scope.TICKETS_READ,
        summary="A file of an entry, by the id that its timeline names",
        answer=None,
        errors=(404,),
    ),
    Route(
        name="raw_mail",
        method="GET",
        path="/tickets/<ref>/entries/<int:entry>/raw",
        view=original,
        scope=Scope.EVIDENCE_READ,
        summary="The mail of an entry as it came, for agents",
        answer=None,
        errors=(404,),
    ),
    Route(
        name="explain_ticket",
        method="GET",
        path="/tickets/<ref>/decisions",
        view=explain,
        scope=Scope.EVIDENCE_READ,
        summary="The decisions about a ticket's entries with their evidence, for agents",
        answer=Decisions,
        errors=(404,),
    ),
)
