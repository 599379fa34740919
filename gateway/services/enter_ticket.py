"""A new ticket comes before the level that its reporter may reach, with the reason on its timeline."""

from dataclasses import replace

from sqlalchemy import Connection, update

from gateway.db.ticket_events import begin_history, standing_of
from gateway.db.tickets import NewEntry, Ticket, add_entry, find_ticket, tickets
from gateway.domain.levels import Identity, entrance
from gateway.domain.project import Project
from gateway.domain.saying import say_all
from gateway.domain.ticket import Channel, Direction, EntryType, Kind, Language, Level, Role
from gateway.services.roles import roles_in

_COLON = {Language.FR: "\u00a0: ", Language.EN: ": "}


def enter_ticket(
    connection: Connection,
    project: Project,
    ticket: Ticket,
    *,
    channel: Channel,
    identity: Identity,
    wanted: Level | None = None,
    kind: Kind | None = None,
    roles: frozenset[Role] | None = None,
) -> Ticket:
    """Put a ticket that was just created where it belongs, and return it as it then is.

    `wanted` is the level whose address was written to; `kind` is what the reporter says it is, None where they say
    nothing; `roles` are the reporter's in the project, where they are known. To be called once, in the transaction
    that creates the ticket; a plain request of an end user costs at most one query.
    """
    roles = roles_in(connection, project, ticket.reporter) if roles is None else roles
    found = entrance(roles, channel=channel, kind=kind, wanted=wanted, identity=identity)
    stands = standing_of(ticket)
    if (found.level, found.kind) == (stands.level, stands.kind) and wanted in {None, found.level}:
        return ticket
    values = {"level": found.level, "kind": found.kind}
    connection.execute(update(tickets).where(tickets.c.id == ticket.id).values(**values))
    entered = find_ticket(connection, ticket_id=ticket.id)
    assert entered is not None, "created in this transaction"
    begin_history(connection, replace(entered, updated_at=ticket.created_at))
    entry = NewEntry(
        at=ticket.created_at,
        type=EntryType.SYSTEM,
        direction=Direction.INTERNAL,
        author="gateway",
        text=f"{found.level}{_COLON[project.language]}{say_all(found.whys, project.language)}",
        visible=False,
        data={
            "event": "entered",
            "level": found.level,
            "wanted": wanted,
            "whys": [why.as_json() for why in found.whys],
        },
    )
    add_entry(connection, ticket.id, entry)
    return entered


def level_written_to(project: Project, addresses: list[str]) -> Level | None:
    """The highest level among the addresses that an item came by; None where all are support addresses."""
    levels = [level for address in addresses if (level := project.level_of(address)) is not None]
    return max(levels, default=None)
