"""A row of each mail that we write, as it could be: to try templates on before anybody is sent one."""

from datetime import UTC, datetime
from typing import Any

from gateway.db.outbox import Delivery, DeliveryState
from gateway.domain.reasons import Reason
from gateway.domain.ticket import Language
from gateway.notify.notices import Notice

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
_SUBJECT = "Écran noir à l’ouverture d’une session"
_QUESTION = "Bonjour,\n\nDepuis quand l’écran reste-t-il noir ?\n\nAna"
_QUOTE = {"quote": "Bonjour,\n\nL’écran reste noir.", "quote_at": NOW.isoformat()}
_CLOSES = {"closes_at": "2026-12-08T09:00:00+00:00"}
_HOTLINE = {"hotline": {"number": "+33199001234", "code": "1234 5678"}}
_NEWS: dict[str, Any] = {
    "subject": _SUBJECT,
    "author": "marie@example.org",
    "reporter": "marie@example.org",
    "level": "N2",
    "severity": "",
    "at": NOW.isoformat(),
    "text": "Bonjour,\n\nL’écran reste noir.",
    "reason": "",
    "is_mine": False,
}


def _change(what: str, value: str = "") -> dict[str, str]:
    return {"what": what, "value": value, "at": NOW.isoformat()}


def _progress(happening: str, *changes: dict[str, str], text: str = "", **more: Any) -> dict[str, Any]:
    told = {"subject": _SUBJECT, "text": text, "changes": list(changes), "happening": happening}
    return told | {key: value for extra in more.values() for key, value in extra.items()}


SAMPLES: dict[str, tuple[Notice, dict[str, Any]]] = {
    "acknowledgement": (Notice.ACKNOWLEDGEMENT, {}),
    "acknowledged_report": (Notice.ACKNOWLEDGEMENT, {"report": {"severity": "blocking"}}),
    "answer": (Notice.PROGRESS, _progress("answer", text=_QUESTION, quote=_QUOTE)),
    "blocking": (
        Notice.PROGRESS,
        _progress("change", _change("severity", "blocking"), _change("GTI"), _change("level", "N2"), hotline=_HOTLINE),
    ),
    "waiting": (
        Notice.PROGRESS,
        _progress("waiting", _change("status", "pending"), text=_QUESTION, quote=_QUOTE, closes=_CLOSES),
    ),
    "reminder": (
        Notice.PROGRESS,
        _progress("reminder", _change("reminder"), asked={"asked": _QUESTION}, closes=_CLOSES),
    ),
    "resolved": (Notice.PROGRESS, _progress("resolved", _change("status", "resolved"), closes=_CLOSES)),
    "reopened": (Notice.PROGRESS, _progress("reopened", _change("reopened", "open"))),
    "closed": (Notice.PROGRESS, _progress("closed", _change("closed.resolved", "closed"))),
    "added": (Notice.PARTICIPANT, {"subject": _SUBJECT, "happening": "added", "changes": []}),
    "removed": (Notice.PARTICIPANT, {"subject": _SUBJECT, "happening": "removed", "changes": []}),
    "step": (
        Notice.PARTICIPANT,
        {"subject": _SUBJECT, "happening": "step", "changes": [_change("status", "open")]},
    ),
    "new": (Notice.NEWS, _NEWS | {"happening": "new"}),
    "reply": (Notice.NEWS, _NEWS | {"happening": "reply", "is_mine": True, "severity": "major"}),
    "handed": (
        Notice.NEWS,
        _NEWS | {"happening": "handed", "author": "nina@client.example", "text": "", "reason": "Vu avec l’hébergeur"},
    ),
    "undelivered": (
        Notice.NEWS,
        _NEWS | {"happening": "undelivered", "author": "gateway", "text": "550 5.1.1 User unknown"},
    ),
    "news_digest": (
        Notice.NEWS_DIGEST,
        {
            "news": [
                {name: _NEWS[name] for name in ("subject", "author", "level", "at")}
                | {"ref": "DEMO-42", "happening": happening, "text": "Bonjour, L’écran reste noir."}
                for happening in ("new", "reopened")
            ],
            "number": 512,
        },
    ),
    "orders_refused": (Notice.ORDERS_REFUSED, {"faults": ["#sevrity"]}),
    "clocks": (
        Notice.CLOCKS,
        {
            "calls": [
                {"ref": "DEMO-7", "subject": _SUBJECT, "guarantee": "GTI", "percent": percent, "at": NOW.isoformat()}
                for percent in (100, 50)
            ],
            "number": 3,
        },
    ),
    "sign_in_link": (Notice.SIGN_IN_LINK, {"link_id": 9}),
    "mailbox_failing": (Notice.MAILBOX_FAILING, {"mailbox": "support", "reason": "sign-in refused", "minutes": 15}),
    "mailbox_recovered": (Notice.MAILBOX_RECOVERED, {"mailbox": "support", "reason": "sign-in refused", "minutes": 15}),
    "alarm": (
        Notice.ALARM,
        {
            "alarm": "spool_stuck",
            "detail": Reason.ENTRIES_WAIT(lanes="mail, call").as_json(),
            "since": NOW.isoformat(),
        },
    ),
    "alarm_over": (Notice.ALARM_OVER, {"alarm": "spool_stuck", "detail": {}, "since": NOW.isoformat()}),
}
"""By name: the notice, and what the row holds for its template."""

_ABOUT_NO_TICKET = frozenset(
    {
        *(Notice.NEWS_DIGEST, Notice.CLOCKS, Notice.SIGN_IN_LINK),
        *(Notice.MAILBOX_FAILING, Notice.MAILBOX_RECOVERED, Notice.ALARM, Notice.ALARM_OVER),
    }
)


def sample(name: str, *, project: str, lang: Language) -> Delivery:
    """The row with this name, to Marie, about the ticket DEMO-42 where it is about one."""
    notice, context = SAMPLES[name]
    is_about_ticket = notice not in _ABOUT_NO_TICKET
    return Delivery(
        id=17,
        notice=notice,
        project=project,
        person_id=5,
        recipient="marie@example.org",
        lang=lang,
        message_id="m-own@demo.example",
        ticket_id=3 if is_about_ticket else None,
        entry_id=7 if is_about_ticket else None,
        in_reply_to="parent@example.org" if is_about_ticket else None,
        reference_ids=("root@example.org", "parent@example.org") if is_about_ticket else (),
        context=context | ({"ref": "DEMO-42"} if is_about_ticket else {}),
        created_at=NOW,
        state=DeliveryState.SENDING,
        attempts=1,
        next_attempt_at=NOW,
        last_error=None,
        sent_at=None,
    )
