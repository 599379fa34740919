"""The reader's language, and dates as they are written in it.

The person's own setting comes first, then what this browser chose, then what it prefers, then French. Sentences
are written in English in the code; `translations/fr` has the French ones, compiled.
"""

import re
from datetime import datetime
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_time
from flask import Flask, redirect, request
from flask_babel import Babel, gettext
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response

from gateway.db.people import update_person
from gateway.domain.ticket import Language
from web.security import is_https
from web.state import find_reader_of_request, find_visitor_of_request, web

ZONE = ZoneInfo("Europe/Paris")
_COOKIE = "lang"
_YEAR = 365 * 24 * 3600  # seconds
_LOCAL_PATH = re.compile(r"/(?:[!-.0-\[\]-~][!-\[\]-~]*)?")
NAMES = {Language.FR: "Français", Language.EN: "English"}


def register(app: Flask) -> None:
    """Translate what this app shows."""
    app.config["BABEL_DEFAULT_LOCALE"] = Language.FR.value
    Babel(app, locale_selector=lambda: language().value)
    app.add_template_filter(moment)
    app.add_template_filter(file_size)
    app.add_template_global(language, "language")
    app.context_processor(lambda: {"languages": NAMES})
    app.add_url_rule("/language", "language", choose_language, methods=["POST"])


def language() -> Language:
    """The language to answer this request in."""
    reader = find_reader_of_request()
    if reader is not None and reader.lang is not None:
        return reader.lang
    for wish in (request.args.get("lang"), request.cookies.get(_COOKIE)):
        if wish in set(Language):
            return Language(wish)
    return Language(request.accept_languages.best_match([Language.FR, Language.EN], default=Language.FR))


def choose_language() -> Response:
    """POST /language: remember the choice in this browser, and with the person who is signed in."""
    wish = request.form.get("lang")
    if wish not in set(Language):
        raise BadRequest
    visitor = find_visitor_of_request()
    if visitor is not None:
        with web().runtime.database.transaction() as connection:
            update_person(connection, visitor.person.id, name=None, lang=Language(wish), phone=None)
    answer = redirect(local_path(request.form.get("next", "")), 303)
    secure = is_https(web().runtime.settings)
    answer.set_cookie(_COOKIE, wish, max_age=_YEAR, httponly=True, samesite="Lax", secure=secure)
    return answer


def local_path(text: str) -> str:
    """A path on this site, or "/" for anything that could lead elsewhere."""
    return text if _LOCAL_PATH.fullmatch(text) else "/"


def moment(at: datetime) -> str:
    """A moment as people in France say it: `24 novembre 2026 à 10:00`."""
    chosen = language().value
    local = at.astimezone(ZONE)
    day, time = format_date(local, "long", locale=chosen), format_time(local, "HH:mm", locale=chosen)
    return str(gettext("%(date)s at %(time)s", date=day, time=time))


def file_size(size: int) -> str:
    """A size in bytes, rounded for people."""
    if size < 1000:
        return str(gettext("%(size)s bytes", size=size))
    if size < 1_000_000:
        return str(gettext("%(size)s kB", size=round(size / 1000)))
    number = f"{size / 1_000_000:.1f}"
    return str(gettext("%(size)s MB", size=number.replace(".", ",") if language() is Language.FR else number))
