"""The three levels of support: who stands at each, where a new item enters, and which way tickets are handed.

Nothing gets before N3 but by an N2 agent's hand, and only a software anomaly (corrective work). Whoever reaches for a
level that is not theirs is not lost: the item is filed at the level that they may reach, with the reason.
"""

from dataclasses import dataclass
from enum import StrEnum

from gateway.domain.reasons import Reason, Why
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
    """Where a new item is filed, as which kind of work, and why, for the timeline."""

    level: Level
    kind: Kind
    whys: tuple[Why, ...]


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
    level, why = _entry_level(counted, channel=channel, wanted=wanted, to_n3=to_n3)
    whys = (why,) if roles == counted else (Reason.SENDER_REFUTED(), why)
    if wanted is not None and wanted is not level:
        whys = (_why_not(counted, wanted, channel=channel, identity=identity), *whys)
    usual = Kind.CORRECTIVE if level is Level.N3 else Kind.ASSISTANCE
    return Entrance(level=level, kind=kind or usual, whys=whys)


def _entry_level(roles: frozenset[Role], *, channel: Channel, wanted: Level | None, to_n3: bool) -> tuple[Level, Why]:
    by_telephone = channel is Channel.PHONE
    if Role.N2 in roles and wanted is Level.N3 and to_n3 and not by_telephone:
        return Level.N3, Reason.ENTERS_AT_N3()
    if roles & {Role.N1, Role.N2}:
        if by_telephone:
            return Level.N1, Reason.ENTERS_AT_N1_BY_PHONE()
        if wanted is not Level.N1:
            return Level.N2, (Reason.ENTERS_AT_N2_FROM_N1 if Role.N1 in roles else Reason.ENTERS_AT_N2_FROM_N2)()
    return Level.N1, Reason.ENTERS_AT_N1()


def _why_not(roles: frozenset[Role], wanted: Level, *, channel: Channel, identity: Identity) -> Why:
    if channel is Channel.PHONE:
        return Reason.WANTED_BY_PHONE(level=wanted)
    if wanted is Level.N3 and Role.N2 in roles and identity is not Identity.PROVEN:
        return Reason.WANTED_UNPROVEN(level=wanted)
    if wanted is Level.N3 and Role.N2 in roles:
        return Reason.WANTED_OTHER_WORK(level=wanted)
    if wanted is Level.N3:
        return Reason.WANTED_BY_OTHERS(level=wanted)
    return Reason.WANTED_BY_NO_N1(level=wanted)


def handing_fault(from_level: Level, to_level: Level, *, kind: Kind, roles: frozenset[Role], reason: str) -> Why | None:
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
        (step == 0, Reason.ALREADY_AT_LEVEL(level=to_level)),
        (abs(step) > 1, Reason.ONE_LEVEL_AT_A_TIME(level=from_level, between=Level.N2, wanted=to_level)),
        (to_n3 and Role.N2 not in roles, Reason.ONLY_N2_TO_N3()),
        (to_n3 and kind is not Kind.CORRECTIVE, Reason.N3_NOT_THIS_KIND(kind=kind)),
        (not by_its_own, Reason.HANDED_BY(level=from_level)),
        (step < 0 and not reason.strip(), Reason.HANDING_BACK_SAYS_WHY(level=to_level)),
    )
    return next((why for is_fault, why in checks if is_fault), None)
