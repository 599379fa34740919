"""Mail that needs a person's word, for those who may give it: held mail, and entries that could not be filed."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import chain, islice

from sqlalchemy import Connection

from gateway.db.machines import give_order, list_set_aside
from gateway.db.receipts import Receipt, Verdict, find_receipts, list_receipts, settle_receipt
from gateway.domain.audit import AuditAction
from gateway.domain.reasons import Reason
from gateway.domain.ticket import Role
from gateway.errors import Conflict, NotFound, Refused
from gateway.ids import SpoolId
from gateway.runtime import Runtime
from gateway.services.audit import record_audit
from gateway.services.desk_scope import Roles, supervised
from gateway.services.machines import REPLAY
from gateway.services.settle_item import projects_of
from gateway.spool.entry import DamagedEntry, Lane
from gateway.spool.quarantine import Quarantined

_DECIDE = frozenset({Role.N2, Role.SUPERVISOR})


@dataclass(frozen=True, kw_only=True)
class AsideEntry:
    """An entry in quarantine, and the projects that it was for; none where its file is damaged. `machine` is the one
    that has it, None for this one."""

    entry: Quarantined
    projects: tuple[str, ...]
    machine: str | None = None


def decides_for(roles: Roles) -> frozenset[str]:
    """The projects for whose held mail somebody decides: those where they are N2 or supervise."""
    return frozenset(key for key, found in roles.items() if found & _DECIDE)


def list_held(
    connection: Connection, keys: Collection[str], *, limit: int | None = None, offset: int = 0
) -> list[Receipt]:
    """The held mail of these projects, oldest first; all of it without a `limit`."""
    return list_receipts(connection, Verdict.HELD, projects=keys, limit=limit, offset=offset)


def find_held(connection: Connection, spool_id: str, keys: Collection[str]) -> Receipt:
    """The held mail with this spool id, of one of these projects. Raises NotFound."""
    for receipt in find_receipts(connection, spool_id):
        if receipt.spool_id == spool_id and receipt.verdict is Verdict.HELD and receipt.project in keys:
            return receipt
    raise NotFound("there is no such mail")


def discard_held(runtime: Runtime, spool_id: str, keys: Collection[str], *, reason: str, by: int | None = None) -> None:
    """Decide that a held mail needs no ticket; `by` is None for the shell. Raises NotFound, Refused without a reason,
    Conflict where somebody else was faster."""
    with runtime.database.transaction() as connection:
        receipt = find_held(connection, spool_id, keys)
        if not reason.strip():
            raise Refused(Reason.MAIL_SAYS_WHY())
        if not settle_receipt(
            connection, receipt, verdict=Verdict.DISCARDED, reason=reason.strip(), ticket_id=None, entry_id=None
        ):
            raise Conflict(Reason.MAIL_DECIDED())
        record_audit(
            connection,
            at=runtime.clock.now(),
            actor_id=by,
            action=AuditAction.HELD_DISCARDED,
            subject=spool_id,
            project=receipt.project,
            detail={"reason": reason.strip()},
        )


def list_aside(
    connection: Connection, runtime: Runtime, roles: Roles, *, limit: int | None = None, offset: int = 0
) -> list[AsideEntry]:
    """What is in quarantine for the projects that somebody supervises; what is damaged is every supervisor's. Without
    a `limit` it is all of it; with one no file is read beyond."""
    mine = supervised(roles)
    if not mine:
        return []
    found = chain(_aside_here(connection, runtime), _aside_elsewhere(connection, runtime))
    theirs = (one for one in found if not one.projects or mine & set(one.projects))
    return list(islice(theirs, offset, None if limit is None else offset + limit))


def _aside_here(connection: Connection, runtime: Runtime) -> Iterator[AsideEntry]:
    for lane in Lane:
        for one in runtime.spool.quarantine.list(lane):
            try:
                keys = tuple(
                    projects_of(connection, runtime.spool.quarantine.find(one.id), runtime.settings.project_list)
                )
            except (DamagedEntry, NotFound):
                keys = ()
            yield AsideEntry(entry=one, projects=keys)


def _aside_elsewhere(connection: Connection, runtime: Runtime) -> Iterator[AsideEntry]:
    for one in list_set_aside(connection, but=runtime.machine):
        entry = Quarantined(
            id=SpoolId(one.spool_id), lane=Lane(one.lane), reason=one.reason, attempts=one.attempts, size=one.size
        )
        yield AsideEntry(entry=entry, projects=one.projects, machine=one.machine)


def require_aside(connection: Connection, runtime: Runtime, roles: Roles, spool_id: str) -> AsideEntry:
    """The entry with this id, where somebody may decide on it. Raises NotFound."""
    for one in list_aside(connection, runtime, roles):
        if one.entry.id == spool_id:
            return one
    raise NotFound("there is no such entry")


def ask_for(runtime: Runtime, one: AsideEntry, *, act: str, reason: str = "", by: int | None) -> str:
    """Ask the machine that has an entry to replay or discard it, and write down who asked; the machine's name.

    Raises NotFound where the entry has just left, Conflict where somebody asked before.
    """
    with runtime.database.transaction() as connection:
        found = next((row for row in list_set_aside(connection) if row.spool_id == one.entry.id), None)
        if found is None:
            raise NotFound("there is no such entry")
        if not give_order(connection, found, act=act, reason=reason):
            raise Conflict(Reason.MAIL_DECIDED())
        record_audit(
            connection,
            at=runtime.clock.now(),
            actor_id=by,
            action=AuditAction.ASIDE_REPLAYED if act == REPLAY else AuditAction.ASIDE_DISCARDED,
            subject=one.entry.id,
            project=one.projects[0] if one.projects else None,
            detail={"reason": reason} if reason else {},
        )
    return found.machine


def replay_aside(runtime: Runtime, one: AsideEntry, *, by: int | None) -> Lane:
    """Send an entry through its lane again; the lane, to be rung. Raises NotFound where it has just left.

    Written down first: the entry is a file, and what a crash between the two leaves is a word too many, never one too
    few.
    """
    with runtime.database.transaction() as connection:
        record_audit(
            connection,
            at=runtime.clock.now(),
            actor_id=by,
            action=AuditAction.ASIDE_REPLAYED,
            subject=one.entry.id,
            project=one.projects[0] if one.projects else None,
            detail={},
        )
    return runtime.spool.quarantine.replay(one.entry.id)
