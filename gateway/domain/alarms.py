"""What is wrong with an installation, by name, from what its parts say; each name has a page in deploy/RUNBOOK.md.

What is found is a name with values, and is said where somebody reads it, in their language.

- `database_down`, `redis_down`, `spool_down`: the part does not answer; the spool, too, where its disk is full
- `files_down`: the bucket of raw mail and voice messages does not answer, or not to us
- `spool_stuck`: something accepted has waited for five minutes to be filed
- `quarantine`: an entry could not be filed and waits for a person
- `outbox_stuck`: a mail has been due for five minutes and nobody tries it
- `clocks_late`: a warning of a guaranteed time is five minutes late
- `mailbox_late`: a mailbox has not been read for too long
- `hotline_stale`: the hotline answers from what it knew five minutes ago, or knows nothing
- `machine_silent`: a machine has said nothing for a minute
- `machine_spool`: on another machine entries wait for five minutes, or are in quarantine
- `machine_keys`: a machine signs with keys that others do not believe
- `webhook_stuck`: for a quarter of an hour something did not get through to a receiver of webhooks, or it wants no more
- `templates_broken`: a template of the operator's own cannot be used, and mails say our words
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from gateway.domain.alarm_reason_words import FRENCH_LANES
from gateway.domain.reasons import Reason, Why
from gateway.domain.saying import say_stored
from gateway.domain.ticket import Language

STUCK = 300
"""Seconds that are too long for something that takes one."""

_HOOK_STUCK = 900
"""Seconds that are too long for a webhook: by then it was tried three times (`gateway.notify.backoff`)."""

Parts = Mapping[str, Mapping[str, Any]]


def judge(parts: Parts) -> dict[str, Why | None]:
    """What is wrong, by the alarm's name; None where it is good. A part that is not there, or that another alarm says
    to be down, is not judged."""
    return {
        name: rule(parts[part])
        for name, (part, rule) in RULES.items()
        if part in parts and (name == f"{part}_down" or name in _OF_DOWN or parts[part].get("state") == "up")
    }


def what_is_wrong(parts: Parts, lang: Language = Language.EN) -> dict[str, str]:
    """The alarms that are on, each with its sentence."""
    return {name: say_alarm(why.as_json(), lang) for name, why in judge(parts).items() if why is not None}


def say_alarm(stored: Mapping[str, Any] | str, lang: Language) -> str:
    """What is wrong, as a sentence, "" where nothing is; what an earlier version stored is one already."""
    if not stored:
        return ""
    return say_stored(stored, lang, _in_french if lang is Language.FR else lambda _name, value: value)


def _in_french(name: str, value: str) -> str:
    return _listed(FRENCH_LANES.get(one, one) for one in value.split(", ")) if name == "lanes" else value


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)


def _down(part: Mapping[str, Any]) -> Why | None:
    return None if part.get("state") == "up" else Reason.NO_ANSWER()


def _stuck(part: Mapping[str, Any]) -> Why | None:
    late = [lane for lane, depth in part["lanes"].items() if (depth["oldest_seconds"] or 0) > STUCK]
    return Reason.ENTRIES_WAIT(lanes=_listed(late)) if late else None


def _quarantine(part: Mapping[str, Any]) -> Why | None:
    number = sum(depth["quarantined"] for depth in part["lanes"].values())
    return Reason.IN_QUARANTINE(number=number) if number else None


def _outbox(part: Mapping[str, Any]) -> Why | None:
    seconds = part["oldest_due_seconds"] or 0
    return Reason.MAIL_OVERDUE(minutes=seconds // 60) if seconds > STUCK else None


def _clocks(part: Mapping[str, Any]) -> Why | None:
    seconds = part["clocks_late_seconds"] or 0
    return Reason.WARNING_LATE(minutes=seconds // 60) if seconds > STUCK else None


def _mailboxes(part: Mapping[str, Any]) -> Why | None:
    late = [name for name, box in part.get("mailboxes", {}).items() if box["state"] == "late"]
    return Reason.MAILBOXES_UNREAD(names=_listed(late)) if late else None


def _hotline(part: Mapping[str, Any]) -> Why | None:
    seconds = part["snapshot_seconds"]
    if seconds is None:
        return Reason.SNAPSHOT_NONE()
    return Reason.SNAPSHOT_OLD(minutes=seconds // 60) if seconds > STUCK else None


def _silent(part: Mapping[str, Any]) -> Why | None:
    silent = [name for name, one in part["machines"].items() if one["state"] == "silent"]
    return Reason.MACHINES_SILENT(names=_listed(silent)) if silent else None


def _spools(part: Mapping[str, Any]) -> Why | None:
    """Of the other machines: ours is looked at by itself."""
    others = {name: one for name, one in part["machines"].items() if name != part["here"]}
    bad = [name for name, one in others.items() if one["quarantined"] or (one["oldest_seconds"] or 0) > STUCK]
    return Reason.MACHINES_HOLD(names=_listed(bad)) if bad else None


def _keys(part: Mapping[str, Any]) -> Why | None:
    differ = [name for name, one in part["machines"].items() if one["state"] == "up" and not one["same_keys"]]
    return Reason.KEYS_DIFFER(here=part["here"], names=_listed(differ)) if differ else None


def _templates(part: Mapping[str, Any]) -> Why | None:
    return Reason.TEMPLATES_UNFIT(number=part["broken"]) if part["broken"] else None


def _webhooks(part: Mapping[str, Any]) -> Why | None:
    stuck = [
        name
        for name, one in part["receivers"].items()
        if one["state"] == "gone" or (one["oldest_seconds"] or 0) > _HOOK_STUCK
    ]
    return Reason.HOOKS_STUCK(names=_listed(stuck)) if stuck else None


_OF_DOWN = frozenset({"mailbox_late"})
RULES: Mapping[str, tuple[str, Callable[[Mapping[str, Any]], Why | None]]] = {
    "database_down": ("database", _down),
    "redis_down": ("redis", _down),
    "spool_down": ("spool", _down),
    "files_down": ("files", _down),
    "spool_stuck": ("spool", _stuck),
    "quarantine": ("spool", _quarantine),
    "outbox_stuck": ("work", _outbox),
    "clocks_late": ("work", _clocks),
    "mailbox_late": ("mailboxes", _mailboxes),
    "hotline_stale": ("hotline", _hotline),
    "machine_silent": ("machines", _silent),
    "machine_spool": ("machines", _spools),
    "machine_keys": ("machines", _keys),
    "webhook_stuck": ("webhooks", _webhooks),
    "templates_broken": ("templates", _templates),
}
"""By name: the part that is looked at, and the rule."""
