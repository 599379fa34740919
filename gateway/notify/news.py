"""What the mails to agents say: what happened to a ticket of theirs, or to many."""

from datetime import datetime
from typing import Any

from gateway.db.outbox import Delivery
from gateway.domain.telling import Happening
from gateway.domain.ticket import Language
from gateway.notify.agent_wording import headline, place, why
from gateway.notify.links import ticket_url
from gateway.notify.wording import say_when
from gateway.runtime import Runtime

_TO_ANSWER = frozenset({Happening.NEW, Happening.REPLY, Happening.REOPENED, Happening.HANDED, Happening.ASSIGNED})


def news_values(delivery: Delivery, runtime: Runtime) -> dict[str, Any]:
    """What the template about one ticket needs."""
    context, lang = delivery.context, Language(delivery.lang)
    happening = Happening(context["happening"])
    return {
        "ref": context["ref"],
        "subject": context["subject"],
        "reporter": context["reporter"],
        "headline": headline(happening, lang=lang, author=context["author"], level=context["level"]),
        "text": context["text"].splitlines(),
        "reason": context["reason"],
        "place": place(context["level"], context["severity"], lang=lang),
        "url": ticket_url(runtime, context["ref"]),
        "to_answer": happening in _TO_ANSWER,
        "why": why(context["level"], is_mine=context["is_mine"], lang=lang),
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
