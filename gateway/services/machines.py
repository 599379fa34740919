"""What a machine says of itself to the others, and what others ask of it: its spool is seen by nobody else.

Each machine's timetable calls both every few seconds. An order is carried out by the machine that has the entry, and
may be carried out twice: an entry that has gone is nothing to do.
"""

import socket
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

import structlog
from sqlalchemy import Connection

from gateway import __version__
from gateway.config.locations import key_fingerprints
from gateway.db.machines import (
    MachineOrder,
    SetAside,
    end_order,
    find_namesake,
    keep_set_aside,
    leave_name,
    list_orders,
    note_machine,
)
from gateway.errors import GatewayError, Misconfigured, NotFound
from gateway.runtime import Runtime
from gateway.services.health import lane_depths
from gateway.services.settle_item import discard_quarantined, projects_of
from gateway.spool.entry import DamagedEntry, Lane
from gateway.spool.quarantine import Quarantined
from gateway.up.instance import Instance, instance_of
from gateway.up.roles import living_roles

SPEAKER = "timetable"
"""The role that speaks for its machine."""

REPLAY, DISCARD = "replay", "discard"

log = structlog.get_logger()


class NameTaken(Misconfigured):
    """Another machine goes by our name."""

    def __init__(self, runtime: Runtime, host: str) -> None:
        own = "GATEWAY_MACHINE" if runtime.settings.machine else f"remove {runtime.where.data / 'machine'}"
        super().__init__(
            [
                f"machine: another one that goes by the name {runtime.machine} runs on {host}: give this one a name"
                f" of its own ({own}) and an empty data folder, not a copy; or stop the other one"
            ]
        )


def require_own_name(runtime: Runtime, *, pause: Callable[[float], None] = time.sleep) -> None:
    """Return once no other machine goes by our name. Raises NameTaken, DatabaseTrouble.

    One that spoke a moment ago may have died since, and we are it on another computer: only one that speaks while we
    listen lives. So a machine that was moved right after a crash starts some seconds later.
    """
    one, heard = _run_of(runtime), None
    while True:
        with runtime.database.reading() as connection:
            found = find_namesake(connection, runtime.machine, instance=one.id, before=one.before)
        if found is None:
            return
        if heard not in {None, found.seen_ms}:
            raise NameTaken(runtime, found.host)
        if heard is None:
            log.warning("machine.name_in_use", machine=runtime.machine)
        heard = found.seen_ms
        pause(1.0)


def take_leave(runtime: Runtime) -> None:
    """Say for the last time how we are: the timetable, which speaks for its machine, ends. Raises DatabaseTrouble."""
    _say(runtime, [role for role in living_roles(runtime.where.run) if role != SPEAKER])
    with runtime.database.transaction() as connection:
        leave_name(connection, runtime.machine, instance=_run_of(runtime).id)


def say_how_we_are(runtime: Runtime) -> None:
    """Let the other machines know what runs here, what waits and what is set aside.

    Raises DatabaseTrouble; NameTaken where another machine goes by our name, and nothing is said.
    """
    _say(runtime, living_roles(runtime.where.run))


def _say(runtime: Runtime, roles: Sequence[str]) -> None:
    one = _run_of(runtime)
    with runtime.database.transaction() as connection:
        is_ours = note_machine(
            connection,
            runtime.machine,
            instance=one.id or None,
            before=one.before,
            host=socket.gethostname()[:250],
            version=__version__,
            roles=roles,
            keys=key_fingerprints(runtime.settings),
            lanes=lane_depths(runtime),
        )
        if not is_ours:
            found = find_namesake(connection, runtime.machine, instance=one.id, before=one.before)
            raise NameTaken(runtime, "another computer" if found is None else found.host)
        keep_set_aside(connection, runtime.machine, our_set_aside(connection, runtime))


def _run_of(runtime: Runtime) -> Instance:
    with suppress(FileNotFoundError):
        return instance_of(runtime.where.run)
    return Instance(id="", before="")  # no role was ever run here


def our_set_aside(connection: Connection, runtime: Runtime) -> list[SetAside]:
    """What is in quarantine here, with the projects that it was for."""
    return [_row(connection, runtime, one) for lane in Lane for one in runtime.spool.quarantine.list(lane)]


def carry_out_orders(runtime: Runtime) -> int:
    """Do what others asked for; how much that was. Raises DatabaseTrouble."""
    with runtime.database.reading() as connection:
        orders = list_orders(connection, runtime.machine)
    for order in orders:
        try:
            _carry_out(runtime, order)
        except GatewayError as error:
            if not isinstance(error, NotFound | DamagedEntry):
                raise
            log.warning("order.not_done", spool_id=order.spool_id, act=order.act, error=type(error).__name__)
        with runtime.database.transaction() as connection:
            end_order(connection, order)
            keep_set_aside(connection, runtime.machine, our_set_aside(connection, runtime))
    return len(orders)


def _carry_out(runtime: Runtime, order: MachineOrder) -> None:
    if order.act == REPLAY:
        runtime.doorbell.ring_soon(runtime.spool.quarantine.replay(order.spool_id))
    else:
        discard_quarantined(runtime, order.spool_id, reason=order.reason)
    log.info("order.done", spool_id=order.spool_id, act=order.act)


def _row(connection: Connection, runtime: Runtime, one: Quarantined) -> SetAside:
    try:
        entry = runtime.spool.quarantine.find(one.id)
        projects = tuple(projects_of(connection, entry, runtime.settings.project_list))
    except (DamagedEntry, NotFound):
        projects = ()
    return SetAside(
        spool_id=one.id,
        machine=runtime.machine,
        lane=one.lane,
        reason=one.reason,
        attempts=one.attempts,
        size=one.size,
        projects=projects,
    )
