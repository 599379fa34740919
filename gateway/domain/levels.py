"""The three levels of support: who stands at each, where a new item enters, and which way tickets are handed.

Nothing gets before N3 but by an N2 agent's hand, and only a software anomaly (corrective work). Whoever reaches for a
level that is not theirs is not lost: the item is filed at the level that they may reach, with the reason.
"""

from dataclasses import dataclass
from enum import StrEnum

from gateway.domain.ticket import Channel, Kind, Level, Role

ROLE_OF: dict[Level, Role] = {Level.N1: Role.N1, Level.N2: Role.N2, Level.N3: Role.N3}
_ORDER = tuple(Level)


class Identity(StrEnum):
    """What is known of whether somebody is who they say: a session and an authenticated mail prove it."""

    PROVEN = "proven"
    UNKNOWN = "unknown"
    REFUTED = "refuted"


@dataclass(frozen=True, kw_only=True)
class Entrance:
    """Where a new item is filed, as which kind of work, and why: a sentence for the timeline."""

    level: Level
    kind: Kind
    reason: str


def entrance(
    roles: frozenset[Role],
    *,
    channel: Channel,
    kind: Kind | None = None,
    wanted: Level | None = None,
    identity: Identity,
) -> Entrance:
    """Where an item enters. `wanted` is the level that was written to directly.

    - somebody who is not who they say has no role here
    - a report by N2, proven to be theirs, to the N3 address is a software anomaly, before N3, unless it says that it is
      other work
    - a report by the N1 team or by N2 is before N2; by telephone N2 takes only what is already on the platform, so
      what is new enters at N1
    - everything else is before N1
    """
    counted = roles if identity is not Identity.REFUTED else frozenset()
    is_anomaly = kind in {None, Kind.CORRECTIVE}
    to_n3 = is_anomaly and identity is Identity.PROVEN
    level, reason = _entry_level(counted, channel=channel, wanted=wanted, to_n3=to_n3)
    if roles != counted:
        reason = f"the sender is not who the mail says; {reason}"
    if wanted is not None and wanted is not level:
        why_not = _why_not(counted, wanted, channel=channel, identity=identity)
        reason = f"{wanted} was asked for, but {why_not}; {reason}"
    usual = Kind.CORRECTIVE if level is Level.N3 else Kind.ASSISTANCE
    return Entrance(level=level, kind=kind or usual, reason=reason)


def _entry_level(roles: frozenset[Role], *, channel: Channel, wanted: Level | None, to_n3: bool) -> tuple[Level, str]:
    by_telephone = channel is Channel.PHONE
    if Role.N2 in roles and wanted is Level.N3 and to_n3 and not by_telephone:
        return Level.N3, "a software anomaly that N2 reports is before N3"
    if roles & {Role.N1, Role.N2}:
        if by_telephone:
            return Level.N1, "by telephone N2 takes only incidents that are already on the platform"
        if wanted is not Level.N1:
            return Level.N2, f"a report by {'the N1 team' if Role.N1 in roles else 'N2'} is before N2"
    return Level.N1, "requests enter at N1"


def _why_not(roles: frozenset[Role], wanted: Level, *, channel: Channel, identity: Identity) -> str:
    if channel is Channel.PHONE:
        return f"{wanted} takes no new item by telephone"
    if wanted is Level.N3 and Role.N2 in roles and identity is not Identity.PROVEN:
        return "nothing proves that N2 wrote it"
    if wanted is Level.N3 and Role.N2 in roles:
        return "before N3 come only software anomalies (corrective)"
    if wanted is Level.N3:
        return "only N2 may put anything before N3"
    return f"only the N1 team writes to {wanted} directly"


def handing_fault(from_level: Level, to_level: Level, *, kind: Kind, roles: frozenset[Role], reason: str) -> str | None:
    """Why a ticket may not be handed from one level to another; None where it may.

    - to the level that it is at: nothing to hand
    - by one step only, up or down
    - before N3 by an N2 agent only, and only corrective work
    - otherwise by an agent of the level that has it, or by a supervisor
    - down only with a reason; up says by itself that the level could not answer
    """
    step = _ORDER.index(to_level) - _ORDER.index(from_level)
    to_n3 = to_level is Level.N3
    by_its_own = bool(roles & {ROLE_OF[from_level], Role.SUPERVISOR})
    checks = (
        (step == 0, f"it is already before {to_level}"),
        (abs(step) > 1, f"from {from_level} it goes to {Level.N2} first, not to {to_level} at once"),
        (to_n3 and Role.N2 not in roles, "only N2 may put anything before N3"),
        (
            to_n3 and kind is not Kind.CORRECTIVE,
            f"before N3 come only software anomalies (corrective), and this is {kind}",
        ),
        (not by_its_own, f"only {from_level} or a supervisor hands over what is before {from_level}"),
        (step < 0 and not reason.strip(), f"handing back to {to_level} needs a reason"),
    )
    return next((sentence for is_fault, sentence in checks if is_fault), None)
