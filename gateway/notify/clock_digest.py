"""What the mail about guaranteed times says: a line for each clock that passed a mark."""

from datetime import datetime
from typing import Any

from gateway.db.clock_calls import CALL_BACK
from gateway.db.outbox import Delivery
from gateway.domain.ticket import Language
from gateway.notify.wording import say_when
from gateway.runtime import Runtime

_CALL_BACK = {Language.FR: "Rappel téléphonique", Language.EN: "Call back"}


def digest_values(delivery: Delivery, runtime: Runtime) -> dict[str, Any]:
    """What the template needs."""
    lang, zone = Language(delivery.lang), runtime.project(delivery.project).calendar.zone_info
    base = runtime.settings.http.base_url
    calls = [
        {
            **call,
            "guarantee": _CALL_BACK[lang] if call["guarantee"] == CALL_BACK else call["guarantee"],
            "when": say_when(datetime.fromisoformat(call["at"]), lang=lang, zone=zone),
            "url": f"{base}/tickets/{call['ref']}",
        }
        for call in delivery.context["calls"]
    ]
    return {"calls": calls, "number": delivery.context["number"], "desk": f"{base}/desk"}
