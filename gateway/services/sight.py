"""Which tickets somebody sees for what they are in a project: many at once, and none of them locked."""

from collections.abc import Collection

from sqlalchemy import Connection

from gateway.db.ticket_events import find_standings, histories_of
from gateway.domain.rights import Actor, may_see
from gateway.domain.ticket import Role
from gateway.services.approach import place_at


def seen_by(connection: Connection, ticket_ids: Collection[int], *, roles: frozenset[Role]) -> frozenset[int]:
    """Those of these tickets, all of one project, that these roles in it let see."""
    if not ticket_ids or not roles:
        return frozenset()
    standings = {ticket_id: found for ticket_id, (_, found) in find_standings(connection, ticket_ids).items()}
    histories = histories_of(connection, standings)
    actor = Actor(roles=roles)
    return frozenset(
        ticket_id
        for ticket_id, standing in standings.items()
        if may_see(actor, place_at(standing, histories[ticket_id])) is None
    )
