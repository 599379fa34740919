"""A call as it stands on its ticket's timeline: one entry, written anew each time more is known.

For agents only. The caller's number is masked: who needs it sees it with the call.
"""

from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import Any

from gateway.domain.call import Attempt, CallRecord, Outcome
from gateway.domain.ticket import Language

_OUTCOMES: dict[Outcome, tuple[str, str]] = {
    Outcome.UNDER_WAY: ("Appel en cours", "Call under way"),
    Outcome.ANSWERED: ("Appel pris", "Call answered"),
    Outcome.MESSAGE: ("Message vocal laissé", "Voice message left"),
    Outcome.MISSED: ("Appel sans réponse", "Missed call"),
    Outcome.REDIRECTED: ("Appelant réorienté vers la plateforme", "Caller told to use the platform"),
    Outcome.OUT_OF_HOURS: ("Appel hors des heures", "Call out of hours"),
    Outcome.ABANDONED: ("Appel abandonné", "Call abandoned"),
    Outcome.ERROR: ("Appel interrompu par une erreur", "Call ended by an error"),
}
_ATTEMPTS: dict[str, tuple[str, str]] = {
    "answered": ("a pris l'appel", "took it"),
    "accepted": ("a accepté", "accepted"),
    "cut off": ("a accepté, communication coupée", "accepted, cut off"),
    "refused": ("a refusé", "refused"),
    "silent": ("n'a pas validé", "pressed no key"),
    "busy": ("occupé", "busy"),
    "no-answer": ("n'a pas répondu", "did not answer"),
    "failed": ("injoignable", "could not be reached"),
    "canceled": ("l'appelant a raccroché", "the caller hung up"),
    "rung": ("appelé", "rung"),
}
_SENTENCES: dict[str, tuple[str, str]] = {
    "talked": ("Conversation de {} s", "Talked for {} s"),
    "message": ("Message de {} s", "Message of {} s"),
    "no message": ("Message non disponible", "Message not available"),
    "unverified": ("Code non vérifié pendant l'appel", "The code was not checked during the call"),
    "callback": ("À rappeler avant le {:%d/%m/%Y à %H:%M}", "Call back before {:%d/%m/%Y %H:%M}"),
}


def mask_number(number: str | None) -> str:
    """A number for those who need not know it: `+33 … 78`; a dash for one that was withheld."""
    return "-" if number is None else f"{number[:3]} … {number[-2:]}"


def entry_text(
    record: CallRecord, *, names: Mapping[int, str], due_at: datetime | None, zone: tzinfo, lang: Language
) -> str:
    """What an agent reads. `names` are the agents' by id; `due_at` is when somebody should have called back."""
    language = 1 if lang is Language.EN else 0
    lines = [f"{_OUTCOMES[record.outcome][language]} ({mask_number(record.caller)})"]
    for one in record.attempts:
        told = _ATTEMPTS.get(one.outcome, (one.outcome, one.outcome))[language]
        lines.append(f"{_name(one, names)} - {told}" + (f" ({one.seconds} s)" if one.seconds else ""))
    if record.talk_seconds:
        lines.append(_SENTENCES["talked"][language].format(record.talk_seconds))
    for message in record.messages:
        kind = "no message" if message.status in {"absent", "failed"} else "message"
        lines.append(_SENTENCES[kind][language].format(message.seconds))
    if record.unverified_code is not None:
        lines.append(_SENTENCES["unverified"][language])
    if due_at is not None:
        lines.append(_SENTENCES["callback"][language].format(due_at.astimezone(zone)))
    if record.note:
        lines.append(record.note)
    return "\n".join(lines)


def _name(attempt: Attempt, names: Mapping[int, str]) -> str:
    return names.get(attempt.agent) or attempt.label or (f"#{attempt.agent}" if attempt.agent else "?")


def entry_data(record: CallRecord, *, names: Mapping[int, str], sounds: Mapping[str, str | None]) -> dict[str, Any]:
    """What pages show of the call beside the text. `sounds` are the sums of the messages that we have, by their id."""
    return {
        "outcome": record.outcome.value,
        "source": record.source,
        "steps": list(record.steps),
        "agents": [
            {"agent": _name(one, names), "outcome": one.outcome, "seconds": one.seconds} for one in record.attempts
        ],
        "waiting_seconds": record.waiting_seconds,
        "talk_seconds": record.talk_seconds,
        "messages": [
            {"recording": one.id, "seconds": one.seconds, "sha256": sounds.get(one.id)} for one in record.messages
        ],
    }
