"""Mail that waits for a person's word, for programs: held mail, and what could not be filed."""

from collections.abc import Sequence
from typing import Any

from pydantic import AwareDatetime, BaseModel

from gateway.domain.audit import AuditAction
from gateway.domain.reasons import Reason as Why
from gateway.errors import Refused
from gateway.mail.address import is_address, normalise_address
from gateway.services.api_tokens import Scope
from gateway.services.desk_mail import (
    AsideEntry,
    ask_for,
    decides_for,
    discard_held,
    find_held,
    list_aside,
    list_held,
    replay_aside,
    require_aside,
)
from gateway.services.machines import DISCARD, REPLAY
from gateway.services.program_look import person_roles
from gateway.services.settle_item import discard_quarantined
from web.api_models import STRICT, Address, Done, WhyBody
from web.api_route import MAYBE_KEY, WRITING, Answer, Asked, Call, Download, Route, roles_of
from web.kept_files import raw_mail
from web.noting import note_read
from web.state import web


class HeldRow(BaseModel):
    """A mail that is understood and needs a person's word, with the rules that were tried."""

    model_config = STRICT

    id: str
    project: str
    reason: str
    sender: str
    accepted_at: AwareDatetime
    trace: list[dict[str, Any]]


class HeldMail(BaseModel):
    """The held mail of the projects for which the person decides, oldest first."""

    held: list[HeldRow]


class AsideRow(BaseModel):
    """An entry that could not be filed."""

    model_config = STRICT

    id: str
    lane: str
    reason: str
    attempts: int
    size: int
    projects: list[str]


class Quarantine(BaseModel):
    """What is set aside for the projects that the person supervises."""

    entries: list[AsideRow]


class ReleaseBody(Asked):
    """Under whose name the mail is filed; empty for its own sender's."""

    sender: Address = ""


def show_held(call: Call) -> Answer:
    """GET /mail/held"""
    keys = decides_for(roles_of(call))
    with web().runtime.database.reading() as connection:
        rows = [
            {
                "id": str(row.spool_id),
                "project": row.project,
                "reason": row.reason,
                "sender": str(row.envelope.get("mail_from") or ""),
                "accepted_at": row.accepted_at,
                "trace": row.trace,
            }
            for row in list_held(connection, keys)
        ]
    return Answer(body={"held": rows})


def held_raw(call: Call, spool_id: str) -> Download:
    """GET /mail/held/ID/raw"""
    runtime = web().runtime
    with runtime.database.reading() as connection:
        receipt = find_held(connection, spool_id, decides_for(person_roles(connection, runtime, call.bearer.person)))
    content = raw_mail(receipt.sha256, since=receipt.filed_at)
    note_read(AuditAction.RAW_READ, spool_id, project=receipt.project)
    return Download(content=content, name=f"{spool_id}.eml")


def release(call: Call, spool_id: str) -> Answer:
    """POST /mail/held/ID/release"""
    asked, state = call.body, web()
    assert isinstance(asked, ReleaseBody)
    keys = decides_for(roles_of(call))
    with state.runtime.database.reading() as connection:
        project = find_held(connection, spool_id, keys).project
    sender = normalise_address(asked.sender) if asked.sender else None
    if sender is not None and not is_address(sender):
        raise Refused(Why.NO_ADDRESS(address=sender))
    return Answer(
        body={
            "ticket": state.release_mail(
                state.runtime, spool_id, sender=sender, project=project, by=call.bearer.person.id
            )
        }
    )


def discard(call: Call, spool_id: str) -> Answer:
    """POST /mail/held/ID/discard"""
    asked = call.body
    assert isinstance(asked, WhyBody)
    discard_held(web().runtime, spool_id, decides_for(roles_of(call)), reason=asked.reason, by=call.bearer.person.id)
    return Answer(body={"ticket": None})


def show_aside(call: Call) -> Answer:
    """GET /mail/quarantine"""
    runtime = web().runtime
    with runtime.database.reading() as connection:
        found = list_aside(connection, runtime, person_roles(connection, runtime, call.bearer.person))
    rows = [
        {
            "id": str(one.entry.id),
            "lane": one.entry.lane.value,
            "reason": one.entry.reason,
            "attempts": one.entry.attempts,
            "size": one.entry.size,
            "projects": list(one.projects),
        }
        for one in found
    ]
    return Answer(body={"entries": rows})


def replay(call: Call, spool_id: str) -> Answer:
    """POST /mail/quarantine/ID/replay: through its lane again."""
    runtime = web().runtime
    one = _require_aside(call, spool_id)
    if one.machine is not None:
        ask_for(runtime, one, act=REPLAY, by=call.bearer.person.id)
    else:
        runtime.doorbell.ring_soon(replay_aside(runtime, one, by=call.bearer.person.id))
    return Answer(body={"ticket": None})


def discard_aside(call: Call, spool_id: str) -> Answer:
    """POST /mail/quarantine/ID/discard"""
    asked = call.body
    assert isinstance(asked, WhyBody)
    one = _require_aside(call, spool_id)
    if not asked.reason:
        raise Refused(Why.MAIL_SAYS_WHY())
    if one.machine is not None:
        ask_for(web().runtime, one, act=DISCARD, reason=asked.reason, by=call.bearer.person.id)
    else:
        discard_quarantined(web().runtime, spool_id, reason=asked.reason, by=call.bearer.person.id)
    return Answer(body={"ticket": None})


def _require_aside(call: Call, spool_id: str) -> AsideEntry:
    runtime = web().runtime
    with runtime.database.reading() as connection:
        return require_aside(connection, runtime, person_roles(connection, runtime, call.bearer.person), spool_id)


ROUTES: Sequence[Route] = (
    Route(
        name="list_held",
        method="GET",
        path="/mail/held",
        view=show_held,
        scope=Scope.MAIL_READ,
        summary="Held mail of the projects for which the person decides",
        answer=HeldMail,
    ),
    Route(
        name="held_raw",
        method="GET",
        path="/mail/held/<spool_id>/raw",
        view=held_raw,
        scope=Scope.MAIL_READ,
        summary="A held mail as it came",
        answer=None,
        errors=(404,),
    ),
    Route(
        name="release_held",
        method="POST",
        path="/mail/held/<spool_id>/release",
        view=release,
        scope=Scope.MAIL_WRITE,
        summary="File a held mail as a new ticket; the answer names it",
        answer=Done,
        body=ReleaseBody,
        errors=WRITING,
        needs=(MAYBE_KEY,),
    ),
    Route(
        name="discard_held",
        method="POST",
        path="/mail/held/<spool_id>/discard",
        view=discard,
        scope=Scope.MAIL_WRITE,
        summary="Decide that a held mail needs no ticket",
        answer=Done,
        body=WhyBody,
        errors=WRITING,
        needs=(MAYBE_KEY,),
    ),
    Route(
        name="list_quarantine",
        method="GET",
        path="/mail/quarantine",
        view=show_aside,
        scope=Scope.MAIL_READ,
        summary="What could not be filed, for supervisors",
        answer=Quarantine,
    ),
    Route(
        name="replay_entry",
        method="POST",
        path="/mail/quarantine/<spool_id>/replay",
        view=replay,
        scope=Scope.MAIL_WRITE,
        summary="Let an entry go through its lane again",
        answer=Done,
        errors=(404, 409, 422),
        needs=(MAYBE_KEY,),
    ),
    Route(
        name="discard_entry",
        method="POST",
        path="/mail/quarantine/<spool_id>/discard",
        view=discard_aside,
        scope=Scope.MAIL_WRITE,
        summary="Decide that an entry is not filed",
        answer=Done,
        body=WhyBody,
        errors=WRITING,
        needs=(MAYBE_KEY,),
    ),
)
