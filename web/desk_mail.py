"""Mail that waits for a person's word: held mail with the evidence, and what could not be filed.

N2 and supervisors decide on the held mail of their projects, supervisors on what is in quarantine. For everybody else
there is no such page.
"""

from collections.abc import Callable

from flask import Flask, Response, flash, make_response, redirect, render_template, request
from flask_babel import gettext
from flask_limiter import Limiter
from werkzeug.wrappers import Response as AnyResponse

from gateway.domain.audit import AuditAction
from gateway.domain.reasons import Reason
from gateway.errors import Conflict, NotFound, Refused
from gateway.mail.address import is_address, normalise_address
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
from gateway.services.settle_item import discard_quarantined
from web.desk import desk_roles
from web.desk_refusals import refusal_sentences
from web.file_names import content_disposition
from web.kept_files import raw_mail
from web.limits import REPLY
from web.noting import note_read
from web.paging import page_number, page_of
from web.reply import clean_text
from web.state import visitor, web

LISTED = 20
"""Held mails, and entries in quarantine, on one page."""
_ASIDE = "aside"


def register(app: Flask, limiter: Limiter) -> None:
    """Add the pages."""
    app.add_url_rule("/desk/mail", "desk_mail", show_mail)
    app.add_url_rule("/desk/mail/held/<spool_id>/raw", "desk_held_raw", held_raw)
    routes: tuple[tuple[str, str, Callable[..., AnyResponse]], ...] = (
        ("/desk/mail/held/<spool_id>/release", "desk_held_release", release),
        ("/desk/mail/held/<spool_id>/discard", "desk_held_discard", discard),
        ("/desk/mail/aside/<spool_id>/replay", "desk_aside_replay", replay),
        ("/desk/mail/aside/<spool_id>/discard", "desk_aside_discard", discard_aside),
    )
    for path, name, view in routes:
        app.add_url_rule(path, name, limiter.limit(REPLY)(view), methods=["POST"])


def show_mail() -> str:
    """GET /desk/mail?page=N&aside=N"""
    return mail_page()


def mail_page(*, faults: list[str] | None = None) -> str:
    """The page. Raises NotFound for whoever decides on nothing."""
    runtime, roles = web().runtime, desk_roles()
    keys = decides_for(roles)
    if not keys:
        raise NotFound("nothing is decided here by this person")
    asked = request.args.to_dict()
    number, number_aside = page_number(asked.get("page")), page_number(asked.get(_ASIDE))
    with runtime.database.reading() as connection:
        held = list_held(connection, keys, limit=LISTED + 1, offset=(number - 1) * LISTED)
        aside = list_aside(connection, runtime, roles, limit=LISTED + 1, offset=(number_aside - 1) * LISTED)
    known = {name: asked[name] for name in ("page", _ASIDE) if name in asked}
    return render_template(
        "desk/mail.html",
        held=held[:LISTED],
        aside=aside[:LISTED],
        page=page_of("/desk/mail", known, number=number, has_more=len(held) > LISTED),
        page_aside=page_of("/desk/mail", known, number=number_aside, has_more=len(aside) > LISTED, name=_ASIDE),
        faults=faults or [],
    )


def held_raw(spool_id: str) -> Response:
    """GET /desk/mail/held/ID/raw: the mail as it came, as a download."""
    runtime = web().runtime
    with runtime.database.reading() as connection:
        receipt = find_held(connection, spool_id, decides_for(desk_roles()))
    content = raw_mail(receipt.sha256, since=receipt.filed_at)
    note_read(AuditAction.RAW_READ, spool_id, project=receipt.project)
    answer = Response(content, content_type="application/octet-stream")
    answer.headers["Content-Disposition"] = content_disposition(f"{spool_id}.eml")
    answer.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return answer


def release(spool_id: str) -> AnyResponse:
    """POST /desk/mail/held/ID/release: file it as a new ticket, of its own sender or of the one that is chosen."""
    runtime, keys = web().runtime, decides_for(desk_roles())
    with runtime.database.reading() as connection:
        project = find_held(connection, spool_id, keys).project
    typed = request.form.get("sender", "").strip()

    def act() -> str:
        sender = normalise_address(typed) if typed else None
        if sender is not None and not is_address(sender):
            raise Refused(Reason.NO_ADDRESS(address=sender))
        released = web().release_mail(runtime, spool_id, sender=sender, project=project, by=visitor().person.id)
        return f"/desk/tickets/{released}"

    return _answer(act)


def discard(spool_id: str) -> AnyResponse:
    """POST /desk/mail/held/ID/discard"""
    keys, reason = decides_for(desk_roles()), clean_text(request.form.get("reason", ""))

    def act() -> str:
        discard_held(web().runtime, spool_id, keys, reason=reason, by=visitor().person.id)
        return "/desk/mail"

    return _answer(act)


def replay(spool_id: str) -> AnyResponse:
    """POST /desk/mail/aside/ID/replay: through its lane again."""
    runtime = web().runtime
    one = _require_aside(spool_id)

    def act() -> str:
        if one.machine is not None:
            ask_for(runtime, one, act=REPLAY, by=visitor().person.id)
        else:
            runtime.doorbell.ring_soon(replay_aside(runtime, one, by=visitor().person.id))
        return "/desk/mail"

    return _answer(act, machine=one.machine)


def discard_aside(spool_id: str) -> AnyResponse:
    """POST /desk/mail/aside/ID/discard"""
    one = _require_aside(spool_id)
    reason = clean_text(request.form.get("reason", ""))

    def act() -> str:
        if not reason:
            raise Refused(Reason.MAIL_SAYS_WHY())
        if one.machine is not None:
            ask_for(web().runtime, one, act=DISCARD, reason=reason, by=visitor().person.id)
        else:
            discard_quarantined(web().runtime, spool_id, reason=reason, by=visitor().person.id)
        return "/desk/mail"

    return _answer(act, machine=one.machine)


def _require_aside(spool_id: str) -> AsideEntry:
    runtime = web().runtime
    with runtime.database.reading() as connection:
        return require_aside(connection, runtime, desk_roles(), spool_id)


def _answer(act: Callable[[], str], *, machine: str | None = None) -> AnyResponse:
    """Do it, or let `machine` do it; what is refused brings the page back with the reason."""
    try:
        path = act()
    except (Refused, Conflict) as refusal:
        status = 409 if isinstance(refusal, Conflict) else 400
        return make_response(mail_page(faults=refusal_sentences(refusal)), status)
    asked = gettext("The machine %(name)s does it in a moment.", name=machine)
    flash(gettext("Done.") if machine is None else asked)
    return redirect(path, 303)
