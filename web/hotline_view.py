"""The hotline as a caller needs it: the number, the code to key in, and whether somebody answers now."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from babel.dates import format_date, format_time
from flask_babel import gettext

from gateway.domain.business_hours import hours_of
from gateway.domain.calendar import Calendar
from gateway.domain.project import Project
from gateway.domain.ticket import Language
from web.i18n import language

_MICROSECOND = timedelta(microseconds=1)
_SEARCHED = timedelta(days=2)


@dataclass(frozen=True, kw_only=True)
class HotlineView:
    """`number` as it is written, `link` as it is dialled; `code` in two groups of four, None before it is drawn."""

    number: str
    link: str
    code: str | None
    opening: str


def hotline_view(project: Project | None, code: str | None, *, now: datetime) -> HotlineView | None:
    """The hotline of a project; None where it has none."""
    if project is None or project.hotline is None:
        return None
    return HotlineView(
        number=readable_number(project.hotline),
        link=f"tel:{project.hotline}",
        code=None if code is None else f"{code[:4]} {code[4:]}",
        opening=opening_sentence(project.calendar, now),
    )


def opening_sentence(calendar: Calendar, now: datetime) -> str:
    """`open until 17:30` or `opens Monday at 9:00`, by the calendar's own clock."""
    hours = hours_of(calendar)
    if hours.is_open(now):
        closes = closing_time(calendar, now)
        if closes is None:
            return str(gettext("open now"))
        return str(gettext("open now until %(time)s", time=_time(closes, calendar)))
    opens = hours.next_opening(now)
    zone = calendar.zone_info
    days = (opens.astimezone(zone).date() - now.astimezone(zone).date()).days
    time = _time(opens, calendar)
    if days == 0:
        return str(gettext("opens today at %(time)s", time=time))
    if days == 1:
        return str(gettext("opens tomorrow at %(time)s", time=time))
    pattern = "EEEE" if days < 7 else "EEEE d MMMM"
    day = format_date(opens.astimezone(zone).date(), pattern, locale=language().value)
    return str(gettext("opens %(day)s at %(time)s", day=day, time=time))


def closing_time(calendar: Calendar, now: datetime) -> datetime | None:
    """When it closes, to the minute; None where it is open for days on end. To be asked while it is open."""
    hours = hours_of(calendar)
    open_minutes, left = 0, int(_SEARCHED / timedelta(minutes=1))
    while open_minutes + 1 < left:  # the longest stretch from now that is all working time
        middle = (open_minutes + left) // 2
        end = now + timedelta(minutes=middle)
        if hours.between(now, end) == end - now:
            open_minutes = middle
        else:
            left = middle
    if left == int(_SEARCHED / timedelta(minutes=1)):
        return None
    return hours.add(now, hours.between(now, now + timedelta(minutes=left)))


def readable_number(number: str) -> str:
    """A number in international form in groups, as it is written in France: `+33 1 99 00 12 34`."""
    if not number.startswith("+33") or len(number) != 12:
        return number
    rest = number[3:]
    return " ".join(["+33", rest[0], *(rest[index : index + 2] for index in range(1, 9, 2))])


def _time(at: datetime, calendar: Calendar) -> str:
    """`17 h 30` in French, `17:30` in English."""
    local = at.astimezone(calendar.zone_info)
    if language() is not Language.FR:
        return str(format_time(local, "H:mm", locale="en"))
    return f"{local.hour}\N{NO-BREAK SPACE}h" + (f"\N{NO-BREAK SPACE}{local.minute:02d}" if local.minute else "")
