"""What happened to a ticket, as a sentence for agents."""

from typing import Any

from flask_babel import gettext, lazy_gettext

from gateway.domain.ticket import Kind, Severity, Status
from web.words import AGENT_STATES, KINDS, SEVERITIES

_SENTENCES = {
    "status": lazy_gettext("%(who)s set the status: %(value)s"),
    "severity": lazy_gettext("%(who)s set the severity: %(value)s"),
    "kind": lazy_gettext("%(who)s set the kind of work: %(value)s"),
    "level": lazy_gettext("%(who)s handed it to %(value)s"),
    "assigned": lazy_gettext("%(who)s gave it to %(value)s"),
    "answered": lazy_gettext("%(who)s answered the reporter"),
    "call_answered": lazy_gettext("%(who)s spoke to the reporter"),
    "workaround": lazy_gettext("%(who)s gave a workaround"),
}


def event_sentence(row: Any) -> str:
    """A row of `ticket_events` as a sentence."""
    sentence = str(_SENTENCES.get(row.type, lazy_gettext("%(who)s changed something")))
    return sentence % {"who": row.author or gettext("the gateway"), "value": _value(row.type, row.value)}


def _value(event: str, value: str) -> str:
    if event == "status" and value in set(Status):
        return str(AGENT_STATES[Status(value)])
    if event == "severity":
        return str(SEVERITIES[Severity(value)]) if value in set(Severity) else str(gettext("none"))
    if event == "kind" and value in set(Kind):
        return str(KINDS[Kind(value)])
    return value or str(gettext("nobody"))
