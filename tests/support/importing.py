"""The import by command, and what stands afterwards."""

from typing import Any

from gateway.db.tickets import Ticket, list_entries, list_tickets
from gateway.runtime import Runtime
from tests.support.operator import Operator

OURS = "support@demo.example"


def tickets(runtime: Runtime) -> list[Ticket]:
    with runtime.database.reading() as connection:
        return sorted(list_tickets(connection), key=lambda ticket: ticket.id)


def timeline(runtime: Runtime, ticket: Ticket) -> list[Any]:
    with runtime.database.reading() as connection:
        return list_entries(connection, ticket.id)


def take(operator: Operator, kind: str, path: str, *more: str) -> tuple[int, str, str]:
    done = operator.run("import", kind, path, "--project", "demo", *more)
    return done.exit_code, done.stdout, done.stderr
