"""What the mails to agents say: what happened to a ticket of theirs, or to many."""

from datetime import datetime
from typing import Any

from gateway.db.outbox import Delivery
from gateway.domain.telling import Happening
from gateway.domain.ticket import Language
from gateway.notify.links import ticket_url
from gateway.notify.wording import say_when, word
from gateway.runtime import Runtime

_HEADLINES: dict[Language, dict[Happening, str]] = {
    Language.FR: {
        Happening.NEW: "Nouvelle demande de {author}",
        Happening.REPLY: "Réponse de {author}",
        Happening.REOPENED: "Rouverte par {author}",
        Happening.HANDED: "Transmise à {level} par {author}",
        Happening.ASSIGNED: "Confiée à vous par {author}",
        Happening.UNDELIVERED: "Un e-mail de cette demande n'est pas arrivé",
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
    Language.FR: ("vous suivez cette demande", "vous faites partie de l'équipe {level}"),
    Language.EN: ("you follow this request", "you belong to the {level} team"),
}
_PLACE = {
    Language.FR: ("Niveau {level}", "Niveau {level}, gravité {severity}"),
    Language.EN: ("Level {level}", "Level {level}, severity {severity}"),
}
_TO_ANSWER = frozenset({Happening.NEW, Happening.REPLY, Happening.REOPENED, Happening.HANDED, Happening.ASSIGNED})


def headline(happening: Happening, *, lang: Language, author: str, level: str) -> str:
    """What happened, in one line."""
    return _HEADLINES[lang][happening].format(author=author, level=level)


def news_values(delivery: Delivery, runtime: Runtime) -> dict[str, Any]:
    """What the template about one ticket needs."""
    context, lang = delivery.context, Language(delivery.lang)
    happening, severity = Happening(context["happening"]), context["severity"]
    return {
        "ref": context["ref"],
        "subject": context["subject"],
        "reporter": context["reporter"],
        "headline": headline(happening, lang=lang, author=context["author"], level=context["level"]),
        "text": context["text"].splitlines(),
        "reason": context["reason"],
        "place": _PLACE[lang][bool(severity)].format(level=context["level"], severity=word(severity, lang=lang)),
        "url": ticket_url(runtime, context["ref"]),
        "to_answer": happening in _TO_ANSWER,
        "why": _WHY[lang][not context["is_mine"]].format(level=context["level"]),
    }


def news_digest_values(delivery: Delivery, runtime: Runtime) -> dict[str, Any]:
    """What the template about many needs."""
    lang, zone = Language(delivery.lang), runtime.project(delivery.project).calendar.zone_info
    news = [
        {
            "ref": one["ref"],
            "subject": one["subject"],
            "headline": headline(Happening(one["happening"]), lang=lang, author=one["author"], level=one["level"]),
            "text": one["text"],
            "when": say_when(datetime.fromisoformat(one["at"]), lang=lang, zone=zone),
            "url": ticket_url(runtime, one["ref"]),
        }
        for one in delivery.context["news"]
    ]
    return {"news": news, "number": delivery.context["number"], "desk": f"{runtime.settings.http.base_url}/desk"}
