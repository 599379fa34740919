"""A calendar part as an event, and the event as lines of text (RFC 5545, RFC 5546). Bounded; icalendar reads it."""

import re
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from gateway.domain.ticket import Language
from gateway.mail.parsed import Event
from inbound.bounds import MAX_CALENDAR_BYTES
from inbound.charset import clean_line, decode_bytes

# All that an event is shown by. The rest is not given to the library: a rule of repetition in a time zone can have it
# count seconds for a century.
_WANTED = re.compile(r"(?:SUMMARY|DTSTART|DTEND|DURATION|LOCATION|ORGANIZER|ATTENDEE)[;:]", re.IGNORECASE)
_BEGIN, _END, _METHOD = "BEGIN:VEVENT", "END:VEVENT", "METHOD:"
_MAX_PEOPLE = 20
_MAX_LINES = 500
_MAX_WORDS = 300
_LABELS = {
    Language.FR: {
        "": "Invitation",
        "CANCEL": "Rendez-vous annulé",
        "REPLY": "Réponse à une invitation",
        "COUNTER": "Autre horaire proposé",
        "when": "Quand",
        "where": "Où",
        "organiser": "Organisé par",
        "attendees": "Participants",
        "more": "et d’autres",
        "local": "heure locale",
    },
    Language.EN: {
        "": "Invitation",
        "CANCEL": "Cancelled event",
        "REPLY": "Answer to an invitation",
        "COUNTER": "Another time proposed",
        "when": "When",
        "where": "Where",
        "organiser": "Organised by",
        "attendees": "Attendees",
        "more": "and others",
        "local": "local time",
    },
}


class CalendarError(ValueError):
    """This is no calendar with an event."""


def read_event(data: bytes, charset: str | None) -> Event:
    """The first event of a calendar. Raises CalendarError."""
    # Half a second to import: a worker that sees no invitation never pays.
    from icalendar import Event as Component

    if len(data) > MAX_CALENDAR_BYTES:
        raise CalendarError("too long")
    method, lines = _essence(decode_bytes(data, charset or "utf-8"))
    try:
        return _event(method, Component.from_ical("\r\n".join(lines) + "\r\n"))
    except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError) as error:
        raise CalendarError(type(error).__name__) from error


def _essence(text: str) -> tuple[str, list[str]]:
    """The method of a calendar and those lines of its first event that say something here."""
    method, lines, is_inside, is_wanted = "", [_BEGIN], False, False
    for line in text.replace("\r", "").split("\n"):
        upper = line[:20].upper().rstrip()
        if upper.startswith(_METHOD) and not method:
            method = clean_line(line[len(_METHOD) :]).upper()[:20]
        elif upper == _BEGIN:
            is_inside = True
        elif is_inside and upper == _END:
            return method, [*lines[:_MAX_LINES], _END]
        elif is_inside:
            is_wanted = is_wanted if line.startswith((" ", "\t")) else _WANTED.match(line) is not None
            if is_wanted:
                lines.append(line)
    raise CalendarError("no whole event")


def event_text(event: Event, language: Language) -> str:
    """What, when with the time zone, where and who, in a few lines."""
    labels = _LABELS[language]
    people = ", ".join(event.attendees[:_MAX_PEOPLE])
    if len(event.attendees) > _MAX_PEOPLE:
        people = f"{people}, {labels['more']}"
    lines = [
        (labels.get(event.method) if event.method in {"CANCEL", "REPLY", "COUNTER"} else labels[""], event.summary),
        (labels["when"], _when(event, labels["local"])),
        (labels["where"], event.place),
        (labels["organiser"], event.organiser),
        (labels["attendees"], people),
    ]
    colon = " :" if language is Language.FR else ":"
    return "\n".join(f"{label}{colon} {value}" for label, value in lines if value)


def _event(method: str, event: Any) -> Event:
    start, end = _moment(event, "DTSTART"), _moment(event, "DTEND")
    duration = _plain(event, "DURATION")
    if end is None and start is not None and isinstance(duration, timedelta):
        end = start + duration
    people = event.get("ATTENDEE") or []
    return Event(
        method=method,
        summary=_words(event, "SUMMARY"),
        start=start,
        end=end,
        zone=_zone(_first(event.get("DTSTART")), start),
        place=_words(event, "LOCATION"),
        organiser=_person(_first(event.get("ORGANIZER")), with_answer=False),
        attendees=tuple(_people(people if isinstance(people, list) else [people], with_answer=method == "REPLY")),
    )


def _when(event: Event, local: str) -> str:
    if event.start is None:
        return ""
    if not isinstance(event.start, datetime):
        if event.end is None or isinstance(event.end, datetime) or (event.end - event.start).days <= 1:
            return f"{event.start:%Y-%m-%d}"
        # The end is the day after the last one (RFC 5545 section 3.6.1).
        return f"{event.start:%Y-%m-%d} – {event.end - timedelta(days=1):%Y-%m-%d}"
    shown = f"{event.start:%Y-%m-%d %H:%M}"
    if isinstance(event.end, datetime):
        same_day = event.end.date() == event.start.date()
        shown += f" – {event.end:%H:%M}" if same_day else f" – {event.end:%Y-%m-%d %H:%M}"
    return f"{shown} ({event.zone or local})"


def _moment(event: Any, name: str) -> date | datetime | None:
    value = _plain(event, name)
    return value if isinstance(value, date) else None


def _plain(event: Any, name: str) -> Any:
    """The value of a time or duration; None where there is none, or none that can be read."""
    try:
        return getattr(_first(event.get(name)), "dt", None)
    except ValueError:
        return None


def _zone(value: Any, moment: date | datetime | None) -> str:
    """The zone's name in the common database, or else as the sender's calendar calls it."""
    if not isinstance(moment, datetime):
        return ""
    known = getattr(moment.tzinfo, "key", None)
    return clean_line(str(known or value.params.get("TZID") or moment.tzname() or ""))[:60]


def _words(event: Any, name: str) -> str:
    return clean_line(str(_first(event.get(name)) or ""))[:_MAX_WORDS]


def _people(fields: Iterable[Any], *, with_answer: bool) -> Iterable[str]:
    return filter(None, (_person(field, with_answer=with_answer) for field in fields))


def _person(field: Any, *, with_answer: bool) -> str:
    if field is None:
        return ""
    address = clean_line(str(field))
    address = address[7:] if address.lower().startswith("mailto:") else address
    name = clean_line(str(field.params.get("CN", "")))[:100]
    answer = clean_line(str(field.params.get("PARTSTAT", ""))).lower()[:20]
    shown = f"{name} <{address[:250]}>" if name and name != address else address[:250]
    return f"{shown} ({answer})" if with_answer and answer else shown


def _first(value: Any) -> Any:
    return value[0] if isinstance(value, list) and value else None if isinstance(value, list) else value
