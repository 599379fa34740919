"""Nothing that was typed is lost: drafts that a person keeps, and what they send after their session has run out.

A form that arrives without a session is not taken. If its browser still shows a session that ran out, what was typed
is kept for that person and comes back once they have signed in; otherwise the answer is a page that shows it again.
"""

from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta

from flask import current_app, flash, make_response, redirect, render_template, request, session, url_for
from flask_babel import gettext
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from gateway.db import drafts as table
from gateway.domain.ticket import is_reference
from gateway.errors import Deferred
from gateway.services.sign_in import find_lapsed_visitor
from web.state import visitor, web

DRAFT_DAYS = 14
_MAX_FIELD = 100_000  # characters
_FIELDS = {
    "reply": ("text",),
    "look_report": (
        *("project", "kind", "severity", "subject", "text", "since", "expected"),
        *("component", "from_version", "to_version", "source", "effective_on", "reference"),
    ),
}
_FIELDS["send_report"] = _FIELDS["save_report"] = _FIELDS["look_report"]


def reply_place(ref: str) -> str:
    """Where the draft of an answer on this request is."""
    return f"reply:{ref}"


REPORT_PLACE = "report"


def keep_draft(place: str, content: Mapping[str, str], *, person_id: int | None = None) -> None:
    """Keep this for the visitor, or for the person with this id, in the place of what they left there before."""
    runtime = web().runtime
    now = runtime.clock.now()
    with runtime.database.transaction() as connection:
        table.save_draft(
            connection,
            person_id=visitor().person.id if person_id is None else person_id,
            place=place,
            content=content,
            now=now,
            expires_at=now + timedelta(days=DRAFT_DAYS),
        )


def find_draft(place: str) -> dict[str, str]:
    """What the visitor left there; empty where there is nothing."""
    runtime = web().runtime
    with runtime.database.reading() as connection:
        found = table.find_draft(connection, person_id=visitor().person.id, place=place, now=runtime.clock.now())
    return found or {}


def drop_draft(place: str) -> None:
    """Forget what the visitor left there. What was sent is safe whether or not this can be done now."""
    with suppress(Deferred), web().runtime.database.transaction() as connection:
        table.drop_draft(connection, person_id=visitor().person.id, place=place)


def keep_what_was_typed(session_token: str | None, *, wanted: str) -> Response | None:
    """The answer to a form that came without a session; None for one that holds nothing to be kept.

    `wanted` is the key under which the form cookie remembers where to go after signing in.
    """
    names = _FIELDS.get(request.endpoint or "")
    if names is None or not _is_our_form():
        return None
    typed = {name: request.form[name][:_MAX_FIELD] for name in names if request.form.get(name, "").strip()}
    if not typed:
        return None
    person_id = find_lapsed_visitor(web().runtime, session_token) if session_token else None
    if person_id is None:
        return make_response(render_template("lapsed.html", typed=typed), 403)
    is_reply = request.endpoint == "reply"
    ref = str((request.view_args or {}).get("ref", ""))
    if is_reply and not is_reference(ref):
        return None
    keep_draft(reply_place(ref) if is_reply else REPORT_PLACE, typed, person_id=person_id)
    session[wanted] = f"/tickets/{ref}" if is_reply else "/report"
    flash(gettext("Your session had ended. What you wrote is kept: sign in again, and you find it where you left it."))
    return redirect(url_for("login"), 303)


def _is_our_form() -> bool:
    """Whether the form carries the token of this browser. What was made elsewhere is not kept for anybody."""
    try:
        current_app.extensions["csrf"].protect()
    except HTTPException:
        return False
    return True
