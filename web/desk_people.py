"""People, for the supervisors of their projects: found, added, changed, given roles; their sessions and tokens.

Who may do what to whom is decided by `gateway.domain.keeping` under the same services as the shell's `person`.
"""

from collections.abc import Callable

from flask import Flask, flash, make_response, redirect, render_template, request
from flask_babel import gettext
from flask_limiter import Limiter
from werkzeug.wrappers import Response

from gateway.domain.setup_code import LASTS
from gateway.domain.sign_in import Way
from gateway.domain.ticket import Role
from gateway.errors import Conflict, NotFound, Refused
from gateway.services.keep_people import MAX_NAME, Wanted, add_person, change_person, take_roles
from gateway.services.people_look import find_people, look_at_person, unknown_people
from web.desk_refusals import refusal_sentences
from web.i18n import NAMES
from web.limits import REPLY
from web.paging import page_number, page_of
from web.person_form import read_role, read_wanted, typed_phone
from web.role_words import PREFERENCES, ROLES, SCOPES
from web.state import visitor, web
from web.supervising import supervised_keys

PAGE = 50


def register(app: Flask, limiter: Limiter) -> None:
    """Add the pages."""
    app.add_url_rule("/desk/people", "desk_persons", show_people)
    app.add_url_rule("/desk/people/<int(max=2147483647):person_id>", "desk_person", show_person)
    routes: tuple[tuple[str, str, Callable[..., Response]], ...] = (
        ("/desk/people", "desk_person_add", add),
        ("/desk/people/<int(max=2147483647):person_id>/change", "desk_person_change", change),
        ("/desk/people/<int(max=2147483647):person_id>/give", "desk_person_give", give),
        ("/desk/people/<int(max=2147483647):person_id>/take", "desk_person_take", take),
    )
    for path, name, view in routes:
        app.add_url_rule(path, name, limiter.limit(REPLY)(view), methods=["POST"])


def show_people() -> str:
    """GET /desk/people?q=WORDS&project=KEY&role=ROLE"""
    return people_page()


def people_page(*, faults: list[str] | None = None) -> str:
    """The list; `faults` bring back what was typed into the form for somebody new."""
    keys, number, runtime = supervised_keys(), page_number(request.args.get("page")), web().runtime
    role = request.args.get("role", "")
    found = find_people(
        runtime,
        keys,
        words=request.args.get("q", "").strip()[:200],
        project=request.args.get("project") or None,
        role=Role(role) if role in set(Role) else None,
        limit=PAGE + 1,
        offset=(number - 1) * PAGE,
    )
    return render_template(
        "desk/people.html",
        found=found[:PAGE],
        unknown=unknown_people(runtime, keys) if number == 1 and not request.args.get("q") else [],
        asked=request.args,
        page=page_of("/desk/people", request.args, number=number, has_more=len(found) > PAGE),
        form=request.form,
        faults=faults or [],
        **choices(keys),
    )


def choices(keys: frozenset[str]) -> dict[str, object]:
    """What the forms offer, with their names."""
    projects = [(one.key, one.name) for one in web().runtime.settings.project_list if one.key in keys]
    return {
        "projects": projects,
        "roles": list(ROLES.items()),
        "role_names": ROLES,
        "langs": list(NAMES.items()),
        "preferences": list(PREFERENCES.items()),
        "scopes": SCOPES,
        "max_name": MAX_NAME,
    }


def show_person(person_id: int) -> Response:
    """GET /desk/people/ID"""
    return make_response(person_page(person_id))


def person_page(person_id: int, *, faults: list[str] | None = None, token: str = "", setup_code: str = "") -> str:
    """The page of a person; `token` and `setup_code` have just been made, and are shown this once."""
    keys = supervised_keys()
    look = look_at_person(web().runtime, person_id, keys)
    return render_template(
        "desk/person.html",
        look=look,
        person=look.kept.person,
        keys=keys,
        elsewhere=len(look.kept.reach - keys),
        is_self=visitor().person.id == person_id,
        form=request.form,
        faults=faults or [],
        token=token,
        setup_code=setup_code,
        setup_days=LASTS.days,
        takes_password=Way.PASSWORD in web().runtime.settings.sign_in.ways and look.kept.works,
        **choices(keys),
    )


def add() -> Response:
    """POST /desk/people"""
    keys, form = supervised_keys(), request.form
    project = form.get("project", "") if form.get("project", "") in keys else ""
    try:
        if not project:
            raise NotFound("this person supervises no such project")
        wanted = read_wanted(form)
        phone = typed_phone(form)
        person = add_person(
            web().runtime,
            email=form.get("email", "").strip(),
            role=read_role(form),
            project=project,
            wanted=Wanted(name=wanted.name or None, lang=wanted.lang, phone=phone or None, notices=wanted.notices),
            by=visitor().person,
        )
    except (Refused, Conflict) as refusal:
        return make_response(people_page(faults=refusal_sentences(refusal)), 400)
    flash(gettext("Done."))
    return redirect(f"/desk/people/{person.id}", 303)


def change(person_id: int) -> Response:
    """POST /desk/people/ID/change"""

    def act() -> None:
        version = request.form.get("version", "")
        change_person(
            web().runtime, person_id=person_id, wanted=read_wanted(request.form), by=visitor().person, version=version
        )

    return answer(person_id, act)


def give(person_id: int) -> Response:
    """POST /desk/people/ID/give: a role in a project."""

    def act() -> None:
        email = look_at_person(web().runtime, person_id, supervised_keys()).kept.person.email
        project = request.form.get("project", "")
        if project not in supervised_keys():
            raise NotFound("this person supervises no such project")
        role = read_role(request.form)
        add_person(web().runtime, email=email, role=role, project=project, wanted=Wanted(), by=visitor().person)

    return answer(person_id, act)


def take(person_id: int) -> Response:
    """POST /desk/people/ID/take: one role in a project, or all of them."""

    def act() -> None:
        form = request.form
        roles = frozenset({read_role(form)}) if form.get("role") else frozenset(Role)
        project = form.get("project", "")
        if project not in supervised_keys():
            raise NotFound("this person supervises no such project")
        take_roles(web().runtime, person_id=person_id, project=project, roles=roles, by=visitor().person)

    return answer(person_id, act)


def answer(person_id: int, act: Callable[[], None]) -> Response:
    """Do it, for a supervisor who finds this person; what is refused brings the page back with the reason."""
    runtime, keys = web().runtime, supervised_keys()
    look_at_person(runtime, person_id, keys)
    try:
        act()
    except (Refused, Conflict) as refusal:
        page = person_page(person_id, faults=refusal_sentences(refusal))
        return make_response(page, 409 if isinstance(refusal, Conflict) else 400)
    flash(gettext("Done."))
    return redirect(back(person_id, keys), 303)


def back(person_id: int, keys: frozenset[str]) -> str:
    """The page of the person, while they are somebody's whom the visitor looks after; else the list."""
    try:
        look_at_person(web().runtime, person_id, keys)
    except NotFound:
        return "/desk/people"
    return f"/desk/people/{person_id}"
