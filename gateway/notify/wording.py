"""What happened to a ticket, said to its reporter: one sentence for each change, in their language.

The same sentences stand on the timeline and in the mail. What is told is kept as plain values, so that it is put into
words for each reader; internal reasons are not among them.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime, get_day_names

from gateway.domain.calendar import Calendar, DayHours
from gateway.domain.contract import Contract, Counting, Guarantees
from gateway.domain.ticket import Language
from gateway.notify.advisory_wording import advisory_sentence
from gateway.notify.kind_wording import kind_sentence

Told = Mapping[str, str]
"""A change as it is kept: `what` happened, the `value` that a thing has now, and the moment `at` in ISO 8601."""

_PATTERN = {Language.FR: "MMMM yyyy 'à' HH:mm", Language.EN: "MMMM yyyy 'at' HH:mm"}
_SENTENCES: dict[Language, dict[str, str]] = {
    Language.FR: {
        "level": "Votre demande est suivie par le support de niveau {number} depuis le {when}.",
        "severity": "Gravité de l’incident : {word}.",
        "workaround": "Une solution de contournement est en place.",
        "status.open": "Votre demande est prise en charge.",
        "status.pending": "Nous attendons votre réponse pour continuer.",
        "status.resolved": "Votre demande est résolue. Si ce n’est pas le cas, répondez-nous : elle sera rouverte.",
        "status.closed": "Votre demande est close.",
        "reopened": "Votre demande est rouverte.",
        "reminder": "Depuis le {when}, nous attendons votre réponse pour continuer.",
        "closed.pending": "Votre demande est close : nous n’avons pas reçu la réponse attendue.",
        "closed.resolved": "Votre demande, résolue, est maintenant close.",
        "GTI": "Prise en charge garantie avant le {when}.",
        "GTR": "Rétablissement garanti avant le {when}.",
        "merged": "Votre demande est désormais suivie avec la demande {word}.",
        "split": "Votre message, reçu dans la demande {word}, est désormais suivi comme une demande à part.",
    },
    Language.EN: {
        "level": "Your request has been with level {number} support since {when}.",
        "severity": "Severity of the incident: {word}.",
        "workaround": "A workaround is in place.",
        "status.open": "Your request has been taken in hand.",
        "status.pending": "We need your answer to go on.",
        "status.resolved": "Your request is resolved. If it is not, answer us and it will be reopened.",
        "status.closed": "Your request is closed.",
        "reopened": "Your request has been reopened.",
        "reminder": "Since {when} we have been waiting for your answer to go on.",
        "closed.pending": "Your request is closed: the answer that we needed has not come.",
        "closed.resolved": "Your request was resolved and is now closed.",
        "GTI": "Guaranteed to be taken in hand before {when}.",
        "GTR": "Service guaranteed to be restored before {when}.",
        "merged": "Your request is now followed up together with request {word}.",
        "split": "Your message, which came in with request {word}, is now followed up as a request of its own.",
    },
}
_WORDS: dict[Language, dict[str, str]] = {
    Language.FR: {
        "": "aucune",
        "blocking": "bloquante",
        "major": "majeure",
        "minor": "mineure",
        "corrective": "correction d’un incident",
        "preventive": "maintenance préventive",
        "adaptive": "adaptation",
        "evolutive": "évolution",
        "regulatory": "obligation réglementaire",
        "assistance": "assistance",
    },
    Language.EN: {
        "": "none",
        "corrective": "incident to correct",
        "preventive": "preventive maintenance",
        "adaptive": "adaptation",
        "evolutive": "new function or change",
        "regulatory": "regulatory requirement",
        "assistance": "request for help",
    },
}

_WEEK = {
    Language.FR: ("le {0}", "du {0} au {1}", "de {0} à {1}", " ; "),
    Language.EN: ("on {0}", "{0} to {1}", "from {0} to {1}", "; "),
}

_PROMISE = {
    Language.FR: ("gravité {0} : prise en charge sous {1} h{2}", ", rétablissement sous {0} h{1}", " ouvrées"),
    Language.EN: ("{0}: taken in hand within {1} h{2}", ", restored within {0} h{1}", " of working time"),
}

_BY_THEMSELVES = {"advisory": advisory_sentence, "kind": kind_sentence}


def sentences(changes: Iterable[Told], *, lang: Language, zone: ZoneInfo) -> list[str]:
    """One sentence for each change."""
    return [_sentence(change, lang, zone) for change in changes]


def word(value: str, *, lang: Language) -> str:
    """A severity or a kind of work in this language."""
    return _WORDS[lang].get(value, value)


def promises(contract: Contract, *, lang: Language, only: str | None = None) -> list[str]:
    """What each severity is guaranteed, a line for each; `only` one of them, or none for an empty one."""
    return [
        _promise(severity.value, promised, lang)
        for severity, promised in contract.guarantees
        if only is None or severity == only
    ]


def say_when(moment: datetime, *, lang: Language, zone: ZoneInfo) -> str:
    """A moment as people of this language write it, by the wall clock of the zone."""
    local = moment.astimezone(zone)
    return format_datetime(local, f"{_day(local, lang)} {_PATTERN[lang]}", tzinfo=zone, locale=lang.value)


def say_date(moment: datetime, *, lang: Language, zone: ZoneInfo) -> str:
    """A day as people of this language write it, by the wall clock of the zone."""
    local = moment.astimezone(zone)
    return format_date(local, f"{_day(local, lang)} MMMM yyyy", locale=lang.value)


def say_week(calendar: Calendar, *, lang: Language) -> str:
    """The working hours of a week: `du lundi au vendredi de 9:00 à 17:30`."""
    names = get_day_names("wide", locale=lang.value)
    spans: list[tuple[int, int, DayHours]] = []
    for day, hours in enumerate(calendar.week):
        if hours and spans and spans[-1][1:] == (day - 1, hours):
            spans[-1] = (spans[-1][0], day, hours)
        elif hours:
            spans.append((day, day, hours))
    one, several, between, joint = _WEEK[lang]
    return joint.join(
        (one if first == last else several).format(names[first], names[last])
        + " "
        + ", ".join(between.format(_clock(start), _clock(end)) for start, end in hours)
        for first, last, hours in spans
    )


def _day(moment: datetime, lang: Language) -> str:
    """The pattern of a day; in French the first is not counted as the others are: le 1er juillet, le 2 juillet."""
    return "d'er'" if lang is Language.FR and moment.day == 1 else "d"


def _clock(minute: int) -> str:
    return f"{minute // 60}:{minute % 60:02}"


def _promise(severity: str, promised: Guarantees, lang: Language) -> str:
    within, restored, working = _PROMISE[lang]
    hours = working if promised.counting is Counting.WORKING else ""
    line = within.format(word(severity, lang=lang), _hours(promised.gti), hours)
    return line if promised.gtr is None else line + restored.format(_hours(promised.gtr), hours)


def _hours(time: timedelta) -> str:
    return f"{time / timedelta(hours=1):g}"


def _sentence(change: Told, lang: Language, zone: ZoneInfo) -> str:
    what, value = change["what"], change["value"]
    if what in _BY_THEMSELVES:
        return _BY_THEMSELVES[what](change, lang=lang)
    return _SENTENCES[lang][f"status.{value}" if what == "status" else what].format(
        number=value.removeprefix("N"),
        word=word(value, lang=lang),
        when=say_when(datetime.fromisoformat(change["at"]), lang=lang, zone=zone),
    )
