"""What happened to a ticket, said to agents: in the mails that tell them, and on the timeline."""

from gateway.domain.events import EventType, TicketEvent
from gateway.domain.telling import Happening
from gateway.domain.ticket import Language
from gateway.notify.wording import word

_HEADLINES: dict[Language, dict[Happening, str]] = {
    Language.FR: {
        Happening.NEW: "Nouvelle demande de {author}",
        Happening.REPLY: "Réponse de {author}",
        Happening.REOPENED: "Rouverte par {author}",
        Happening.HANDED: "Transmise à {level} par {author}",
        Happening.ASSIGNED: "Confiée à vous par {author}",
        Happening.UNDELIVERED: "Un courriel de cette demande n’est pas arrivé",
    },
    Language.EN: {
        Happening.NEW: "New request from {author}",
        Happening.REPLY: "Answer from {author}",
        Happening.REOPENED: "Reopened by {author}",
        Happening.HANDED: "Handed to {level} by {author}",
        Happening.ASSIGNED: "Given to you by {author}",
        Happening.UNDELIVERED: "A mail about this request did not arrive",
    },
}
_WHY: dict[Language, tuple[str, str]] = {
    Language.FR: ("vous suivez cette demande", "vous faites partie de l’équipe {level}"),
    Language.EN: ("you follow this request", "you belong to the {level} team"),
}
_PLACE = {
    Language.FR: ("Niveau {level}", "Niveau {level}, gravité {severity}"),
    Language.EN: ("Level {level}", "Level {level}, severity {severity}"),
}
_EVENTS = {
    Language.FR: {
        EventType.LEVEL: "Transmis à {value}",
        EventType.ASSIGNED: "Attribué à {value}",
        EventType.KIND: "Nature : {value}",
        EventType.SEVERITY: "Gravité : {value}",
        EventType.STATUS: "État : {value}",
    },
    Language.EN: {
        EventType.LEVEL: "Handed to {value}",
        EventType.ASSIGNED: "Assigned to {value}",
        EventType.KIND: "Kind: {value}",
        EventType.SEVERITY: "Severity: {value}",
        EventType.STATUS: "Status: {value}",
    },
}
_REASON = {Language.FR: "{line} — motif : {reason}", Language.EN: "{line}, because: {reason}"}
TOLD_INSIDE = frozenset(_EVENTS[Language.FR])
"""What `agent_line` has words for."""


def headline(happening: Happening, *, lang: Language, author: str, level: str) -> str:
    """What happened, in one line."""
    return _HEADLINES[lang][happening].format(author=author, level=level)


def why(level: str, *, is_mine: bool, lang: Language) -> str:
    """Why an agent is told, as the words between "because" and the project's name."""
    return _WHY[lang][not is_mine].format(level=level)


def place(level: str, severity: str, *, lang: Language) -> str:
    """Where a ticket stands; an empty severity is none."""
    return _PLACE[lang][bool(severity)].format(level=level, severity=word(severity, lang=lang))


def agent_line(event: TicketEvent, *, lang: Language) -> str:
    """An event as the timeline tells it to agents, with its details and its reason."""
    details = "".join(f", {name}: {value}" for name, value in event.details)
    line = _EVENTS[lang][event.type].format(value=event.value) + details
    return _REASON[lang].format(line=line, reason=event.reason) if event.reason else line
