"""What staff prove themselves with: a password's hash, the sealed secret of their app, sums of recovery codes.

None of it lets its reader in.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    ForeignKey,
    String,
    Table,
    Text,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)

from gateway.db.types import UtcDateTime, metadata
from gateway.db.upsert import insert_ignoring_duplicates

sign_in_factors = Table(
    "sign_in_factors",
    metadata,
    Column("person_id", ForeignKey("people.id", ondelete="CASCADE"), primary_key=True),
    Column("password_hash", String(200)),
    Column("secret_sealed", Text),
    Column("pending_sealed", Text),
    Column("used_step", BigInteger),
    Column("changed_at", UtcDateTime, nullable=False),
    Column("setup_sha256", String(64)),
    Column("setup_until", UtcDateTime),
)
"""`pending_sealed` is the secret of an app that is being set up, `used_step` the last step whose code was used.
`setup_sha256` is the sum of the code that was handed over for setting up, good before `setup_until`."""

recovery_codes = Table(
    "recovery_codes",
    metadata,
    Column("person_id", ForeignKey("people.id", ondelete="CASCADE"), primary_key=True),
    Column("code_sha256", String(64), primary_key=True),
    Column("used_at", UtcDateTime),
)


@dataclass(frozen=True, kw_only=True)
class Factors:
    """A person's row. Without a hash and a secret nothing is set up; both come and go together."""

    password_hash: str | None
    secret_sealed: str | None
    pending_sealed: str | None
    used_step: int | None
    changed_at: datetime
    setup_sha256: str | None
    setup_until: datetime | None


def find_factors(connection: Connection, person_id: int, *, lock: bool = False) -> Factors | None:
    """What this person has set up or begun to; with `lock` nobody else changes it until the end of the transaction."""
    query = select(sign_in_factors).where(sign_in_factors.c.person_id == person_id)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        return None
    return Factors(**{name: value for name, value in row._mapping.items() if name != "person_id"})


def set_factors(
    connection: Connection, person_id: int, *, now: datetime, **values: str | int | datetime | None
) -> None:
    """Write these columns of the person's row, which is begun where there is none."""
    insert_ignoring_duplicates(connection, sign_in_factors, person_id=person_id, changed_at=now)
    statement = update(sign_in_factors).where(sign_in_factors.c.person_id == person_id)
    connection.execute(statement.values(changed_at=now, **values))


def drop_factors(connection: Connection, person_id: int) -> bool:
    """Forget everything; False where nothing was set up."""
    connection.execute(delete(recovery_codes).where(recovery_codes.c.person_id == person_id))
    statement = delete(sign_in_factors).where(sign_in_factors.c.person_id == person_id)
    return bool(connection.execute(statement.returning(sign_in_factors.c.password_hash)).scalar_one_or_none())


def is_setup_code(connection: Connection, person_id: int, code_sha256: str, *, now: datetime) -> bool:
    """True for the code that this person was handed, while it is good. It is used up by `set_factors`."""
    query = select(sign_in_factors.c.person_id).where(
        sign_in_factors.c.person_id == person_id,
        sign_in_factors.c.setup_sha256 == code_sha256,
        sign_in_factors.c.setup_until > now,
    )
    return connection.execute(query).one_or_none() is not None


def use_step(connection: Connection, person_id: int, step: int) -> bool:
    """Use up the code of a time step, and all before it; False where it was used. One of two racers wins."""
    statement = (
        update(sign_in_factors)
        .where(
            sign_in_factors.c.person_id == person_id,
            or_(sign_in_factors.c.used_step.is_(None), sign_in_factors.c.used_step < step),
        )
        .values(used_step=step)
    )
    return connection.execute(statement.returning(sign_in_factors.c.person_id)).one_or_none() is not None


def set_recovery_codes(connection: Connection, person_id: int, sums: Collection[str]) -> None:
    """Keep these in the place of those before."""
    connection.execute(delete(recovery_codes).where(recovery_codes.c.person_id == person_id))
    connection.execute(insert(recovery_codes), [{"person_id": person_id, "code_sha256": one} for one in sums])


def has_recovery_code(connection: Connection, person_id: int, code_sha256: str) -> bool:
    """True for a code of theirs that was not used."""
    query = select(recovery_codes.c.person_id).where(
        recovery_codes.c.person_id == person_id,
        recovery_codes.c.code_sha256 == code_sha256,
        recovery_codes.c.used_at.is_(None),
    )
    return connection.execute(query).one_or_none() is not None


def use_recovery_code(connection: Connection, person_id: int, code_sha256: str, *, now: datetime) -> bool:
    """Use a code up; False where there is none that was not used. One of two racers wins."""
    statement = (
        update(recovery_codes)
        .where(
            recovery_codes.c.person_id == person_id,
            recovery_codes.c.code_sha256 == code_sha256,
            recovery_codes.c.used_at.is_(None),
        )
        .values(used_at=now)
    )
    return connection.execute(statement.returning(recovery_codes.c.person_id)).one_or_none() is not None


def count_recovery_codes(connection: Connection, person_id: int) -> int:
    """How many are left."""
    query = select(func.count()).where(recovery_codes.c.person_id == person_id, recovery_codes.c.used_at.is_(None))
    return int(connection.execute(query).scalar_one())
