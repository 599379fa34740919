"""The duty roster, for programs: read by who works for a project, changed by its supervisors."""

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import BaseModel, Field

from gateway.db.hotline import list_shifts
from gateway.db.people import find_people
from gateway.domain.calendar import DAY_NAMES
from gateway.domain.duty import Shift
from gateway.domain.reasons import Reason as Why
from gateway.errors import NotFound, Refused
from gateway.mail.address import normalise_address
from gateway.services.api_tokens import Scope
from gateway.services.current_project import current_projects
from gateway.services.desk_scope import own_teams, supervised
from gateway.services.duty_roster import ringable, set_duty, swap_duty
from gateway.services.program_look import person_roles
from web.api_models import STRICT, Address, Cleaned, Done
from web.api_route import MAYBE_KEY, WRITING, Answer, Asked, Call, Route
from web.state import web

Day = Annotated[str, Field(pattern="^([a-z]{6,9}|[0-9]{4}-[0-9]{2}-[0-9]{2})$")]


class TurnRow(BaseModel):
    """A turn: on a weekday, or on a date that counts instead of the week; the lowest position is rung first."""

    model_config = STRICT

    project: str
    day: str
    hours: str
    position: int
    agent: str | None


class Roster(BaseModel):
    """The rosters of the projects that the person works for."""

    turns: list[TurnRow]


class DutyBody(Asked):
    """Who is on duty then, the first to ring first; nobody clears the day. Hours like `9:00-12:00, 14:00-17:30`."""

    hours: Annotated[str, Field(max_length=100), Cleaned] = "9:00-17:30"
    agents: Annotated[list[Address], Field(max_length=20)] = Field(default=[])


class SwapBody(Asked):
    """`other` takes the turn of `one` on a day, and `one` that of `other` there or on another day."""

    day: Day
    other_day: Day | None = None
    one: Address
    other: Address


def show_duty(call: Call) -> Answer:
    """GET /duty"""
    rows = []
    with web().runtime.database.reading() as connection:
        for key in sorted(own_teams(person_roles(connection, web().runtime, call.bearer.person))):
            shifts = list_shifts(connection, key)
            people = find_people(connection, {shift.person_id for shift in shifts})
            emails = {person.id: person.email for person in people}
            rows += [_turn(key, shift, emails.get(shift.person_id)) for shift in sorted(shifts, key=_order)]
    return Answer(body={"turns": rows})


def set_day(call: Call, project: str, day: str) -> Answer:
    """PUT /duty/PROJECT/DAY"""
    asked = call.body
    assert isinstance(asked, DutyBody)
    _require_ringable(call, project, asked.agents)
    set_duty(web().runtime, project, day=day, hours=asked.hours, agents=asked.agents, by=call.bearer.person.id)
    return Answer(body={"ticket": None})


def swap(call: Call, project: str) -> Answer:
    """POST /duty/PROJECT/swap"""
    asked = call.body
    assert isinstance(asked, SwapBody)
    _require_ringable(call, project, [asked.one, asked.other])
    swap_duty(
        web().runtime,
        project,
        day=asked.day,
        other_day=asked.other_day,
        one=asked.one,
        other=asked.other,
        by=call.bearer.person.id,
    )
    return Answer(body={"ticket": None})


def _require_ringable(call: Call, key: str, emails: Sequence[str]) -> None:
    """Raise NotFound for who does not supervise the project, Refused for agents who cannot be rung for it."""
    runtime = web().runtime
    with runtime.database.reading() as connection:
        if key not in supervised(person_roles(connection, runtime, call.bearer.person)):
            raise NotFound("this person changes no roster of that project")
        project = current_projects(connection, runtime, [key])[key]
        known = set() if project is None else {person.email for person in ringable(connection, project)}
    if not {normalise_address(email) for email in emails} <= known:
        raise Refused(Why.NOT_RINGABLE())


def _order(shift: Shift) -> tuple[str, int, int, int]:
    return (shift.day.isoformat() if shift.day else "", shift.weekday or 0, shift.start, shift.position)


def _turn(key: str, shift: Shift, agent: str | None) -> dict[str, Any]:
    return {
        "project": key,
        "day": shift.day.isoformat() if shift.day else DAY_NAMES[shift.weekday or 0],
        "hours": "-".join(f"{minute // 60}:{minute % 60:02d}" for minute in (shift.start, shift.end)),
        "position": shift.position + 1,
        "agent": agent,
    }


ROUTES: Sequence[Route] = (
    Route(
        name="show_duty",
        method="GET",
        path="/duty",
        view=show_duty,
        scope=Scope.DUTY_READ,
        summary="The rosters of the projects that the person works for",
        answer=Roster,
    ),
    Route(
        name="set_duty",
        method="PUT",
        path="/duty/<project>/<day>",
        view=set_day,
        scope=Scope.DUTY_WRITE,
        summary="Say who is on duty on a weekday or a date",
        answer=Done,
        body=DutyBody,
        errors=WRITING,
    ),
    Route(
        name="swap_duty",
        method="POST",
        path="/duty/<project>/swap",
        view=swap,
        scope=Scope.DUTY_WRITE,
        summary="Let two people take each other's turn",
        answer=Done,
        body=SwapBody,
        errors=WRITING,
        needs=(MAYBE_KEY,),
    ),
)
