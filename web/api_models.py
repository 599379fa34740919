"""What goes in and out of the API, as models: they check what programs send, and the document is drawn from them."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from gateway.domain.ticket import Kind, Level, Severity, Status
from web.api_route import Asked
from web.reply import MAX_TEXT, clean_text
from web.report_form import MAX_LINE, MAX_SUBJECT

STRICT = ConfigDict(extra="forbid")
MOST = 100
"""Things in one answer."""


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("no such moment") from None


Moment = Annotated[AwareDatetime, AfterValidator(_in_utc)]
Cleaned = AfterValidator(clean_text)
Words = Annotated[str, Field(max_length=MAX_TEXT), Cleaned]
Line = Annotated[str, Field(max_length=MAX_LINE), Cleaned]
Ref = Annotated[str, Field(pattern="^[A-Z][A-Z0-9]*-[1-9][0-9]*$", max_length=24)]
Reason = Annotated[str, Field(max_length=2000), Cleaned]
Address = Annotated[str, Field(max_length=254), Cleaned]
Fields = Annotated[dict[Annotated[str, Field(max_length=40)], Line], Field(max_length=20)]
ProjectKey = Annotated[str, Field(pattern="^[A-Z][A-Z0-9]{0,9}$")]


class WhyBody(Asked):
    """Why."""

    reason: Reason


class TicketQuery(Asked):
    """Which tickets; what is not said leaves everything."""

    project: ProjectKey | None = None
    status: Status | None = None
    level: Level | None = None
    severity: Severity | None = None
    kind: Kind | None = None
    assignee: Literal["me", "nobody"] | None = None
    since: Moment | None = Field(default=None, description="Those that moved at this moment or later.")
    cursor: str | None = Field(default=None, max_length=100, description="`next` of the page before.")
    limit: int = Field(default=50, ge=1, le=MOST)


class TimelineQuery(Asked):
    """Which page of a timeline; the newest entries where none is said."""

    cursor: str | None = Field(default=None, max_length=100, description="`next` of the page of newer entries.")


class SearchQuery(Asked):
    """Words to be found anywhere in a ticket, each of them."""

    q: Annotated[str, Field(min_length=1, max_length=200), Cleaned]
    limit: int = Field(default=50, ge=1, le=MOST)


class ChangeBody(Asked):
    """An act on a ticket: all of it is done, or nothing."""

    severity: Severity | None = None
    status: Status | None = None
    level: Level | None = None
    kind: Kind | None = None
    fields: Fields = Field(default={}, description="What the kind of work asks for.")
    assign: Annotated[str, Field(max_length=254), Cleaned] | None = Field(
        default=None, description="An agent's address; empty for nobody."
    )
    reply: Words = Field(default="", description="Written to the reporter.")
    workaround: Words = Field(default="", description="Written to the reporter: service is restored so.")
    note: Words = Field(default="", description="Internal; never shown to the reporter.")
    reason: Words = Field(default="", description="Why; for agents.")


class ReportBody(Asked):
    """What the report form asks for."""

    project: ProjectKey | None = Field(default=None, description="May be left out where there is one alone.")
    kind: Kind
    severity: Severity | None = None
    subject: Annotated[str, Field(min_length=1, max_length=MAX_SUBJECT), Cleaned]
    text: Annotated[str, Field(min_length=1, max_length=MAX_TEXT), Cleaned]
    since: Line = ""
    expected: Words = ""
    fields: Fields = Field(default={}, description="What the kind of work asks for.")


class ReplyBody(Asked):
    """What the reply box takes; the text may be left out where there are files."""

    text: Words = ""


class TicketRow(BaseModel):
    """A ticket, as `gateway ticket list --json` prints it. `assignee` is for agents of the project;
    `entries` counts what the person reads."""

    model_config = STRICT

    ref: str
    project: str
    subject: str
    kind: Kind
    severity: Severity | None
    status: Status
    level: Level
    reporter: str
    assignee: str | None
    created_at: AwareDatetime
    updated_at: AwareDatetime
    entries: int
    gti_due: AwareDatetime | None
    gti_state: str
    gtr_due: AwareDatetime | None
    gtr_state: str


class FileRow(BaseModel):
    """A file of an entry; `id` is None where there is nothing of it to download."""

    model_config = STRICT

    id: int | None
    name: str
    type: str
    size: int
    sha256: str


class EntryRow(BaseModel):
    """An entry of a timeline; `details` and where its mail belongs are for agents of the project."""

    model_config = STRICT

    id: int
    at: AwareDatetime
    type: str
    direction: str
    author: str | None
    text: str
    removed_text: str
    attachments: list[FileRow]
    message_id: str | None
    in_reply_to: str | None
    references: list[str]
    channel: str | None
    match: str | None
    visible: bool
    details: dict[str, Any]


class TicketShown(TicketRow):
    """A ticket with its timeline, as `gateway ticket show --json` prints it; `entries` counts those that are shown to
    the person. Of a long timeline `timeline` is a page, the oldest entry first: the newest entries, or those that
    `cursor` asked for. `next` is the cursor of the entries before them, null where there are none."""

    links: list[str]
    merged: list[str]
    merged_into: str | None
    follows: str | None
    fields: dict[str, str]
    people: list[str]
    timeline: list[EntryRow]
    next: str | None
    clocks: list[str]


class TicketPage(BaseModel):
    """Tickets, the one that moved last first. `next` is the cursor of the next page, null on the last one."""

    tickets: list[TicketRow]
    next: str | None


class TicketsFound(BaseModel):
    """Tickets that hold the words, the one that moved last first; `cut` where there are more, or may be: words that are
    everywhere are looked for in what moved last."""

    tickets: list[TicketRow]
    cut: bool


class ReportTaken(BaseModel):
    """A report or an answer that is safe with us; `ticket` is null until it is on one, within moments."""

    model_config = STRICT

    number: str
    ticket: str | None


class Done(BaseModel):
    """It is done; `ticket` is the one to read next, null where there is none."""

    model_config = STRICT

    ticket: str | None


class Fault(BaseModel):
    """Something that is wrong with what was sent, and where."""

    where: str
    why: str


class ReasonSaid(BaseModel):
    """The name of a reason, and what its sentence names."""

    reason: str
    values: dict[str, str]


class Problem(BaseModel):
    """Why something was not done (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str | None = None
    errors: list[Fault] | None = None
    reasons: list[ReasonSaid] | None = Field(default=None, description="What `detail` says, by names that stay.")
    incident: str | None = Field(default=None, description="To be told to us where the fault is on our side.")
