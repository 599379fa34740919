"""Who does what must be done once: a row for each such work, taken for a while and renewed, by the database's time.

A lease is taken in one statement, so of two at once one gets it. `token` grows whenever another holder comes, and who
writes in the name of a lease asks in the same transaction whether it is still theirs (`require_lease`): a process that
slept through the end of its lease writes nothing more.
"""

from dataclasses import dataclass

from sqlalchemy import BigInteger, Column, ColumnElement, Connection, String, Table, Text, case, select, text, update

from gateway.db.clock import database_ms, database_now
from gateway.db.engine import DatabaseTrouble
from gateway.db.types import metadata
from gateway.db.upsert import maker_of

leases = Table(
    "leases",
    metadata,
    Column("name", String(60), primary_key=True),
    Column("holder", String(120), nullable=False),
    Column("token", BigInteger, nullable=False),
    Column("taken_ms", BigInteger, nullable=False),
    Column("until_ms", BigInteger, nullable=False),
    Column("note", Text),
)


class LeaseLost(DatabaseTrouble):
    """Somebody else does this work now; nothing may be written in its name."""


@dataclass(frozen=True, kw_only=True)
class HeldLease:
    """A lease that was ours when it was taken. `seconds` is how long it lives without being renewed."""

    name: str
    holder: str
    token: int
    seconds: float


@dataclass(frozen=True, kw_only=True)
class LeaseRow:
    """A lease as it stands; `seconds_left` is negative where it has run out. `holder` begins with the machine."""

    name: str
    holder: str
    token: int
    held_seconds: int
    seconds_left: int

    @property
    def machine(self) -> str:
        """The machine that has it, or had it last."""
        return self.holder.partition("/")[0]


def take_lease(connection: Connection, name: str, *, holder: str, seconds: float) -> HeldLease | None:
    """Take a lease that is free or has run out, or renew our own. None where it is somebody else's."""
    now, until = database_ms(), database_ms() + int(seconds * 1000)
    insert = maker_of(connection.dialect.name)(leases).values(
        name=name, holder=holder, token=1, taken_ms=now, until_ms=until
    )
    is_ours = leases.c.holder == insert.excluded.holder
    statement = insert.on_conflict_do_update(
        index_elements=["name"],
        set_={
            "holder": insert.excluded.holder,
            "until_ms": insert.excluded.until_ms,
            "taken_ms": case((is_ours, leases.c.taken_ms), else_=insert.excluded.taken_ms),
            "token": case((is_ours, leases.c.token), else_=leases.c.token + 1),
        },
        where=is_ours | (leases.c.until_ms < database_ms()),
    ).returning(leases.c.token)
    token = connection.execute(statement).scalar_one_or_none()
    return None if token is None else HeldLease(name=name, holder=holder, token=token, seconds=seconds)


def release_lease(connection: Connection, held: HeldLease) -> None:
    """Let somebody else take it at once; nothing where it is not ours any more."""
    connection.execute(update(leases).where(*_is(held)).values(until_ms=0))


def require_lease(connection: Connection, held: HeldLease) -> None:
    """Keep the lease ours until the end of this transaction. Raises LeaseLost.

    On PostgreSQL whoever wants to take it waits for us meanwhile; if we sleep, the server ends the transaction.
    """
    if connection.dialect.name == "postgresql":
        limit = text("SELECT set_config('idle_in_transaction_session_timeout', :ms, true)")
        connection.execute(limit, {"ms": str(int(held.seconds * 1000))})
    ours = select(leases.c.token).where(*_is(held), leases.c.until_ms >= database_ms()).with_for_update(read=True)
    if connection.execute(ours).scalar_one_or_none() is None:
        raise LeaseLost(f"{held.name} is somebody else's work now")


def note_of(connection: Connection, name: str) -> str | None:
    """What the last holder left to be known."""
    note: str | None = connection.execute(select(leases.c.note).where(leases.c.name == name)).scalar_one_or_none()
    return note


def write_note(connection: Connection, held: HeldLease, note: str) -> None:
    """Leave something to be known by the next holder. Raises LeaseLost."""
    if connection.execute(update(leases).where(*_is(held)).values(note=note)).rowcount != 1:
        raise LeaseLost(f"{held.name} is somebody else's work now")


def list_leases(connection: Connection) -> list[LeaseRow]:
    """Every lease that was ever taken, by name."""
    now = database_now(connection)
    return [
        LeaseRow(
            name=row.name,
            holder=row.holder,
            token=row.token,
            held_seconds=max(0, now - row.taken_ms) // 1000,
            seconds_left=-(-(row.until_ms - now) // 1000),
        )
        for row in connection.execute(select(leases).order_by(leases.c.name))
    ]


def _is(held: HeldLease) -> tuple[ColumnElement[bool], ...]:
    return leases.c.name == held.name, leases.c.holder == held.holder, leases.c.token == held.token
