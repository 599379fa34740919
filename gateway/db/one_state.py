"""Reading by several statements from one and the same state of the database."""

from sqlalchemy import Connection, text


def hold_still(connection: Connection) -> None:
    """Let all that this unit of work reads be of one moment. To be said before anything is read.

    SQLite does so by itself; PostgreSQL shows each statement what was committed before it, unless it is told.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"))
