"""How the gateway is, as sentences: a card for each part, and what is wrong with what to do about it. Plain values."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext, lazy_gettext, ngettext

from web.alarm_words import ALARMS

Parts = Mapping[str, Mapping[str, Any]]

_NAMES = {
    "database": lazy_gettext("Database"),
    "redis": lazy_gettext("Bell of the workers (Redis)"),
    "spool": lazy_gettext("What comes in"),
    "work": lazy_gettext("Work"),
    "machines": lazy_gettext("Machines"),
    "mailboxes": lazy_gettext("Mailboxes"),
    "hotline": lazy_gettext("Hotline"),
    "webhooks": lazy_gettext("Webhooks to other programs"),
    "templates": lazy_gettext("Mail templates of your own"),
}
_LANES = {"mail": lazy_gettext("mail"), "call": lazy_gettext("calls"), "web": lazy_gettext("forms")}
_BOXES = {
    "up": lazy_gettext("read"),
    "failing": lazy_gettext("failing"),
    "late": lazy_gettext("not read any more"),
}


@dataclass(frozen=True, kw_only=True)
class PartView:
    """A part: its name, whether it is well, and what is to be said of it."""

    name: str
    is_up: bool
    facts: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class AlarmView:
    """What is wrong, more closely, what to do, and since when as a sentence; "" where nobody has noted it yet."""

    name: str
    title: str
    detail: str
    advice: str
    since: str


def part_views(parts: Parts) -> list[PartView]:
    """Every part, in the order in which it was asked."""
    return [
        PartView(
            name=str(_NAMES.get(name, name)),
            is_up=part["state"] == "up",
            facts=tuple(_FACTS.get(name, _no_facts)(part)) if part["state"] == "up" or name == "mailboxes" else (),
        )
        for name, part in parts.items()
    ]


def alarm_views(wrong: Mapping[str, str], since: Mapping[str, str]) -> list[AlarmView]:
    """What is wrong, by name with its sentence."""
    return [
        AlarmView(
            name=name,
            title=str(ALARMS[name][0]),
            detail=detail,
            advice=str(ALARMS[name][1]),
            since=since.get(name, ""),
        )
        for name, detail in wrong.items()
    ]


def span_said(seconds: int) -> str:
    """A length of time, roughly: seconds, then minutes, then hours, then days."""
    for unit, length, most in (("s", 1, 120), ("min", 60, 7200), ("h", 3600, 172_800)):
        if seconds < most:
            return f"{seconds // length}\N{NO-BREAK SPACE}{unit}"
    return str(ngettext("%(num)s day", "%(num)s days", seconds // 86_400))


def _database(part: Mapping[str, Any]) -> Iterator[str]:
    oldest = part["outbox"]["oldest_seconds"]
    if oldest is None:
        yield gettext("No mail waits to be sent.")
    else:
        yield gettext("The oldest mail that is to be sent is %(time)s old.", time=span_said(oldest))


def _spool(part: Mapping[str, Any]) -> Iterator[str]:
    for name, lane in part["lanes"].items():
        said = gettext("%(lane)s: %(number)s waiting", lane=_LANES.get(name, name), number=lane["waiting"])
        if lane["oldest_seconds"] is not None:
            said += gettext(", the oldest for %(time)s", time=span_said(lane["oldest_seconds"]))
        if lane["quarantined"]:
            said += gettext(", %(number)s in quarantine", number=lane["quarantined"])
        yield said


def _work(part: Mapping[str, Any]) -> Iterator[str]:
    yield gettext("Mails due: %(number)s", number=part["mails_due"])
    yield gettext("Mails that could not be sent: %(number)s", number=part["mails_failed"])
    yield gettext("Held mails that need a person’s word: %(number)s", number=part["held"])
    yield gettext("Addresses that nothing is sent to for a while: %(number)s", number=part["suppressed"])
    if part["clocks_late_seconds"]:
        yield gettext("The oldest warning is late by %(time)s.", time=span_said(part["clocks_late_seconds"]))


def _machines(part: Mapping[str, Any]) -> Iterator[str]:
    for name, one in part["machines"].items():
        heard = gettext("heard of %(time)s ago", time=span_said(one["seen_seconds"]))
        yield f"{name}{gettext(': ')}{heard}, {', '.join(one['roles'])}, {one['version']}"


def _mailboxes(part: Mapping[str, Any]) -> Iterator[str]:
    for name, box in part.get("mailboxes", {}).items():
        said = f"{name}{gettext(': ')}{_BOXES.get(box['state'], box['state'])}"
        if box["last_good_seconds"] is not None:
            said += gettext(", last read %(time)s ago", time=span_said(box["last_good_seconds"]))
        yield said


def _hotline(part: Mapping[str, Any]) -> Iterator[str]:
    if part["snapshot_seconds"] is None:
        yield gettext("It knows nothing yet to answer calls from.")
    else:
        yield gettext("It answers from what was known %(time)s ago.", time=span_said(part["snapshot_seconds"]))


def _templates(part: Mapping[str, Any]) -> Iterator[str]:
    yield gettext("Cannot be used: %(number)s", number=part["broken"])


def _webhooks(part: Mapping[str, Any]) -> Iterator[str]:
    for name, one in part["receivers"].items():
        said = gettext("%(lane)s: %(number)s waiting", lane=name, number=one["waiting"])
        if one["oldest_seconds"] is not None:
            said += gettext(", the oldest for %(time)s", time=span_said(one["oldest_seconds"]))
        if one["state"] == "gone":
            said += gettext(", wants no more")
        yield said


def _no_facts(_part: Mapping[str, Any]) -> Iterator[str]:
    yield from ()


_FACTS = {
    "database": _database,
    "spool": _spool,
    "work": _work,
    "machines": _machines,
    "mailboxes": _mailboxes,
    "hotline": _hotline,
    "webhooks": _webhooks,
    "templates": _templates,
}
