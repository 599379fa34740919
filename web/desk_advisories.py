"""Advisories at the desk: preventive work over the projects that an agent works for.

Whoever works for a project that an advisory concerns sees where it stands there; N2 and supervisors open advisories
and take their steps. Of projects that are not theirs, and of advisories that concern no other, nothing is said.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from flask import Flask, flash, make_response, redirect, render_template, request
from flask_babel import gettext
from flask_limiter import Limiter
from sqlalchemy import Connection
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response

from gateway.db.advisories import Advisory, list_advisories
from gateway.domain.advisory import WORKERS, Danger, Step, next_steps
from gateway.domain.ticket import Role
from gateway.errors import Conflict, NotFound, Refused
from gateway.services.desk_scope import Roles, own_teams
from gateway.services.open_advisory import open_advisory
from gateway.services.step_advisory import AdvisoryProject, advisory_state, step_advisory
from web.desk import desk_roles, project_choices
from web.desk_refusals import refusal_sentences
from web.desk_words import DANGERS, STAGES, STEPS
from web.limits import REPLY
from web.reply import clean_text
from web.state import visitor, web

SHOWN = 100
"""How many advisories the list shows, the newest first."""
Form = Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Standing:
    """Where an advisory stands in one project: `steps` may be taken by the visitor now, `path` leads to its ticket."""

    name: str
    state: AdvisoryProject
    steps: Sequence[tuple[str, str, str]]
    path: str | None


def register(app: Flask, limiter: Limiter) -> None:
    """Add the pages."""
    app.add_url_rule("/desk/advisories", "desk_advisories", show_list)
    app.add_url_rule("/desk/advisories/<int:advisory_id>", "desk_advisory", show_one)
    routes: tuple[tuple[str, str, Callable[..., Response]], ...] = (
        ("/desk/advisories", "desk_advisory_open", open_one),
        ("/desk/advisories/<int:advisory_id>/step", "desk_advisory_step", take_step),
    )
    for path, name, view in routes:
        app.add_url_rule(path, name, limiter.limit(REPLY)(view), methods=["POST"])
    words = {"dangers": DANGERS, "stages": STAGES, "steps": STEPS}
    app.add_template_global(lambda: words, "advisory_words")


def show_list() -> str:
    """GET /desk/advisories"""
    return list_page()


def list_page(*, form: Form | None = None, faults: list[str] | None = None) -> str:
    """The advisories that concern the visitor's projects; `form` and `faults` bring back what could not be taken."""
    roles = desk_roles()
    with web().runtime.database.reading() as connection:
        rows = [
            (advisory, states)
            for advisory in list_advisories(connection)
            if (states := advisory_state(connection, advisory, projects=own_teams(roles)))
        ][:SHOWN]
    return render_template(
        "desk/advisories.html",
        rows=rows,
        projects=[choice for choice in project_choices(roles) if choice[0] in _worked(roles)],
        form=form or {},
        chosen=request.form.getlist("project"),
        faults=faults or [],
    )


def show_one(advisory_id: int) -> str:
    """GET /desk/advisories/ID"""
    return one_page(advisory_id)


def one_page(advisory_id: int, *, form: Form | None = None, faults: list[str] | None = None) -> str:
    """One advisory. Raises NotFound where it concerns none of the visitor's projects."""
    roles = desk_roles()
    with web().runtime.database.reading() as connection:
        advisory, states = _find(connection, advisory_id, own_teams(roles))
    return render_template(
        "desk/advisory.html",
        advisory=advisory,
        standings=[_standing(state, roles) for state in states],
        form=form or {},
        faults=faults or [],
    )


def open_one() -> Response:
    """POST /desk/advisories"""
    if not _worked(desk_roles()):
        raise NotFound("this person opens no advisory")
    form = request.form
    danger = form.get("danger", Danger.SECURITY.value)
    if danger not in set(Danger):
        raise BadRequest

    def act() -> str:
        opened = open_advisory(
            web().runtime,
            reference=clean_text(form.get("reference", "")),
            title=clean_text(form.get("title", "")),
            touches=clean_text(form.get("touches", "")),
            danger=Danger(danger),
            projects=form.getlist("project"),
            by=visitor().person.email,
        )
        return f"/desk/advisories/{opened.advisory.id}"

    return _answer(act, lambda faults: list_page(form=form, faults=faults))


def take_step(advisory_id: int) -> Response:
    """POST /desk/advisories/ID/step"""
    form, ref = request.form, request.form.get("ref", "")
    with web().runtime.database.reading() as connection:
        _advisory, states = _find(connection, advisory_id, _worked(desk_roles()))
    if ref not in {state.ref for state in states}:
        raise NotFound("this advisory has no such ticket in a project of theirs")
    step = form.get("step", "")
    if step not in set(Step):
        raise BadRequest

    def act() -> str:
        words = clean_text(form.get("words", ""))
        step_advisory(web().runtime, ref=ref, step=Step(step), words=words, by=visitor().person.email)
        return f"/desk/advisories/{advisory_id}"

    return _answer(act, lambda faults: one_page(advisory_id, form=form, faults=faults))


def _answer(act: Callable[[], str], page: Callable[[list[str]], str]) -> Response:
    """Do it; what is refused brings the page back with what was typed."""
    try:
        path = act()
    except (Refused, Conflict, NotFound) as refusal:
        status = 409 if isinstance(refusal, Conflict) else 400
        return make_response(page(refusal_sentences(refusal)), status)
    flash(gettext("Done."))
    return redirect(path, 303)


def _find(
    connection: Connection, advisory_id: int, projects: Collection[str]
) -> tuple[Advisory, list[AdvisoryProject]]:
    for advisory in list_advisories(connection):
        if advisory.id == advisory_id and (states := advisory_state(connection, advisory, projects=projects)):
            return advisory, states
    raise NotFound("there is no such advisory for this person")


def _worked(roles: Roles) -> frozenset[str]:
    """The projects in which somebody with these roles does preventive work."""
    return frozenset(key for key, found in roles.items() if found & WORKERS)


def _standing(state: AdvisoryProject, roles: Roles) -> Standing:
    found = roles[state.project]
    project = next((one for one in web().runtime.settings.project_list if one.key == state.project), None)
    steps = next_steps(state.stage) if found & WORKERS else ()
    return Standing(
        name=project.name if project else state.project,
        state=state,
        steps=[(step.value, str(STEPS[step]), "") for step in steps],
        path=f"/desk/tickets/{state.ref}" if found & (WORKERS | {Role.N1}) else None,
    )
