"""Every mail that is sent, as it would look, for supervisors: both languages, as text and with its layout.

The layout is shown in a frame in which nothing can act or be loaded, by the same locks as the layout of mail that came;
styles stand in the mail itself, as mail programs want it, so the policy of this one frame lets them be.
"""

from flask import Flask, Response, render_template, request
from flask_babel import lazy_gettext

from gateway.domain.project import Project
from gateway.domain.ticket import Language
from gateway.errors import NotFound
from gateway.notify.notices import Notice
from gateway.notify.preview import Preview, list_previews, preview
from gateway.notify.samples import SAMPLES
from gateway.notify.template_check import template_faults
from web.i18n import NAMES
from web.state import web
from web.supervising import supervised_keys

_POLICY = (
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'self'; sandbox"
)
NOTICES = {
    Notice.ACKNOWLEDGEMENT: lazy_gettext("To the reporter: the request is taken"),
    Notice.PROGRESS: lazy_gettext("To the reporter: an answer, or what has changed"),
    Notice.PARTICIPANT: lazy_gettext("To people on a request"),
    Notice.NEWS: lazy_gettext("To an agent: what happened to a request"),
    Notice.NEWS_DIGEST: lazy_gettext("To an agent: what happened, together"),
    Notice.ORDERS_REFUSED: lazy_gettext("To an agent: orders by mail that were not carried out"),
    Notice.CLOCKS: lazy_gettext("To agents: guaranteed times that come close"),
    Notice.SIGN_IN_LINK: lazy_gettext("The link to sign in"),
    Notice.MAILBOX_FAILING: lazy_gettext("To supervisors: a mailbox cannot be read"),
    Notice.MAILBOX_RECOVERED: lazy_gettext("To supervisors: a mailbox is read again"),
    Notice.ALARM: lazy_gettext("To the operator: something is broken"),
    Notice.ALARM_OVER: lazy_gettext("To the operator: it is well again"),
}


def register(app: Flask) -> None:
    """Add the pages."""
    app.add_url_rule("/desk/templates", "desk_templates", show_all)
    app.add_url_rule("/desk/templates/<name>", "desk_template", show_one)
    app.add_url_rule("/desk/templates/<name>/<lang>/layout", "desk_template_layout", layout)


def show_all() -> str:
    """GET /desk/templates"""
    project = _project()
    found: dict[Notice, dict[str, list[Preview]]] = {}
    for one in list_previews(web().runtime, project=project.key):
        found.setdefault(one.notice, {}).setdefault(one.name, []).append(one)
    return render_template(
        "desk/templates.html",
        found=[(NOTICES.get(notice, notice), list(mails.items())) for notice, mails in found.items()],
        has_own=web().runtime.settings.mail.templates is not None,
        faults=[fault.removeprefix("mail.templates: ") for fault in template_faults(web().runtime)],
        project=project,
        projects=_projects(),
    )


def show_one(name: str) -> str:
    """GET /desk/templates/NAME?project=KEY: the mail in both languages."""
    if name not in SAMPLES:
        raise NotFound("there is no such mail")
    project = _project()
    mails = [_preview(name, lang, project) for lang in Language]
    return render_template(
        "desk/template.html",
        name=name,
        title=NOTICES.get(mails[0].notice, mails[0].notice),
        mails=mails,
        langs=NAMES,
        project=project,
        projects=_projects(),
    )


def layout(name: str, lang: str) -> Response:
    """GET /desk/templates/NAME/LANG/layout: the HTML part, for the frame."""
    if name not in SAMPLES or lang not in set(Language):
        raise NotFound("there is no such mail")
    answer = Response(_preview(name, Language(lang), _project()).html, content_type="text/html; charset=utf-8")
    answer.headers["Content-Security-Policy"] = _POLICY
    answer.headers["X-Frame-Options"] = "SAMEORIGIN"
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer


def _preview(name: str, lang: Language, project: Project) -> Preview:
    return preview(web().runtime, name, lang, project=project.key)


def _projects() -> list[Project]:
    keys = supervised_keys()
    found = [project for project in web().runtime.settings.project_list if project.key in keys]
    if not found:
        raise NotFound("there is no such project for this person")
    return found


def _project() -> Project:
    """The project that the mails are written for: the one asked for, or the first that the visitor supervises."""
    mine = _projects()
    asked = request.args.get("project") or mine[0].key
    found = next((project for project in mine if project.key == asked), None)
    if found is None:
        raise NotFound("there is no such project for this person")
    return found
