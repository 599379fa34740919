"""What the desk's pages show, as plain values: clocks of the queue, what may be done to a ticket, evidence."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask_babel import gettext

from gateway.db.queue import QueueItem
from gateway.domain.arranging import may_change_people, may_merge, may_split
from gateway.domain.clock_reading import span
from gateway.domain.kinds import FIELDS, Field
from gateway.domain.reasons import Why
from gateway.domain.rights import (
    Place,
    may_assign,
    may_hand,
    may_set_kind,
    may_set_severity,
    may_set_status,
    may_work,
)
from gateway.domain.ticket import Kind, Level, Severity, Status
from gateway.services.desk_look import Sighting

SOON = timedelta(hours=4)


@dataclass(frozen=True, kw_only=True)
class DueView:
    """When a line of the queue is due: `state` is `late`, `soon`, `later`, `waiting` or `none`, and `text` says it."""

    state: str
    text: str


def due_view(item: QueueItem, now: datetime) -> DueView:
    """The clock of a line, as short as can be."""
    if item.due_at is None:
        waits = item.status == Status.PENDING
        return DueView(state="waiting" if waits else "none", text=gettext("paused") if waits else "–")
    left = item.due_at - now
    if left < timedelta(0):
        return DueView(state="late", text=gettext("late by %(time)s", time=_rough(-left)))
    return DueView(state="soon" if left <= SOON else "later", text=gettext("in %(time)s", time=_rough(left)))


def _rough(time: timedelta) -> str:
    """A length of time at a glance: days from two days on, else hours and minutes."""
    if time >= timedelta(days=2):
        return str(gettext("%(number)s d", number=time.days))
    return span(time).replace(" ", "\N{NO-BREAK SPACE}")


@dataclass(frozen=True, kw_only=True)
class Controls:
    """What this agent may do to the ticket now: what they may not is not offered.

    `why_not` says why they may not work on it, in the words of the rules; None where they may.
    """

    why_not: Why | None
    may_take: bool
    may_set_severity: bool
    may_split: bool
    may_merge: bool
    may_change_people: bool
    statuses: tuple[Status, ...]
    levels: tuple[Level, ...]
    kinds: tuple[Kind, ...]
    fields: tuple[Field, ...]

    @property
    def may_work(self) -> bool:
        return self.why_not is None


_STATUSES = (Status.OPEN, Status.PENDING, Status.RESOLVED, Status.CLOSED)


def controls(seen: Sighting, *, is_mine: bool) -> Controls:
    """The acts that are offered."""
    actor, place, contract = seen.actor, seen.place, seen.project.contract
    fault = may_work(actor, place)
    return Controls(
        why_not=fault,
        may_take=not is_mine and may_assign(actor, place, actor.roles) is None,
        may_set_severity=fault is None
        and (place.kind is Kind.ASSISTANCE or may_set_severity(actor, place, contract) is None),
        may_split=may_split(actor, place) is None,
        may_merge=may_merge(actor, place, _open_one(place), reason="x") is None,
        may_change_people=may_change_people(actor, place) is None,
        statuses=tuple(status for status in _STATUSES if may_set_status(actor, place, status) is None),
        levels=tuple(level for level in Level if may_hand(actor, place, level, reason="x") is None),
        kinds=tuple(kind for kind in Kind if may_set_kind(actor, place, kind) is None),
        fields=FIELDS[place.kind],
    )


def _open_one(place: Place) -> Place:
    """A ticket at the same level that another could be merged into."""
    return Place(kind=Kind.CORRECTIVE, severity=Severity.MINOR, status=Status.OPEN, level=place.level, been=place.been)


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """Beside an entry: to whom it was sent and how that stands, why it is here, and where its raw mail is."""

    sent: tuple[tuple[str, str, str], ...]
    decisions: tuple[Any, ...]
    raw: str | None


def sent_views(rows: Sequence[Any]) -> tuple[tuple[str, str, str], ...]:
    """Recipient, state and its name, for each mail."""
    names = {
        "queued": gettext("waiting to be sent"),
        "sending": gettext("being sent"),
        "unknown": gettext("perhaps sent"),
        "sent": gettext("sent"),
        "failed": gettext("failed"),
        "suppressed": gettext("held back: mail came back from this address"),
    }
    return tuple(
        (row.recipient, row.state, names.get(row.state, row.state) + (f" ({row.last_error})" if row.last_error else ""))
        for row in rows
    )
