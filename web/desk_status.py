"""How the gateway is, for supervisors: what /readyz, the alarms and `gateway status` say, in words, with what to do.

The page loads itself anew, by a header and without a script; a link stops that for whoever reads slowly (WCAG 2.2.2).
While the database is away nobody can be signed in, and there is no page: then it is `gateway status --live`.
"""

import platform
import shutil

from babel.numbers import format_decimal
from flask import Flask, Response, make_response, render_template, request
from flask_babel import gettext

from gateway import __version__
from gateway.db.alarms import list_alarms
from gateway.db.hotline import list_shifts
from gateway.db.migrate import current_revision
from gateway.db.people import find_people
from gateway.domain.alarms import what_is_wrong
from gateway.domain.duty import on_duty
from gateway.services.current_project import current_projects
from web.health import ask_parts
from web.i18n import language, moment
from web.state import web
from web.status_view import alarm_views, part_views
from web.supervising import supervised_keys

EVERY = 30  # seconds


def register(app: Flask) -> None:
    """Add the page."""
    app.add_url_rule("/desk/status", "desk_status", show_status)


def show_status() -> Response:
    """GET /desk/status; with `still=1` it stays as it is."""
    keys, parts = supervised_keys(), ask_parts()
    wrong = what_is_wrong(parts, language())
    is_still = bool(request.args.get("still"))
    answer = make_response(
        render_template(
            "desk/status.html",
            parts=part_views(parts),
            alarms=alarm_views(wrong, _since()),
            duty=_duty(keys),
            machine=_machine(),
            now=web().runtime.clock.now(),
            is_still=is_still,
            every=EVERY,
        )
    )
    if not is_still:
        answer.headers["Refresh"] = str(EVERY)
    return answer


def _since() -> dict[str, str]:
    with web().runtime.database.reading() as connection:
        rows = list_alarms(connection)
    return {name: moment(row.since) for name, row in rows.items() if row.is_bad}


def _duty(keys: frozenset[str]) -> list[tuple[str, str]]:
    """Who is rung now, for each hotline of the visitor's projects."""
    runtime, found = web().runtime, []
    with runtime.database.reading() as connection:
        for key, project in sorted(current_projects(connection, runtime, keys).items()):
            if project is None or project.hotline is None:
                continue
            now = runtime.clock.now().astimezone(project.calendar.zone_info)
            shifts = list_shifts(connection, key)
            ids = on_duty(shifts, now)
            emails = {person.id: person.email for person in find_people(connection, ids)}
            nobody = gettext("nobody") if shifts else gettext("everybody of N2 who has a number")
            found.append((project.name, ", ".join(emails[one] for one in ids if one in emails) or nobody))
    return found


def _machine() -> list[tuple[str, str]]:
    runtime = web().runtime
    disk = shutil.disk_usage(runtime.where.data)
    room = gettext("%(free)s free of %(total)s", free=_room(disk.free), total=_room(disk.total))
    kind = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}.get(runtime.database.url.get_backend_name(), "")
    schema = gettext("%(kind)s, schema %(number)s", kind=kind, number=current_revision(runtime.database) or "–")
    return [
        (gettext("Disk"), room),
        (gettext("Release"), __version__),
        (gettext("Database"), schema),
        ("Python", platform.python_version()),
    ]


def _room(size: int) -> str:
    number = format_decimal(round(size / 1e9, 1), locale=language().value)
    return str(gettext("%(size)s GB", size=number))
