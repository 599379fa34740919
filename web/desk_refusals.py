"""Why something was refused, in the reader's language: the one table of reasons, with values as the desk names them."""

from collections.abc import Mapping

from flask_babel import lazy_gettext

from gateway.domain.advisory import Step
from gateway.domain.reasons import Reason, Why
from gateway.domain.saying import say
from gateway.domain.ticket import Kind, Status
from gateway.errors import GatewayError, NotFound
from web.desk_words import CALL_STATES, STEPS
from web.i18n import language
from web.words import AGENT_STATES, COMPONENT_NAMES, KINDS

FIELDS = {
    "reference": lazy_gettext("Reference"),
    "component": lazy_gettext("Adaptive: what moves"),
    "from_version": lazy_gettext("Adaptive: from version"),
    "to_version": lazy_gettext("Adaptive: to version"),
    "source": lazy_gettext("Regulatory: source"),
    "effective_on": lazy_gettext("Regulatory: applies from"),
    "title": lazy_gettext("Title"),
    "touches": lazy_gettext("What it touches"),
}
_NAMES: Mapping[str, Mapping[str, object]] = {
    "status": {str(status): AGENT_STATES[status] for status in Status},
    "kind": {str(kind): KINDS[kind] for kind in Kind},
    "field": FIELDS,
    "step": {str(step): STEPS[step] for step in Step},
    "next": {str(step): STEPS[step] for step in Step},
    "state": CALL_STATES,
    "choices": {**COMPONENT_NAMES, **CALL_STATES},
}
"""By the name of a value what its words are called; what is not here is said as it is."""


def refusal_sentences(error: GatewayError) -> list[str]:
    """A sentence for each reason."""
    return list(dict.fromkeys(why_sentence(why) for why in whys_of(error)))


def whys_of(error: GatewayError) -> tuple[Why, ...]:
    """The reasons. One that has none is told apart by its kind alone: its text is for operators."""
    return error.whys or ((Reason.NOT_THERE() if isinstance(error, NotFound) else Reason.REFUSED()),)


def why_sentence(why: Why) -> str:
    """A reason as a whole sentence. An address or a reference that it begins with stays as it is written."""
    said = say(why, language(), _named)
    begins_with_value = any(value and said.startswith(value) for _, value in why.values)
    return f"{said if begins_with_value else said[:1].upper() + said[1:]}."


def _named(name: str, value: str) -> str:
    names = _NAMES.get(name, {})
    return ", ".join(str(names.get(word, word)) for word in value.split(", ")) if names else value
