"""Who is on duty: the hotline's roster of each of the agent's projects, by the project's own clock.

Everybody who works for a project reads its roster; its supervisors change it. For everybody else there is none.
"""

from collections.abc import Callable, Mapping

from flask import Flask, flash, make_response, redirect, render_template, request
from flask_babel import gettext, lazy_gettext
from flask_limiter import Limiter
from werkzeug.wrappers import Response

from gateway.domain.calendar import DAY_NAMES
from gateway.domain.reasons import Reason
from gateway.errors import NotFound, Refused
from gateway.services.current_project import current_projects
from gateway.services.desk_scope import own_teams, supervised
from gateway.services.duty_roster import ringable, set_duty, swap_duty
from web.desk import desk_roles
from web.desk_refusals import refusal_sentences
from web.duty_view import RosterView, roster_view
from web.limits import REPLY
from web.state import visitor, web

MOST_ON_A_DAY = 5
"""How many can be chosen in the form; `gateway duty set` takes any number."""
DAYS = dict(
    zip(
        DAY_NAMES,
        (
            lazy_gettext("Every Monday"),
            lazy_gettext("Every Tuesday"),
            lazy_gettext("Every Wednesday"),
            lazy_gettext("Every Thursday"),
            lazy_gettext("Every Friday"),
            lazy_gettext("Every Saturday"),
            lazy_gettext("Every Sunday"),
        ),
        strict=True,
    )
)


def register(app: Flask, limiter: Limiter) -> None:
    """Add the pages."""
    app.add_url_rule("/desk/duty", "desk_duty", show_duty)
    routes: tuple[tuple[str, Callable[..., Response]], ...] = (("day", set_day), ("swap", swap))
    for name, view in routes:
        app.add_url_rule(
            f"/desk/duty/<project>/{name}", f"desk_duty_{name}", limiter.limit(REPLY)(view), methods=["POST"]
        )


def show_duty() -> str:
    """GET /desk/duty"""
    return duty_page()


def duty_page(*, project: str = "", form: Mapping[str, str] | None = None, faults: list[str] | None = None) -> str:
    """The page; `form` and `faults` bring back what could not be taken, in the forms of that project."""
    roles = desk_roles()
    return render_template(
        "desk/duty.html",
        rosters=_rosters(frozenset(own_teams(roles)), supervised(roles)),
        days=[(name, str(text)) for name, text in DAYS.items()],
        most=MOST_ON_A_DAY,
        typed_for=project,
        typed=form or {},
        chosen=request.form.getlist("agent"),
        faults=faults or [],
    )


def _rosters(keys: frozenset[str], editable: frozenset[str]) -> list[RosterView]:
    runtime = web().runtime
    now = runtime.clock.now()
    with runtime.database.reading() as connection:
        found = current_projects(connection, runtime, keys)
        return [
            roster_view(
                connection,
                project,
                today=now.astimezone(project.calendar.zone_info).date(),
                agents=ringable(connection, project) if key in editable else None,
            )
            for key, project in sorted(found.items())
            if project is not None
        ]


def set_day(project: str) -> Response:
    """POST /desk/duty/PROJECT/day: who is on duty on a weekday or on one day; nobody clears it."""
    form = request.form
    agents = [email for email in form.getlist("agent")[:MOST_ON_A_DAY] if email]
    day = form.get("day", "").strip() or form.get("weekday", "")

    def act() -> None:
        _require_ringable(project, agents)
        set_duty(web().runtime, project, day=day, hours=form.get("hours", ""), agents=agents, by=visitor().person.id)

    return _answer(project, act)


def swap(project: str) -> Response:
    """POST /desk/duty/PROJECT/swap: two people take each other's turn."""
    form = request.form
    one, other, other_day = form.get("one", ""), form.get("other", ""), form.get("other_day", "").strip()

    def act() -> None:
        _require_ringable(project, [one, other])
        day = form.get("swap_day", "").strip()
        by = visitor().person.id
        swap_duty(web().runtime, project, day=day, other_day=other_day or None, one=one, other=other, by=by)

    return _answer(project, act)


def _require_ringable(key: str, emails: list[str]) -> None:
    """Raise Refused for whoever does not work for the project, or has no number: the form offers none of them."""
    runtime = web().runtime
    with runtime.database.reading() as connection:
        project = current_projects(connection, runtime, [key])[key]
        known = set() if project is None else {person.email for person in ringable(connection, project)}
    if not set(emails) <= known:
        raise Refused(Reason.NOT_RINGABLE())


def _answer(project: str, act: Callable[[], None]) -> Response:
    """Do it, for a supervisor of the project; what is refused brings the page back with what was typed."""
    if project not in supervised(desk_roles()):
        raise NotFound("this person changes no roster of that project")
    try:
        act()
    except (Refused, NotFound) as refusal:
        page = duty_page(project=project, form=request.form, faults=refusal_sentences(refusal))
        return make_response(page, 400)
    flash(gettext("Done."))
    return redirect("/desk/duty", 303)
