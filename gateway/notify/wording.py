"""What happened to a ticket, said to its reporter: one sentence for each change, in their language.

The same sentences stand on the timeline and in the mail. What is told is kept as plain values, so that it is put into
words for each reader; internal reasons are not among them.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from babel.dates import format_datetime

from gateway.domain.ticket import Language

Told = Mapping[str, str]
"""A change as it is kept: `what` happened, the `value` that a thing has now, and the moment `at` in ISO 8601."""

_PATTERN = {Language.FR: "d MMMM yyyy 'à' HH:mm", Language.EN: "d MMMM yyyy 'at' HH:mm"}
_SENTENCES: dict[Language, dict[str, str]] = {
    Language.FR: {
        "level": "Votre demande est suivie par le support de niveau {number} depuis le {when}.",
        "severity": "Gravité de l'incident : {word}.",
        "kind": "Nature de la demande : {word}.",
        "workaround": "Une solution de contournement est en place.",
        "status.open": "Votre demande est prise en charge.",
        "status.pending": "Nous attendons votre réponse pour continuer.",
        "status.resolved": "Votre demande est résolue. Si ce n'est pas le cas, répondez-nous : elle sera rouverte.",
        "status.closed": "Votre demande est close.",
        "reopened": "Votre demande est rouverte.",
        "GTI": "Prise en charge garantie avant le {when}.",
        "GTR": "Rétablissement garanti avant le {when}.",
    },
    Language.EN: {
        "level": "Your request has been with level {number} support since {when}.",
        "severity": "Severity of the incident: {word}.",
        "kind": "Kind of request: {word}.",
        "workaround": "A workaround is in place.",
        "status.open": "Your request has been taken in hand.",
        "status.pending": "We need your answer to go on.",
        "status.resolved": "Your request is resolved. If it is not, answer us and it will be reopened.",
        "status.closed": "Your request is closed.",
        "reopened": "Your request has been reopened.",
        "GTI": "Guaranteed to be taken in hand before {when}.",
        "GTR": "Service guaranteed to be restored before {when}.",
    },
}
_WORDS: dict[Language, dict[str, str]] = {
    Language.FR: {
        "": "aucune",
        "blocking": "bloquante",
        "major": "majeure",
        "minor": "mineure",
        "corrective": "correction d'un incident",
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


def sentences(changes: Iterable[Told], *, lang: Language, zone: ZoneInfo) -> list[str]:
    """One sentence for each change."""
    return [_sentence(change, lang, zone) for change in changes]


def say_when(moment: datetime, *, lang: Language, zone: ZoneInfo) -> str:
    """A moment as people of this language write it, by the wall clock of the zone."""
    return format_datetime(moment, _PATTERN[lang], tzinfo=zone, locale=lang.value)


def _sentence(change: Told, lang: Language, zone: ZoneInfo) -> str:
    what, value = change["what"], change["value"]
    return _SENTENCES[lang][f"status.{value}" if what == "status" else what].format(
        number=value.removeprefix("N"),
        word=_WORDS[lang].get(value, value),
        when=say_when(datetime.fromisoformat(change["at"]), lang=lang, zone=zone),
    )
