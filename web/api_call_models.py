"""What goes in and out of the API about calls, as models."""

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, Field

from web.api_models import MOST, STRICT, Address, Cleaned, Moment, ProjectKey, Ref, Words
from web.api_route import Asked
from web.report_form import MAX_SUBJECT


class CallQuery(Asked):
    """Calls before one of them."""

    before: int | None = Field(default=None, ge=1, le=2**31 - 1, description="`next` of the page before.")
    limit: int = Field(default=50, ge=1, le=MOST)


class CallRow(BaseModel):
    """A call, as `gateway call list --json` prints it, its number masked."""

    model_config = STRICT

    id: int
    provider: str
    provider_id: str
    project: str
    caller: str | None
    caller_kind: str
    called: str
    lang: str
    started_at: AwareDatetime
    answered_at: AwareDatetime | None
    ended_at: AwareDatetime | None
    status: str
    outcome: str
    is_open: bool | None
    trust: str
    waiting_seconds: int | None
    talk_seconds: int | None
    total_seconds: int | None
    source: str
    triage: str | None
    triage_reason: str | None
    ticket: str | None


class CallPage(BaseModel):
    """Calls, the latest first. `next` is the `before` of the next page, null on the last one."""

    calls: list[CallRow]
    next: int | None


class SoundRow(BaseModel):
    """A voice message; `is_here` says that it can be downloaded."""

    recording_id: str
    seconds: int
    state: str
    is_here: bool


class WaitingCallRow(BaseModel):
    """A call that waits for somebody to say which ticket it is about, with its whole number."""

    model_config = STRICT

    id: int
    project: str
    started_at: AwareDatetime
    number: str | None
    lang: str
    outcome: str
    sounds: list[SoundRow]


class WaitingCalls(BaseModel):
    """Those that wait, the oldest first."""

    calls: list[WaitingCallRow]


class CallbackRow(BaseModel):
    """Somebody to call back; `agent` is who has it, null while nobody does."""

    model_config = STRICT

    id: int
    project: str
    ref: str
    subject: str
    number: str | None
    requested_at: AwareDatetime
    due_at: AwareDatetime
    state: str
    attempts: int
    agent: str | None


class Callbacks(BaseModel):
    """Those that are not closed, the one that is due first first."""

    callbacks: list[CallbackRow]


class CallBody(Asked):
    """A call that the person had by telephone."""

    ticket: Ref
    began_at: Moment
    seconds: int = Field(ge=1, le=36_000)
    number: Annotated[str, Field(pattern=r"^\+[1-9][0-9]{6,14}$")] | None = Field(
        default=None, description="In international form; null where it is not known."
    )
    note: Words = ""


class CallLinkBody(Asked):
    """The ticket that a call is about."""

    ticket: Ref


class CallTicketBody(Asked):
    """What a call that waits becomes: `reporter` by address where that is known, `project` where the call's is not."""

    reporter: Address = ""
    subject: Annotated[str, Field(max_length=MAX_SUBJECT), Cleaned] = ""
    project: ProjectKey | None = None


class CallbackBody(Asked):
    """How a call back fares."""

    state: Literal["claimed", "attempted", "done", "cancelled"]
