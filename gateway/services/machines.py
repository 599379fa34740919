"""What a machine says of itself to the others, and what others ask of it: its spool is seen by nobody else.

Each machine's timetable calls both every few seconds. An order is carried out by the machine that has the entry, and
may be carried out twice: an entry that has gone is nothing to do.
"""

import socket
from collections.abc import Sequence

import structlog
from sqlalchemy import Connection

from gateway import __version__
from gateway.config.locations import key_fingerprints
from gateway.db.machines import MachineOrder, SetAside, end_order, keep_set_aside, list_orders, note_machine
from gateway.errors import GatewayError, NotFound
from gateway.runtime import Runtime
from gateway.services.health import lane_depths
from gateway.services.settle_item import discard_quarantined, projects_of
from gateway.spool.entry import DamagedEntry, Lane
from gateway.spool.quarantine import Quarantined
from gateway.up.roles import living_roles

SPEAKER = "timetable"
"""The role that speaks for its machine."""

REPLAY, DISCARD = "replay", "discard"

log = structlog.get_logger()


def take_leave(runtime: Runtime) -> None:
    """Say for the last time how we are: the timetable, which speaks for its machine, ends. Raises DatabaseTrouble."""
    _say(runtime, [role for role in living_roles(runtime.where.run) if role != SPEAKER])


def say_how_we_are(runtime: Runtime) -> None:
    """Let the other machines know what runs here, what waits and what is set aside. Raises DatabaseTrouble."""
    _say(runtime, living_roles(runtime.where.run))


def _say(runtime: Runtime, roles: Sequence[str]) -> None:
    with runtime.database.transaction() as connection:
        note_machine(
            connection,
            runtime.machine,
            host=socket.gethostname()[:250],
            version=__version__,
            roles=roles,
            keys=key_fingerprints(runtime.settings),
            lanes=lane_depths(runtime),
        )
        keep_set_aside(connection, runtime.machine, our_set_aside(connection, runtime))


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
