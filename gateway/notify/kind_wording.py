"""The kind of work that a ticket is treated as, said to its reporter in words of its own, with what is known of it."""

from collections.abc import Mapping
from datetime import date

from babel.dates import format_date

from gateway.domain.ticket import Kind, Language

_FIELD = "field."
_SENTENCES: dict[Language, dict[str, str]] = {
    Language.FR: {
        Kind.CORRECTIVE: "Votre demande est traitée comme un incident à corriger",
        Kind.ASSISTANCE: "Votre demande est traitée comme une demande d’assistance",
        Kind.PREVENTIVE: "Votre demande relève de la maintenance préventive",
        Kind.ADAPTIVE: "Votre demande est traitée comme une adaptation de l’application",
        Kind.EVOLUTIVE: "Votre demande est traitée comme une évolution de l’application",
        Kind.REGULATORY: "Votre demande est traitée comme une mise en conformité réglementaire",
    },
    Language.EN: {
        Kind.CORRECTIVE: "Your request is treated as an incident to correct",
        Kind.ASSISTANCE: "Your request is treated as a request for help",
        Kind.PREVENTIVE: "Your request is preventive maintenance",
        Kind.ADAPTIVE: "Your request is treated as an adaptation of the application",
        Kind.EVOLUTIVE: "Your request is treated as a new function or a change of the application",
        Kind.REGULATORY: "Your request is treated as a regulatory requirement",
    },
}
_FIELDS: dict[Language, dict[str, str]] = {
    Language.FR: {
        "reference": "référence {0}",
        "component": "{0}",
        "from_version": "de la version {0}",
        "to_version": "vers la version {0}",
        "source": "source : {0}",
        "effective_on": "applicable le {0}",
    },
    Language.EN: {
        "reference": "reference {0}",
        "component": "{0}",
        "from_version": "from version {0}",
        "to_version": "to version {0}",
        "source": "source: {0}",
        "effective_on": "in force from {0}",
    },
}
_COMPONENTS = {
    "operating system": "système d’exploitation",
    "database": "système de base de données",
    "browser": "navigateur",
    "third-party API": "API d’un tiers",
}


def field_values(details: Mapping[str, str]) -> dict[str, str]:
    """The details of a kind of work as a change keeps them, beside `what`, `value` and `at`."""
    return {f"{_FIELD}{name}": value for name, value in details.items()}


def kind_sentence(change: Mapping[str, str], *, lang: Language) -> str:
    """The sentence for a change whose `value` is the kind of work."""
    sentence = _SENTENCES[lang][change["value"]]
    known = {name.removeprefix(_FIELD): value for name, value in change.items() if name.startswith(_FIELD)}
    said = [form.format(_value(name, known[name], lang)) for name, form in _FIELDS[lang].items() if name in known]
    return f"{sentence} ({', '.join(said)})." if said else f"{sentence}."


def _value(name: str, value: str, lang: Language) -> str:
    if name == "effective_on":
        day = date.fromisoformat(value)
        number = "d'er'" if lang is Language.FR and day.day == 1 else "d"
        return format_date(day, f"{number} MMMM yyyy", locale=lang.value)
    return _COMPONENTS.get(value, value) if name == "component" and lang is Language.FR else value
