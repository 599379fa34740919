"""What a person sent by a form of ours, as it waits in the spool: who and where in the envelope, the rest as a mail.

The payload is a MIME message whose first part is the text, with the files after it: it is archived, scanned and taken
apart as any mail is. The envelope's `form` says which form it was. Entries from before forms could carry files are a
JSON document of a reply; they are read as long as one may be waiting.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from enum import StrEnum
from hashlib import sha256
from typing import Any

from gateway.db.people import Person
from gateway.db.tickets import Attachment, NewEntry
from gateway.domain.project import Project
from gateway.domain.ticket import Channel, Direction, EntryType, Kind, Severity
from gateway.domain.trace import Trace
from gateway.spool.entry import SpoolEntry, UnfitEntry

_TYPE = re.compile(r"[a-z0-9][a-z0-9.+-]*/[a-z0-9][a-z0-9.+-]*")
_BYTES = "application/octet-stream"


class BadForm(UnfitEntry):
    """Not what a form of ours writes, or about people and tickets that are not together."""


class Form(StrEnum):
    """The forms whose content goes through the spool."""

    REPLY = "reply"
    REPORT = "report"


@dataclass(frozen=True, kw_only=True)
class FormFile:
    """A file as the browser sent it. `name` and `type` are its claims."""

    name: str
    type: str
    content: bytes


@dataclass(frozen=True, kw_only=True)
class ReportAnswers:
    """What the report form asks for beside the text. `details` are those of the kind of work (`kinds.FIELDS`)."""

    project: str
    kind: Kind
    severity: Severity | None = None
    details: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class WebForm:
    """A form that was sent. `number` is the same for the same sending, however often it arrives; `ticket_id` is that
    of a reply, `subject` and `report` are those of a report."""

    form: Form
    person_id: int
    number: str
    at: datetime
    text: str
    ticket_id: int | None = None
    subject: str = ""
    report: ReportAnswers | None = None


@dataclass(frozen=True, kw_only=True)
class FormFiles:
    """The files of a form after the checks that mail goes through. `refused` are name and reason, as a code; `notes`
    what the entry must show, as codes."""

    kept: tuple[Attachment, ...] = ()
    refused: tuple[Mapping[str, str], ...] = ()
    notes: tuple[str, ...] = ()


def number_of(nonce: str, text: str, files: Sequence[FormFile] = ()) -> str:
    """The key by which a sending is filed once: of the form's own number and of all that was sent."""
    sums = [f"{file.name}\n{sha256(file.content).hexdigest()}" for file in files]
    return sha256("\n".join([nonce, *sums, text]).encode()).hexdigest()[:32]


def fingerprint_of(person_id: int, number: str) -> str:
    """The mark by which the receipt of a person's sending is found."""
    return sha256(f"web\n{person_id}\n{number}".encode()).hexdigest()


def envelope_of(form: WebForm) -> dict[str, Any]:
    """The envelope of its spool entry: ids, choices and times, nobody's words but those of `details`."""
    found: dict[str, Any] = {
        "channel": "web",
        "form": form.form.value,
        "received_at": form.at.isoformat(),
        "person_id": form.person_id,
        "number": form.number,
    }
    if form.ticket_id is not None:
        found["ticket_id"] = form.ticket_id
    if form.report is not None:
        found |= {
            "project": form.report.project,
            "kind": form.report.kind.value,
            "severity": form.report.severity.value if form.report.severity else None,
            "details": dict(form.report.details),
        }
    return found


def payload_of(form: WebForm, files: Sequence[FormFile]) -> bytes:
    """The text and the files as a MIME message. The first line of a report's text is its subject: a header would not
    keep it to the letter."""
    message = EmailMessage(policy=policy.SMTP)
    message.set_content(f"{form.subject}\n{form.text}" if form.form is Form.REPORT else form.text, cte="base64")
    for file in files:
        main, _, sub = _safe_type(file.type).partition("/")
        message.add_attachment(file.content, maintype=main, subtype=sub, filename=file.name)
    return message.as_bytes()


def read_form(entry: SpoolEntry) -> WebForm:
    """What a claimed entry of the web lane says. Raises BadForm."""
    try:
        return _from_mail(entry) if "form" in entry.envelope else _from_json(entry)
    except (ValueError, KeyError, TypeError, AttributeError, LookupError) as error:
        raise BadForm("not what a form of ours writes") from error


def _from_mail(entry: SpoolEntry) -> WebForm:
    envelope = entry.envelope
    message = BytesParser(policy=policy.default).parsebytes(entry.payload)
    body = message.get_body(("plain",))
    if body is None:
        raise BadForm("not what a form of ours writes")
    form, text, subject = Form(envelope["form"]), _text(body.get_content()), ""
    if form is Form.REPORT:
        subject, _, text = text.partition("\n")
    return WebForm(
        form=form,
        person_id=envelope["person_id"],
        number=envelope["number"],
        at=datetime.fromisoformat(envelope["received_at"]),
        text=text,
        ticket_id=envelope["ticket_id"] if form is Form.REPLY else None,
        subject=subject,
        report=_report(envelope) if form is Form.REPORT else None,
    )


def _report(envelope: Mapping[str, Any]) -> ReportAnswers:
    return ReportAnswers(
        project=envelope["project"],
        kind=Kind(envelope["kind"]),
        severity=Severity(envelope["severity"]) if envelope["severity"] else None,
        details=tuple((str(name), str(value)) for name, value in envelope["details"].items()),
    )


def _from_json(entry: SpoolEntry) -> WebForm:
    document = json.loads(entry.payload)
    return WebForm(
        form=Form.REPLY,
        person_id=document["person_id"],
        number=document["nonce"],
        at=datetime.fromisoformat(entry.envelope["received_at"]),
        text=document["text"],
        ticket_id=document["ticket_id"],
    )


def _safe_type(claimed: str) -> str:
    """The type as claimed, unless it would make the file a part that is taken apart."""
    kind = claimed.partition(";")[0].strip().lower()
    is_whole = _TYPE.fullmatch(kind) is not None and kind.partition("/")[0] not in {"multipart", "message"}
    return kind if is_whole else _BYTES


def _text(content: str) -> str:
    return content.replace("\r\n", "\n").removesuffix("\n")


@dataclass(frozen=True, kw_only=True)
class Written:
    """A form on its way to its ticket, with the files that are kept and the person and project that it names."""

    entry: SpoolEntry
    form: WebForm
    files: FormFiles
    person: Person
    project: Project
    trace: Trace


def entry_of(written: Written, **data: Any) -> NewEntry:
    """The timeline entry of a form. `data` is kept beside it."""
    found = {"refused_files": [dict(one) for one in written.files.refused], "notes": list(written.files.notes)}
    kept = {key: value for key, value in found.items() if value}
    return NewEntry(
        at=written.form.at,
        type=EntryType.MESSAGE,
        direction=Direction.IN,
        channel=Channel.WEB,
        author_id=written.person.id,
        author=written.person.email,
        text=written.form.text,
        match="session" if written.form.form is Form.REPLY else None,
        visible=True,
        raw_sha256=written.entry.sha256,
        data={"spool_id": written.entry.id} | kept | data,
    )
