"""Tickets arranged by a program: put together and apart, linked, who is on them; and what a reporter says of one."""

from collections.abc import Callable, Sequence
from typing import Annotated, Literal

from flask_babel import gettext
from pydantic import BaseModel, Field

from gateway.domain.outcome import Outcome
from gateway.errors import Conflict
from gateway.services.api_tokens import Scope
from gateway.services.change_people import change_people
from gateway.services.leave_ticket import leave_out
from gateway.services.link_tickets import link_tickets
from gateway.services.merge_tickets import merge_tickets
from gateway.services.outcome import accept_outcome, question_on
from gateway.services.program_look import find_for, own_ticket, stands_at
from gateway.services.seen_version import Version
from gateway.services.split_ticket import split_ticket
from web.api_models import STRICT, Address, Cleaned, Done, Reason, Ref
from web.api_problem import ApiError
from web.api_route import BAD_BODY, IF_MATCH, MAYBE_KEY, ON_VERSION, Answer, Asked, Call, Route
from web.api_views import known_version
from web.report_form import MAX_SUBJECT
from web.state import web


class MergeBody(Asked):
    """The ticket that takes this one over, and why, for agents."""

    into: Ref
    reason: Reason = ""


class SplitBody(Asked):
    """The entries that become a ticket of their own; its subject is this one's where none is given."""

    entries: Annotated[list[Annotated[int, Field(ge=1, le=2**31 - 1)]], Field(min_length=1, max_length=200)]
    subject: Annotated[str, Field(max_length=MAX_SUBJECT), Cleaned] = ""
    reason: Reason = ""


class LinkBody(Asked):
    """The other ticket."""

    other: Ref


class PeopleBody(Asked):
    """Addresses to put onto the ticket, and to take off it."""

    add: Annotated[list[Address], Field(max_length=20)] = Field(default=[])
    remove: Annotated[list[Address], Field(max_length=20)] = Field(default=[])


class People(BaseModel):
    """Who is then on the ticket beside its reporter."""

    model_config = STRICT

    people: list[str]


class OutcomeBody(Asked):
    """What the reporter says of the solution; the text counts where it does not work."""

    answer: Literal["works", "unsolved"]
    text: Annotated[str, Field(max_length=25_000), Cleaned] = ""


def merge(call: Call, ref: str) -> Answer:
    """POST /tickets/REF/merge"""
    asked = call.body
    assert isinstance(asked, MergeBody)
    return _act(
        call,
        ref,
        lambda by, version: (
            merge_tickets(web().runtime, ref=ref, into=asked.into, by=by, reason=asked.reason, version=version).ref
        ),
    )


def split(call: Call, ref: str) -> Answer:
    """POST /tickets/REF/split"""
    asked = call.body
    assert isinstance(asked, SplitBody)

    def act(by: str, version: Version | None) -> str:
        created = split_ticket(
            web().runtime,
            ref=ref,
            entry_ids=asked.entries,
            by=by,
            subject=asked.subject,
            reason=asked.reason,
            version=version,
        )
        return created.ref

    return _act(call, ref, act)


def link(call: Call, ref: str) -> Answer:
    """POST /tickets/REF/links"""
    asked = call.body
    assert isinstance(asked, LinkBody)

    def act(by: str, version: Version | None) -> str:
        link_tickets(web().runtime, ref=ref, other=asked.other, by=by, version=version)
        return ref

    return _act(call, ref, act)


def people(call: Call, ref: str) -> Answer:
    """PATCH /tickets/REF/people"""
    asked = call.body
    assert isinstance(asked, PeopleBody)
    found: list[str] = []

    def act(by: str, version: Version | None) -> str:
        found.extend(change_people(web().runtime, ref=ref, by=by, add=asked.add, remove=asked.remove, version=version))
        return ref

    _act(call, ref, act)
    return Answer(body={"people": found})


def leave(call: Call, ref: str) -> Answer:
    """POST /tickets/REF/leave: who follows a request receives no further mail about it."""
    runtime, person = web().runtime, call.bearer.person
    with runtime.database.transaction() as connection:
        ticket = own_ticket(connection, runtime, ref, person)
        if ticket.reporter_id == person.id:
            raise ApiError(422, gettext("Nobody leaves a request of their own."))
        leave_out(connection, runtime, ticket, person)
    return Answer(body={"ticket": None})


def say_outcome(call: Call, ref: str) -> Answer:
    """POST /tickets/REF/outcome: through the spool, as by the link of a mail. Raises Deferred."""
    asked, runtime, person = call.body, web().runtime, call.bearer.person
    assert isinstance(asked, OutcomeBody)
    with runtime.database.reading() as connection:
        question = question_on(connection, runtime, own_ticket(connection, runtime, ref, person), person)
    said = Outcome(asked.answer)
    if question is None or said not in question.answers:
        raise ApiError(409, gettext("This request has moved on: there is nothing to confirm any more."))
    accept_outcome(runtime, question, said, text=asked.text if said is Outcome.UNSOLVED else "")
    return Answer(body={"ticket": ref})


def _act(call: Call, ref: str, act: Callable[[str, Version | None], str]) -> Answer:
    """Do it to a ticket that they see, on the version that they name. Raises ApiError where that is over."""
    runtime, person = web().runtime, call.bearer.person
    with runtime.database.reading() as connection:
        seen = find_for(connection, runtime, ref, person)  # NotFound before anything is said of it
        version = known_version()
        if version is not None and not stands_at(connection, seen.ticket.id, version):
            raise ApiError(412, gettext("The ticket has changed meanwhile: read it again."))
    try:
        return Answer(body={"ticket": act(person.email, version)})
    except Conflict:
        raise ApiError(412, gettext("The ticket has changed meanwhile: read it again.")) from None


ROUTES: Sequence[Route] = (
    Route(
        name="merge_ticket",
        method="POST",
        path="/tickets/<ref>/merge",
        view=merge,
        scope=Scope.TICKETS_WRITE,
        summary="Let another ticket take this one over; the answer names it",
        answer=Done,
        body=MergeBody,
        errors=(409, *ON_VERSION),
        needs=(IF_MATCH, MAYBE_KEY),
    ),
    Route(
        name="split_ticket",
        method="POST",
        path="/tickets/<ref>/split",
        view=split,
        scope=Scope.TICKETS_WRITE,
        summary="Make a ticket of some of its entries; the answer names it",
        answer=Done,
        body=SplitBody,
        errors=(409, *ON_VERSION),
        needs=(IF_MATCH, MAYBE_KEY),
    ),
    Route(
        name="link_ticket",
        method="POST",
        path="/tickets/<ref>/links",
        view=link,
        scope=Scope.TICKETS_WRITE,
        summary="Link two tickets",
        answer=Done,
        body=LinkBody,
        errors=(409, *ON_VERSION),
        needs=(IF_MATCH, MAYBE_KEY),
    ),
    Route(
        name="change_people",
        method="PATCH",
        path="/tickets/<ref>/people",
        view=people,
        scope=Scope.TICKETS_WRITE,
        summary="Put people onto a ticket, take them off it",
        answer=People,
        body=PeopleBody,
        errors=ON_VERSION,
        needs=(IF_MATCH,),
    ),
    Route(
        name="leave_ticket",
        method="POST",
        path="/tickets/<ref>/leave",
        view=leave,
        scope=Scope.REPORT,
        summary="Receive no further mail about somebody else's request",
        answer=Done,
        errors=(404, 422),
    ),
    Route(
        name="say_outcome",
        method="POST",
        path="/tickets/<ref>/outcome",
        view=say_outcome,
        scope=Scope.REPORT,
        summary="Say that the solution of a request of one's own works, or does not",
        body=OutcomeBody,
        answer=Done,
        status=202,
        errors=(404, 409, *BAD_BODY),
    ),
)
