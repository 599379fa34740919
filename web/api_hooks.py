"""What receivers of webhooks are sent, as models: the document is drawn from them, tests hold what is sent to it."""

from typing import Any

from pydantic import AwareDatetime, BaseModel, Field

from gateway.domain.hooks import HookEvent
from gateway.domain.ticket import Kind, Level, Severity, Status
from web.api_models import STRICT

HOOK_HEADERS = {
    "webhook-id": "The same each time that this is sent: take it once.",
    "webhook-timestamp": "When it was sent, in seconds since 1970; refuse what is older than five minutes.",
    "webhook-signature": "`v1,` and the base64 of HMAC-SHA256 over id, timestamp and body with dots between them; one "
    "for each secret, with a space between them.",
}
HOOK_SUMMARIES = {
    HookEvent.TICKET_CREATED: "A ticket was created",
    HookEvent.ENTRY_ADDED: "Something was written on its timeline",
    HookEvent.CALL_LOGGED: "A call was put on it",
    HookEvent.STATUS_CHANGED: "Its status changed",
    HookEvent.LEVEL_CHANGED: "It came before another level",
    HookEvent.SEVERITY_CHANGED: "Its severity changed",
    HookEvent.KIND_CHANGED: "Its kind of work changed",
    HookEvent.ASSIGNEE_CHANGED: "Another agent has it, or nobody; told where internal things are",
    HookEvent.MERGED: "Another ticket took it over: `into`",
    HookEvent.STEPPED: "A step of an advisory was taken in its project",
    HookEvent.CLOCK_WARNED: "A share of a guaranteed time is over: `percent`",
    HookEvent.CLOCK_BREACHED: "A guaranteed time is over",
    HookEvent.PING: "An operator tries the receiver",
}


class HookTicket(BaseModel):
    """The ticket as it stands when this is sent; `subject` and `reporter` only with `detail = "words"`."""

    model_config = STRICT

    ref: str
    project: str
    kind: Kind
    severity: Severity | None
    status: Status
    level: Level
    created_at: AwareDatetime
    updated_at: AwareDatetime
    api: str
    page: str
    subject: str | None = None
    reporter: str | None = None


class HookEntry(BaseModel):
    """The entry; its words only with `detail = "words"`, and of what reporters do not see with `internal` alone."""

    model_config = STRICT

    id: int
    type: str
    direction: str
    visible: bool
    author: str | None = None
    text: str | None = None
    is_cut: bool | None = None


class HookData(BaseModel):
    """What happened to what. `sequence` counts up at each receiver, with gaps."""

    model_config = STRICT

    sequence: int
    ticket: HookTicket | None
    entry: HookEntry | None
    change: dict[str, Any] = Field(description="`to`, `into`, `clock` and `percent`, `assigned`: what the event has.")


class HookBody(BaseModel):
    """The body of a webhook."""

    model_config = STRICT

    type: HookEvent
    timestamp: AwareDatetime
    data: HookData
