"""The database's own time, the only one that all machines share: milliseconds since 1970."""

from typing import Any

from sqlalchemy import BigInteger, Connection, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement


class database_ms(FunctionElement[int]):
    """The moment at which the database comes to it, not that of the transaction's beginning."""

    type = BigInteger()
    inherit_cache = True


@compiles(database_ms, "postgresql")
def _on_postgresql(_element: Any, _compiler: Any, **_more: Any) -> str:
    return "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)"


@compiles(database_ms, "sqlite")
def _on_sqlite(_element: Any, _compiler: Any, **_more: Any) -> str:
    return "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)"


def database_now(connection: Connection) -> int:
    """What time it is in the database."""
    return int(connection.execute(select(database_ms())).scalar_one())
