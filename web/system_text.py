"""What the gateway wrote onto a timeline, said again in the language of whoever reads it, from what was kept."""

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext, lazy_gettext

from gateway.domain.saying import SEPARATORS, say_stored
from gateway.domain.ticket import Kind, Level, Severity, Status
from gateway.notify.wording import sentences
from web.i18n import ZONE, language
from web.words import AGENT_STATES, FIELD_NAMES, KINDS, LEVELS, SEVERITIES

_NAMES: Mapping[str, tuple[object, Mapping[str, object]]] = {
    "level": (lazy_gettext("Handed to: %(value)s"), {str(level): LEVELS[level] for level in Level}),
    "assigned": (lazy_gettext("Given to %(value)s"), {}),
    "kind": (lazy_gettext("Kind: %(value)s"), {str(kind): KINDS[kind] for kind in Kind}),
    "severity": (lazy_gettext("Severity: %(value)s"), {str(one): SEVERITIES[one] for one in Severity}),
    "status": (lazy_gettext("State: %(value)s"), {str(status): AGENT_STATES[status] for status in Status}),
}


def system_text(data: Mapping[str, Any]) -> str | None:
    """The text of an entry by its data; None where that does not say it, as in entries of earlier versions."""
    if changes := data.get("changes"):
        return "\n".join(sentences(changes, lang=language(), zone=ZONE))
    if events := data.get("events"):
        return "\n".join(_line(event) for event in events)
    if data.get("event") == "entered" and data.get("whys"):
        said = SEPARATORS[language()].join(say_stored(why, language()) for why in data["whys"])
        return f"{data['level']}{gettext(': ')}{said}"
    return None


def _line(event: Mapping[str, Any]) -> str:
    sentence, words = _NAMES[event["type"]]
    line = str(sentence) % {"value": words.get(event["value"], event["value"])}
    details = "".join(f", {FIELD_NAMES.get(name, name)}{gettext(': ')}{value}" for name, value in event["details"])
    reason = gettext(" – reason: %(reason)s", reason=event["reason"]) if event["reason"] else ""
    return f"{line}{details}{reason}"
