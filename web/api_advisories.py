"""Advisories, for programs: preventive work over the projects that a person works for."""

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, Field

from gateway.db.advisories import list_advisories
from gateway.domain.advisory import WORKERS, Danger, Stage, Step
from gateway.errors import NotFound
from gateway.services.api_tokens import Scope
from gateway.services.desk_scope import own_teams
from gateway.services.open_advisory import open_advisory
from gateway.services.program_look import agents_ticket
from gateway.services.step_advisory import AdvisoryProject, advisory_state, step_advisory
from web.api_models import STRICT, Cleaned, Done, ProjectKey, Words
from web.api_route import MAYBE_KEY, WRITING, Answer, Asked, Call, Route, roles_of
from web.state import web


class StepRow(BaseModel):
    """A step that was taken."""

    step: Step
    at: AwareDatetime
    by: str
    words: str


class StateRow(BaseModel):
    """Where an advisory stands in a project."""

    project: str
    ref: str
    stage: Stage
    steps: list[StepRow]


class AdvisoryRow(BaseModel):
    """An advisory, in the projects that the person works for."""

    model_config = STRICT

    id: int
    reference: str
    title: str
    touches: str
    danger: Danger
    opened_at: AwareDatetime
    projects: list[StateRow]


class Advisories(BaseModel):
    """Those that concern the person's projects, the newest first."""

    advisories: list[AdvisoryRow]


class AdvisoryBody(Asked):
    """A security flaw or a risk of data loss, and the projects that it concerns."""

    reference: Annotated[str, Field(min_length=1, max_length=80), Cleaned]
    title: Annotated[str, Field(min_length=1, max_length=200), Cleaned]
    touches: Annotated[str, Field(min_length=1, max_length=500), Cleaned]
    danger: Danger = Danger.SECURITY
    projects: Annotated[list[ProjectKey], Field(min_length=1, max_length=200)]


class StepBody(Asked):
    """A step, and what was found or done: the contacts read it."""

    step: Step
    words: Words = ""


def show_advisories(call: Call) -> Answer:
    """GET /advisories"""
    keys = own_teams(roles_of(call))
    with web().runtime.database.reading() as connection:
        rows = [
            {
                "id": one.id,
                "reference": one.reference,
                "title": one.title,
                "touches": one.touches,
                "danger": one.danger,
                "opened_at": one.opened_at,
                "projects": [_state(state) for state in states],
            }
            for one in list_advisories(connection)
            if (states := advisory_state(connection, one, projects=keys))
        ]
    return Answer(body={"advisories": rows[:100]})


def open_one(call: Call) -> Answer:
    """POST /advisories: where it is open in a project already, nothing happens there."""
    asked = call.body
    assert isinstance(asked, AdvisoryBody)
    if not any(found & WORKERS for found in roles_of(call).values()):
        raise NotFound("this person opens no advisory")
    opened = open_advisory(
        web().runtime,
        reference=asked.reference,
        title=asked.title,
        touches=asked.touches,
        danger=asked.danger,
        projects=asked.projects,
        by=call.bearer.person.email,
    )
    return Answer(body={"ticket": opened.tickets[asked.projects[0]]})


def take_step(call: Call, ref: str) -> Answer:
    """POST /advisories/steps/REF, of the ticket that an advisory has in a project."""
    asked, roles = call.body, roles_of(call)
    assert isinstance(asked, StepBody)
    worked = [key for key, found in roles.items() if found & WORKERS]
    if ref.partition("-")[0] not in worked:
        raise NotFound("there is no such ticket in a project of theirs")
    with web().runtime.database.reading() as connection:
        agents_ticket(connection, web().runtime, ref, call.bearer.person)
    step_advisory(web().runtime, ref=ref, step=asked.step, words=asked.words, by=call.bearer.person.email)
    return Answer(body={"ticket": ref})


def _state(state: AdvisoryProject) -> dict[str, Any]:
    steps = [{"step": one.step, "at": one.at, "by": one.by, "words": one.words} for one in state.steps]
    return {"project": state.project, "ref": state.ref, "stage": state.stage, "steps": steps}


ROUTES: Sequence[Route] = (
    Route(
        name="list_advisories",
        method="GET",
        path="/advisories",
        view=show_advisories,
        scope=Scope.ADVISORIES_READ,
        summary="Advisories that concern the person's projects",
        answer=Advisories,
    ),
    Route(
        name="open_advisory",
        method="POST",
        path="/advisories",
        view=open_one,
        scope=Scope.ADVISORIES_WRITE,
        summary="Open an advisory; the answer names the ticket of its first project",
        answer=Done,
        body=AdvisoryBody,
        errors=WRITING,
        needs=(MAYBE_KEY,),
    ),
    Route(
        name="step_advisory",
        method="POST",
        path="/advisories/steps/<ref>",
        view=take_step,
        scope=Scope.ADVISORIES_WRITE,
        summary="Take a step of an advisory on its ticket in a project",
        answer=Done,
        body=StepBody,
        errors=WRITING,
        needs=(MAYBE_KEY,),
    ),
)
