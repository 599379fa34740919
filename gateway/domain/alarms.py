"""What is wrong with an installation, by name, from what its parts say; each name has a page in deploy/RUNBOOK.md.

- `database_down`, `redis_down`, `spool_down`: the part does not answer; the spool, too, where its disk is full
- `spool_stuck`: something accepted has waited for five minutes to be filed
- `quarantine`: an entry could not be filed and waits for a person
- `outbox_stuck`: a mail has been due for five minutes and nobody tries it
- `clocks_late`: a warning of a guaranteed time is five minutes late
- `mailbox_late`: a mailbox has not been read for too long
- `hotline_stale`: the hotline answers from what it knew five minutes ago, or knows nothing
- `templates_broken`: a template of the operator's own cannot be used, and mails say our words
"""

from collections.abc import Callable, Mapping
from typing import Any

STUCK = 300
"""Seconds that are too long for something that takes one."""

Parts = Mapping[str, Mapping[str, Any]]


def judge(parts: Parts) -> dict[str, str]:
    """What is wrong, by the alarm's name: a sentence where it is bad, "" where it is good. A part that is not there, or
    that another alarm says to be down, is not judged."""
    return {
        name: rule(parts[part])
        for name, (part, rule) in RULES.items()
        if part in parts and (name == f"{part}_down" or name in _OF_DOWN or parts[part].get("state") == "up")
    }


def _down(part: Mapping[str, Any]) -> str:
    return "" if part.get("state") == "up" else "it does not answer"


def _stuck(part: Mapping[str, Any]) -> str:
    late = [lane for lane, depth in part["lanes"].items() if (depth["oldest_seconds"] or 0) > STUCK]
    return f"entries wait in: {', '.join(late)}" if late else ""


def _quarantine(part: Mapping[str, Any]) -> str:
    number = sum(depth["quarantined"] for depth in part["lanes"].values())
    return f"{number} entries in quarantine" if number else ""


def _outbox(part: Mapping[str, Any]) -> str:
    seconds = part["oldest_due_seconds"] or 0
    return f"a mail has been due for {seconds // 60} minutes" if seconds > STUCK else ""


def _clocks(part: Mapping[str, Any]) -> str:
    seconds = part["clocks_late_seconds"] or 0
    return f"a warning is {seconds // 60} minutes late" if seconds > STUCK else ""


def _mailboxes(part: Mapping[str, Any]) -> str:
    late = [name for name, box in part.get("mailboxes", {}).items() if box["state"] == "late"]
    return f"not read any more: {', '.join(late)}" if late else ""


def _hotline(part: Mapping[str, Any]) -> str:
    seconds = part["snapshot_seconds"]
    if seconds is None:
        return "there is no snapshot to answer calls from"
    return f"the snapshot is {seconds // 60} minutes old" if seconds > STUCK else ""


def _templates(part: Mapping[str, Any]) -> str:
    return f"{part['broken']} templates cannot be used" if part["broken"] else ""


_OF_DOWN = frozenset({"mailbox_late"})
RULES: Mapping[str, tuple[str, Callable[[Mapping[str, Any]], str]]] = {
    "database_down": ("database", _down),
    "redis_down": ("redis", _down),
    "spool_down": ("spool", _down),
    "spool_stuck": ("spool", _stuck),
    "quarantine": ("spool", _quarantine),
    "outbox_stuck": ("work", _outbox),
    "clocks_late": ("work", _clocks),
    "mailbox_late": ("mailboxes", _mailboxes),
    "hotline_stale": ("hotline", _hotline),
    "templates_broken": ("templates", _templates),
}
"""By name: the part that is looked at, and the rule."""
