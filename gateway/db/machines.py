"""The machines that share this database: what each last said of itself, what it has set aside, and orders for it.

A machine's spool is its own, so others know of it by these rows alone, and ask for an act on it by an order.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Integer,
    Row,
    String,
    Table,
    Text,
    delete,
    insert,
    or_,
    select,
    update,
)

from gateway.db.clock import database_ms, database_now
from gateway.db.types import Json, metadata
from gateway.db.upsert import insert_ignoring_duplicates, maker_of

SILENT_AFTER = 60
"""Seconds without a word after which a machine counts as silent; it speaks every five."""

TAKEN_FOR = 15
"""Seconds since its last word for which a machine's name is taken: two words may be missing."""

machines = Table(
    "machines",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("host", String(250), nullable=False),
    Column("version", String(40), nullable=False),
    Column("roles", Json, nullable=False),
    Column("keys", Json, nullable=False),
    Column("lanes", Json, nullable=False),
    Column("seen_ms", BigInteger, nullable=False),
    Column("instance", String(40)),
)

set_aside = Table(
    "set_aside",
    metadata,
    Column("spool_id", String(40), primary_key=True),
    Column("machine", String(40), nullable=False, index=True),
    Column("lane", String(10), nullable=False),
    Column("reason", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("projects", Json, nullable=False),
)

machine_orders = Table(
    "machine_orders",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("machine", String(40), nullable=False, index=True),
    Column("spool_id", String(40), nullable=False, unique=True),
    Column("act", String(10), nullable=False),
    Column("reason", Text, nullable=False),
)


@dataclass(frozen=True, kw_only=True)
class MachineRow:
    """What a machine last said. `lanes` has for each lane what waits, what is set aside and in seconds the age of the
    oldest, all at `seen_ms` by the database's time; `age_seconds` is how long that is ago. `keys` are the fingerprints
    of its signing keys, the one in use first."""

    name: str
    host: str
    version: str
    roles: tuple[str, ...]
    keys: tuple[str, ...]
    lanes: Mapping[str, Mapping[str, Any]]
    seen_ms: int
    age_seconds: int

    @property
    def is_stopped(self) -> bool:
        """Whether it took its leave, with nothing left to do: its timetable speaks for it, and had ended in order."""
        return "timetable" not in self.roles and not self.waiting

    @property
    def is_silent(self) -> bool:
        """Whether it has said nothing for too long, and did not take its leave."""
        return self.age_seconds > SILENT_AFTER and not self.is_stopped

    @property
    def state(self) -> str:
        """`up`, `silent` or `stopped`."""
        return "stopped" if self.is_stopped else "silent" if self.is_silent else "up"

    @property
    def waiting(self) -> int:
        """How many entries were not filed yet."""
        return sum(int(lane["waiting"]) for lane in self.lanes.values())

    @property
    def quarantined(self) -> int:
        """How many entries were set aside."""
        return sum(int(lane["quarantined"]) for lane in self.lanes.values())

    @property
    def oldest_seconds(self) -> int | None:
        """How old the oldest entry was that was not filed yet, and how old it is now if it still waits."""
        ages = [int(lane["oldest_seconds"]) for lane in self.lanes.values() if lane["oldest_seconds"] is not None]
        return max(ages) + self.age_seconds if ages else None


@dataclass(frozen=True, kw_only=True)
class SetAside:
    """An entry that a machine could not file; `projects` are those that it was for, none where its file is damaged."""

    spool_id: str
    machine: str
    lane: str
    reason: str
    attempts: int
    size: int
    projects: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class MachineOrder:
    """What somebody elsewhere wants done to an entry: `replay` or `discard`, with their reason."""

    id: int
    spool_id: str
    act: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Namesake:
    """Another machine that goes by our name, and when it last said so."""

    host: str
    seen_ms: int


def note_machine(
    connection: Connection,
    name: str,
    *,
    instance: str | None,
    before: str = "",
    host: str,
    version: str,
    roles: Sequence[str],
    keys: Sequence[str],
    lanes: Mapping[str, Mapping[str, Any]],
) -> bool:
    """Write down how a machine is, now. `instance` is its run (`gateway.up.instance`), `before` one that is over.

    False, with nothing written, where another machine that goes by this name has spoken a moment ago.
    """
    values = {
        "instance": instance,
        "host": host,
        "version": version,
        "roles": list(roles),
        "keys": list(keys),
        "lanes": {lane: dict(depth) for lane, depth in lanes.items()},
        "seen_ms": database_ms(),
    }
    statement = maker_of(connection.dialect.name)(machines).values(name=name, **values)
    ours = [one for one in (instance, before) if one]
    is_free = or_(
        machines.c.instance.is_(None),
        machines.c.instance.in_(ours),
        machines.c.seen_ms < database_ms() - TAKEN_FOR * 1000,
    )
    statement = statement.on_conflict_do_update(index_elements=["name"], set_=values, where=is_free)
    return connection.execute(statement.returning(machines.c.name)).first() is not None


def find_namesake(connection: Connection, name: str, *, instance: str, before: str) -> Namesake | None:
    """Another machine that goes by this name and has spoken a moment ago."""
    fresh = machines.c.seen_ms >= database_ms() - TAKEN_FOR * 1000
    others = machines.c.instance.is_not(None) & machines.c.instance.not_in([instance, before])
    found = connection.execute(select(machines).where(machines.c.name == name, fresh, others)).one_or_none()
    return None if found is None else Namesake(host=found.host, seen_ms=found.seen_ms)


def leave_name(connection: Connection, name: str, *, instance: str) -> None:
    """Let whoever starts next go by this name at once; nothing where it is not ours."""
    ours = (machines.c.name == name) & (machines.c.instance == instance)
    connection.execute(update(machines).where(ours).values(instance=None))


def list_machines(connection: Connection) -> list[MachineRow]:
    """Every machine that was heard of and not forgotten, by name."""
    now = database_now(connection)
    return [_machine(row, now) for row in connection.execute(select(machines).order_by(machines.c.name))]


def forget_machine(connection: Connection, name: str) -> bool:
    """Forget a machine that is gone for good, with what it had set aside. False where nobody has heard of it."""
    connection.execute(delete(set_aside).where(set_aside.c.machine == name))
    connection.execute(delete(machine_orders).where(machine_orders.c.machine == name))
    return connection.execute(delete(machines).where(machines.c.name == name)).rowcount == 1


def list_set_aside(connection: Connection, *, but: str = "") -> list[SetAside]:
    """What the machines have set aside, oldest first, without what one of them has."""
    query = select(set_aside).where(set_aside.c.machine != but).order_by(set_aside.c.spool_id)
    return [_aside(row) for row in connection.execute(query)]


def keep_set_aside(connection: Connection, machine: str, present: Sequence[SetAside]) -> None:
    """Let the rows of a machine be these."""
    known = {one for one in list_set_aside(connection) if one.machine == machine}
    for gone in known - set(present):
        connection.execute(delete(set_aside).where(set_aside.c.spool_id == gone.spool_id))
    for new in set(present) - known:
        values = {name: getattr(new, name) for name in SetAside.__dataclass_fields__}
        connection.execute(insert(set_aside), {**values, "projects": list(new.projects)})


def give_order(connection: Connection, entry: SetAside, *, act: str, reason: str = "") -> bool:
    """Ask the entry's machine for an act on it. False where somebody has asked for one already."""
    return insert_ignoring_duplicates(
        connection, machine_orders, machine=entry.machine, spool_id=entry.spool_id, act=act, reason=reason
    )


def list_orders(connection: Connection, machine: str) -> list[MachineOrder]:
    """What a machine is asked for, in order."""
    query = select(machine_orders).where(machine_orders.c.machine == machine).order_by(machine_orders.c.id)
    return [
        MachineOrder(id=row.id, spool_id=row.spool_id, act=row.act, reason=row.reason)
        for row in connection.execute(query)
    ]


def end_order(connection: Connection, order: MachineOrder) -> None:
    """It is done, or cannot be."""
    connection.execute(delete(machine_orders).where(machine_orders.c.id == order.id))


def _machine(row: Row[Any], now: int) -> MachineRow:
    return MachineRow(
        name=row.name,
        host=row.host,
        version=row.version,
        roles=tuple(row.roles),
        keys=tuple(row.keys),
        lanes=row.lanes,
        seen_ms=row.seen_ms,
        age_seconds=max(0, now - row.seen_ms) // 1000,
    )


def _aside(row: Row[Any]) -> SetAside:
    values = {name: row._mapping[name] for name in SetAside.__dataclass_fields__}
    return SetAside(**{**values, "projects": tuple(row.projects)})
