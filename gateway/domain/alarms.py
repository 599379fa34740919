"""What is wrong with an installation, by name, from what its parts say; each name has a page in deploy/RUNBOOK.md.

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


def _silent(part: Mapping[str, Any]) -> str:
    silent = [name for name, one in part["machines"].items() if one["state"] == "silent"]
    return f"nothing is heard of: {', '.join(silent)}" if silent else ""


def _spools(part: Mapping[str, Any]) -> str:
    """Of the other machines: ours is looked at by itself."""
    others = {name: one for name, one in part["machines"].items() if name != part["here"]}
    bad = [name for name, one in others.items() if one["quarantined"] or (one["oldest_seconds"] or 0) > STUCK]
    return f"entries wait or are in quarantine on: {', '.join(bad)}" if bad else ""


def _keys(part: Mapping[str, Any]) -> str:
    differ = [name for name, one in part["machines"].items() if one["state"] == "up" and not one["same_keys"]]
    return f"other signing keys than {part['here']} have: {', '.join(differ)}" if differ else ""


def _templates(part: Mapping[str, Any]) -> str:
    return f"{part['broken']} templates cannot be used" if part["broken"] else ""


_OF_DOWN = frozenset({"mailbox_late"})
RULES: Mapping[str, tuple[str, Callable[[Mapping[str, Any]], str]]] = {
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
    "templates_broken": ("templates", _templates),
}
"""By name: the part that is looked at, and the rule."""
